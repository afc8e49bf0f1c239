package stacks_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// kinds are the ARNs of the resources in stacks/testdata/calls.txt; % is the beginning of names. A kind without an entry is one of EC2.
var kinds = map[string]string{
	"certificate": "acm" + here + "certificate/0", "target": "application-autoscaling" + here + "scalable-target/0",
	"scalingalarm": "cloudwatch" + here + "alarm:TargetTracking-service/%cluster/%web-AlarmHigh-0", "alarm": "cloudwatch" + here + "alarm:%cpu",
	"dashboard": "cloudwatch::123456789012:dashboard/%main", "asg": "autoscaling" + here + "autoScalingGroup:0:autoScalingGroupName/%cluster",
	"rule": "events" + here + "rule/%failures", "loggroup": "logs" + here + "log-group:%logs-web", "repository": "ecr" + here + "repository/%registry",
	"eni": "ec2" + here + "network-interface/eni-0", "ec2image": "ec2:eu-west-1::image/ami-0", "volume": "ec2" + here + "volume/vol-0",
	"ecscluster": "ecs" + here + "cluster/%cluster", "service": "ecs" + here + "service/%cluster/%web", "taskdefinition": "ecs" + here + "task-definition/%web:1",
	"capacityprovider": "ecs" + here + "capacity-provider/%cluster", "cachecluster": "elasticache" + here + "cluster:%cache", "replicationgroup": "elasticache" + here + "replicationgroup:%cache",
	"cachesubnets": "elasticache" + here + "subnetgroup:%cache", "cacheparameters": "elasticache" + here + "parametergroup:default.valkey8", "cachesnapshot": "elasticache" + here + "snapshot:%cache-final",
	"schedule": "scheduler" + here + "schedule/default/%nights-down-web",
	"role":     "iam::123456789012:role/%task", "profile": "iam::123456789012:instance-profile/%cluster", "slr": "iam::123456789012:role/aws-service-role/x",
	"lb": "elasticloadbalancing" + here + "loadbalancer/app/%lb/0", "listener": "elasticloadbalancing" + here + "listener/app/%lb/0/1", "listenerrule": "elasticloadbalancing" + here + "listener-rule/app/%lb/0/1/2",
	"targetgroup": "elasticloadbalancing" + here + "targetgroup/%web/0", "es": "rds" + here + "es:%events", "db": "rds" + here + "db:%db", "pg": "rds" + here + "pg:%db",
	"subgrp": "rds" + here + "subgrp:%db", "og": "rds" + here + "og:default:mysql-8-4", "snapshot": "rds" + here + "snapshot:%db-final", "cluster": "rds" + here + "cluster:%db", "globalcluster": "rds::123456789012:global-cluster:any", "clusterpg": "rds" + here + "cluster-pg:%db", "clustersnapshot": "rds" + here + "cluster-snapshot:%db-final", "defaultpg": "rds" + here + "pg:default.aurora-mysql8.0", "dbsnapshot": "rds" + here + "snapshot:%db-final",
	"zone": "route53:::hostedzone/Z0", "change": "route53:::change/C0", "bucket": "s3:::%lb-logs", "secret": "secretsmanager" + here + "secret:%APP_KEY-0",
	"backupplan": "backup" + here + "backup-plan:0", "vault": "backup" + here + "backup-vault:%copies-vault", "vaultthere": "backup:eu-central-1:123456789012:backup-vault:%copies",
	"key":          "kms:eu-central-1:123456789012:key/0",
	"distribution": "cloudfront::123456789012:distribution/0", "originaccess": "cloudfront::123456789012:origin-access-control/0", "edgecert": "acm:us-east-1:123456789012:certificate/0",
	"edgeacl": "wafv2:us-east-1:123456789012:global/webacl/%cdn-waf/0", "edgeruleset": "wafv2:us-east-1:123456789012:global/managedruleset/AWS/x", "edgelog": "logs:us-east-1:123456789012:log-group:aws-waf-logs-%cdn-waf",
	"queue": "sqs" + here + "%jobs", "topic": "sns" + here + "%alarms", "webacl": "wafv2" + here + "regional/webacl/%waf/0", "ruleset": "wafv2" + here + "regional/managedruleset/AWS/x",
}

// life is the calls of a resource type.
type life struct {
	sources []string
	calls   [][]string        // words of a line
	not     map[string]string // actions that are not needed, and why
}

func lives(t testing.TB) map[string]life {
	t.Helper()
	raw, err := os.ReadFile("stacks/testdata/calls.txt")
	if err != nil {
		t.Fatal(err)
	}
	all, token := map[string]life{}, ""
	for line := range strings.Lines(string(raw)) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
		case !strings.HasPrefix(line, " "):
			token = words[0]
			if _, twice := all[token]; twice || len(words) < 2 {
				t.Errorf("%s is twice in calls.txt, or has no source", token)
			}
			all[token] = life{sources: words[1:], not: map[string]string{}}
		case words[0] == "not":
			all[token].not[words[1]] = strings.Join(words[2:], " ")
		default:
			one := all[token]
			one.calls = append(one.calls, words)
			all[token] = one
		}
	}
	return all
}

// world is whose resources a call is about.
type world struct{ names, application, environment string }

