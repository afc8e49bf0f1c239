package stacks_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

type question struct {
	request infratest.Request
	roles   string // which may do it
}

// may tells whether a role may. The role "sharing" may do what deploy-review may, and more, and "drift" what preview may.
func (q question) may(role string) bool {
	roles := strings.Fields(q.roles)
	return slices.Contains(roles, role) || role == "sharing" && slices.Contains(roles, "deploy-review") || role == "drift" && slices.Contains(roles, "preview")
}

const (
	stateARN = "arn:aws:s3:::laravel-account-state"
	keyARN   = "arn:aws:kms:eu-west-1:123456789012:key/laravel-account-state-key"
)

const here = ":eu-west-1:123456789012:"

// asker asks whether roles may do something: an action on a resource, with condition keys as KEY=VALUE.
type asker func(roles, action, resource string, context ...string)

func owned(environment string) []string {
	return []string{"aws:ResourceTag/Application=laravel", "aws:ResourceTag/Environment=" + environment}
}

func making(environment string) []string {
	return []string{"aws:RequestTag/Application=laravel", "aws:RequestTag/Environment=" + environment}
}

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
	askByHand(ask)
	for environment, role := range map[string]string{"staging": "deploy-staging", "prod": "deploy-prod", "review-login": "deploy-review"} {
		askNames(ask, environment, role)
		askTags(ask, environment, role)
	}
	askEverywhere(ask)
	askSharing(ask)
	return list
}

func boundaryOf(environment string) string {
	if strings.HasPrefix(environment, "review-") {
		environment = "review"
	}
	return "iam:PermissionsBoundary=arn:aws:iam::123456789012:policy/laravel-account-boundary-" + environment
}

