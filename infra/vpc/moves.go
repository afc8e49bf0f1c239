package vpc

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// otherWay is how an environment gets into another VPC. Neither subnet groups nor load balancers change theirs: RDS answers "The new
// Subnets are not in the same Vpc as the existing subnet group" (https://github.com/hashicorp/terraform-provider-aws/issues/27459).
const otherWay = "load balancer, database and cache cannot move there. Keep the network, or make a second environment in the other one from a snapshot of the database (docs/operations.md, \"A network that exists\")"

// Hooks are those of the load balancer, which is made once in a network. They refuse another VPC for an environment that is deployed,
// and a network that exists without enough free addresses for a new one, in the preview too.
func (n *Network) Hooks(ctx *pulumi.Context, name string) (*pulumi.ResourceHookBinding, error) {
	stays, err := ctx.RegisterResourceHook(name+"-stays", n.stays, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	binding := &pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{stays}}
	if n.existing == nil {
		return binding, nil
	}
	fits, err := ctx.RegisterResourceHook(name+"-fits", func(*pulumi.ResourceHookArgs) error { return errors.Join(n.existing.short...) }, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	binding.BeforeCreate = []*pulumi.ResourceHook{fits}
	return binding, nil
}

// stays refuses a load balancer of another VPC.
func (n *Network) stays(balancer *pulumi.ResourceHookArgs) error {
	if n.existing == nil {
		if n.isNew.Load() {
			return errors.New("network: this environment is in a VPC that exists, and would get one of its own: " + otherWay)
		}
		return nil
	}
	if in := balancer.OldOutputs["vpcId"]; in.IsString() && in.StringValue() != n.existing.args.VpcID {
		return fmt.Errorf("network.vpcId: this environment is in %s, not in %s: %s", in.StringValue(), n.existing.args.VpcID, otherWay)
	}
	return nil
}

// noticeNew is a hook of the internet gateway. With a replaced VPC, the gateway is attached to the new one; so it is created only where
// the environment had no network of its own.
func (n *Network) noticeNew(ctx *pulumi.Context, name string) (pulumi.ResourceOption, error) {
	isNew, err := ctx.RegisterResourceHook(name+"-new", func(*pulumi.ResourceHookArgs) error { n.isNew.Store(true); return nil }, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	return pulumi.ResourceHooks(&pulumi.ResourceHookBinding{BeforeCreate: []*pulumi.ResourceHook{isNew}}), nil
}
