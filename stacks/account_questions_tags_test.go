package stacks_test

import (
	"slices"
	"strings"
)

// askTags asks for a resource of each kind that is identified by its tags: with all tags of the environment, with each of them only, and
// in another region.
func askTags(ask asker, environment, role string) {
	try := func(action, kind string, tags []string, more ...string) {
		service, _, _ := strings.Cut(action, ":")
		ask(role, action, service+here+kind+"/0", append(slices.Clone(tags), more...)...)
		ask("", action, service+":us-east-1:123456789012:"+kind+"/0", append(slices.Clone(tags), more...)...)
		for _, tag := range tags {
			ask("", action, service+here+kind+"/0", append([]string{tag}, more...)...)
		}
	}
	for action, kind := range map[string]string{
		"ec2:AllocateAddress": "elastic-ip", "ec2:AuthorizeSecurityGroupIngress": "security-group-rule", "ec2:CreateFlowLogs": "vpc-flow-log",
		"ec2:CreateInternetGateway": "internet-gateway", "ec2:CreateLaunchTemplate": "launch-template", "ec2:CreateNatGateway": "natgateway",
		"ec2:CreateRouteTable": "route-table", "ec2:CreateSecurityGroup": "security-group", "ec2:CreateSubnet": "subnet", "ec2:CreateVpc": "vpc",
		"ec2:CreateVpcEndpoint": "vpc-endpoint", "ec2:RunInstances": "instance",
		"application-autoscaling:TagResource": "scalable-target",
	} {
		try(action, kind, making(environment))
	}
	ask(role, "acm:RequestCertificate", "*", making(environment)...)
	for _, tag := range making(environment) {
		ask("", "acm:RequestCertificate", "*", tag)
	}
	try("ec2:DeleteVpc", "vpc", owned(environment))
	try("application-autoscaling:UntagResource", "scalable-target", owned(environment))
	try("acm:DeleteCertificate", "certificate", owned(environment))
	try("ec2:CreateTags", "vpc", making(environment), "ec2:CreateAction=CreateVpc")
	for action, kind := range map[string]string{"ec2:CreateTags": "security-group", "acm:AddTagsToCertificate": "certificate"} {
		service, _, _ := strings.Cut(action, ":")
		try(action, kind, making(environment))
		ask("", action, service+here+kind+"/0", append(making(environment), "aws:ResourceTag/Environment=local")...) // another environment's
	}
}

// askEverywhere asks for what every deployment may do. Where AWS has no narrower resource, the condition limits it.
func askEverywhere(ask asker) {
	const deployments, all = "deploy-staging deploy-prod deploy-review", "preview deploy-staging deploy-prod deploy-review"
	const namespace = "application-autoscaling:service-namespace=ecs"
	ask(deployments, "application-autoscaling:RegisterScalableTarget", "application-autoscaling"+here+"scalable-target/0", namespace)
	ask("", "application-autoscaling:RegisterScalableTarget", "application-autoscaling"+here+"scalable-target/0")
	ask("", "application-autoscaling:RegisterScalableTarget", "application-autoscaling:us-east-1:123456789012:scalable-target/0", namespace)
	ask(deployments, "ec2:AssociateAddress", "ec2"+here+"network-interface/eni-0")
	ask("", "ec2:AssociateAddress", "ec2:us-east-1:123456789012:network-interface/eni-0")
	ask("", "ec2:RevokeSecurityGroupIngress", "ec2:us-east-1:123456789012:security-group/sg-0")
	ask("", "iam:CreateServiceLinkedRole", "iam::123456789012:role/Admin", "iam:AWSServiceName=ecs.amazonaws.com")
	ask(all, "route53:GetHostedZone", "route53:::hostedzone/Z0")
	ask(all, "route53:GetChange", "route53:::change/C0")
	ask(all, "s3:ListBucket", stateARN)
	ask("", "s3:ListBucket", "s3:::other")
	ask("", "s3:GetObject", "s3:::other/.pulumi/meta.yaml")
	ask("", "ssm:GetParameter", "ssm:us-east-1::parameter/aws/service/ecs/optimized-ami")
	const viaS3, ofBucket = "kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:EncryptionContext:aws:s3:arn=" + stateARN
	for _, action := range []string{"kms:Decrypt", "kms:GenerateDataKey"} {
		ask("", action, "kms"+here+"key/other", viaS3, ofBucket)
		ask("", action, keyARN, viaS3)
		ask("", action, keyARN, ofBucket)
	}
	for _, stack := range []string{"staging", "prod", "review-login"} {
		ask("", "kms:Decrypt", "kms"+here+"key/other", "kms:EncryptionContext:stack="+stack)
	}
	ask("", "ecr:GetDownloadUrlForLayer", "ecr"+here+"repository/shop")
}

// askSharing: with shares, the role of reviews may have rules and services in staging, and read the outputs of staging. It may not change
// staging's own resources. Without shares it may do none of this.
func askSharing(ask asker) {
	const mine, balancing = "review-login", "elasticloadbalancing" + here
	const listener, rule = balancing + "listener/app/laravel-staging-lb-0123456/0/1", balancing + "listener-rule/app/laravel-staging-lb-0123456/0/1/2"
	const service = "ecs" + here + "service/laravel-staging-cluster-ecs-0123456/"
	inProd := strings.NewReplacer("staging", "prod")
	for _, try := range []struct {
		action, resource string
		mine, others     []string
	}{
		{"elasticloadbalancing:CreateRule", listener, making(mine), making("staging")},
		{"elasticloadbalancing:AddTags", rule, making(mine), append(making(mine), owned("staging")...)}, // staging's own rule
		{"elasticloadbalancing:ModifyRule", rule, owned(mine), owned("staging")},
		{"elasticloadbalancing:DeleteRule", rule, owned(mine), owned("staging")},
	} {
		ask("deploy-staging sharing", try.action, try.resource, try.mine...)
		ask("deploy-staging", try.action, try.resource, try.others...)
		ask("deploy-prod", try.action, inProd.Replace(try.resource), try.mine...)
		for _, tag := range try.mine {
			ask("deploy-staging", try.action, try.resource, tag)
		}
	}
	ask("deploy-staging", "elasticloadbalancing:ModifyListener", listener, owned(mine)...)
	ask("deploy-staging sharing", "ecs:CreateService", service+"laravel-review-login-web-service-0123456")
	ask("deploy-staging sharing", "ecs:DeleteService", service+"laravel-review-login-web-service-0123456")
	ask("deploy-staging", "ecs:UpdateService", service+"laravel-staging-web-service-0123456")
	ask("deploy-prod", "ecs:CreateService", inProd.Replace(service)+"laravel-review-login-web-service-0123456")
	const alarm = "cloudwatch" + here + "alarm:TargetTracking-service/laravel-staging-cluster-ecs-0123456/laravel-"
	ask("deploy-staging sharing", "cloudwatch:PutMetricAlarm", alarm+"review-login-web-service-0123456-AlarmHigh-0")
	ask("deploy-staging", "cloudwatch:PutMetricAlarm", alarm+"staging-web-service-0123456-AlarmHigh-0")
	ask("deploy-staging", "ecs:DeleteCluster", "ecs"+here+"cluster/laravel-staging-cluster-ecs-0123456")
	ask("deploy-staging", "rds:ModifyDBInstance", "rds"+here+"db:laravel-staging-db-0123456")
}
