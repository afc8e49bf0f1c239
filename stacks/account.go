package stacks

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/pipeline"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// accountStack is known before the first component is made.
type accountStack struct {
	config *config.AccountConfig
	prefix string
	number string // of the AWS account
	// partition is the one of AWS that the account is in; dnsSuffix ends the names of its services.
	partition, dnsSuffix string
	aws                  pulumi.ResourceOption
}

// identityProviders are the CI systems whose jobs may assume roles; nil where none of a kind is configured.
type identityProviders struct{ gitHub, gitLab *pipeline.IdentityProvider }

// deployAccount declares what all environments of an account need first: where the state is kept, and who may deploy.
func deployAccount(ctx *pulumi.Context) error {
	s, err := newAccountStack(ctx)
	if err != nil {
		return err
	}
	state, err := pipeline.NewStateStore(ctx, s.prefix+"-state", pipeline.StateStoreArgs{
		Region: s.config.Region, DNSSuffix: s.dnsSuffix, Project: ctx.Project(), VersionDays: s.config.Account.StateDays, Protected: s.config.Environment.Protected(),
	}, s.aws)
	if err != nil {
		return wrap("state", err)
	}
	providers, err := s.createProviders(ctx)
	if err != nil {
		return err
	}
	preview, err := s.createPreviewRole(ctx, state, providers)
	if err != nil {
		return err
	}
	drift, err := s.createDriftRole(ctx, state, providers)
	if err != nil {
		return err
	}
	boundaries, err := s.createBoundaries(ctx)
	if err != nil {
		return err
	}
	deploy, err := s.createDeployRoles(ctx, state, providers, boundaries)
	if err != nil {
		return err
	}
	s.export(ctx, state, preview, drift, deploy, boundaries)
	return nil
}

func newAccountStack(ctx *pulumi.Context) (*accountStack, error) {
	c, err := config.LoadAccount(source{ctx})
	if err != nil {
		return nil, err
	}
	s := &accountStack{config: c, prefix: c.App.Name + "-" + ctx.Stack()}
	tags, err := defaultTags(ctx, c.App.Name, c.Tags)
	if err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, s.prefix+"-aws", c.Region, tags)
	if err != nil {
		return nil, err
	}
	s.aws = pulumi.Providers(provider)
	caller, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, pulumi.Provider(provider))
	if err != nil {
		return nil, wrap("looking up the account", err)
	}
	partition, err := aws.GetPartition(ctx, &aws.GetPartitionArgs{}, pulumi.Provider(provider))
	if err != nil {
		return nil, wrap("looking up the partition", err)
	}
	s.number, s.partition, s.dnsSuffix = caller.AccountId, partition.Partition, partition.DnsSuffix
	return s, nil
}

func (s *accountStack) createProviders(ctx *pulumi.Context) (all identityProviders, err error) {
	if c := s.config.Account.GitHub; c.Repository != "" {
		all.gitHub, err = pipeline.NewIdentityProvider(ctx, s.prefix+"-github", pipeline.IdentityProviderArgs{
			URL: config.GitHubURL, Audience: config.GitHubAudience, ExistingARN: c.ProviderARN,
		}, s.aws)
		if err != nil {
			return all, wrap("github", err)
		}
	}
	if c := s.config.Account.GitLab; c.Project != "" {
		all.gitLab, err = pipeline.NewIdentityProvider(ctx, s.prefix+"-gitlab", pipeline.IdentityProviderArgs{
			URL: c.URL, Audience: c.URL, ExistingARN: c.ProviderARN,
		}, s.aws)
	}
	return all, wrap("gitlab", err)
}

// createPreviewRole makes the role of merge requests: on GitHub their tokens say so, on GitLab they are jobs of any branch of the
// project. Everybody who can push a branch can read what it reads, so production is left out of it. Jobs of forks have another project
// in their tokens.
func (s *accountStack) createPreviewRole(ctx *pulumi.Context, state *pipeline.StateStore, providers identityProviders) (*pipeline.Role, error) {
	trusts := providers.trusts(s.config.GitHubPullRequests(), s.config.GitLabClaims(config.GitLabRef{Branch: "*"}))
	for i := range trusts {
		if trusts[i].Provider == providers.gitHub {
			trusts[i].Not = map[string][]string{"actor": config.GitHubBots}
		}
	}
	role, err := pipeline.NewPreviewRole(ctx, s.prefix+"-preview", pipeline.RoleArgs{
		Description: "Previews of merge requests", State: state, Trusts: trusts,
	}, s.reaches(config.Pipeline.Previewed), s.aws)
	return role, wrap("preview role", err)
}

