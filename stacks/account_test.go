package stacks_test

import (
	"maps"
	"strconv"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

const (
	policyToken = "aws:iam/policy:Policy"
	gitHubARN   = "arn:aws:iam::123456789012:oidc-provider/laravel-account-github-provider"
	gitLabARN   = "arn:aws:iam::123456789012:oidc-provider/laravel-account-gitlab-provider"
)

// accountConfig is the shipped file with the environment that is commented out in it: that of review stacks.
func accountConfig(t testing.TB) map[string]string {
	t.Helper()
	return with(with(stackConfig(t, "account"), "account", "deploy.prod.copies", "eu-central-1"), "account", "deploy.review", map[string]any{
		"stack": "review-*", "github": map[string]any{"environment": "review"}, "gitlab": map[string]any{"branch": "*"},
	})
}

func deployAccount(t testing.TB) *infratest.Recorder {
	t.Helper()
	return deploy(t, "account", accountConfig(t))
}

// policiesIn are the managed policies and those in roles.
func policiesIn(t testing.TB, r *infratest.Recorder) []infratest.Resource {
	t.Helper()
	return append(each(t, r, policyToken), each(t, r, rolePolicyToken)...)
}

// policiesOf are the policies of a pipeline's role, such as preview or deploy-staging.
func policiesOf(t testing.TB, r *infratest.Recorder, role string) (documents []string) {
	t.Helper()
	for _, policy := range policiesIn(t, r) {
		if policy.Parent == "laravel-account-"+role {
			documents = append(documents, text(policy, "policy"))
		}
	}
	if len(documents) == 0 {
		t.Fatalf("%s has no policies", role)
	}
	return documents
}

func trustOf(t testing.TB, r *infratest.Recorder, role string) infratest.Grants {
	t.Helper()
	for _, one := range each(t, r, "aws:iam/role:Role") {
		if one.Parent == "laravel-account-"+role {
			return infratest.Grants{Trust: text(one, "assumeRolePolicy")}
		}
	}
	t.Fatalf("there is no role %s", role)
	return infratest.Grants{}
}

// accountRoles are the roles of the shipped file, with that of reviews.
var accountRoles = []string{"preview", "drift", "deploy-staging", "deploy-prod", "deploy-review"}

// job is a job of a CI system, by the claims of its token that matter here.
type job map[string]string

// token is the request of a job that assumes a role; an empty claim is missing in its token.
func (j job) token(provider, issuer string) infratest.Request {
	r := infratest.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:iam::123456789012:role/pipeline", Principal: provider, Context: map[string]infratest.Texts{}}
	for claim, value := range j {
		if value != "" {
			r.Context[issuer+":"+claim] = infratest.Texts{value}
		}
	}
	return r
}

// with is the job with another claim.
func (j job) with(claim, value string) job {
	other := maps.Clone(j)
	other[claim] = value
	return other
}

// onGitHub is a job of a repository: its subject ends with what it is.
func onGitHub(repository, what string) job {
	j := job{"sub": "repo:" + repository + ":" + what, "aud": "sts.amazonaws.com", "actor": "octocat", "repository_id": "456", "repository_owner_id": "123"}
	if environment, is := strings.CutPrefix(what, "environment:"); is {
		j["environment"] = environment
	}
	if ref, is := strings.CutPrefix(what, "ref:"); is {
		j["ref"] = ref
	}
	return j
}

// onGitLab is a job of a project on a branch or of a tag.
func onGitLab(project, kind, ref string, protected bool) job {
	return job{"sub": "project_path:" + project + ":ref_type:" + kind + ":ref:" + ref, "aud": "https://gitlab.com", "ref_protected": strconv.FormatBool(protected), "project_id": "789"}
}

// assumes lists the roles that a token may assume.
func assumes(t testing.TB, r *infratest.Recorder, request infratest.Request) string {
	t.Helper()
	var may []string
	for _, role := range accountRoles {
		if trustOf(t, r, role).Allow(t, request)[0] {
			may = append(may, role)
		}
	}
	return strings.Join(may, " ")
}

const (
	gitHub      = "token.actions.githubusercontent.com"
	onProtected = "preview drift deploy-staging deploy-prod deploy-review"
)

// TestWhoMayTakeWhichRole evaluates each trust policy with the tokens of jobs: those that may assume the role, and similar ones.
func TestWhoMayTakeWhichRole(t *testing.T) {
	r := deployAccount(t)
	prod, main := onGitHub("acme/shop", "environment:prod"), onGitLab("acme/web/shop", "branch", "main", true)
	for what, test := range map[string]struct {
		job   job
		roles string // that it may assume
	}{
		"environment staging":                   {onGitHub("acme/shop", "environment:staging"), "deploy-staging"},
		"environment prod":                      {prod, "deploy-prod"},
		"environment review":                    {onGitHub("acme/shop", "environment:review"), "deploy-review"},
		"pull request":                          {onGitHub("acme/shop", "pull_request"), "preview"},
		"pull request of Dependabot":            {onGitHub("acme/shop", "pull_request").with("actor", "dependabot[bot]"), ""},
		"main without an environment":           {onGitHub("acme/shop", "ref:refs/heads/main"), "drift"},
		"a branch that begins as main does":     {onGitHub("acme/shop", "ref:refs/heads/main2"), ""},
		"a fork's main":                         {onGitHub("mallory/shop", "ref:refs/heads/main"), ""},
		"an environment that begins alike":      {onGitHub("acme/shop", "environment:prod2"), ""},
		"an environment that is a wildcard":     {onGitHub("acme/shop", "environment:*"), ""},
		"a subject whose environment is no job": {prod.with("environment", "review"), ""},
		"a fork":                                {onGitHub("mallory/shop", "environment:prod"), ""},
		"pull request of a fork's own":          {onGitHub("mallory/shop", "pull_request"), ""},
		"a repository that begins alike":        {onGitHub("acme/shop2", "pull_request"), ""},
		"another audience":                      {prod.with("aud", "https://github.com/acme"), ""},
		"no audience":                           {prod.with("aud", ""), ""},
		"no subject":                            {prod.with("sub", ""), ""},
		"GitLab's subject from GitHub":          {prod.with("sub", main["sub"]), ""},
	} {
		if got := assumes(t, r, test.job.token(gitHubARN, gitHub)); got != test.roles {
			t.Errorf("GitHub, %s takes %q, want %q", what, got, test.roles)
		}
	}
	for what, test := range map[string]struct {
		job   job
		roles string
	}{
		"main":                              {main, onProtected},
		"main, which is not protected":      {main.with("ref_protected", "false"), "preview deploy-review"},
		"a branch":                          {onGitLab("acme/web/shop", "branch", "feature/x", false), "preview deploy-review"},
		"a branch that begins as main does": {onGitLab("acme/web/shop", "branch", "main2", true), "preview deploy-review"},
		"a tag called main":                 {onGitLab("acme/web/shop", "tag", "main", true), ""},
		"another project":                   {onGitLab("acme/web/other", "branch", "main", true), ""},
		"a fork":                            {onGitLab("mallory/shop", "branch", "main", true), ""},
		"a project below":                   {onGitLab("acme/web/shop/x", "branch", "main", true), ""},
		"another audience":                  {main.with("aud", "sts.amazonaws.com"), ""},
		"no audience":                       {main.with("aud", ""), ""},
	} {
		if got := assumes(t, r, test.job.token(gitLabARN, "gitlab.com")); got != test.roles {
			t.Errorf("GitLab, %s takes %q, want %q", what, got, test.roles)
		}
	}
}

// TestWhoGetsTheNameLater: with the ids, a repository or project that takes over the name is not trusted. GitHub writes the ids into the
// subjects of new repositories, too.
func TestWhoGetsTheNameLater(t *testing.T) {
	config := with(with(accountConfig(t), "account", "github.repositoryId", 456), "account", "github.ownerId", 123)
	r := deploy(t, "account", with(config, "account", "gitlab.projectId", 789))
	prod, main := onGitHub("acme/shop", "environment:prod"), onGitLab("acme/web/shop", "branch", "main", true)
	for what, test := range map[string]struct {
		request infratest.Request
		roles   string
	}{
		"GitHub":                     {prod.token(gitHubARN, gitHub), "deploy-prod"},
		"GitHub, a new repository":   {prod.with("sub", "repo:acme@123/shop@456:environment:prod").token(gitHubARN, gitHub), "deploy-prod"},
		"GitHub, its pull request":   {onGitHub("acme@123/shop@456", "pull_request").token(gitHubARN, gitHub), "preview"},
		"GitHub, the name's next":    {prod.with("repository_id", "457").token(gitHubARN, gitHub), ""},
		"GitHub, its new repository": {prod.with("repository_id", "457").with("sub", "repo:acme@124/shop@457:environment:prod").token(gitHubARN, gitHub), ""},
		"GitLab":                     {main.token(gitLabARN, "gitlab.com"), onProtected},
		"GitLab, the path's next":    {main.with("project_id", "790").token(gitLabARN, "gitlab.com"), ""},
	} {
		if got := assumes(t, r, test.request); got != test.roles {
			t.Errorf("%s takes %q, want %q", what, got, test.roles)
		}
	}
}

// TestOtherReferences covers kinds of jobs that are not in the shipped file. Of an instance of one's own AWS reads sub and aud only.
func TestOtherReferences(t *testing.T) {
	config := with(accountConfig(t), "account", "deploy.prod", map[string]any{
		"hosts": []string{"app.example.com"}, "github": map[string]any{"branch": "main"}, "gitlab": map[string]any{"tag": "v*"},
	})
	config = with(config, "account", "gitlab.url", "https://git.acme.test")
	trust := trustOf(t, deploy(t, "account", config), "deploy-prod")
	for what, want := range map[string]bool{
		"ref:refs/heads/main": true, "ref:refs/heads/main2": false, "ref:refs/tags/main": false, "environment:prod": false, "pull_request": false,
	} {
		if got := trust.Allow(t, onGitHub("acme/shop", what).token(gitHubARN, gitHub))[0]; got != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	for _, test := range []struct {
		kind, ref string
		want      bool
	}{{"tag", "v1.2.3", true}, {"tag", "x1", false}, {"branch", "v1", false}, {"branch", "main", false}} {
		own := onGitLab("acme/web/shop", test.kind, test.ref, true).with("aud", "https://git.acme.test")
		if got := trust.Allow(t, own.token(gitLabARN, "git.acme.test"))[0]; got != test.want {
			t.Errorf("%s %s: %v", test.kind, test.ref, got)
		}
	}
}

// TestAdoptedProvider: an account has one provider per URL, so an existing one is used.
func TestAdoptedProvider(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	r := deploy(t, "account", with(accountConfig(t), "account", "github.providerArn", arn))
	if made := r.OfType("aws:iam/openIdConnectProvider:OpenIdConnectProvider"); len(made) != 1 || text(made[0], "url") != "https://gitlab.com" {
		t.Errorf("made are %v", made)
	}
	if !trustOf(t, r, "preview").Allow(t, onGitHub("acme/shop", "pull_request").token(arn, gitHub))[0] {
		t.Error("the adopted provider is not trusted")
	}
}

func TestStateIsKeptSafe(t *testing.T) {
	for _, protect := range []bool{true, false} {
		r := deploy(t, "account", with(accountConfig(t), "environment", "protect", protect))
		bucket, key := one(t, r, "aws:s3/bucketV2:BucketV2"), one(t, r, "aws:kms/key:Key")
		if bucket.Protect != protect || key.Protect != protect || isTrue(bucket, "forceDestroy") == protect {
			t.Errorf("protect %v: bucket %v, key %v", protect, bucket.Protect, key.Protect)
		}
		if !isTrue(key, "enableKeyRotation") || text(one(t, r, "aws:kms/alias:Alias"), "name") != "alias/laravel-account-state" {
			t.Error("the key is not rotated, or its alias has another name")
		}
		if text(one(t, r, "aws:s3/bucketVersioningV2:BucketVersioningV2"), "versioningConfiguration.status") != "Enabled" {
			t.Error("no versions are kept")
		}
		if text(one(t, r, "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"),
			"rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId") != keyARN {
			t.Error("the bucket is not encrypted with the key")
		}
		block := one(t, r, "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock")
		for _, setting := range []string{"blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"} {
			if !isTrue(block, setting) {
				t.Errorf("%s is off", setting)
			}
		}
		policy := infratest.ParsePolicies(t, text(one(t, r, "aws:s3/bucketPolicy:BucketPolicy"), "policy"))
		if len(policy.Statement) != 1 || policy.Statement[0].Effect != "Deny" || policy.Statement[0].Condition["Bool"]["aws:SecureTransport"][0] != "false" {
			t.Errorf("the bucket's policy is %+v", policy)
		}
	}
}

func TestAccountResourcesBelongToAComponent(t *testing.T) {
	for _, one := range deployAccount(t).All() {
		if !strings.HasPrefix(one.Type, "aws:") {
			continue
		}
		if one.Parent == "" || !strings.HasPrefix(one.Name, one.Parent) {
			t.Errorf("%s %s belongs to %q", one.Type, one.Name, one.Parent)
		}
	}
}

// TestAccountIsChosenByConfiguration: the section account decides, and not the stack's name.
func TestAccountIsChosenByConfiguration(t *testing.T) {
	if n := len(deploy(t, "base", accountConfig(t)).OfType("aws:ec2/vpc:Vpc")); n != 0 {
		t.Error("a stack with a section account declares an environment")
	}
	if n := len(deploy(t, "accounts", stackConfig(t, "staging")).OfType("aws:ec2/vpc:Vpc")); n != 1 {
		t.Error("a stack without a section account declares no environment")
	}
}
