package stacks_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

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

// TestSharingReachesALittle: with shares the role of reviews has a rule and services of its own in staging, and may read what staging
// lends; nothing of staging's own, and without shares nothing at all.
func TestSharingReachesALittle(t *testing.T) {
	alone := policiesOf(t, deployAccount(t), "deploy-review")
	sharing := policiesOf(t, deploy(t, "account", with(accountConfig(t), "account", "deploy.review.shares", "staging")), "deploy-review")
	const here = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:"
	const listener, rule = here + "listener/app/laravel-staging-lb-0123456/0/1", here + "listener-rule/app/laravel-staging-lb-0123456/0/1/2"
	const service = "arn:aws:ecs:eu-west-1:123456789012:service/laravel-staging-cluster-ecs-0123456/"
	tags := func(kind, environment string) map[string]infratest.Texts {
		return map[string]infratest.Texts{"aws:" + kind + "Tag/Application": {"laravel"}, "aws:" + kind + "Tag/Environment": {environment}}
	}
	claiming := tags("Resource", "staging")
	maps.Copy(claiming, tags("Request", "review-login"))
	for what, test := range map[string]struct {
		action, resource string
		context          map[string]infratest.Texts
		may              bool
	}{
		"a rule of its own":                    {"elasticloadbalancing:CreateRule", listener, tags("Request", "review-login"), true},
		"with its tags":                        {"elasticloadbalancing:AddTags", rule, tags("Request", "review-login"), true},
		"changed":                              {"elasticloadbalancing:ModifyRule", rule, tags("Resource", "review-login"), true},
		"deleted":                              {"elasticloadbalancing:DeleteRule", rule, tags("Resource", "review-login"), true},
		"a rule in staging's name":             {"elasticloadbalancing:CreateRule", listener, tags("Request", "staging"), false},
		"a rule of prod's":                     {"elasticloadbalancing:CreateRule", strings.ReplaceAll(listener, "staging", "prod"), tags("Request", "review-login"), false},
		"staging's rule":                       {"elasticloadbalancing:DeleteRule", rule, tags("Resource", "staging"), false},
		"staging's rule, called its own":       {"elasticloadbalancing:AddTags", rule, claiming, false},
		"staging's listener":                   {"elasticloadbalancing:ModifyListener", listener, tags("Resource", "staging"), false},
		"staging's load balancer":              {"elasticloadbalancing:DeleteLoadBalancer", here + "loadbalancer/app/laravel-staging-lb-0123456/0", nil, false},
		"a service of its own":                 {"ecs:CreateService", service + "laravel-review-login-web-service-0123456", nil, true},
		"taken away":                           {"ecs:DeleteService", service + "laravel-review-login-web-service-0123456", nil, true},
		"staging's service":                    {"ecs:UpdateService", service + "laravel-staging-web-service-0123456", nil, false},
		"staging's cluster":                    {"ecs:DeleteCluster", "arn:aws:ecs:eu-west-1:123456789012:cluster/laravel-staging-cluster-ecs-0123456", nil, false},
		"a service in prod's cluster":          {"ecs:CreateService", strings.ReplaceAll(service, "staging", "prod") + "laravel-review-login-web-service-0123456", nil, false},
		"what staging lends":                   {"s3:GetObject", stateARN + "/.pulumi/stacks/laravel-ecs/staging.json", nil, true},
		"and the secrets in it":                {"kms:Decrypt", keyARN, map[string]infratest.Texts{"kms:EncryptionContext:stack": {"staging"}}, true},
		"what prod has":                        {"s3:GetObject", stateARN + "/.pulumi/stacks/laravel-ecs/prod.json", nil, false},
		"staging's state, written":             {"s3:PutObject", stateARN + "/.pulumi/stacks/laravel-ecs/staging.json", nil, false},
		"staging's secrets in Secrets Manager": {"secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:laravel-staging-secrets-DB_PASSWORD-1", nil, false},
		"staging's database":                   {"rds:ModifyDBInstance", "arn:aws:rds:eu-west-1:123456789012:db:laravel-staging-db-0123456", nil, false},
	} {
		request := infratest.Request{Action: test.action, Resource: test.resource, Context: test.context}
		if sharing.Allows(request) != test.may {
			t.Errorf("%s: with shares %s on %s is %v", what, test.action, test.resource, !test.may)
		}
		if alone.Allows(request) {
			t.Errorf("%s: without shares %s on %s is allowed", what, test.action, test.resource)
		}
	}
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
		"staging": map[string]any{"gitlab": map[string]any{"branch": "main"}},
		"x":       map[string]any{"stack": "abcdefgh-*", "shares": "staging", "hosts": hosts, "github": map[string]any{"environment": strings.Repeat("e", 100)}, "gitlab": map[string]any{"branch": "*", "tag": "v*"}},
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
