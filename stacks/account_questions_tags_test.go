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
		ask("", action, service+":us-west-2:123456789012:"+kind+"/0", append(slices.Clone(tags), more...)...)
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
	if environment == "prod" { // the others publish no host names
		for i, conditions := 0, append(making(environment), "acm:DomainNames=app.example.com"); i < len(conditions); i++ {
			ask("", "acm:RequestCertificate", "*", slices.Delete(slices.Clone(conditions), i, i+1)...)
		}
	}
	try("ec2:DeleteVpc", "vpc", owned(environment))
	try("application-autoscaling:UntagResource", "scalable-target", owned(environment))
	try("acm:DeleteCertificate", "certificate", owned(environment))
	try("ec2:CreateTags", "vpc", making(environment), "ec2:CreateAction=CreateVpc")
	ask("", "ec2:CreateTags", "ec2"+here+"security-group/0", making(environment)...) // a group that is there
	if environment == "prod" {
		try("acm:AddTagsToCertificate", "certificate", making(environment))
	}
	ask("", "acm:AddTagsToCertificate", "acm"+here+"certificate/0", append(making(environment), "aws:ResourceTag/Environment=local")...) // another environment's
}

// askEdge asks for what CloudFront needs: a distribution, which has no region, and what is in us-east-1 for it.
func askEdge(ask asker, environment, role string) {
	const there = ":us-east-1:123456789012:"
	tagged := func(action, resource string, tags []string, more ...string) {
		ask(role, action, resource, append(slices.Clone(tags), more...)...)
		for i := range tags {
			ask("", action, resource, append(slices.Delete(slices.Clone(tags), i, i+1), more...)...)
		}
	}
	const distribution = "cloudfront::123456789012:distribution/0"
	tagged("cloudfront:CreateDistribution", "*", making(environment))
	tagged("cloudfront:TagResource", distribution, making(environment))
	ask("", "cloudfront:TagResource", "cloudfront::210987654321:distribution/0", making(environment)...)
	ask("", "cloudfront:TagResource", distribution, append(making(environment), "aws:ResourceTag/Environment=local")...)
	for _, action := range []string{"cloudfront:UpdateDistribution", "cloudfront:DeleteDistribution", "cloudfront:TagResource"} {
		tagged(action, distribution, owned(environment))
		ask("", action, "cloudfront::210987654321:distribution/0", owned(environment)...)
	}
	tagged("acm:DeleteCertificate", "acm"+there+"certificate/0", owned(environment))
	if environment == "prod" { // the others publish no host names
		tagged("acm:AddTagsToCertificate", "acm"+there+"certificate/0", making(environment))
	}
	ask("", "acm:AddTagsToCertificate", "acm"+there+"certificate/0", append(making(environment), "aws:ResourceTag/Environment=local")...)
}

