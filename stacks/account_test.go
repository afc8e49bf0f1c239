package stacks_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const (
	policyToken = "aws:iam/policy:Policy"
	gitHubARN   = "arn:aws:mock:eu-west-1:123456789012:aws:iam/openIdConnectProvider:OpenIdConnectProvider/laravel-account-github-provider"
	gitLabARN   = "arn:aws:mock:eu-west-1:123456789012:aws:iam/openIdConnectProvider:OpenIdConnectProvider/laravel-account-gitlab-provider"
)

// accountConfig is the shipped file with what stands in it as a comment: an environment of many stacks.
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

// policiesOf are the documents of a pipeline's role: preview, deploy-staging.
func policiesOf(t testing.TB, r *infratest.Recorder, role string) infratest.Policy {
	t.Helper()
	var documents []string
	for _, policy := range r.OfType(policyToken) {
		if policy.Parent == "laravel-account-"+role {
			documents = append(documents, text(policy, "policy"))
		}
	}
	if len(documents) == 0 {
		t.Fatalf("%s has no policies", role)
	}
	return infratest.ParsePolicies(t, documents...)
}

func trustOf(t testing.TB, r *infratest.Recorder, role string) infratest.Policy {
	t.Helper()
	for _, one := range r.OfType("aws:iam/role:Role") {
		if one.Parent == "laravel-account-"+role {
			return infratest.ParsePolicies(t, text(one, "assumeRolePolicy"))
		}
	}
	t.Fatalf("there is no role %s", role)
	return infratest.Policy{}
}

// TestWhoMayTakeWhichRole asks each trust with the claims of jobs: the one that is meant, and its neighbours.
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
		roles string // that it may take
	}{
		{"GitHub, environment staging", gitHub("repo:acme/shop:environment:staging", sts), "deploy-staging"},
		{"GitHub, environment prod", gitHub("repo:acme/shop:environment:prod", sts), "deploy-prod"},
		{"GitHub, environment review", gitHub("repo:acme/shop:environment:review", sts), "deploy-review"},
		{"GitHub, pull request", gitHub("repo:acme/shop:pull_request", sts), "preview"},
		{"GitHub, main without an environment", gitHub("repo:acme/shop:ref:refs/heads/main", sts), ""},
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
			if trustOf(t, r, role).Allows(test.job) {
				may = append(may, role)
			}
		}
		if got := strings.Join(may, " "); got != test.roles {
			t.Errorf("%s takes %q, want %q", test.what, got, test.roles)
		}
	}
}

// token is a job that shows its token to AWS; a claim that is empty is not there.
func token(provider, issuer, subject, audience string) infratest.Request {
	r := infratest.Request{Action: "sts:AssumeRoleWithWebIdentity", Federated: provider, Context: map[string]infratest.Texts{}}
	for claim, value := range map[string]string{"sub": subject, "aud": audience} {
		if value != "" {
			r.Context[issuer+":"+claim] = infratest.Texts{value}
		}
	}
	return r
}

// TestOtherReferences covers the jobs that the shipped file does not name.
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
		if got := trust.Allows(token(gitHubARN, "token.actions.githubusercontent.com", subject, "sts.amazonaws.com")); got != want {
			t.Errorf("%s: %v", subject, got)
		}
	}
	for subject, want := range map[string]bool{
		"project_path:acme/web/shop:ref_type:tag:ref:v1.2.3": true, "project_path:acme/web/shop:ref_type:tag:ref:x1": false,
		"project_path:acme/web/shop:ref_type:branch:ref:v1": false, "project_path:acme/web/shop:ref_type:branch:ref:main": false,
	} {
		if got := trust.Allows(token(gitLabARN, "git.acme.test", subject, "https://git.acme.test")); got != want {
			t.Errorf("%s: %v", subject, got)
		}
	}
}

