package stacks_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

const (
	roleToken       = "aws:iam/role:Role"
	rolePolicyToken = "aws:iam/rolePolicy:RolePolicy"
	prodBoundary    = "arn:aws:iam::123456789012:policy/laravel-account-boundary-prod"
)

// TestEveryRoleIsBounded: the pipeline's role may not create a role without the boundary, so no component may forget it.
func TestEveryRoleIsBounded(t *testing.T) {
	for stack, config := range map[string]map[string]string{
		"prod": stackConfig(t, "prod"), "staging": stackConfig(t, "staging"), "review-login": sharing(t),
	} {
		for _, arn := range []string{prodBoundary, ""} {
			r := deployShared(t, stack, with(config, "environment", "permissionsBoundary", arn))
			for _, role := range each(t, r, roleToken) {
				if got := text(role, "permissionsBoundary"); got != arn {
					t.Errorf("%s: the boundary of %s is %q, want %q", stack, role.Name, got, arn)
				}
			}
		}
	}
}

// TestBoundaryAllowsWhatTheRolesNeed: what a role's own policies allow, its boundary allows too.
func TestBoundaryAllowsWhatTheRolesNeed(t *testing.T) {
	account := deploy(t, "account", with(accountConfig(t), "account", "deploy.review.shares", "staging"))
	for stack, config := range map[string]map[string]string{
		"prod": stackConfig(t, "prod"), "staging": nightly(t), "review-login": sharing(t),
	} {
		r := deployShared(t, stack, with(config, "access", "exec", true))
		environment, _, _ := strings.Cut(stack, "-")
		grants := infratest.Grants{Boundary: []string{boundaryDocument(t, account, environment)}}
		for _, policy := range each(t, r, rolePolicyToken) {
			grants.Policies = []string{text(policy, "policy")}
			asked := requestsOfPolicy(t, grants.Policies[0])
			for i := range asked {
				if asked[i].Action == "application-autoscaling:RegisterScalableTarget" { // AWS sends what the target is, and its tags
					asked[i].Context = try("", "", append(owned(environment), "application-autoscaling:service-namespace=ecs")...).request().Context
				}
			}
			for i, allowed := range grants.Allow(t, asked...) {
				if !allowed {
					t.Errorf("%s: the boundary denies %s %s on %s", stack, policy.Name, asked[i].Action, asked[i].Resource)
				}
			}
		}
		grants.Policies = []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}
		ofServices := slices.Concat(ofInstances(stack), ofMonitoring, ofBackups(stack))
		for i, allowed := range grants.Allow(t, requests(ofServices)...) {
			if !allowed {
				t.Errorf("%s: a role with a managed policy may not %s", stack, ofServices[i].action)
			}
		}
	}
}

// ofInstances is what the agents on an instance do with AWS's managed policies for it
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/instance_IAM_role.html,
// https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html).
func ofInstances(stack string) []step {
	cluster := "ecs" + here + "cluster/laravel-" + stack + "-cluster-ecs-0123456"
	instance := strings.Replace(cluster, ":cluster/", ":container-instance/", 1) + "/0"
	return []step{
		try("ecs:DiscoverPollEndpoint", "*"), try("ecs:RegisterContainerInstance", cluster), try("ecs:DeregisterContainerInstance", cluster), try("ecs:Poll", instance),
		try("ecs:StartTelemetrySession", instance), try("ecs:UpdateContainerInstancesState", instance), try("ecs:SubmitTaskStateChange", cluster),
		try("ecs:SubmitContainerStateChange", cluster), try("ecs:SubmitAttachmentStateChanges", cluster), try("ecs:TagResource", instance),
		try("ecr:GetAuthorizationToken", "*"), try("ec2:DescribeTags", "*"), try("ssm:UpdateInstanceInformation", "ec2"+here+"instance/i-0"),
		try("ssm:ListInstanceAssociations", "ec2"+here+"instance/i-0"),
		try("ssmmessages:CreateControlChannel", "*"), try("ssmmessages:OpenDataChannel", "*"), try("ec2messages:GetMessages", "*"),
	}
}

// ofMonitoring is what RDS does for enhanced monitoring, in a log group that all instances of the account share
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html).
var ofMonitoring = []step{
	try("logs:CreateLogGroup", "logs"+here+"log-group:RDSOSMetrics"), try("logs:PutRetentionPolicy", "logs"+here+"log-group:RDSOSMetrics"),
	try("logs:CreateLogStream", "logs"+here+"log-group:RDSOSMetrics:log-stream:db-0"), try("logs:PutLogEvents", "logs"+here+"log-group:RDSOSMetrics:log-stream:db-0"),
	try("logs:DescribeLogStreams", "logs"+here+"log-group:RDSOSMetrics:log-stream:db-0"), try("logs:GetLogEvents", "logs"+here+"log-group:RDSOSMetrics:log-stream:db-0"),
}