// askEverywhere asks for what every deployment may do. Where AWS has no narrower resource, the condition limits it.
func askEverywhere(ask asker) {
	const deployments, all = "deploy-staging deploy-prod deploy-review", "preview deploy-staging deploy-prod deploy-review"
	ask(deployments, "ec2:AssociateAddress", "ec2"+here+"network-interface/eni-0")
	ask("", "ec2:AssociateAddress", "ec2:us-east-1:123456789012:network-interface/eni-0")
	ask("", "ec2:AssociateAddress", "ec2"+here+"network-interface/eni-0", "aws:ResourceTag/Environment=local")
	ask(deployments, "wafv2:CreateWebACL", "wafv2"+here+"regional/managedruleset/AWS/x")
	ask(deployments, "wafv2:UpdateWebACL", "wafv2:us-east-1:123456789012:global/managedruleset/AWS/x")
	ask(deployments, "cloudfront:CreateOriginAccessControl", "*")
	ask(deployments, "cloudfront:DeleteOriginAccessControl", "cloudfront::123456789012:origin-access-control/0")
	ask("", "cloudfront:DeleteOriginAccessControl", "cloudfront::210987654321:origin-access-control/0")
	ask("", "cloudfront:UpdateOriginAccessControl", "cloudfront::123456789012:origin-access-control/0")
	for _, pattern := range []string{"rds" + here + "og:default:mariadb-11-8", "elasticache" + here + "parametergroup:default.redis7"} {
		service, _, _ := strings.Cut(pattern, ":")
		action := map[string]string{"rds": "rds:CreateDBInstance", "elasticache": "elasticache:CreateReplicationGroup"}[service]
		ask(deployments, action, pattern)
		ask("", action, strings.Replace(pattern, "default", "other", 1))
	}
	ask("", "ec2:RevokeSecurityGroupIngress", "ec2:us-east-1:123456789012:security-group/sg-0")
	ask("", "iam:CreateServiceLinkedRole", "iam::123456789012:role/Admin", "iam:AWSServiceName=ecs.amazonaws.com")
	for action, target := range map[string]string{ // of make release
		"cloudwatch:DescribeAlarms": "cloudwatch" + here + "alarm:x", "cloudwatch:GetMetricData": "cloudwatch" + here + "dataset/x", "ecs:DescribeServices": "ecs" + here + "service/x/x",
		"elasticloadbalancing:DescribeListeners": "*", "elasticloadbalancing:DescribeRules": "*",
	} {
		ask(all, action, target)
	}
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
	both := func(one, other []string) []string { return append(slices.Clone(one), other...) }
	born := []string{"elasticloadbalancing:CreateAction=CreateRule"}
	for _, try := range []struct {
		action, resource string
		on, mine, others []string // the tags there, and those of a review's and of staging's own request
		roles            string   // that may do it as a review
	}{
		{"elasticloadbalancing:CreateRule", listener, owned("staging"), making(mine), making("staging"), "deploy-staging sharing"},
		{"elasticloadbalancing:AddTags", rule, born, making(mine), making("staging"), "sharing"},
		{"elasticloadbalancing:ModifyRule", rule, nil, owned(mine), owned("staging"), "sharing"},
		{"elasticloadbalancing:DeleteRule", rule, nil, owned(mine), owned("staging"), "sharing"},
		{"elasticloadbalancing:SetRulePriorities", rule, nil, owned(mine), owned("staging"), "sharing"},
		{"ecs:CreateService", service + "laravel-review-login-web-service-0123456", nil, making(mine), making("staging"), "sharing"},
		{"ecs:DeleteService", service + "laravel-review-login-web-service-0123456", nil, owned(mine), owned("staging"), "sharing"},
		{"ecs:TagResource", service + "laravel-review-login-web-service-0123456", []string{"ecs:CreateAction=CreateService"}, making(mine), making("staging"), "sharing"},
	} {
		ask(try.roles, try.action, try.resource, both(try.on, try.mine)...)
		ask("deploy-staging", try.action, try.resource, both(try.on, try.others)...)
		ask("", try.action, strings.Replace(try.resource, "staging", "prod", 1), try.mine...)
		alone, _, _ := strings.Cut(try.roles, "sharing") // staging may do what it likes on its own listener
		for _, tag := range try.mine {
			ask(alone, try.action, try.resource, both(try.on, []string{tag})...)
		}
	}
	const definition, logs = "ecs" + here + "task-definition/laravel-review-login-web-task:1", "logs" + here + "log-group:laravel-review-login-logs-web-0123456:log-stream:"
	const cluster = "ecs:cluster=arn:aws:ecs" + here + "cluster/laravel-staging-cluster-ecs-0123456"
	for _, try := range []struct {
		action, resource string
		in               []string
	}{{"ecs:RunTask", definition, []string{cluster}}, {"logs:FilterLogEvents", logs, nil}} { // the task that drops its database
		ask("sharing", try.action, try.resource, both(try.in, owned(mine))...)
		for _, tag := range owned(mine) {
			ask("", try.action, try.resource, both(try.in, []string{tag})...)
		}
		ask("", try.action, strings.Replace(try.resource, "review-login", "staging", 1), both(try.in, owned(mine))...)
		ask("", try.action, strings.Replace(try.resource, "eu-west-1", "us-east-1", 1), both(try.in, owned(mine))...)
		ask("", try.action, try.resource, both(try.in, owned("staging"))...)
	}
	ask("", "ecs:RunTask", definition, owned(mine)...)
	ask("", "ecs:RunTask", definition, append(owned(mine), strings.Replace(cluster, "staging", "prod", 1))...)
	ask("", "elasticloadbalancing:AddTags", rule, making(mine)...) // of a rule that is there
	ask("", "ecs:TagResource", service+"laravel-review-login-web-service-0123456", making(mine)...)
	ask("", "elasticloadbalancing:ModifyListener", listener, owned(mine)...)
	ask("deploy-staging", "elasticloadbalancing:ModifyListener", listener, owned("staging")...)
	ask("deploy-staging", "ecs:UpdateService", service+"laravel-staging-web-service-0123456", owned("staging")...)
	ask("", "ecs:UpdateService", service+"laravel-staging-web-service-0123456", owned(mine)...)
	ask("", "ecs:CreateService", service+"laravel-review-login-web-service-0123456", append(making(mine), "aws:ResourceTag/Environment=local")...)
	ask("", "elasticloadbalancing:ModifyRule", strings.Replace(rule, "staging", "other", 1), owned(mine)...)
	const alarm = "cloudwatch" + here + "alarm:TargetTracking-service/laravel-staging-cluster-ecs-0123456/laravel-"
	ask("deploy-staging sharing", "cloudwatch:PutMetricAlarm", alarm+"review-login-web-service-0123456-AlarmHigh-0")
	ask("", "cloudwatch:PutMetricAlarm", alarm+"review-login-web-service-0123456-AlarmHigh-0", "aws:ResourceTag/Environment=local")
	ask("deploy-staging", "cloudwatch:PutMetricAlarm", alarm+"staging-web-service-0123456-AlarmHigh-0")
	ask("deploy-staging", "ecs:DeleteCluster", "ecs"+here+"cluster/laravel-staging-cluster-ecs-0123456", owned("staging")...)
	ask("deploy-staging", "rds:ModifyDBInstance", "rds"+here+"db:laravel-staging-db-0123456", owned("staging")...)
}
