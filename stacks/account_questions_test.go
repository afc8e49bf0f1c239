package stacks_test

import (
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
		askOurs(ask, environment, role)
		askReading(ask, environment, role)
		askTags(ask, environment, role)
		askEdge(ask, environment, role)
		askCopies(ask, environment, role)
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
	ask("deploy-staging", "rds:CreateDBInstance", "rds"+here+"db:laravel-staging-db-01234567", making("staging")...)
	ask("deploy-prod", "rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-01234567", owned("prod")...)
	ask("deploy-prod", "rds:RestoreDBInstanceFromDBSnapshot", "rds"+here+"snapshot:laravel-prod-db-01234567-final", owned("prod")...)
	ask("deploy-prod", "rds:RestoreDBInstanceFromDBSnapshot", "rds"+here+"snapshot:rds:laravel-prod-db-01234567-2026-11-26-02-10", owned("prod")...)
	ask("deploy-prod", "rds:RestoreDBInstanceToPointInTime", "rds"+here+"db:laravel-prod-db-01234567-2", owned("prod")...)
	ask("deploy-prod", "rds:CreateBlueGreenDeployment", "rds"+here+"db:laravel-prod-db-01234567", owned("prod")...)
	ask("deploy-staging deploy-prod", "rds:SwitchoverBlueGreenDeployment", "rds"+here+"deployment:bgd-0123456789abcdef") // it has no tags
	ask("deploy-prod", "rds:CreateDBInstanceReadReplica", "rds"+here+"pg:laravel-prod-db-mysql84-01234567", owned("prod")...)
	ask("deploy-prod", "rds:CreateDBInstanceReadReplica", "rds"+here+"subgrp:laravel-prod-db-01234567", owned("prod")...)
	ask("deploy-staging deploy-prod deploy-review", "rds:CreateDBInstanceReadReplica", "rds"+here+"og:default:mysql-8-4") // AWS's, without tags
	ask("deploy-prod", "rds:PromoteReadReplica", "rds"+here+"db:laravel-prod-db-01234567-green-abc123")
	ask("deploy-prod", "rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-01234567-old1")
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-01234567")
	ask("deploy-staging", "rds:DeleteDBInstance", "rds"+here+"db:laravel-staging-db-01234567-old1")
	ask("", "rds:PromoteReadReplica", "rds"+here+"db:laravel-prod-db-01234567")
	ask("", "rds:PromoteReadReplica", "rds"+here+"db:shop-prod-db-green-abc123")
	ask("", "rds:SwitchoverBlueGreenDeployment", "rds:us-east-1:123456789012:deployment:bgd-0123456789abcdef")
	ask("deploy-review", "rds:DeleteDBInstance", "rds"+here+"db:laravel-review-login-db-01234567", owned("review-login")...)
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-local-db-01234567", owned("prod")...)
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:laravel-production", owned("prod")...)
	ask("", "rds:DeleteDBInstance", "rds"+here+"db:shop-prod-db", owned("prod")...)
	ask("", "rds:DeleteDBInstance", "rds:us-east-1:123456789012:db:laravel-prod-db-01234567", owned("prod")...)
	ask("", "rds:DeleteDBInstance", "rds:eu-west-1:999999999999:db:laravel-prod-db-01234567", owned("prod")...)
	ask("", "rds:DeleteDBCluster", "rds"+here+"cluster:laravel-prod-db")
	ask("deploy-prod", "rds:DeleteDBCluster", "rds"+here+"cluster:laravel-prod-db", owned("prod")...)
	ask("deploy-prod", "rds:DeleteDBCluster", "rds"+here+"cluster-snapshot:laravel-prod-db-final")
	ask("deploy-staging", "rds:CreateDBClusterSnapshot", "rds"+here+"cluster-snapshot:laravel-staging-db-final")
	ask("deploy-review", "rds:DeleteDBCluster", "rds"+here+"cluster-snapshot:laravel-review-login-db-final")
	ask("", "rds:DeleteDBCluster", "rds"+here+"cluster-snapshot:shop-prod-db-final")
	ask("", "rds:DeleteDBCluster", "rds:us-east-1:123456789012:cluster-snapshot:laravel-prod-db-final")
	ask("deploy-staging deploy-prod deploy-review", "rds:ModifyDBInstance", "rds"+here+"pg:default.aurora-mysql8.0") // AWS's, without tags
	ask("", "rds:ModifyDBInstance", "rds"+here+"pg:default.mysql8.4")
	ask("preview deploy-staging deploy-prod deploy-review", "rds:DescribeDBInstances", "rds"+here+"db:any")
	ask("deploy-staging", "ecs:UpdateService", "ecs"+here+"service/laravel-staging-cluster-ecs-0123456/laravel-staging-web-service-0123456", owned("staging")...)
	ask("deploy-staging", "ecs:RegisterTaskDefinition", "ecs"+here+"task-definition/laravel-staging-web:1", making("staging")...)
	ask("", "ecs:ExecuteCommand", "ecs"+here+"task/laravel-staging-cluster-ecs-0123456/0")
	ask("", "ecs:DeregisterTaskDefinition", "*")
	ask("deploy-prod", "ecr:PutImage", "ecr"+here+"repository/laravel-prod-registry-repo-0123456", owned("prod")...)
	ask("preview deploy-staging deploy-prod deploy-review", "ecr:GetAuthorizationToken", "*")
	ask("drift deploy-prod", "ecr:DescribeImages", "ecr"+here+"repository/laravel-prod-registry-repo-0123456")
	ask("deploy-prod", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/laravel-prod-lb-0123456/0/1", owned("prod")...)
	ask("", "elasticloadbalancing:ModifyListener", "elasticloadbalancing"+here+"listener/app/other/0/1", owned("prod")...)
	ask("deploy-prod", "logs:PutRetentionPolicy", "logs"+here+"log-group:/aws/rds/cluster/laravel-prod-db-01234567/error", owned("prod")...)
	ask("deploy-prod", "logs:PutRetentionPolicy", "logs"+here+"log-group:/aws/rds/instance/laravel-prod-db-01234567/error", owned("prod")...)
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
	ask("", "ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0")
	ask("", "ec2:RevokeSecurityGroupIngress", "ec2"+here+"security-group/sg-0", "aws:ResourceTag/Environment=local")
	ask("", "ec2:AuthorizeSecurityGroupIngress", "ec2"+here+"security-group/sg-0")
	ask("", "ec2:CreateTags", "ec2"+here+"security-group/sg-0", making("prod")...)
	ask("", "ec2:CreateTags", "ec2"+here+"security-group/sg-0", append(making("prod"), "aws:ResourceTag/Environment=local")...)
	const domains = "acm:DomainNames="
	ask("deploy-prod", "acm:RequestCertificate", "*", append(making("prod"), domains+"app.example.com", domains+"*.app.example.com")...)
	ask("", "acm:RequestCertificate", "*", append(making("prod"), domains+"app.example.com", domains+"example.com")...)
	ask("", "acm:RequestCertificate", "*", append(making("local"), domains+"app.example.com")...)
	ask("", "acm:RequestCertificate", "*", making("prod")...)
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
	ask("deploy-prod", "iam:PutRolePolicy", role, append(owned("prod"), boundaryOf("prod"))...)
	ask("", "iam:PutRolePolicy", role, append(owned("prod"), boundaryOf("staging"))...)
	ask("", "iam:PutRolePolicy", role, owned("prod")...)
	ask("", "iam:PutRolePolicy", "iam::123456789012:role/laravel-account-deploy-prod-role-0123456")
	ask("", "iam:UpdateAssumeRolePolicy", "iam::123456789012:role/laravel-account-preview-role-0123456")
	ask("", "iam:CreatePolicyVersion", "iam::123456789012:policy/laravel-account-deploy-prod-data-0123456")
	ask("deploy-prod", "iam:AttachRolePolicy", role, append(owned("prod"), "iam:PolicyARN=arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore", boundaryOf("prod"))...)
	ask("", "iam:AttachRolePolicy", role, append(owned("prod"), "iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess", boundaryOf("prod"))...)
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
	ask("deploy-prod", "secretsmanager:GetSecretValue", secret, owned("prod")...)
	ask("drift deploy-prod", "secretsmanager:DescribeSecret", secret)
	ask("", "secretsmanager:GetSecretValue", "secretsmanager"+here+"secret:other-abcdef", owned("prod")...)
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
	ask("deploy-prod", "ecr:PutImage", "arn:aws:"+prod, owned("prod")...)
	ask("deploy-staging", "ecr:PutImage", "arn:aws:"+staging, owned("staging")...)
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
