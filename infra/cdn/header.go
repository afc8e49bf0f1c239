package cdn

import (
	"fmt"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// HeaderTag is a tag of what has the values of the header: their generation.
const HeaderTag = "cdn-header"

// Header has the values of infra.OriginHeader: the one that is sent, and the one that was sent before it, which the load balancer accepts, too.
// So a new value is accepted before it is sent, and the one before for as long as an edge location sends it.
type Header struct {
	pulumi.ResourceState

	generation int
	values     pulumi.StringArray
}

// NewHeader registers the values of a generation. The first one has none before it.
func NewHeader(ctx *pulumi.Context, name string, generation int, opts ...pulumi.ResourceOption) (*Header, error) {
	h := &Header{generation: generation}
	if err := ctx.RegisterComponentResource("laravel:infra:OriginHeader", name, h, opts...); err != nil {
		return nil, err
	}
	for number := generation; number > max(0, generation-2); number-- {
		// Letters and digits only: a rule of the load balancer takes * and ? for wildcards.
		value, err := random.NewRandomPassword(ctx, fmt.Sprintf("%s-%d", name, number), &random.RandomPasswordArgs{
			Length: pulumi.Int(40), Special: pulumi.Bool(false),
		}, pulumi.Parent(h))
		if err != nil {
			return nil, fmt.Errorf("creating value: %w", err)
		}
		h.values = append(h.values, value.Result)
	}
	return h, ctx.RegisterResourceOutputs(h, pulumi.Map{})
}

// Accepted are the values that the load balancer lets in.
func (h *Header) Accepted() pulumi.StringArray { return h.values }

// sent is the value that the distribution sends.
func (h *Header) sent() pulumi.StringInput { return h.values[0] }