// askByHand asks for what must be allowed, and for what must not be, though it is similar.
func askByHand(ask asker) {
	// Names: this application and environment, in this account and region.
	ask("deploy-staging", "rds:CreateDBInstance", "rds"+here+"db:laravel-staging-db-01234567")
	ask("deploy-prod", "rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-01234567")
	ask("deploy-prod", "rds:RestoreDBInstanceFromDBSnapshot", "rds"+here+"snapshot:laravel-prod-db-01234567-final")
	ask("deploy-prod", "rds:RestoreDBInstanceFromDBSnapshot", "rds"+here+"snapshot:rds:laravel-prod-db-01234567-2026-11-26-02-10")
	ask("deploy-prod", "rds:RestoreDBInstanceToPointInTime", "rds"+here+"db:laravel-prod-db-01234567-2")
	ask("", "rds:SwitchoverBlueGreenDeployment", "rds"+here+"deployment:bgd-0123456789abcdef")
	ask("deploy-review", "rds:DeleteDBInstance", "rds"+here+"db:laravel-review-login-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-local-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-production")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:shop-prod-db")
	ask("", "rds:DeleteDBInstance", "rds:us-east-1:123456789012:db:laravel-prod-db-01234567")
	ask("", "rds:DeleteDBInstance", "rds:eu-west-1:999999999999:db:laravel-prod-db-01234567")
	ask("", "rds:DeleteDBCluster", "rds"+here+"cluster:laravel-prod-db")
	ask("preview deploy-staging deploy-prod deploy-review", "rds:DescribeDBInstances", "rds"+here+"db:any")
	ask("deploy-staging", "ecs:UpdateService", "ecs"+here+"service/laravel-staging-cluster-ecs-0123456/laravel-staging-web-service-0123456")
	ask("deploy-staging", "ecs:RegisterTaskDefinition", "ecs"+here+"task-definition/laravel-staging-web:1")
	ask("", "ecs:ExecuteCommand", "ecs"+here+"task/laravel-staging-cluster-ecs-0123456/0")
	ask("", "ecs:DeregisterTaskDefinition", "*")
	ask("deploy-prod", "ecr:PutImage", "ecr"+here+"repository/laravel-prod-registry-repo-0123456")
	ask("preview deploy-staging deploy-prod deploy-review", "ecr:GetAuthorizationToken", "*")
	ask("drift deploy-prod", "ecr:DescribeImages", "ecr"+here+"repository/laravel-prod-registry-repo-0123456")
	ask("deploy-prod", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/laravel-prod-lb-0123456/0/1")
	ask("", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/other/0/1")
	ask("deploy-prod", "logs:PutRetentionPolicy", "logs"+here+"log-group:/aws/rds/instance/laravel-prod-db-01234567/error")
	ask("", "logs:GetLogEvents", "logs"+here+"log-group:laravel-prod-logs-web-0123456:log-stream:x")
	ask("deploy-prod", "s3:DeleteBucket", "s3:::laravel-prod-lb-logs-0123456")
	ask("", "s3:GetObject", "s3:::laravel-prod-lb-logs-0123456/AWSLogs/x")

	// Tags, for resources with generated ids.
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
	ask("deploy-prod", "acm:RequestCertificate", "*", making("prod")...)
	ask("", "acm:RequestCertificate", "*", making("local")...)
	ask("deploy-prod", "acm:DeleteCertificate", "acm"+here+"certificate/0", owned("prod")...)
	ask("", "acm:DeleteCertificate", "acm"+here+"certificate/0")
	ask("deploy-staging", "acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making("prod"), owned("staging")...)...) // changes the tags of its own
	ask("", "acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making("prod"), owned("local")...)...)

	// Roles: the environment's, for services and policies that the program uses. Never those of the account stack.
	role := "iam::123456789012:role/laravel-prod-access-task-0123456"
	ask("deploy-prod", "iam:PassRole", role, "iam:PassedToService=ecs-tasks.amazonaws.com")
	ask("", "iam:PassRole", role, "iam:PassedToService=lambda.amazonaws.com")
	ask("", "iam:PassRole", role)
	ask("", "iam:PassRole", "iam::123456789012:role/Admin", "iam:PassedToService=ecs-tasks.amazonaws.com")
	ask("deploy-prod", "iam:PutRolePolicy", role, boundaryOf("prod"))
	ask("", "iam:PutRolePolicy", role, boundaryOf("staging"))
	ask("", "iam:PutRolePolicy", role)
	ask("", "iam:PutRolePolicy", "iam::123456789012:role/laravel-account-deploy-prod-role-0123456")
	ask("", "iam:UpdateAssumeRolePolicy", "iam::123456789012:role/laravel-account-preview-role-0123456")
	ask("", "iam:CreatePolicyVersion", "iam::123456789012:policy/laravel-account-deploy-prod-data-0123456")
	ask("deploy-prod", "iam:AttachRolePolicy", role, "iam:PolicyARN=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", boundaryOf("prod"))
	ask("", "iam:AttachRolePolicy", role, "iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess", boundaryOf("prod"))
	ask("", "iam:CreateUser", "iam::123456789012:user/laravel-prod-x")
	ask("deploy-staging deploy-prod deploy-review", "iam:CreateServiceLinkedRole", "iam::123456789012:role/aws-service-role/ecs.amazonaws.com/x", "iam:AWSServiceName=ecs.amazonaws.com")
	ask("", "iam:CreateServiceLinkedRole", "iam::123456789012:role/aws-service-role/organizations.amazonaws.com/x", "iam:AWSServiceName=organizations.amazonaws.com")

	// Names in Route 53: those of the environment, and names below them.
	const records = "route53:ChangeResourceRecordSetsNormalizedRecordNames="
	ask("deploy-prod", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"app.example.com", records+"_x.app.example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"app.example.com", records+"example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0", records+"notapp.example.com")
	ask("", "route53:ChangeResourceRecordSets", "route53:::hostedzone/Z0")

	// Secrets: a preview reads their settings, and not their values.
	secret := "secretsmanager" + here + "secret:laravel-prod-secrets-APP_KEY-0123456-abcdef"
	ask("deploy-prod", "secretsmanager:GetSecretValue", secret)
	ask("drift deploy-prod", "secretsmanager:DescribeSecret", secret)
	ask("", "secretsmanager:GetSecretValue", "secretsmanager"+here+"secret:other-abcdef")
	ask("preview deploy-staging deploy-prod deploy-review", "ssm:GetParameter", "ssm:eu-west-1::parameter/aws/service/ecs/optimized-ami")
	ask("", "ssm:GetParameter", "ssm"+here+"parameter/laravel-prod-password")

	// State: that of its own stack. Versions cannot be deleted.
	ask("drift deploy-prod", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("deploy-prod", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("deploy-prod", "s3:PutObject", stateARN+"/.pulumi/locks/organization/laravel-ecs/prod/0.json")
	ask("deploy-review", "s3:PutObject", stateARN+"/.pulumi/history/laravel-ecs/review-login/x.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/account.json")
	ask("", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/account.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/stacks/other/prod.json")
	ask("", "s3:PutObject", stateARN+"/.pulumi/meta.yaml")
	ask("preview deploy-staging deploy-prod deploy-review", "s3:GetObject", stateARN+"/.pulumi/meta.yaml")
	// prod deploys the image of staging; staging may not read prod.
	const staging, prod = "ecr" + here + "repository/laravel-staging-registry-repo-1", "ecr" + here + "repository/laravel-prod-registry-repo-1"
	ask("preview deploy-staging deploy-prod sharing", "s3:GetObject", stateARN+"/.pulumi/stacks/laravel-ecs/staging.json")
	ask("deploy-staging", "s3:PutObject", stateARN+"/.pulumi/stacks/laravel-ecs/staging.json")
	ask("preview deploy-staging deploy-prod sharing", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=staging")
	ask("preview deploy-staging deploy-prod", "ecr:GetDownloadUrlForLayer", "arn:aws:"+staging)
	ask("deploy-prod", "ecr:PutImage", "arn:aws:"+prod)
	ask("deploy-staging", "ecr:PutImage", "arn:aws:"+staging)
	ask("", "s3:DeleteObjectVersion", stateARN+"/.pulumi/stacks/laravel-ecs/prod.json")
	ask("", "s3:PutBucketPolicy", stateARN)

	// The key: the secrets of its own stack, and the objects of the bucket.
	ask("drift deploy-prod", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=prod")
	ask("deploy-prod", "kms:Encrypt", keyARN, "kms:EncryptionContext:stack=prod")
	ask("preview deploy-review", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=review-login")
	ask("", "kms:Decrypt", keyARN, "kms:EncryptionContext:stack=account")
	ask("", "kms:Decrypt", keyARN)
	ask("preview deploy-staging deploy-prod deploy-review", "kms:Decrypt", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn="+stateARN)
	ask("deploy-staging deploy-prod deploy-review", "kms:GenerateDataKey", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn="+stateARN)
	ask("", "kms:Decrypt", keyARN, "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::other")
	ask("", "kms:Decrypt", "kms"+here+"key/other", "kms:EncryptionContext:stack=prod")
	ask("", "kms:ScheduleKeyDeletion", keyARN)
}

// askNames asks for a resource of each kind that is identified by its name: the environment's, and another application's.
func askNames(ask asker, environment, role string) {
	reading := "preview "
	if environment == "prod" { // merge requests do not read production
		reading = "drift "
	}
	mine, other := "laravel-"+environment+"-x", "shop-"+environment+"-x"
	for roles, forms := range map[string]map[string]string{
		role: {
			"autoscaling:DeleteAutoScalingGroup":  "autoscaling" + here + "autoScalingGroup:0:autoScalingGroupName/%s",
			"cloudwatch:TagResource":              "cloudwatch" + here + "alarm:%s",
			"cloudwatch:PutMetricAlarm":           "cloudwatch" + here + "alarm:TargetTracking-service/%s",
			"cloudwatch:PutDashboard":             "cloudwatch::123456789012:dashboard/%s",
			"ecr:PutImage":                        "ecr" + here + "repository/%s",
			"events:PutRule":                      "events" + here + "rule/%s",
			"ecs:DeleteCluster":                   "ecs" + here + "cluster/%s",
			"elasticache:CreateCacheCluster":      "elasticache" + here + "cluster:%s",
			"elasticloadbalancing:ModifyListener": "elasticloadbalancing" + here + "listener/app/%s/0/1",
			"wafv2:DisassociateWebACL":            "elasticloadbalancing" + here + "loadbalancer/app/%s/0",
			"iam:AddRoleToInstanceProfile":        "iam::123456789012:instance-profile/%s",
			"iam:TagRole":                         "iam::123456789012:role/%s",
			"logs:DeleteLogGroup":                 "logs" + here + "log-group:%s",
			"rds:DeleteDBInstance":                "rds" + here + "db:%s",
			"s3:DeleteBucket":                     "s3:::%s",
			"s3:DeleteObject":                     "s3:::%s/AWSLogs/x",
			"secretsmanager:GetSecretValue":       "secretsmanager" + here + "secret:%s",
			"sns:CreateTopic":                     "sns" + here + "%s",
			"wafv2:CreateWebACL":                  "wafv2" + here + "regional/webacl/%s/0",
		},
		reading + role: {
			"events:DescribeRule":           "events" + here + "rule/%s",
			"iam:GetInstanceProfile":        "iam::123456789012:instance-profile/%s",
			"iam:GetRolePolicy":             "iam::123456789012:role/%s",
			"s3:GetBucketPolicy":            "s3:::%s",
			"secretsmanager:DescribeSecret": "secretsmanager" + here + "secret:%s",
			"sns:GetTopicAttributes":        "sns" + here + "%s",
			"wafv2:GetWebACL":               "wafv2" + here + "regional/webacl/%s/0",
			"wafv2:GetWebACLForResource":    "elasticloadbalancing" + here + "loadbalancer/app/%s/0",
		},
	} {
		for action, form := range forms {
			ask(roles, action, fmt.Sprintf(form, mine))
			ask("", action, fmt.Sprintf(form, other))
		}
	}
	ask("deploy-staging deploy-prod deploy-review", "wafv2:CreateWebACL", "wafv2"+here+"regional/managedruleset/AWS/x")
	for action, conditions := range map[string][]string{
		"iam:CreateRole":             {boundaryOf(environment)},
		"iam:PutRolePolicy":          {boundaryOf(environment)},
		"iam:UpdateAssumeRolePolicy": {boundaryOf(environment)},
		"iam:AttachRolePolicy":       {boundaryOf(environment), "iam:PolicyARN=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"},
		"iam:PassRole":               {"iam:PassedToService=ecs-tasks.amazonaws.com"},
	} {
		ask(role, action, "iam::123456789012:role/"+mine, conditions...)
		ask("", action, "iam::123456789012:role/"+other, conditions...)
		for i := range conditions { // each of them is needed
			ask("", action, "iam::123456789012:role/"+mine, slices.Delete(slices.Clone(conditions), i, i+1)...)
		}
	}
	ask(role, "s3:PutObject", stateARN+"/.pulumi/history/laravel-ecs/"+environment+"/x.json")
	ask("", "s3:PutObject", "s3:::other/.pulumi/history/laravel-ecs/"+environment+"/x.json")
	ask(role, "kms:Encrypt", keyARN, "kms:EncryptionContext:stack="+environment)
	ask("", "kms:Encrypt", "kms"+here+"key/other", "kms:EncryptionContext:stack="+environment)
	ask("", "kms:Encrypt", keyARN)
}
