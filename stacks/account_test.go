package stacks_test

import (
	"encoding/json"
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
	return with(stackConfig(t, "account"), "account", "deploy.review", map[string]any{
		"stack": "review-*", "github": map[string]any{"environment": "review"}, "gitlab": map[string]any{"branch": "*"},
	})
}

func deployAccount(t testing.TB) *infratest.Recorder {
	t.Helper()
	return deploy(t, "account", accountConfig(t))
}

// policiesOf are the policies of a pipeline's role, such as preview or deploy-staging.
func policiesOf(t testing.TB, r *infratest.Recorder, role string) (documents []string) {
	t.Helper()
	for _, policy := range each(t, r, policyToken) {
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

// TestWhoMayTakeWhichRole evaluates each trust policy with the tokens of jobs: those that may assume the role, and similar ones.
func TestWhoMayTakeWhichRole(t *testing.T) {
	r := deployAccount(t)
	gitHub := func(subject, audience string) infratest.Request {
		return token(gitHubARN, "token.actions.githubusercontent.com", subject, audience)
	}
	gitLab := func(subject, audience string) infratest.Request {
		return token(gitLabARN, "gitlab.com", subject, audience)
	}
	const sts, lab = "sts.amazonaws.com", "https://gitlab.com"
	for _, test := range []struct {
		what  string
		job   infratest.Request
		roles string // that it may assume
	}{
		{"GitHub, environment staging", gitHub("repo:acme/shop:environment:staging", sts), "deploy-staging"},
		{"GitHub, environment prod", gitHub("repo:acme/shop:environment:prod", sts), "deploy-prod"},
		{"GitHub, environment review", gitHub("repo:acme/shop:environment:review", sts), "deploy-review"},
		{"GitHub, pull request", gitHub("repo:acme/shop:pull_request", sts), "preview"},
		{"GitHub, main without an environment", gitHub("repo:acme/shop:ref:refs/heads/main", sts), "preview"},
		{"GitHub, a branch that begins as main does", gitHub("repo:acme/shop:ref:refs/heads/main2", sts), ""},
		{"GitHub, a fork's main", gitHub("repo:mallory/shop:ref:refs/heads/main", sts), ""},
		{"GitHub, an environment that begins alike", gitHub("repo:acme/shop:environment:prod2", sts), ""},
		{"GitHub, an environment with a wildcard as its name", gitHub("repo:acme/shop:environment:*", sts), ""},
		{"GitHub, a fork", gitHub("repo:mallory/shop:environment:prod", sts), ""},
		{"GitHub, pull request of a fork's own", gitHub("repo:mallory/shop:pull_request", sts), ""},
		{"GitHub, a repository that begins alike", gitHub("repo:acme/shop2:pull_request", sts), ""},
		{"GitHub, another audience", gitHub("repo:acme/shop:environment:prod", "https://github.com/acme"), ""},
		{"GitHub, no audience", gitHub("repo:acme/shop:environment:prod", ""), ""},
		{"GitHub, no subject", gitHub("", sts), ""},
		{"GitLab, main", gitLab("project_path:acme/web/shop:ref_type:branch:ref:main", lab), "preview deploy-staging deploy-prod deploy-review"},
		{"GitLab, a branch", gitLab("project_path:acme/web/shop:ref_type:branch:ref:feature/x", lab), "preview deploy-review"},
		{"GitLab, a branch that begins as main does", gitLab("project_path:acme/web/shop:ref_type:branch:ref:main2", lab), "preview deploy-review"},
		{"GitLab, a tag called main", gitLab("project_path:acme/web/shop:ref_type:tag:ref:main", lab), ""},
		{"GitLab, another project", gitLab("project_path:acme/web/other:ref_type:branch:ref:main", lab), ""},
		{"GitLab, a fork", gitLab("project_path:mallory/shop:ref_type:branch:ref:main", lab), ""},
		{"GitLab, a project below", gitLab("project_path:acme/web/shop/x:ref_type:branch:ref:main", lab), ""},
		{"GitLab, another audience", gitLab("project_path:acme/web/shop:ref_type:branch:ref:main", sts), ""},
		{"GitLab, no audience", gitLab("project_path:acme/web/shop:ref_type:branch:ref:main", ""), ""},
		{"GitLab's subject from GitHub", gitHub("project_path:acme/web/shop:ref_type:branch:ref:main", sts), ""},
	} {
		var may []string
		for _, role := range []string{"preview", "deploy-staging", "deploy-prod", "deploy-review"} {
			if trustOf(t, r, role).Allow(t, test.job)[0] {
				may = append(may, role)
			}
		}
		if got := strings.Join(may, " "); got != test.roles {
			t.Errorf("%s takes %q, want %q", test.what, got, test.roles)
		}
	}
}

// token is the request of a job that assumes a role; an empty claim is missing in its token.
func token(provider, issuer, subject, audience string) infratest.Request {
	r := infratest.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: "arn:aws:iam::123456789012:role/pipeline", Principal: provider, Context: map[string]infratest.Texts{}}
	for claim, value := range map[string]string{"sub": subject, "aud": audience} {
		if value != "" {
			r.Context[issuer+":"+claim] = infratest.Texts{value}
		}
	}
	return r
}

// TestOtherReferences covers kinds of jobs that are not in the shipped file.
func TestOtherReferences(t *testing.T) {
	config := with(accountConfig(t), "account", "deploy.prod", map[string]any{
		"hosts": []string{"app.example.com"}, "github": map[string]any{"branch": "main"}, "gitlab": map[string]any{"tag": "v*"},
	})
	config = with(config, "account", "gitlab.url", "https://git.acme.test")
	trust := trustOf(t, deploy(t, "account", config), "deploy-prod")
	for subject, want := range map[string]bool{
		"repo:acme/shop:ref:refs/heads/main": true, "repo:acme/shop:ref:refs/heads/main2": false, "repo:acme/shop:ref:refs/tags/main": false,
		"repo:acme/shop:environment:prod": false, "repo:acme/shop:pull_request": false,
	} {
		if got := trust.Allow(t, token(gitHubARN, "token.actions.githubusercontent.com", subject, "sts.amazonaws.com"))[0]; got != want {
			t.Errorf("%s: %v", subject, got)
		}
	}
	for subject, want := range map[string]bool{
		"project_path:acme/web/shop:ref_type:tag:ref:v1.2.3": true, "project_path:acme/web/shop:ref_type:tag:ref:x1": false,
		"project_path:acme/web/shop:ref_type:branch:ref:v1": false, "project_path:acme/web/shop:ref_type:branch:ref:main": false,
	} {
		if got := trust.Allow(t, token(gitLabARN, "git.acme.test", subject, "https://git.acme.test"))[0]; got != want {
			t.Errorf("%s: %v", subject, got)
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
	if !trustOf(t, r, "preview").Allow(t, token(arn, "token.actions.githubusercontent.com", "repo:acme/shop:pull_request", "sts.amazonaws.com"))[0] {
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

// TestSectionsOfPulumiYaml: the engine gives every stack all sections of Pulumi.yaml, as empty ones where its file has none.
func TestSectionsOfPulumiYaml(t *testing.T) {
	for stack, config := range map[string]map[string]string{"account": accountConfig(t), "staging": stackConfig(t, "staging")} {
		for _, section := range []string{"account", "web", "network", "database", "tags"} {
			if config["laravel-ecs:"+section] == "" {
				config["laravel-ecs:"+section] = "{}"
			}
		}
		raw, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("PULUMI_CONFIG", string(raw))
		if n := len(deploy(t, stack, config).OfType("aws:ec2/vpc:Vpc")); (n == 1) != (stack == "staging") {
			t.Errorf("%s declares %d networks", stack, n)
		}
	}
}
