// Package guests is what an environment has for an application of another project that runs on it (environment.guests): the password of its
// user of the database, and what it must know.
package guests

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Args describes a guest.
type Args struct {
	Guest string // its app.name and stack
	// Generation is that of its password, from 1 on. Its two users alternate as those of the environment itself (docs/adr/0019).
	Generation   int
	RecoveryDays int // of the secrets
}

// Guest is a guest's password. The environment makes it, and the user, because the one who makes users of the database could read everything in it.
type Guest struct {
	pulumi.ResourceState

	// ARNs are those of the secrets with the password before and this one, Reference what a container gets this one from: the ARN with the version.
	ARNs      []pulumi.StringInput
	Reference pulumi.StringOutput
}

// New registers the password of the generation, and that of the one before: tasks that run use it.
func New(ctx *pulumi.Context, name string, args Args, opts ...pulumi.ResourceOption) (*Guest, error) {
	g := &Guest{}
	if err := ctx.RegisterComponentResource("laravel:infra:Guest", name, g, opts...); err != nil {
		return nil, err
	}
	for _, generation := range []int{args.Generation - 1, args.Generation} {
		if generation < 1 {
			continue
		}
		if err := g.password(ctx, name, generation, args); err != nil {
			return nil, fmt.Errorf("storing the password of %s: %w", args.Guest, err)
		}
	}
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{})
}

// password adds that of a generation to the fields.
func (g *Guest) password(ctx *pulumi.Context, name string, generation int, args Args) error {
	user := [2]string{"b", "a"}[generation%2]
	password, err := random.NewRandomPassword(ctx, name+"-password-"+user, &random.RandomPasswordArgs{
		Length: pulumi.Int(40), Special: pulumi.Bool(false), Keepers: pulumi.StringMap{"generation": pulumi.Sprintf("%d", generation)},
	}, pulumi.Parent(g))
	if err != nil {
		return err
	}
	secret, err := secretsmanager.NewSecret(ctx, name+"-"+user, &secretsmanager.SecretArgs{
		Description: pulumi.String("DB_PASSWORD of " + args.Guest), RecoveryWindowInDays: pulumi.Int(args.RecoveryDays),
	}, pulumi.Parent(g))
	if err != nil {
		return err
	}
	version, err := secretsmanager.NewSecretVersion(ctx, name+"-"+user, &secretsmanager.SecretVersionArgs{
		SecretId: secret.ID(), SecretString: password.Result,
	}, pulumi.Parent(g))
	g.ARNs, g.Reference = append(g.ARNs, secret.Arn), pulumi.Sprintf("%s:::%s", secret.Arn, version.VersionId)
	return err
}

// Tell registers the parameter that the guest reads. Its value has ids and addresses only; whoever may read it, may read no state and no secret of the environment.
func (g *Guest) Tell(ctx *pulumi.Context, name, parameter string, value pulumi.StringInput, opts ...pulumi.ResourceOption) error {
	_, err := ssm.NewParameter(ctx, name+"-access", &ssm.ParameterArgs{
		Name: pulumi.String(parameter), Type: pulumi.String("String"), InsecureValue: value.ToStringOutput(), Tier: pulumi.String("Standard"),
		Description: pulumi.String("What a guest of this environment must know (docs/adr/0029)"),
	}, append(opts, pulumi.Parent(g))...)
	if err != nil {
		return fmt.Errorf("creating parameter: %w", err)
	}
	return nil
}