// ofBackups is what AWS Backup does with a snapshot and, of production, with its copy in another region
// (https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html).
func ofBackups(stack string) []step {
	snapshot, there := "rds"+here+"snapshot:awsbackup:job-0", "rds:eu-central-1:123456789012:snapshot:awsbackup:copyjob-0"
	list := []step{
		try("rds:CreateDBSnapshot", "rds"+here+"db:laravel-"+stack+"-db-0123456"), try("rds:CreateDBSnapshot", snapshot), try("rds:AddTagsToResource", snapshot),
		try("rds:CopyDBSnapshot", snapshot, owned(stack)...), try("rds:DeleteDBSnapshot", snapshot, owned(stack)...), try("rds:ModifyDBSnapshotAttribute", snapshot, owned(stack)...),
		try("rds:DescribeDBSnapshots", snapshot), try("rds:ListTagsForResource", snapshot), try("kms:DescribeKey", "kms"+here+"key/0"),
		try("kms:CreateGrant", "kms"+here+"key/0", "kms:GrantIsForAWSResource=true"), try("tag:GetResources", "*"),
		try("backup:DescribeBackupVault", "backup"+here+"backup-vault:laravel-"+stack+"-copies-vault-0123456"),
		try("backup:CopyIntoBackupVault", "backup:eu-central-1:210987654321:backup-vault:central"),
	}
	if stack == "prod" {
		list = append(list, try("rds:CopyDBSnapshot", there), try("rds:AddTagsToResource", there), try("rds:DeleteDBSnapshot", there, owned(stack)...))
	}
	return list
}

// deployShared deploys a stack, and a review environment beside the staging that it shares.
func deployShared(t testing.TB, stack string, config map[string]string) *infratest.Recorder {
	t.Helper()
	if !strings.HasPrefix(stack, "review-") {
		return deploy(t, stack, config)
	}
	shared := stagingShares()
	shared["schedule"] = map[string]any{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}
	r, err := share(shared, config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// requestsOfPolicy are one request for each action and resource of a policy.
func requestsOfPolicy(t testing.TB, document string) []infratest.Request {
	t.Helper()
	var list []infratest.Request
	for _, s := range infratest.ParsePolicies(t, document).Statement {
		reference := infratest.Describe(t, s.Action)
		for _, action := range s.Action {
			before := len(list)
			for _, pattern := range s.Resource {
				if resource, found := exampleOf(reference[action], pattern); found {
					list = append(list, infratest.Request{Action: action, Resource: resource, Context: contextOf(s)})
				}
			}
			if len(list) == before {
				t.Errorf("%s has none of the resources %v", action, s.Resource)
			}
		}
	}
	return list
}

var variable = regexp.MustCompile(`\\\$\\\{\w+\\\}`)

// exampleOf is an ARN that a pattern matches and the action has; none where the pattern is for another kind of resource.
func exampleOf(action infratest.Action, pattern string) (string, bool) {
	if len(action.Types) == 0 {
		return pattern, true
	}
	examples := []string{strings.ReplaceAll(pattern, "*", "x"), strings.ReplaceAll(pattern, ":*", ":log-stream:x")}
	for _, kind := range slices.Sorted(maps.Keys(action.Types)) {
		form := action.Types[kind].ARN
		if pattern == "*" {
			arn := strings.NewReplacer("${Partition}", "aws", "${Region}", "eu-west-1", "${Account}", "123456789012").Replace(form)
			return regexp.MustCompile(`\$\{\w+\}`).ReplaceAllString(arn, "x"), true
		}
		for _, example := range examples {
			if regexp.MustCompile("^" + variable.ReplaceAllString(regexp.QuoteMeta(form), ".*") + "$").MatchString(example) {
				return example, true
			}
		}
	}
	return "", false
}

// contextOf fulfils the conditions of a statement.
func contextOf(s infratest.Statement) map[string]infratest.Texts {
	context := map[string]infratest.Texts{}
	for _, entries := range s.Condition {
		for key, values := range entries {
			context[key] = infratest.Texts{strings.ReplaceAll(values[0], "*", "x")}
		}
	}
	return context
}