// createDriftRole makes the role of the nightly comparison of all environments, for jobs of the default branch. A job in the environment
// of prod would wait for its reviewers, and keep deployments waiting.
func (s *accountStack) createDriftRole(ctx *pulumi.Context, state *pipeline.StateStore, providers identityProviders) (*pipeline.Role, error) {
	c := s.config.Account
	role, err := pipeline.NewPreviewRole(ctx, s.prefix+"-drift", pipeline.RoleArgs{
		Description: "Nightly comparisons", State: state,
		Trusts: providers.trusts(s.config.GitHubClaims(config.GitHubRef{Branch: c.GitHub.Branch}), s.config.GitLabClaims(config.GitLabRef{Branch: c.GitLab.Branch})),
	}, s.reaches(func(config.Pipeline) bool { return true }), s.aws)
	return role, wrap("drift role", err)
}

func (s *accountStack) reaches(wanted func(config.Pipeline) bool) []pipeline.Reach {
	var reaches []pipeline.Reach
	for _, environment := range sortedKeys(s.config.Account.Deploy) {
		if c := s.config.Account.Deploy[environment]; wanted(c) {
			reaches = append(reaches, s.reach(c))
		}
	}
	return reaches
}

// createBoundaries makes a permissions boundary per environment of account.deploy.
func (s *accountStack) createBoundaries(ctx *pulumi.Context) (map[string]*pipeline.Boundary, error) {
	boundaries := map[string]*pipeline.Boundary{}
	for _, environment := range sortedKeys(s.config.Account.Deploy) {
		boundary, err := pipeline.NewBoundary(ctx, s.prefix+"-boundary-"+environment, s.reach(s.config.Account.Deploy[environment]), s.aws)
		if err != nil {
			return nil, wrap("boundary of "+environment, err)
		}
		boundaries[environment] = boundary
	}
	return boundaries, nil
}

// createDeployRoles makes a role per environment of account.deploy.
func (s *accountStack) createDeployRoles(ctx *pulumi.Context, state *pipeline.StateStore, providers identityProviders, boundaries map[string]*pipeline.Boundary) (map[string]*pipeline.Role, error) {
	roles := map[string]*pipeline.Role{}
	for _, environment := range sortedKeys(s.config.Account.Deploy) {
		c := s.config.Account.Deploy[environment]
		var promotes *pipeline.Reach
		if from, known := s.config.Account.Deploy[c.From]; known {
			reach := s.reach(from)
			promotes = &reach
		}
		reach := s.reach(c)
		reach.Boundary = boundaries[environment].ARN
		role, err := pipeline.NewDeployRole(ctx, s.prefix+"-deploy-"+environment, pipeline.RoleArgs{
			Description: "Deploys " + environment, State: state, Promotes: promotes,
			Trusts: providers.trusts(s.config.GitHubClaims(c.GitHub), s.config.GitLabClaims(c.GitLab)),
		}, reach, s.aws)
		if err != nil {
			return nil, wrap("role that deploys "+environment, err)
		}
		roles[environment] = role
	}
	return roles, nil
}

func (s *accountStack) reach(c config.Pipeline) pipeline.Reach {
	return pipeline.Reach{
		Partition: s.partition, Account: s.number, Region: s.config.Region, Application: s.config.App.Name, Stack: c.Stack, HostNames: c.Hosts,
		SharedStack: s.config.Account.Deploy[c.Shares].Stack, CopiesRegion: c.Copies, TaskPolicies: c.TaskPolicies,
	}
}

func (p identityProviders) trusts(gitHub, gitLab config.Claims) []pipeline.Trust {
	var trusts []pipeline.Trust
	if p.gitHub != nil && len(gitHub) > 0 {
		trusts = append(trusts, pipeline.Trust{Provider: p.gitHub, Claims: gitHub})
	}
	if p.gitLab != nil && len(gitLab) > 0 {
		trusts = append(trusts, pipeline.Trust{Provider: p.gitLab, Claims: gitLab})
	}
	return trusts
}

// export makes the outputs: the values for the variables of a pipeline, and the commands to run.
func (s *accountStack) export(ctx *pulumi.Context, state *pipeline.StateStore, preview, drift *pipeline.Role, deploy map[string]*pipeline.Role, boundaries map[string]*pipeline.Boundary) {
	arns := pulumi.StringMap{}
	for environment, boundary := range boundaries {
		arns[environment] = boundary.ARN
	}
	roles, providers := pulumi.StringMap{}, pulumi.StringMap{ctx.Stack(): state.SecretsProvider(ctx.Stack())}
	for environment, role := range deploy {
		roles[environment] = role.ARN
		stack := s.config.Account.Deploy[environment].Stack
		if prefix, many := strings.CutSuffix(stack, "*"); many {
			stack = prefix + "NAME"
		}
		providers[environment] = state.SecretsProvider(stack)
	}
	ctx.Export("previewRoleArn", preview.ARN)
	ctx.Export("driftRoleArn", drift.ARN)
	ctx.Export("deployRoleArns", roles)
	ctx.Export("permissionsBoundaries", arns)
	ctx.Export("stateBucket", state.Bucket)
	ctx.Export("secretsKeyAlias", state.Alias)
	ctx.Export("login", state.Login())
	ctx.Export("secretsProviders", providers)
}