func (w world) tags(prefix string) []string {
	return []string{prefix + "Application=" + w.application, prefix + "Environment=" + w.environment}
}

// requests are what AWS evaluates for a call: one request for each resource in it.
func (w world) requests(t testing.TB, words []string) (list []infratest.Request) {
	t.Helper()
	action, resources, context := words[0], []string{}, []string{}
	for _, word := range words[1:] {
		switch {
		case word == "BOUNDARY":
			context = append(context, boundaryOf(w.environment))
		case strings.Contains(word, "="):
			context = append(context, word)
		default:
			resources = append(resources, word)
		}
	}
	service, _, _ := strings.Cut(action, ":")
	if slices.ContainsFunc(resources, func(resource string) bool { return strings.HasPrefix(resource, "+") }) {
		context = append(append(context, w.tags("aws:RequestTag/")...), service+":CreateAction=Create")
	}
	for _, resource := range resources {
		kind := strings.TrimLeft(resource, "+~")
		if kind == "" {
			continue
		}
		own := context
		if kind == resource {
			own = append(slices.Clone(context), w.tags("aws:ResourceTag/")...)
		}
		form, named := kinds[kind]
		if !named {
			form = "ec2" + here + kind + "/0"
		}
		if kind == "*" {
			form = exampleOrAll(t, action)
		}
		request := try(action, strings.ReplaceAll(form, "%", w.names), own...).request()
		request.Context = sentWith(t, action, request.Context)
		list = append(list, request)
	}
	return list
}

// exampleOrAll is "*" where the action has no resources, or any of them.
func exampleOrAll(t testing.TB, action string) string {
	example, _ := exampleOf(infratest.Describe(t, []string{action})[action], "*")
	return strings.TrimPrefix(example, "arn:aws:")
}

// ask tells for each call of all types whether the role may make it: all its requests must be allowed.
func (w world) ask(t testing.TB, policies []string, all map[string]life) map[string]bool {
	t.Helper()
	var flat []infratest.Request
	var of []string
	for token, one := range all {
		for _, words := range one.calls {
			for _, request := range w.requests(t, words) {
				flat, of = append(flat, request), append(of, token+" "+strings.Join(words, " "))
			}
		}
	}
	may := map[string]bool{}
	for i, allowed := range (infratest.Grants{Policies: policies}).Allow(t, flat...) {
		before, known := may[of[i]]
		may[of[i]] = allowed && (before || !known)
	}
	return may
}

// TestTheLifeOfAStackMayBeDeployed replays every call that the life of a stack makes, for one stack and for many that begin alike. Calls
// about the staging environment must be denied, and those about an application whose names begin with the environment's: apart from
// those that name nothing, or that have names only (docs/pipelines.md lists them).
func TestTheLifeOfAStackMayBeDeployed(t *testing.T) {
	all := lives(t)
	r := deploy(t, "account", with(with(accountConfig(t), "account", "deploy.review.hosts", []string{"app.example.com"}), "account", "deploy.review.copies", "eu-central-1"))
	for role, w := range map[string]world{
		"deploy-prod": {"laravel-prod-", "laravel", "prod"}, "deploy-review": {"laravel-review-login-", "laravel", "review-login"},
	} {
		policies := policiesOf(t, r, role)
		for call, may := range w.ask(t, policies, all) {
			if !may {
				t.Errorf("%s may not %s", role, call)
			}
		}
		for what, other := range map[string]world{
			"another environment's": {"laravel-staging-", "laravel", "staging"}, "another application's": {w.names + "x-", "laravel-prod", "x"},
		} {
			for call, may := range other.ask(t, policies, all) {
				action := strings.Fields(call)[1]
				_, verb, _ := strings.Cut(action, ":")
				if reads(verb) && action != "secretsmanager:GetSecretValue" || action == "ecr:BatchGetImage" { // prod deploys staging's image
					continue
				}
				if may != (slices.Contains(withoutResource, action) || what == "another application's" && (slices.Contains(byNameOnly, action) || strings.Contains(call, "scalingalarm"))) {
					t.Errorf("%s: %s, %s: %v", role, call, what, may)
				}
			}
		}
	}
}

// withoutResource are actions that name nothing of an environment; byNameOnly have the names of an environment, and no tags, as the alarms of
// Application Auto Scaling have none.
var (
	withoutResource = []string{
		"iam:CreateServiceLinkedRole", "route53:ChangeResourceRecordSets", "elasticloadbalancing:SetWebAcl", "logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:PutResourcePolicy",
		"backup-storage:MountCapsule", "cloudfront:CreateOriginAccessControl", "cloudfront:DeleteOriginAccessControl",
	}
	byNameOnly = []string{
		"cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards", "iam:PassRole", "scheduler:CreateSchedule", "scheduler:DeleteSchedule", "scheduler:UpdateSchedule", "sns:Unsubscribe", "wafv2:DisassociateWebACL",
		"s3:CreateBucket", "s3:DeleteBucket", "s3:PutBucketTagging", "s3:PutLifecycleConfiguration", "s3:PutBucketOwnershipControls", "s3:PutBucketPolicy",
		"s3:DeleteBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutEncryptionConfiguration", "s3:PutBucketCORS", "s3:PutBucketVersioning",
	}
)