// TestAdoptedProvider: an account has one provider per URL, so one that is there is used.
func TestAdoptedProvider(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	r := deploy(t, "account", with(accountConfig(t), "account", "github.providerArn", arn))
	if made := r.OfType("aws:iam/openIdConnectProvider:OpenIdConnectProvider"); len(made) != 1 || text(made[0], "url") != "https://gitlab.com" {
		t.Errorf("made are %v", made)
	}
	if !trustOf(t, r, "preview").Allows(token(arn, "token.actions.githubusercontent.com", "repo:acme/shop:pull_request", "sts.amazonaws.com")) {
		t.Error("the adopted provider is not trusted")
	}
}

// TestEveryDeclaredTypeMayBeDeployed compares the table with the goldens, and with what only other settings declare. The account
// stack is left out: a pipeline must not change who may deploy.
func TestEveryDeclaredTypeMayBeDeployed(t *testing.T) {
	declared := map[string]bool{}
	goldens, err := filepath.Glob("stacks/testdata/*.golden")
	if err != nil || len(goldens) < 4 {
		t.Fatalf("goldens are %v, %v", goldens, err)
	}
	for _, golden := range goldens {
		if filepath.Base(golden) == "account.golden" {
			continue
		}
		raw, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			declared[strings.Fields(line)[0]] = true
		}
	}
	for _, r := range variants(t) {
		for _, one := range r.All() {
			declared[one.Type] = true
		}
		for _, function := range r.Called() {
			declared[function] = true
		}
	}
	policies := policiesOf(t, deployAccount(t), "deploy-prod")
	for token := range declared {
		actions, known := infra.PermittedActions(token)
		if !known {
			t.Errorf("%s: infra/permissions.go does not say what the deploy role needs for it", token)
		}
		for _, action := range actions {
			if !slices.ContainsFunc(policies.Statement, func(s infratest.Statement) bool { return slices.Contains(s.Action, action) }) {
				t.Errorf("%s: the role has no %s", token, action)
			}
		}
	}
	if _, known := infra.PermittedActions("aws:sqs/queue:Queue"); known {
		t.Error("a type that nobody declares is known")
	}
}

// variants declare what no shipped file does.
func variants(t testing.TB) []*infratest.Recorder {
	emails := with(stackConfig(t, "prod"), "observability", "emails", []string{"ops@example.com"})
	endpoints := with(stackConfig(t, "staging"), "network", "endpoints", []string{"ecr.api", "logs"})
	colors := with(stackConfig(t, "staging"), "release", "strategy", "blueGreen")
	lookup := with(with(stackConfig(t, "staging"), "release", "name", "r1"), "release", "build", false)
	return []*infratest.Recorder{
		deploy(t, "prod", emails), deploy(t, "staging", endpoints), deploy(t, "staging", colors), deploy(t, "staging", lookup),
		deploy(t, "local", stackConfig(t, "local")),
	}
}

// TestWhatTheRolesMayDo asks the policies as AWS would: what is meant, and what is a little wider.
func TestWhatTheRolesMayDo(t *testing.T) {
	r := deployAccount(t)
	roles := map[string]infratest.Policy{}
	for _, role := range []string{"preview", "deploy-staging", "deploy-prod", "deploy-review"} {
		roles[role] = policiesOf(t, r, role)
	}
	for _, test := range questions() {
		var may []string
		for _, role := range []string{"preview", "deploy-staging", "deploy-prod", "deploy-review"} {
			if roles[role].Allows(test.request) {
				may = append(may, role)
			}
		}
		if got := strings.Join(may, " "); got != test.roles {
			t.Errorf("%s on %s with %v: allowed to %q, want %q", test.request.Action, test.request.Resource, test.request.Context, got, test.roles)
		}
	}
}

type question struct {
	request infratest.Request
	roles   string // that may
}

const (
	stateARN = "arn:aws:mock:eu-west-1:123456789012:aws:s3/bucketV2:BucketV2/laravel-account-state"
	keyARN   = "arn:aws:mock:eu-west-1:123456789012:aws:kms/key:Key/laravel-account-state-key"
)

