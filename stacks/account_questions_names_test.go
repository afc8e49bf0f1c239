package stacks_test

import (
	"fmt"
	"slices"
	"strings"
)

// ours are actions on what is identified by its name, by the form of the resource: one that makes it, one that changes it, and one that
// sets tags on it. Empty: the service has none, or another line asks.
var ours = []struct{ form, makes, changes, tags string }{
	{"autoscaling" + here + "autoScalingGroup:0:autoScalingGroupName/%s", "autoscaling:CreateAutoScalingGroup", "autoscaling:DeleteAutoScalingGroup", "autoscaling:CreateOrUpdateTags"},
	{"cloudwatch" + here + "alarm:%s", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:TagResource"},
	{"ecr" + here + "repository/%s", "ecr:CreateRepository", "ecr:PutImage", "ecr:TagResource"},
	{"ecs" + here + "cluster/%s", "ecs:CreateCluster", "ecs:DeleteCluster", "ecs:TagResource"},
	{"ecs" + here + "service/%s/web", "ecs:CreateService", "ecs:UpdateService", "ecs:TagResource"},
	{"ecs" + here + "task-definition/%s:1", "ecs:RegisterTaskDefinition", "", "ecs:TagResource"},
	{"elasticache" + here + "cluster:%s", "elasticache:CreateCacheCluster", "elasticache:DeleteCacheCluster", "elasticache:AddTagsToResource"},
	{"elasticloadbalancing" + here + "loadbalancer/app/%s/0", "", "elasticloadbalancing:DeleteLoadBalancer", "elasticloadbalancing:AddTags"},
	{"elasticloadbalancing" + here + "listener/app/%s/0/1", "", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:AddTags"},
	{"elasticloadbalancing" + here + "targetgroup/%s/0", "elasticloadbalancing:CreateTargetGroup", "elasticloadbalancing:DeleteTargetGroup", "elasticloadbalancing:AddTags"},
	{"events" + here + "rule/%s", "events:PutRule", "events:DeleteRule", "events:TagResource"},
	{"iam::123456789012:instance-profile/%s", "iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:TagInstanceProfile"},
	{"iam::123456789012:role/%s", "", "iam:DeleteRole", "iam:TagRole"},
	{"logs" + here + "log-group:%s", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:TagResource"},
	{"rds" + here + "cluster:%s", "rds:CreateDBCluster", "rds:DeleteDBCluster", "rds:AddTagsToResource"},
	{"rds" + here + "db:%s", "rds:CreateDBInstance", "rds:DeleteDBInstance", "rds:AddTagsToResource"},
	{"secretsmanager" + here + "secret:%s", "secretsmanager:CreateSecret", "secretsmanager:GetSecretValue", "secretsmanager:TagResource"},
	{"sns" + here + "%s", "sns:CreateTopic", "sns:DeleteTopic", "sns:TagResource"},
	{"sqs" + here + "%s", "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:TagQueue"},
	{"wafv2:us-east-1:123456789012:global/webacl/%s/0", "wafv2:CreateWebACL", "wafv2:DeleteWebACL", "wafv2:TagResource"},
	{"logs:us-east-1:123456789012:log-group:aws-waf-logs-%s", "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:TagResource"},
	{"wafv2" + here + "regional/webacl/%s/0", "wafv2:CreateWebACL", "wafv2:DeleteWebACL", "wafv2:TagResource"},
}

// born is what a service sends with the tags of something that is created in the same call; nil where it sends nothing.
func born(action string) []string {
	service, _, _ := strings.Cut(action, ":")
	if !slices.Contains([]string{"ecs", "elasticloadbalancing"}, service) {
		return nil
	}
	return []string{service + ":CreateAction=Create"}
}

// askOurs asks for each of them: with the tags of the environment, with each of them only, with none, with another name, and where
// something of another environment is there.
func askOurs(ask asker, environment, role string) {
	mine, other := "laravel-"+environment+"-x", "shop-"+environment+"-x"
	try := func(action, form string, tags []string, more ...string) {
		if action == "" {
			return
		}
		ask(role, action, fmt.Sprintf(form, mine), append(slices.Clone(tags), more...)...)
		ask("", action, fmt.Sprintf(form, other), append(slices.Clone(tags), more...)...)
		ask("", action, fmt.Sprintf(form, mine), more...)
		for _, tag := range tags {
			ask("", action, fmt.Sprintf(form, mine), append([]string{tag}, more...)...)
		}
	}
	for _, one := range ours {
		try(one.changes, one.form, owned(environment))
		try(one.makes, one.form, making(environment))
		try(one.tags, one.form, owned(environment))
		try(one.tags, one.form, making(environment), born(one.tags)...)
		for _, action := range []string{one.makes, one.tags} {
			if action != "" && born(action) == nil {
				ask("", action, fmt.Sprintf(one.form, mine), append(making(environment), "aws:ResourceTag/Environment=local")...)
			}
		}
		if born(one.tags) != nil { // what is there gets no tags
			ask("", one.tags, fmt.Sprintf(one.form, mine), making(environment)...)
		}
		if one.makes != "" {
			ask("", one.makes, fmt.Sprintf(one.form, mine), append(making(environment), "aws:ResourceTag/Environment=local")...)
		}
	}
	askRoles(ask, environment, role, mine, other)
	askScaling(ask, environment, role)
	askSchedules(ask, environment, role)
	scaled := "cloudwatch" + here + "alarm:TargetTracking-service/"
	ask(role, "cloudwatch:PutMetricAlarm", scaled+mine)
	ask("", "cloudwatch:PutMetricAlarm", scaled+mine, "aws:ResourceTag/Environment=local")
	ask("", "cloudwatch:PutMetricAlarm", scaled+other)
	// What has no tags, by its name only.
	for action, form := range map[string]string{
		"cloudwatch:PutDashboard": "cloudwatch::123456789012:dashboard/%s", "s3:DeleteBucket": "s3:::%s", "s3:DeleteObject": "s3:::%s/AWSLogs/x",
		"wafv2:DisassociateWebACL": "elasticloadbalancing" + here + "loadbalancer/app/%s/0", "sns:Unsubscribe": "sns" + here + "%s:0",
		"rds:CreateDBSnapshot": "rds" + here + "snapshot:%s", "elasticache:CreateSnapshot": "elasticache" + here + "snapshot:%s",
		"rds:CreateDBClusterSnapshot":         "rds" + here + "cluster-snapshot:%s",
		"rds:RestoreDBInstanceFromDBSnapshot": "rds" + here + "snapshot:rds:%s",
	} {
		ask(role, action, fmt.Sprintf(form, mine))
		ask("", action, fmt.Sprintf(form, other))
	}
	ask("", "rds:RestoreDBInstanceFromDBSnapshot", "rds"+here+"snapshot:rds:"+mine, owned("local")...)
	ask(role, "s3:PutObject", stateARN+"/.pulumi/history/laravel-ecs/"+environment+"/x.json")
	ask("", "s3:PutObject", "s3:::other/.pulumi/history/laravel-ecs/"+environment+"/x.json")
	ask(role, "kms:Encrypt", keyARN, "kms:EncryptionContext:stack="+environment)
	ask("", "kms:Encrypt", "kms"+here+"key/other", "kms:EncryptionContext:stack="+environment)
	ask("", "kms:Encrypt", keyARN)
}

// askRoles: each condition on a role is needed.
func askRoles(ask asker, environment, role, mine, other string) {
	for action, conditions := range map[string][]string{
		"iam:CreateRole":             append(making(environment), boundaryOf(environment)),
		"iam:PutRolePolicy":          append(owned(environment), boundaryOf(environment)),
		"iam:UpdateAssumeRolePolicy": append(owned(environment), boundaryOf(environment)),
		"iam:AttachRolePolicy":       append(owned(environment), boundaryOf(environment), "iam:PolicyARN=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"),
		"iam:PassRole":               {"iam:PassedToService=ecs-tasks.amazonaws.com"},
	} {
		ask(role, action, "iam::123456789012:role/"+mine, conditions...)
		ask("", action, "iam::123456789012:role/"+other, conditions...)
		for i := range conditions {
			ask("", action, "iam::123456789012:role/"+mine, slices.Delete(slices.Clone(conditions), i, i+1)...)
		}
	}
	ask("", "iam:CreateRole", "iam::123456789012:role/"+mine, append(making(environment), boundaryOf(environment), "aws:ResourceTag/Environment=local")...)
}

// askSchedules: schedules of EventBridge Scheduler have names and no tags.
func askSchedules(ask asker, environment, role string) {
	const form = "scheduler" + here + "schedule/default/%s-%s-nights-down-web"
	for _, action := range []string{"scheduler:CreateSchedule", "scheduler:UpdateSchedule", "scheduler:DeleteSchedule"} {
		ask(role, action, fmt.Sprintf(form, "laravel", environment))
		ask("", action, fmt.Sprintf(form, "shop", environment))
	}
}

// askScaling: targets have generated ids, so their tags decide.
func askScaling(ask asker, environment, role string) {
	const target, elsewhere, namespace = "application-autoscaling" + here + "scalable-target/0", "application-autoscaling:us-east-1:123456789012:scalable-target/0", "application-autoscaling:service-namespace=ecs"
	for action, tags := range map[string][]string{
		"application-autoscaling:RegisterScalableTarget": making(environment), "application-autoscaling:PutScalingPolicy": owned(environment),
	} {
		conditions := append(slices.Clone(tags), namespace)
		ask(role, action, target, conditions...)
		ask("", action, elsewhere, conditions...)
		for i := range conditions {
			ask("", action, target, slices.Delete(slices.Clone(conditions), i, i+1)...)
		}
	}
	for _, action := range []string{"application-autoscaling:RegisterScalableTarget", "application-autoscaling:TagResource"} {
		ask("", action, target, append(making(environment), "aws:ResourceTag/Environment=local")...)
	}
	ask("", "application-autoscaling:RegisterScalableTarget", target, append(making(environment), namespace, "aws:ResourceTag/Environment=local")...)
}

// askReading: settings are read by name. A preview does not need tags to be right.
func askReading(ask asker, environment, role string) {
	reading := "preview "
	if environment == "prod" { // merge requests do not read production
		reading = "drift "
	}
	for action, form := range map[string]string{
		"ecr:GetLifecyclePolicy":        "ecr" + here + "repository/%s",
		"events:DescribeRule":           "events" + here + "rule/%s",
		"iam:GetInstanceProfile":        "iam::123456789012:instance-profile/%s",
		"iam:GetRolePolicy":             "iam::123456789012:role/%s",
		"s3:GetBucketPolicy":            "s3:::%s",
		"scheduler:GetSchedule":         "scheduler" + here + "schedule/default/%s",
		"secretsmanager:DescribeSecret": "secretsmanager" + here + "secret:%s",
		"sns:GetTopicAttributes":        "sns" + here + "%s",
		"sqs:GetQueueAttributes":        "sqs" + here + "%s",
		"wafv2:GetWebACL":               "wafv2" + here + "regional/webacl/%s/0",
		"wafv2:GetLoggingConfiguration": "wafv2:us-east-1:123456789012:global/webacl/%s/0",
		"wafv2:GetWebACLForResource":    "elasticloadbalancing" + here + "loadbalancer/app/%s/0",
	} {
		ask(reading+role, action, fmt.Sprintf(form, "laravel-"+environment+"-x"))
		ask("", action, fmt.Sprintf(form, "shop-"+environment+"-x"))
	}
}
