package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// IdentityProviderArgs describes a CI system that signs tokens for its jobs.
type IdentityProviderArgs struct {
	URL      string // https://gitlab.com
	Audience string // what the tokens are made for
	// ExistingARN is set where the account has the provider already. An account has one per URL.
	ExistingARN string
}

// IdentityProvider makes AWS accept the tokens of a CI system.
type IdentityProvider struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`

	args IdentityProviderArgs
}

// NewIdentityProvider registers the OpenID Connect provider, or uses the existing one.
func NewIdentityProvider(ctx *pulumi.Context, name string, args IdentityProviderArgs, opts ...pulumi.ResourceOption) (*IdentityProvider, error) {
	p := &IdentityProvider{args: args}
	if err := ctx.RegisterComponentResource("laravel:infra:IdentityProvider", name, p, opts...); err != nil {
		return nil, err
	}
	if p.ARN = pulumi.String(args.ExistingARN).ToStringOutput(); args.ExistingARN == "" {
		// Without thumbprints: AWS verifies certificates of public authorities, such as those of GitHub and GitLab.
		provider, err := iam.NewOpenIdConnectProvider(ctx, name+"-provider", &iam.OpenIdConnectProviderArgs{
			Url: pulumi.String(args.URL), ClientIdLists: pulumi.ToStringArray([]string{args.Audience}),
		}, pulumi.Parent(p))
		if err != nil {
			return nil, fmt.Errorf("creating OpenID Connect provider: %w", err)
		}
		p.ARN = provider.Arn
	}
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"arn": p.ARN})
}

// Trust is the jobs of a CI system that may assume a role: their tokens have, for each claim, one of the values, and none of those of
// Not. A subject with a * is a pattern.
type Trust struct {
	Provider    *IdentityProvider
	Claims, Not map[string][]string
}

// statements are one for exact subjects and one for patterns: in one statement both operators would have to match.
func (t Trust) statements() []infra.Statement {
	issuer := strings.TrimPrefix(t.Provider.args.URL, "https://")
	var statements []infra.Statement
	for _, operator := range []string{"StringEquals", "StringLike"} {
		subjects := slices.DeleteFunc(slices.Clone(t.Claims["sub"]), func(subject string) bool {
			return strings.Contains(subject, "*") != (operator == "StringLike")
		})
		if len(subjects) == 0 {
			continue
		}
		equal := map[string]any{issuer + ":aud": t.Provider.args.Audience}
		for claim, values := range t.Claims {
			if claim != "sub" {
				equal[issuer+":"+claim] = values
			}
		}
		condition := map[string]any{"StringEquals": equal}
		if operator == "StringEquals" {
			equal[issuer+":sub"] = subjects
		} else {
			condition[operator] = map[string]any{issuer + ":sub": subjects}
		}
		for claim, values := range t.Not {
			condition["StringNotEquals"] = map[string]any{issuer + ":" + claim: values}
		}
		statements = append(statements, infra.Statement{
			Principals: map[string]any{"Federated": t.Provider.ARN}, Actions: []string{"sts:AssumeRoleWithWebIdentity"}, Condition: condition,
		})
	}
	return statements
}

// RoleArgs describes the role of a pipeline.
type RoleArgs struct {
	Description string
	Trusts      []Trust
	State       *StateStore
	// Promotes is the environment whose image this one deploys (make deploy FROM=). Its state and its images may be read.
	Promotes *Reach
}

// Role is the role that the jobs of a pipeline assume.
type Role struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

// sessionSeconds is how long a job may take. The first deployment waits for RDS and ElastiCache.
const sessionSeconds = 2 * 60 * 60

// NewDeployRole registers a role that may do everything that the program does, in its reach only.
func NewDeployRole(ctx *pulumi.Context, name string, args RoleArgs, reach Reach, opts ...pulumi.ResourceOption) (*Role, error) {
	policies := reach.deployStatements()
	policies["state"] = args.State.writeStatements(reach)
	if args.Promotes != nil {
		policies["state"] = append(append(policies["state"], args.State.stateStatements(*args.Promotes)...), infra.Statement{
			Actions: []string{"ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"}, Resources: args.Promotes.resources(repositories),
		})
	}
	if reach.SharedStack != "" { // whose outputs are read
		policies["state"] = append(policies["state"], args.State.stateStatements(reach.shared())...)
	}
	return newRole(ctx, name, args, policies, opts...)
}

// NewPreviewRole registers a role that may read all settings of these stacks, and no secret of Secrets Manager. It may decrypt the
// secrets in the configuration and the state, because a preview compares them.
func NewPreviewRole(ctx *pulumi.Context, name string, args RoleArgs, stacks []Reach, opts ...pulumi.ResourceOption) (*Role, error) {
	policies := previewStatements(stacks)
	policies["state"] = args.State.readStatements(stacks...)
	return newRole(ctx, name, args, policies, opts...)
}

func newRole(ctx *pulumi.Context, name string, args RoleArgs, policies map[string][]infra.Statement, opts ...pulumi.ResourceOption) (*Role, error) {
	p := &Role{}
	if err := ctx.RegisterComponentResource("laravel:infra:PipelineRole", name, p, opts...); err != nil {
		return nil, err
	}
	var trust []infra.Statement
	for _, t := range args.Trusts {
		trust = append(trust, t.statements()...)
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Description: pulumi.String(args.Description), AssumeRolePolicy: infra.PolicyDocument(trust...), MaxSessionDuration: pulumi.Int(sessionSeconds),
	}, pulumi.Parent(p))
	if err != nil {
		return nil, fmt.Errorf("creating role: %w", err)
	}
	for _, group := range slices.Sorted(maps.Keys(policies)) {
		if err := p.allow(ctx, name+"-"+group, args.Description+": "+group, role, slices.Contains(inlineGroups, group), policies[group]); err != nil {
			return nil, fmt.Errorf("creating policy %s: %w", group, err)
		}
	}
	p.ARN = role.Arn
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"arn": p.ARN})
}

func (p *Role) allow(ctx *pulumi.Context, logical, description string, role *iam.Role, inline bool, statements []infra.Statement) error {
	document := infra.PolicyDocument(statements...)
	if inline {
		_, err := iam.NewRolePolicy(ctx, logical, &iam.RolePolicyArgs{Role: role.Name, Policy: document}, pulumi.Parent(p))
		return err
	}
	policy, err := iam.NewPolicy(ctx, logical, &iam.PolicyArgs{Description: pulumi.String(description), Policy: document}, pulumi.Parent(p))
	if err != nil {
		return err
	}
	_, err = iam.NewRolePolicyAttachment(ctx, logical, &iam.RolePolicyAttachmentArgs{Role: role.Name, PolicyArn: policy.Arn}, pulumi.Parent(p))
	return err
}
