package config

import (
	"fmt"
	"slices"
)

// AccountConfig is the configuration of the account stack, which all environments of an AWS account need.
type AccountConfig struct {
	App         App
	Environment Environment
	Account     Account
	Tags        map[string]string

	// Region is aws:region.
	Region string
}

// Account is who may deploy what.
type Account struct {
	GitHub    GitHub              `json:"github"`
	GitLab    GitLab              `json:"gitlab"`
	Deploy    map[string]Pipeline `json:"deploy"`    // by environment
	StateDays int                 `json:"stateDays"` // how long earlier versions of a state are kept
}

// GitHub is the repository whose workflows may assume roles.
type GitHub struct {
	Repository  string `json:"repository"`  // ORG/REPO
	Branch      string `json:"branch"`      // the default branch, whose jobs run the nightly comparison
	ProviderARN string `json:"providerArn"` // of the OpenID Connect provider, where the account has one for GitHub
}

// GitLab is the project whose pipelines may assume roles.
type GitLab struct {
	Project     string `json:"project"`     // GROUP/PROJECT
	URL         string `json:"url"`         // of the instance
	ProviderARN string `json:"providerArn"` // of the OpenID Connect provider, where the account has one for this URL
}

// Pipeline is who deploys one environment, and what its role may change.
type Pipeline struct {
	Stack  string    `json:"stack"`  // empty: the environment's name; NAME-* for all stacks that begin so
	Hosts  []string  `json:"hosts"`  // host names that it publishes in Route 53, each with all names below it
	From   string    `json:"from"`   // the environment whose image it deploys: its state and images may be read
	Shares string    `json:"shares"` // the environment whose load balancer, cluster and state its review environments use (environment.shares)
	GitHub GitHubRef `json:"github"`
	GitLab GitLabRef `json:"gitlab"`
}

// GitHubRef is the job that may deploy: one with an environment, or one on a branch.
type GitHubRef struct {
	Environment string `json:"environment"`
	Branch      string `json:"branch"`
}

// GitLabRef is the job that may deploy: one on a protected branch, or one for a protected tag.
type GitLabRef struct {
	Branch string `json:"branch"`
	Tag    string `json:"tag"` // may end with a *
}

// Issuer and audience of the tokens of GitHub's jobs.
const (
	GitHubURL      = "https://token.actions.githubusercontent.com"
	GitHubAudience = "sts.amazonaws.com"
)

// placeholders are in the shipped stack file where its owner must write a name. A role must not trust a name that anybody may register.
var placeholders = []string{"YOUR-ORG/YOUR-REPO", "YOUR-GROUP/YOUR-PROJECT"}

// Placeholder tells whether a value of the account section is still a placeholder.
func Placeholder(value string) bool { return slices.Contains(placeholders, value) }

func accountDefaults() *AccountConfig {
	return &AccountConfig{App: App{Name: defaults().App.Name}, Account: Account{GitHub: GitHub{Branch: "main"}, GitLab: GitLab{URL: "https://gitlab.com"}, StateDays: 90}}
}

func (c *AccountConfig) sections() map[string]any {
	return map[string]any{"app": &c.App, "environment": &c.Environment, "account": &c.Account, "tags": &c.Tags}
}

// IsAccount tells whether the stack is the account's and not an environment's. Pulumi.yaml gives every stack an empty section account.
func IsAccount(source Source) bool {
	section, _, _ := source.Section("account")
	return section != "" && section != "{}"
}

// LoadAccount reads the configuration over the defaults and returns every problem of it at once.
func LoadAccount(source Source) (*AccountConfig, error) {
	c := accountDefaults()
	problems, unread := readSections(source, c.sections())
	c.Region = region(source)
	for name, pipeline := range c.Account.Deploy {
		if pipeline.Stack == "" {
			pipeline.Stack = name
		}
		c.Account.Deploy[name] = pipeline
	}
	if err := report(source, problems, c.validate(source.Stack()), unread); err != nil {
		return nil, err
	}
	return c, nil
}

// GitHubSubjects are the subjects of the tokens of jobs that may deploy
// (https://docs.github.com/en/actions/reference/security/oidc).
func (c *AccountConfig) GitHubSubjects(ref GitHubRef) []string {
	subject := "repo:" + c.Account.GitHub.Repository + ":"
	switch {
	case ref.Environment != "":
		return []string{subject + "environment:" + ref.Environment}
	case ref.Branch != "":
		return []string{subject + "ref:refs/heads/" + ref.Branch}
	}
	return nil
}

// GitLabSubjects are the subjects of the tokens of jobs that may deploy
// (https://docs.gitlab.com/ci/secrets/id_token_authentication/).
func (c *AccountConfig) GitLabSubjects(ref GitLabRef) []string {
	var subjects []string
	for kind, value := range map[string]string{"branch": ref.Branch, "tag": ref.Tag} {
		if value != "" {
			subjects = append(subjects, fmt.Sprintf("project_path:%s:ref_type:%s:ref:%s", c.Account.GitLab.Project, kind, value))
		}
	}
	slices.Sort(subjects)
	return subjects
}