func questions() []question {
	var list []question
	ask := func(roles, action, resource string, context ...string) {
		request := infratest.Request{Action: action, Resource: resource, Context: map[string]infratest.Texts{}}
		if !strings.HasPrefix(resource, "arn:") && resource != "*" {
			request.Resource = "arn:aws:" + resource
		}
		for _, entry := range context {
			key, value, _ := strings.Cut(entry, "=")
			request.Context[key] = append(request.Context[key], value)
		}
		list = append(list, question{request, roles})
	}
	const here = ":eu-west-1:123456789012:"
	owned := func(environment string) []string {
		return []string{"aws:ResourceTag/Application=laravel", "aws:ResourceTag/Environment=" + environment}
	}
	making := func(environment string) []string {
		return []string{"aws:RequestTag/Application=laravel", "aws:RequestTag/Environment=" + environment}
	}

	// Names: this application and environment, in this account and region.
	ask("deploy-staging", "rds:CreateDBInstance", "rds"+here+"db:laravel-staging-db-01234567")
	ask("deploy-prod", "rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-01234567")
	ask("deploy-review", "rds:DeleteDBInstance", "rds"+here+"db:laravel-review-login-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-local-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-production")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:shop-prod-db")
	ask("", "rds:DeleteDBInstance", "rds:us-east-1:123456789012:db:laravel-prod-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds:eu-west-1:999999999999:db:laravel-prod-db-01234567")
	ask("", "rds:DeleteDBCluster", "rds"+here+"cluster:laravel-prod-db")
	ask("preview deploy-staging deploy-prod deploy-review", "rds:DescribeDBInstances", "*")
	ask("deploy-staging", "ecs:UpdateService", "ecs"+here+"service/laravel-staging-cluster-ecs-0123456/laravel-staging-web-service-0123456")
	ask("deploy-staging", "ecs:RegisterTaskDefinition", "ecs"+here+"task-definition/laravel-staging-web:1")
	ask("", "ecs:ExecuteCommand", "ecs"+here+"task/laravel-staging-cluster-ecs-0123456/0")
	ask("", "ecs:DeregisterTaskDefinition", "*")
	ask("deploy-prod", "ecr:PutImage", "ecr"+here+"repository/laravel-prod-registry-repo-0123456")
	ask("preview deploy-staging deploy-prod deploy-review", "ecr:GetAuthorizationToken", "*")
	ask("preview deploy-prod", "ecr:DescribeImages", "ecr"+here+"repository/laravel-prod-registry-repo-0123456")
	ask("deploy-prod", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/laravel-prod-lb-0123456/0/1")
	ask("", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/other/0/1")
	ask("deploy-prod", "logs:PutRetentionPolicy", "logs"+here+"log-group:/aws/rds/instance/laravel-prod-db-01234567/error")
	ask("", "logs:GetLogEvents", "logs"+here+"log-group:laravel-prod-logs-web-0123456:log-stream:x")
	ask("deploy-prod", "s3:DeleteBucket", "s3:::laravel-prod-lb-logs-0123456")
	ask("", "s3:GetObject", "s3:::laravel-prod-lb-logs-0123456/AWSLogs/x")

	// Tags, where AWS gives out ids.
	ask("deploy-prod", "ec2:CreateVpc", "ec2"+here+"vpc/vpc-0", making("prod")...)
	ask("deploy-review", "ec2:CreateVpc", "ec2"+here+"vpc/vpc-0", making("review-login")...)
	ask("", "ec2:CreateVpc", "ec2"+here+"vpc/vpc-0")
	ask("", "ec2:CreateVpc", "ec2"+here+"vpc/vpc-0", making("local")...)
	ask("deploy-prod", "ec2:DeleteVpc", "ec2"+here+"vpc/vpc-0", owned("prod")...)
	ask("", "ec2:DeleteVpc", "ec2"+here+"vpc/vpc-0")
	ask("", "ec2:DeleteVpc", "ec2"+here+"vpc/vpc-0", "aws:ResourceTag/Application=shop", "aws:ResourceTag/Environment=prod")
	ask("deploy-prod", "ec2:CreateSubnet", "ec2"+here+"vpc/vpc-0", owned("prod")...)
	ask("", "ec2:CreateSubnet", "ec2"+here+"vpc/vpc-0", making("prod")...)
	ask("deploy-staging", "ec2:RunInstances", "ec2"+here+"instance/i-0", making("staging")...)
	ask("", "ec2:RunInstances", "ec2"+here+"instance/i-0")
	ask("", "ec2:RunInstances", "ec2"+here+"subnet/subnet-0")
	ask("deploy-staging deploy-prod deploy-review", "ec2:RunInstances", "ec2:eu-west-1::image/ami-0")
	ask("deploy-prod", "ec2:CreateTags", "ec2"+here+"vpc/vpc-0", append(making("prod"), "ec2:CreateAction=CreateVpc")...)
	ask("", "ec2:CreateTags", "ec2"+here+"vpc/vpc-0", making("prod")...)
	ask("", "ec2:CreateTags", "ec2"+here+"vpc/vpc-0", append(making("prod"), owned("staging")[1])...)
	ask("deploy-staging deploy-prod deploy-review", "ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0")
	ask("", "ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0", "aws:ResourceTag/Environment=local")
	ask("", "ec2:AuthorizeSecurityGroupIngress", "ec2"+here+"security-group/sg-0")
	ask("deploy-prod", "ec2:CreateTags", "ec2"+here+"security-group/sg-0", making("prod")...)
	ask("", "ec2:CreateTags", "ec2"+here+"security-group/sg-0", append(making("prod"), "aws:ResourceTag/Environment=local")...)
	ask("deploy-prod", "acm:RequestCertificate", "acm"+here+"certificate/0", making("prod")...)
	ask("deploy-prod", "acm:DeleteCertificate", "acm"+here+"certificate/0", owned("prod")...)
	ask("", "acm:DeleteCertificate", "acm"+here+"certificate/0")
	ask("deploy-staging", "acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making("prod"), owned("staging")...)...) // gives it away
	ask("", "acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making("prod"), owned("local")...)...)

	// Roles: ours, to the services that take them, with the policies that we attach. Never those of this stack.
	role := "iam::123456789012:role/laravel-prod-access-task-0123456"
	ask("deploy-prod", "iam:PassRole", role, "iam:PassedToService=ecs-tasks.amazonaws.com")
	ask("", "iam:PassRole", role, "iam:PassedToService=lambda.amazonaws.com")
	ask("", "iam:PassRole", role)
	ask("", "iam:PassRole", "iam::123456789012:role/Admin", "iam:PassedToService=ecs-tasks.amazonaws.com")
	ask("deploy-prod", "iam:PutRolePolicy", role)
	ask("", "iam:PutRolePolicy", "iam::123456789012:role/laravel-account-deploy-prod-role-0123456")
	ask("", "iam:UpdateAssumeRolePolicy", "iam::123456789012:role/laravel-account-preview-role-0123456")
	ask("", "iam:CreatePolicyVersion", "iam::123456789012:policy/laravel-account-deploy-prod-data-0123456")
	ask("deploy-prod", "iam:AttachRolePolicy", role, "iam:PolicyARN=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
	ask("", "iam:AttachRolePolicy", role, "iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess")
	ask("", "iam:CreateUser", "iam::123456789012:user/laravel-prod-x")
	ask("deploy-staging deploy-prod deploy-review", "iam:CreateServiceLinkedRole", "iam::123456789012:role/aws-service-role/ecs.amazonaws.com/x", "iam:AWSServiceName=ecs.amazonaws.com")
	ask("", "iam:CreateServiceLinkedRole", "iam::123456789012:role/aws-service-role/organizations.amazonaws.com/x", "iam:AWSServiceName=organizations.amazonaws.com")

	// Names in Route 53: those of the environment and what is below.
	const records = "route53:ChangeResourceRecordSetsNormalizedRecordNames="
	ask("deploy-prod", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"app.example.com", records+"_x.app.example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"app.example.com", records+"example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"notapp.example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0")

	// Secrets: a preview knows that they are there.
	secret := "secretsmanager" + here + "secret:laravel-prod-secrets-APP_KEY-0123456-abcdef"
	ask("deploy-prod", "secretsmanager:GetSecretValue", secret)
	ask("preview deploy-prod", "secretsmanager:DescribeSecret", secret)
	ask("", "secretsmanager:GetSecretValue", "secretsmanager"+here+"secret:other-abcdef")
	ask("preview deploy-staging deploy-prod deploy-review", "ssm:GetParameter", "ssm:eu-west-1::parameter/aws/service/ecs/optimized-ami")
	ask("", "ssm:GetParameter", "ssm"+here+"parameter/laravel-prod-password")

	// State: its own stack's, and no version of it goes.
	ask("preview deploy-prod", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("deploy-prod", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("deploy-prod", "s3:PutObject", stateARN+"/.pulumi/locks/organization/laravel-ecs/prod/0.json")
	ask("deploy-review", "s3:PutObject", stateARN+"/.pulumi/history/laravel-ecs/review-login/x.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/account.json")
	ask("", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/account.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/stacks/other/prod.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/meta.yaml")
	ask("preview deploy-staging deploy-prod deploy-review", "s3:GetObject", stateARN+"/.pulumi/meta.yaml")
	// prod takes over the image of staging, and nothing the other way round.
	const staging, prod = "ecr" + here + "repository/laravel-staging-registry-repo-1", "ecr" + here + "repository/laravel-prod-registry-repo-1"
	ask("preview deploy-staging deploy-prod", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/staging.json")
	ask("deploy-staging", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/staging.json")
	ask("preview deploy-staging deploy-prod", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=staging")
	ask("preview deploy-staging deploy-prod", "ecr:GetDownloadUrlForLayer", "arn:aws:"+staging)
	ask("deploy-prod", "ecr:PutImage", "arn:aws:"+prod)
	ask("deploy-staging", "ecr:PutImage", "arn:aws:"+staging)
	ask("", "s3:DeleteObjectVersion", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("", "s3:PutBucketPolicy", stateARN)

	// The key: the secrets of its own stack, and the objects of the bucket.
	ask("preview deploy-prod", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=prod")
	ask("deploy-prod", "kms:Encrypt", keyARN, "kms:EncryptionContext:stack=prod")
	ask("preview deploy-review", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=review-login")
	ask("", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=account")
	ask("", "kms:Decrypt", keyARN)
	ask("preview deploy-staging deploy-prod deploy-review", "kms:Decrypt", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn="+stateARN)
	ask("deploy-staging deploy-prod deploy-review", "kms:GenerateDataKey", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn="+stateARN)
	ask("", "kms:Decrypt", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::other")
	ask("", "kms:Decrypt", "kms"+here+"key/other", "kms:EncryptionContext:stack=prod")
	ask("", "kms:ScheduleKeyDeletion", keyARN)
	return list
}

// TestNothingIsGrantedAtLarge holds for every policy of the account stack: actions have names, and whatever changes something is
// bound to a resource.
func TestNothingIsGrantedAtLarge(t *testing.T) {
	r := deployAccount(t)
	for _, policy := range r.OfType(policyToken) {
		for _, s := range infratest.ParsePolicies(t, text(policy, "policy")).Statement {
			if s.Effect != "Allow" || len(s.Resource) == 0 {
				t.Errorf("%s: %+v", policy.Name, s)
			}
			for _, action := range s.Action {
				service, verb, _ := strings.Cut(action, ":")
				if strings.Contains(action, "*") {
					t.Errorf("%s: %s is not one action", policy.Name, action)
				}
				if slices.Contains(s.Resource, "*") && !strings.HasPrefix(verb, "Describe") && !strings.HasPrefix(verb, "Get") && !strings.HasPrefix(verb, "List") {
					t.Errorf("%s: %s on everything", policy.Name, action)
				}
				if policy.Parent == "laravel-account-preview" && service != "kms" && !strings.HasPrefix(verb, "Describe") && !strings.HasPrefix(verb, "Get") && !strings.HasPrefix(verb, "List") {
					t.Errorf("%s: a preview may %s", policy.Name, action)
				}
			}
			for _, arn := range s.Resource {
				if parts := strings.SplitN(arn, ":", 6); arn != "*" && (len(parts) < 6 || strings.Contains(parts[2]+parts[3]+parts[4], "*")) {
					t.Errorf("%s: %s is every service, region or account", policy.Name, arn)
				}
			}
		}
	}
}

// TestLimitsOfIAM deploys with the longest names that are accepted: 6,144 characters per policy, 10 policies per role, 2,048
// characters of trust, 64 of a role's name.
func TestLimitsOfIAM(t *testing.T) {
	config := accountConfig(t)
	hosts := make([]string, 10)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("shop-%d.%s.example.com", i, strings.Repeat("a", 40))
	}
	config = with(config, "account", "github.repository", strings.Repeat("o", 39)+"/"+strings.Repeat("r", 100))
	config = with(config, "account", "gitlab.project", strings.Repeat("group/", 10)+strings.Repeat("p", 100))
	config = with(config, "account", "deploy", map[string]any{
		"x": map[string]any{"stack": "abcdefgh-*", "hosts": hosts, "github": map[string]any{"environment": strings.Repeat("e", 100)}, "gitlab": map[string]any{"branch": "*", "tag": "v*"}},
	})
	for name, config := range map[string]map[string]string{"shipped": accountConfig(t), "long": config} {
		r := deploy(t, "account", config)
		perRole := map[string]int{}
		for _, policy := range r.OfType(policyToken) {
			perRole[policy.Parent]++
			if size := len(text(policy, "policy")); size > 6144 {
				t.Errorf("%s: %s has %d characters", name, policy.Name, size)
			} else {
				t.Logf("%s: %s has %d characters", name, policy.Name, size)
			}
		}
		for role, n := range perRole {
			if n > 10 {
				t.Errorf("%s: %s has %d policies", name, role, n)
			}
		}
		for _, role := range r.OfType("aws:iam/role:Role") {
			if size := len(text(role, "assumeRolePolicy")); size > 2048 {
				t.Errorf("%s: the trust of %s has %d characters", name, role.Name, size)
			}
		}
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

// TestAccountIsChosenByConfiguration: the stack's name decides nothing.
func TestAccountIsChosenByConfiguration(t *testing.T) {
	if n := len(deploy(t, "base", accountConfig(t)).OfType("aws:ec2/vpc:Vpc")); n != 0 {
		t.Error("a stack with a section account declares an environment")
	}
	if n := len(deploy(t, "accounts", stackConfig(t, "staging")).OfType("aws:ec2/vpc:Vpc")); n != 1 {
		t.Error("a stack without a section account declares no environment")
	}
}

// TestSectionsOfPulumiYaml: the engine hands every section of Pulumi.yaml to every stack, empty where its file has none.
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

func TestBadAccountIsRefused(t *testing.T) {
	tests := []struct {
		section, key string
		value        any
		want         string
	}{
		{"account", "github.repository", "acme/*", `account.github.repository: "acme/*" has a wildcard`},
		{"account", "github.repository", "acme", `account.github.repository: "acme" is not ORG/REPO`},
		{"account", "github.repository", "acme/shop:environment:x/y", `account.github.repository: "acme/shop:environment:x/y" is not ORG/REPO`},
		{"account", "github.repository", "YOUR-ORG/YOUR-REPO", "account.github.repository: YOUR-ORG/YOUR-REPO is a placeholder"},
		{"account", "github.repository", "", "account.deploy.prod.github: needs account.github.repository"},
		{"account", "gitlab.project", "acme/**", `account.gitlab.project: "acme/**" has a wildcard`},
		{"account", "gitlab.project", "shop", `account.gitlab.project: "shop" is not GROUP/PROJECT`},
		{"account", "gitlab.project", "YOUR-GROUP/YOUR-PROJECT", "account.gitlab.project: YOUR-GROUP/YOUR-PROJECT is a placeholder"},
		{"account", "gitlab.project", "", "account.deploy.prod.gitlab: needs account.gitlab.project"},
		{"account", "gitlab.url", "http://gitlab.com", `account.gitlab.url: "http://gitlab.com" is not the address`},
		{"account", "gitlab.url", "https://gitlab.com/", `account.gitlab.url: "https://gitlab.com/" is not the address`},
		{"account", "gitlab.providerArn", "gitlab", `account.gitlab.providerArn: "gitlab" is not the ARN`},
		{"account", "gitlab.providerArn", "arn:aws:iam::123456789012:oidc-provider/evil.example", "account.gitlab.providerArn: the provider is for evil.example, the tokens are from gitlab.com"},
		{"account", "github.providerArn", "arn:aws:iam::123456789012:oidc-provider/gitlab.com", "account.github.providerArn: the provider is for gitlab.com"},
		{"account", "deploy.prod.from", "nowhere", `account.deploy.prod.from: "nowhere" is no other environment`},
		{"account", "deploy.prod.from", "prod", `account.deploy.prod.from: "prod" is no other environment`},
		{"account", "stateDays", 0, "account.stateDays: 0 is outside 1-3650"},
		{"account", "deploy", map[string]any{}, "account.deploy: empty"},
		{"account", "deploy.stagin", map[string]any{"gitlab": map[string]any{"branch": "main"}}, "account.deploy.stagin: there is no Pulumi.stagin.yaml"},
		{"account", "deploy.prod.stack", "*", `account.deploy.prod.stack: "*" is neither the name of a stack nor NAME-*`},
		{"account", "deploy.prod.stack", "staging", "account.deploy.prod: what it deploys begins with staging-, and so does what staging deploys (staging)"},
		{"account", "deploy.eu", map[string]any{"stack": "prod-eu-*", "gitlab": map[string]any{"branch": "main"}}, "account.deploy.prod: what it deploys begins with prod-, and so does what eu deploys (prod-eu)"},
		{"account", "deploy.account", map[string]any{"gitlab": map[string]any{"branch": "main"}}, "account.deploy.account: a role for account would reach the roles of this stack"},
		{"account", "deploy.prod.github", map[string]any{"environment": "*"}, `account.deploy.prod.github.environment: "*" has a wildcard`},
		{"account", "deploy.prod.github", map[string]any{"environment": "a:b"}, `account.deploy.prod.github.environment: "a:b" is not the name of one`},
		{"account", "deploy.prod.github", map[string]any{"environment": "prod", "branch": "main"}, "account.deploy.prod.github: environment and branch exclude each other"},
		{"account", "deploy.prod.gitlab", map[string]any{"branch": "*"}, `account.deploy.prod.gitlab.branch: "*" has a wildcard`},
		{"account", "deploy.prod.gitlab", map[string]any{"tag": "*"}, `account.deploy.prod.gitlab.tag: "*" is not the name of a tag`},
		{"account", "deploy.prod", map[string]any{"hosts": []string{"app.example.com"}}, "account.deploy.prod: github and gitlab are both missing"},
		{"account", "deploy.prod.hosts", []string{"*.example.com"}, `account.deploy.prod.hosts: "*.example.com" is not a host name`},
		{"account", "deploy.prod.hosts", []string{"example.org"}, "account.deploy.prod.hosts: Pulumi.prod.yaml publishes app.example.com"},
		{"account", "gitlab.group", "x", "account.group: no such key; Pulumi.yaml lists them"},
		{"app", "name", "shop", "account.deploy.prod: the application of Pulumi.prod.yaml is laravel, of this stack shop"},
		{"app", "url", "http://x", "app: an account has a name only"},
		{"environment", "class", "production", `environment.class: "production": an account has none`},
	}
	for _, test := range tests {
		t.Run(test.key+" "+test.want, func(t *testing.T) {
			recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", with(accountConfig(t), test.section, test.key, test.value))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if n := len(recorder.All()); n != 0 {
				t.Errorf("%d resources were registered before the refusal", n)
			}
		})
	}
	t.Run("nobody is trusted", func(t *testing.T) {
		config := accountConfig(t)
		config["laravel-ecs:account"] = `{"deploy": {}}`
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "account: github.repository and gitlab.project are both missing") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another region", func(t *testing.T) {
		config := accountConfig(t)
		config["aws:region"] = "eu-central-1"
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "account.deploy.prod: Pulumi.prod.yaml is in eu-west-1, this stack in eu-central-1") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a section of environments", func(t *testing.T) {
		config := with(accountConfig(t), "web", "count", 2)
		raw, _ := json.Marshal(config)
		t.Setenv("PULUMI_CONFIG", string(raw))
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "web: belongs to an environment") {
			t.Errorf("got %v", err)
		}
	})
}
