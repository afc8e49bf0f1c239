package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
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
	Repository   string `json:"repository"`   // ORG/REPO
	RepositoryID int64  `json:"repositoryId"` // with OwnerID: whoever gets the name later is not trusted
	OwnerID      int64  `json:"ownerId"`
	Branch       string `json:"branch"`      // the default branch, whose jobs run the nightly comparison
	ProviderARN  string `json:"providerArn"` // of the OpenID Connect provider, where the account has one for GitHub
}

// GitLab is the project whose pipelines may assume roles.
type GitLab struct {
	Project     string `json:"project"`     // GROUP/PROJECT
	ProjectID   int64  `json:"projectId"`   // whoever gets the path later is not trusted
	Branch      string `json:"branch"`      // the default branch, whose jobs run the nightly comparison
	URL         string `json:"url"`         // of the instance
	ProviderARN string `json:"providerArn"` // of the OpenID Connect provider, where the account has one for this URL
}

// Pipeline is who deploys one environment, and what its role may change.
type Pipeline struct {
	Stack  string   `json:"stack"`  // empty: the environment's name; NAME-* for all stacks that begin so
	Hosts  []string `json:"hosts"`  // host names that it publishes in Route 53, each with all names below it
	From   string   `json:"from"`   // the environment whose image it deploys: its state and images may be read
	Shares string   `json:"shares"` // the environment whose load balancer, cluster and state its review environments use (environment.shares)
	Copies string   `json:"copies"` // the region that copies of its database go to (database.copies.region)
	// TaskPolicies are the policies that it may attach to roles (access.taskPolicies).
	TaskPolicies []string `json:"taskPolicies"`
	// Preview lets jobs of merge requests read the state, with the secrets in it. Left out: not where the stack file is production's.
	Preview *bool     `json:"preview"`
	GitHub  GitHubRef `json:"github"`
	GitLab  GitLabRef `json:"gitlab"`

	production bool // class of the stack file
}

// Previewed tells whether merge requests are previewed with the state of the environment.
func (p Pipeline) Previewed() bool {
	if p.Preview != nil {
		return *p.Preview
	}
	return !p.production
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
	gitLabURL      = "https://gitlab.com"
)

// placeholders are in the shipped stack file where its owner must write a name. A role must not trust a name that anybody may register.
var placeholders = []string{"YOUR-ORG/YOUR-REPO", "YOUR-GROUP/YOUR-PROJECT"}

// Placeholder tells whether a value of the account section is still a placeholder.
func Placeholder(value string) bool { return slices.Contains(placeholders, value) }

func accountDefaults() *AccountConfig {
	return &AccountConfig{App: App{Name: defaults().App.Name}, Account: Account{GitHub: GitHub{Branch: "main"}, GitLab: GitLab{URL: gitLabURL, Branch: "main"}, StateDays: 90}}
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
		file, _ := readStackFile(pipeline.Stack) // validate reports the error
		pipeline.production = file.Config.Environment.Class == "production"
		c.Account.Deploy[name] = pipeline
	}
	if err := report(source, problems, c.validate(source.Stack()), unread); err != nil {
		return nil, err
	}
	return c, nil
}

// Claims are what a job's token must say, by claim: one of the values. Of sub, a value with a * is a pattern. AWS checks sub and aud of every
// issuer, and of GitHub and gitlab.com those that are used here
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif).
type Claims map[string][]string

// GitHubClaims are those of jobs that may deploy; nil for none (https://docs.github.com/en/actions/reference/security/oidc).
func (c *AccountConfig) GitHubClaims(ref GitHubRef) Claims {
	switch {
	case ref.Environment != "":
		return c.gitHub("environment:"+ref.Environment, Claims{"environment": {ref.Environment}})
	case ref.Branch != "":
		return c.gitHub("ref:refs/heads/"+ref.Branch, Claims{"ref": {"refs/heads/" + ref.Branch}})
	}
	return nil
}

// GitHubPullRequests are the claims of jobs of pull requests of the repository's own branches.
func (c *AccountConfig) GitHubPullRequests() Claims { return c.gitHub("pull_request", Claims{}) }

// GitHubBots open pull requests that nobody of the team has read.
var GitHubBots = []string{"dependabot[bot]", "renovate[bot]"}

// gitHub adds the subject. Repositories that were created or renamed after July 15, 2026 have the ids in it
// (https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/).
func (c *AccountConfig) gitHub(job string, claims Claims) Claims {
	g := c.Account.GitHub
	claims["sub"] = []string{"repo:" + g.Repository + ":" + job}
	if g.RepositoryID != 0 {
		owner, repository, _ := strings.Cut(g.Repository, "/")
		claims["sub"] = append(claims["sub"], fmt.Sprintf("repo:%s@%d/%s@%d:%s", owner, g.OwnerID, repository, g.RepositoryID, job))
		claims["repository_id"] = []string{strconv.FormatInt(g.RepositoryID, 10)}
	}
	return claims
}

// GitLabClaims are those of jobs that may deploy; nil for none (https://docs.gitlab.com/ci/secrets/id_token_authentication/). Any branch, *,
// may be unprotected.
func (c *AccountConfig) GitLabClaims(ref GitLabRef) Claims {
	claims := Claims{}
	for kind, value := range map[string]string{"branch": ref.Branch, "tag": ref.Tag} {
		if value != "" {
			claims["sub"] = append(claims["sub"], fmt.Sprintf("project_path:%s:ref_type:%s:ref:%s", c.Account.GitLab.Project, kind, value))
		}
	}
	if len(claims) == 0 {
		return nil
	}
	slices.Sort(claims["sub"])
	if c.Account.GitLab.URL == gitLabURL && ref.Branch != "*" { // AWS reads no further claims of another instance
		claims["ref_protected"] = []string{"true"}
	}
	if id := c.Account.GitLab.ProjectID; id != 0 {
		claims["project_id"] = []string{strconv.FormatInt(id, 10)}
	}
	return claims
}
