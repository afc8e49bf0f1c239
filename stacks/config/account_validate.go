package config

import (
	"errors"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

func (c *AccountConfig) validate(stack string) []error {
	var p problems
	validateRegion(&p, c.Region, stack)
	validateName(&p, c.App.Name, stack, MaxPrefix)
	validateTags(&p, c.Tags)
	if c.App.URL != "" || c.App.Env != "" || c.App.Debug {
		p.add("app", "an account has a name only; url, env and debug belong to environments")
	}
	if c.Environment.Class != "" {
		p.add("environment.class", "%q: an account has none; leave it out", c.Environment.Class)
	}
	if c.Environment.PermissionsBoundary != "" {
		p.add("environment.permissionsBoundary", "belongs to environments: this stack makes them")
	}
	p.between("account.stateDays", c.Account.StateDays, 1, 3650)
	c.Account.validateProviders(&p)
	if len(c.Account.Deploy) == 0 {
		p.add("account.deploy", "empty: no environment could be deployed")
	}
	for _, environment := range sortedKeys(c.Account.Deploy) {
		c.Account.validatePipeline(&p, environment, stack)
		c.validateStackFile(&p, environment)
	}
	return p
}

// validateStackFile compares an environment with its own stack file: a role for other names could not deploy it.
func (c *AccountConfig) validateStackFile(p *problems, environment string) {
	key, pipeline := "account.deploy."+environment, c.Account.Deploy[environment]
	for field, named := range map[string]string{"from": pipeline.From, "shares": pipeline.Shares} {
		if other, known := c.Account.Deploy[named]; named != "" && (!known || named == environment || strings.HasSuffix(other.Stack, "*")) {
			p.add(key+"."+field, "%q is no other environment of account.deploy with a stack of its own", named)
		}
	}
	if pipeline.Shares != "" && !strings.HasSuffix(pipeline.Stack, "-*") {
		p.add(key+".shares", "only review environments share another one (environment.shares), and %s is a stack of its own", pipeline.Stack)
	}
	if pipeline.Copies != "" && (!known.Regions.Has(pipeline.Copies) || pipeline.Copies == c.Region) {
		p.add(key+".copies", "%q is no other region of AWS, such as eu-central-1", pipeline.Copies)
	}
	Access{TaskPolicies: pipeline.TaskPolicies}.validateTaskPolicies(p, key+".taskPolicies")
	if strings.HasSuffix(pipeline.Stack, "-*") {
		return // review environments have no file in the repository
	}
	path := "Pulumi." + pipeline.Stack + ".yaml"
	file, err := readStackFile(pipeline.Stack)
	if errors.Is(err, fs.ErrNotExist) {
		p.add(key, "there is no %s: set stack to the stack that it deploys", path)
		return
	}
	if err != nil {
		p.add(key, "%s: %v", path, err)
		return
	}
	if own := file.Config.Region; own != "" && own != c.Region {
		p.add(key, "%s is in %s, this stack in %s: an account stack serves one region", path, own, c.Region)
	}
	if own := file.Config.App.Name; own != c.App.Name {
		p.add(key, "the application of %s is %s, of this stack %s: the role would allow none of its names", path, own, c.App.Name)
	}
	if own := file.Config.Database.Copies.Region; own != "" && own != pipeline.Copies {
		p.add(key+".copies", "%s copies its database to %s, and this is %q: the role could make neither vault nor key there", path, own, pipeline.Copies)
	}
	for _, arn := range file.Config.Access.TaskPolicies {
		if !slices.Contains(pipeline.TaskPolicies, arn) {
			p.add(key+".taskPolicies", "%s attaches %s, which is not among them: the role could not", path, arn)
		}
	}
	if domain := file.Config.Domain; domain.Zone != "" { // the role may publish these, and request a certificate for them
		for _, host := range append([]string{domain.Name}, domain.Aliases...) {
			if !covered(strings.TrimPrefix(host, "*."), pipeline.Hosts) {
				p.add(key+".hosts", "%s publishes %s, which is not among them", path, host)
			}
		}
	}
}

// environmentFile is what the account stack reads of an environment's stack file.
type environmentFile struct {
	Config struct {
		Region      string
		App         App
		Environment struct{ Class string }
		Domain      struct {
			Name, Zone string
			Aliases    []string
		}
		Database struct{ Copies struct{ Region string } }
		Access   struct {
			TaskPolicies []string `yaml:"taskPolicies"`
		}
	}
}

func readStackFile(stack string) (environmentFile, error) {
	var file environmentFile
	file.Config.App.Name = defaults().App.Name
	var given struct{ Config map[string]yaml.Node }
	raw, err := os.ReadFile("Pulumi." + stack + ".yaml")
	if err == nil {
		err = yaml.Unmarshal(raw, &given)
	}
	for key, into := range map[string]any{
		"aws:region": &file.Config.Region, "app": &file.Config.App, "environment": &file.Config.Environment, "domain": &file.Config.Domain,
		"database": &file.Config.Database, "access": &file.Config.Access,
	} {
		for full, node := range given.Config {
			if err == nil && (full == key || full[strings.LastIndex(full, ":")+1:] == key) { // with any namespace: see Namespace
				err = node.Decode(into)
			}
		}
	}
	return file, err
}

func covered(host string, hosts []string) bool {
	return slices.ContainsFunc(hosts, func(own string) bool { return host == own || strings.HasSuffix(host, "."+own) })
}

var (
	gitHubRepository = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$`)
	gitLabProject    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$`)
	instanceURL      = regexp.MustCompile(`^https://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?(/[A-Za-z0-9._-]+)*$`)
	gitRef           = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*$`)
	gitTag           = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/-]*\*?$`)
	providerARN      = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/(.+)$`)
)

func (a Account) validateProviders(p *problems) {
	if a.GitHub.Repository == "" && a.GitLab.Project == "" {
		p.add("account", "github.repository and gitlab.project are both missing: set the one whose pipelines may deploy")
	}
	validateProject(p, "account.github.repository", a.GitHub.Repository, gitHubRepository, "ORG/REPO")
	validateProject(p, "account.gitlab.project", a.GitLab.Project, gitLabProject, "GROUP/PROJECT")
	if branch := a.GitHub.Branch; strings.ContainsAny(branch, "*?") {
		p.add("account.github.branch", "%q has a wildcard: jobs of unprotected branches could read every environment", branch)
	} else {
		p.matches("account.github.branch", branch, gitRef, "the name of one")
	}
	if branch := a.GitLab.Branch; strings.ContainsAny(branch, "*?") {
		p.add("account.gitlab.branch", "%q has a wildcard: jobs of unprotected branches could read every environment", branch)
	} else {
		p.matches("account.gitlab.branch", branch, gitRef, "the name of one")
	}
	if (a.GitHub.RepositoryID > 0) != (a.GitHub.OwnerID > 0) || a.GitHub.RepositoryID < 0 || a.GitHub.OwnerID < 0 {
		p.add("account.github.repositoryId", "%d, and ownerId %d: set both, or none (gh api repos/%s --jq .id,.owner.id)", a.GitHub.RepositoryID, a.GitHub.OwnerID, a.GitHub.Repository)
	}
	if id := a.GitLab.ProjectID; id < 0 {
		p.add("account.gitlab.projectId", "%d is not the id of a project", id)
	} else if id > 0 && a.GitLab.URL != gitLabURL {
		p.add("account.gitlab.projectId", "%d: AWS reads the id in tokens of %s only, not of %s; leave it out", id, gitLabURL, a.GitLab.URL)
	}
	p.matches("account.gitlab.url", a.GitLab.URL, instanceURL, "the address of a GitLab instance, such as https://gitlab.com")
	validateProvider(p, "account.github.providerArn", a.GitHub.ProviderARN, GitHubURL)
	validateProvider(p, "account.gitlab.providerArn", a.GitLab.ProviderARN, a.GitLab.URL)
}

func validateProject(p *problems, key, value string, form *regexp.Regexp, what string) {
	switch {
	case value == "":
	case Placeholder(value):
		p.add(key, "%s is a placeholder; write your own, or remove the section", value)
	case strings.ContainsAny(value, "*?"):
		p.add(key, "%q has a wildcard: whoever can create a project that matches it could deploy", value)
	default:
		p.matches(key, value, form, what)
	}
}

// validateProvider checks that the provider is for this URL. A role that trusts another one would accept the tokens of others.
func validateProvider(p *problems, key, arn, url string) {
	if arn == "" {
		return
	}
	parts := providerARN.FindStringSubmatch(arn)
	if parts == nil {
		p.add(key, "%q is not the ARN of an OpenID Connect provider", arn)
	} else if host := strings.TrimPrefix(url, "https://"); parts[1] != host {
		p.add(key, "the provider is for %s, the tokens are from %s", parts[1], host)
	}
}

func (a Account) validatePipeline(p *problems, environment, own string) {
	key := "account.deploy." + environment
	pipeline := a.Deploy[environment]
	p.matches(key, environment, name, "lower-case letters and digits, in words joined by single hyphens")
	stack, many := strings.CutSuffix(pipeline.Stack, "-*")
	if !name.MatchString(stack) {
		p.add(key+".stack", "%q is neither the name of a stack nor NAME-*", pipeline.Stack)
	}
	if within(own, stack) || within(stack, own) {
		p.add(key, "a role for %s could change the roles of this stack, %s, and so give itself any permission", pipeline.Stack, own)
	}
	for _, other := range sortedKeys(a.Deploy) {
		if inner := strings.TrimSuffix(a.Deploy[other].Stack, "-*"); other != environment && within(inner, stack) {
			p.add(key, "the names of its stack begin with %s-, and so do those of %s (%s): rename one", stack, other, inner)
		}
	}
	for _, host := range pipeline.Hosts {
		p.matches(key+".hosts", host, plainHost, "a host name")
	}
	a.validateRefs(p, key, pipeline, many)
}

var plainHost = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

// within tells whether the names of a stack begin like those of another one: those of prod-eu like those of prod.
func within(stack, other string) bool { return stack == other || strings.HasPrefix(stack, other+"-") }

func (a Account) validateRefs(p *problems, key string, pipeline Pipeline, many bool) {
	onGitHub, onGitLab := pipeline.GitHub != GitHubRef{}, pipeline.GitLab != GitLabRef{}
	switch {
	case !onGitHub && !onGitLab:
		p.add(key, "github and gitlab are both missing: set the job that deploys it")
	case onGitHub && a.GitHub.Repository == "":
		p.add(key+".github", "needs account.github.repository")
	case onGitLab && a.GitLab.Project == "":
		p.add(key+".gitlab", "needs account.gitlab.project")
	}
	refs := map[string]string{
		key + ".github.environment": pipeline.GitHub.Environment, key + ".github.branch": pipeline.GitHub.Branch, key + ".gitlab.branch": pipeline.GitLab.Branch,
	}
	if pipeline.GitHub.Environment != "" && pipeline.GitHub.Branch != "" {
		p.add(key+".github", "environment and branch exclude each other: the token of a job that names an environment does not name its branch")
	}
	if many && pipeline.GitLab.Branch == "*" {
		delete(refs, key+".gitlab.branch") // any branch may be reviewed
	}
	for _, each := range sortedKeys(refs) {
		switch ref := refs[each]; {
		case ref == "":
		case strings.ContainsAny(ref, "*?"):
			p.add(each, "%q has a wildcard: unprotected branches could deploy the environment", ref)
		default:
			p.matches(each, ref, gitRef, "the name of one")
		}
	}
	if pipeline.GitLab.Tag != "" {
		p.matches(key+".gitlab.tag", pipeline.GitLab.Tag, gitTag, "the name of a tag, or the beginning of one and a *")
	}
}
