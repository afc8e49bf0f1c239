package stacks

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// accountStack is what the steps of deployAccount share.
type accountStack struct {
	config *config.AccountConfig
	prefix string
	number string // of the AWS account
	aws    pulumi.ResourceOption

	state   *infra.StateStore
	gitHub  *infra.IdentityProvider // nil where no repository is trusted
	gitLab  *infra.IdentityProvider // nil where no project is trusted
	preview *infra.PipelineRole
	deploy  map[string]*infra.PipelineRole // by environment
}

// deployAccount declares what comes before the first environment: where the state is kept, and who may deploy.
func deployAccount(ctx *pulumi.Context) error {
	s, err := newAccountStack(ctx)
	if err != nil {
		return err
	}
	for _, step := range []func(*pulumi.Context) error{s.createState, s.createProviders, s.createPreviewRole, s.createDeployRoles} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.export(ctx)
	return nil
}

func newAccountStack(ctx *pulumi.Context) (*accountStack, error) {
	c, err := config.LoadAccount(source{ctx})
	if err != nil {
		return nil, err
	}
	s := &accountStack{config: c, prefix: c.App.Name + "-" + ctx.Stack(), deploy: map[string]*infra.PipelineRole{}}
	tags, err := defaultTags(ctx, c.App.Name, c.Tags)
	if err != nil {
		return nil, err
	}
	provider, err := newProvider(ctx, s.prefix, c.Region, tags)
	if err != nil {
		return nil, err
	}
	s.aws = pulumi.Providers(provider)
	caller, err := aws.GetCallerIdentity(ctx, &aws.GetCallerIdentityArgs{}, pulumi.Provider(provider))
	if err != nil {
		return nil, wrap("looking up the account", err)
	}
	s.number = caller.AccountId
	return s, nil
}

func (s *accountStack) createState(ctx *pulumi.Context) (err error) {
	s.state, err = infra.NewStateStore(ctx, s.prefix+"-state", infra.StateStoreArgs{
		Region: s.config.Region, Project: ctx.Project(), VersionDays: s.config.Account.StateDays, Protected: s.config.Environment.Protected(),
	}, s.aws)
	return wrap("state", err)
}

func (s *accountStack) createProviders(ctx *pulumi.Context) (err error) {
	if c := s.config.Account.GitHub; c.Repository != "" {
		s.gitHub, err = infra.NewIdentityProvider(ctx, s.prefix+"-github", infra.IdentityProviderArgs{
			URL: config.GitHubURL, Audience: config.GitHubAudience, ExistingARN: c.ProviderARN,
		}, s.aws)
		if err != nil {
			return wrap("github", err)
		}
	}
	if c := s.config.Account.GitLab; c.Project != "" {
		s.gitLab, err = infra.NewIdentityProvider(ctx, s.prefix+"-gitlab", infra.IdentityProviderArgs{
			URL: c.URL, Audience: c.URL, ExistingARN: c.ProviderARN,
		}, s.aws)
	}
	return wrap("gitlab", err)
}

// createPreviewRole trusts merge requests: on GitHub they say so, on GitLab they are jobs of a branch of the project. A fork is
// another project. On GitHub the default branch is trusted as well, for the comparison of every night: a job in the environment of prod
// would wait for its reviewers, and keep deployments waiting.
func (s *accountStack) createPreviewRole(ctx *pulumi.Context) (err error) {
	c := s.config.Account
	var reaches []infra.Reach
	for _, environment := range sortedKeys(c.Deploy) {
		reaches = append(reaches, s.reach(c.Deploy[environment]))
	}
	s.preview, err = infra.NewPreviewRole(ctx, s.prefix+"-preview", infra.PipelineRoleArgs{
		Description: "Previews of merge requests", State: s.state,
		Trusts: s.trusts(append(s.config.GitHubSubjects(config.GitHubRef{Branch: c.GitHub.Branch}), "repo:"+c.GitHub.Repository+":pull_request"), s.config.GitLabSubjects(config.GitLabRef{Branch: "*"})),
	}, s.reach(config.Pipeline{Stack: "*"}), reaches, s.aws)
	return wrap("preview role", err)
}

func (s *accountStack) createDeployRoles(ctx *pulumi.Context) (err error) {
	for _, environment := range sortedKeys(s.config.Account.Deploy) {
		c := s.config.Account.Deploy[environment]
		var promotes *infra.Reach
		if from, known := s.config.Account.Deploy[c.From]; known {
			reach := s.reach(from)
			promotes = &reach
		}
		s.deploy[environment], err = infra.NewDeployRole(ctx, s.prefix+"-deploy-"+environment, infra.PipelineRoleArgs{
			Description: "Deploys " + environment, State: s.state, Promotes: promotes,
			Trusts: s.trusts(s.config.GitHubSubjects(c.GitHub), s.config.GitLabSubjects(c.GitLab)),
		}, s.reach(c), s.aws)
		if err != nil {
			return wrap("role that deploys "+environment, err)
		}
	}
	return nil
}

func (s *accountStack) reach(c config.Pipeline) infra.Reach {
	return infra.Reach{
		Account: s.number, Region: s.config.Region, Application: s.config.App.Name, Stack: c.Stack, HostNames: c.Hosts,
		Lender: s.config.Account.Deploy[c.Shares].Stack,
	}
}

func (s *accountStack) trusts(onGitHub, onGitLab []string) []infra.Trust {
	var trusts []infra.Trust
	if s.gitHub != nil && len(onGitHub) > 0 {
		trusts = append(trusts, infra.Trust{Provider: s.gitHub, Subjects: onGitHub})
	}
	if s.gitLab != nil && len(onGitLab) > 0 {
		trusts = append(trusts, infra.Trust{Provider: s.gitLab, Subjects: onGitLab})
	}
	return trusts
}

// export publishes what goes into the variables of a pipeline, and the two lines to run.
func (s *accountStack) export(ctx *pulumi.Context) {
	roles, providers := pulumi.StringMap{}, pulumi.StringMap{ctx.Stack(): s.state.SecretsProvider(ctx.Stack())}
	for environment, role := range s.deploy {
		roles[environment] = role.ARN
		stack := s.config.Account.Deploy[environment].Stack
		if prefix, many := strings.CutSuffix(stack, "*"); many {
			stack = prefix + "NAME"
		}
		providers[environment] = s.state.SecretsProvider(stack)
	}
	ctx.Export("previewRoleArn", s.preview.ARN)
	ctx.Export("deployRoleArns", roles)
	ctx.Export("stateBucket", s.state.Bucket)
	ctx.Export("secretsKeyAlias", s.state.Alias)
	ctx.Export("login", s.state.Login())
	ctx.Export("secretsProviders", providers)
}
