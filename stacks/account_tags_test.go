package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/infra/pipeline"
)

// tagging is how the provider changes tags of a resource that exists: the actions, and the resource, whose name begins with %. It sends
// the changed tags only (updateTags of each service in https://github.com/hashicorp/terraform-provider-aws, internal/service/*/tags_gen.go),
// so a new tag comes without Application and Environment.
var tagging = map[string][3]string{
	"aws:acm/certificate:Certificate":                           {"acm:AddTagsToCertificate", "acm:RemoveTagsFromCertificate", "acm" + here + "certificate/0"},
	"aws:appautoscaling/target:Target":                          {"application-autoscaling:TagResource", "application-autoscaling:UntagResource", "application-autoscaling" + here + "scalable-target/0"},
	"aws:autoscaling/group:Group":                               {"autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags", "autoscaling" + here + "autoScalingGroup:0:autoScalingGroupName/%"},
	"aws:cloudwatch/eventRule:EventRule":                        {"events:TagResource", "events:UntagResource", "events" + here + "rule/%"},
	"aws:cloudwatch/logGroup:LogGroup":                          {"logs:TagResource", "logs:UntagResource", "logs" + here + "log-group:%"},
	"aws:cloudwatch/metricAlarm:MetricAlarm":                    {"cloudwatch:TagResource", "cloudwatch:UntagResource", "cloudwatch" + here + "alarm:%"},
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":         ec2Tags("security-group"),
	"aws:ec2/eip:Eip":                                           ec2Tags("elastic-ip"),
	"aws:ec2/flowLog:FlowLog":                                   ec2Tags("vpc-flow-log"),
	"aws:ec2/instance:Instance":                                 ec2Tags("instance"),
	"aws:ec2/internetGateway:InternetGateway":                   ec2Tags("internet-gateway"),
	"aws:ec2/launchTemplate:LaunchTemplate":                     ec2Tags("launch-template"),
	"aws:ec2/natGateway:NatGateway":                             ec2Tags("natgateway"),
	"aws:ec2/routeTable:RouteTable":                             ec2Tags("route-table"),
	"aws:ec2/securityGroup:SecurityGroup":                       ec2Tags("security-group"),
	"aws:ec2/subnet:Subnet":                                     ec2Tags("subnet"),
	"aws:ec2/vpc:Vpc":                                           ec2Tags("vpc"),
	"aws:ec2/vpcEndpoint:VpcEndpoint":                           ec2Tags("vpc-endpoint"),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   ec2Tags("security-group-rule"),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2Tags("security-group-rule"),
	"aws:ecr/repository:Repository":                             {"ecr:TagResource", "ecr:UntagResource", "ecr" + here + "repository/%"},
	"aws:ecs/capacityProvider:CapacityProvider":                 {"ecs:TagResource", "ecs:UntagResource", "ecs" + here + "capacity-provider/%"},
	"aws:ecs/cluster:Cluster":                                   {"ecs:TagResource", "ecs:UntagResource", "ecs" + here + "cluster/%"},
	"aws:ecs/service:Service":                                   {"ecs:TagResource", "ecs:UntagResource", "ecs" + here + "service/%/%"},
	"aws:ecs/taskDefinition:TaskDefinition":                     {"ecs:TagResource", "ecs:UntagResource", "ecs" + here + "task-definition/%:1"},
	"aws:elasticache/cluster:Cluster":                           {"elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource", "elasticache" + here + "cluster:%"},
	"aws:elasticache/replicationGroup:ReplicationGroup":         {"elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource", "elasticache" + here + "replicationgroup:%"},
	"aws:elasticache/subnetGroup:SubnetGroup":                   {"elasticache:AddTagsToResource", "elasticache:RemoveTagsFromResource", "elasticache" + here + "subnetgroup:%"},
	"aws:iam/instanceProfile:InstanceProfile":                   {"iam:TagInstanceProfile", "iam:UntagInstanceProfile", "iam::123456789012:instance-profile/%"},
	"aws:iam/role:Role":                                         {"iam:TagRole", "iam:UntagRole", "iam::123456789012:role/%"},
	"aws:lb/listener:Listener":                                  {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", "elasticloadbalancing" + here + "listener/app/%/0/1"},
	"aws:lb/listenerRule:ListenerRule":                          {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", "elasticloadbalancing" + here + "listener-rule/app/%/0/1/2"},
	"aws:lb/loadBalancer:LoadBalancer":                          {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", "elasticloadbalancing" + here + "loadbalancer/app/%/0"},
	"aws:lb/targetGroup:TargetGroup":                            {"elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags", "elasticloadbalancing" + here + "targetgroup/%/0"},
	"aws:rds/eventSubscription:EventSubscription":               {"rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds" + here + "es:%"},
	"aws:rds/instance:Instance":                                 {"rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds" + here + "db:%"},
	"aws:rds/parameterGroup:ParameterGroup":                     {"rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds" + here + "pg:%"},
	"aws:rds/subnetGroup:SubnetGroup":                           {"rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds" + here + "subgrp:%"},
	"aws:s3/bucketV2:BucketV2":                                  {"s3:PutBucketTagging", "s3:PutBucketTagging", "s3:::%"},
	"aws:secretsmanager/secret:Secret":                          {"secretsmanager:TagResource", "secretsmanager:UntagResource", "secretsmanager" + here + "secret:%"},
	"aws:sns/topic:Topic":                                       {"sns:TagResource", "sns:UntagResource", "sns" + here + "%"},
	"aws:wafv2/webAcl:WebAcl":                                   {"wafv2:TagResource", "wafv2:UntagResource", "wafv2" + here + "regional/webacl/%/0"},
}

func ec2Tags(kind string) [3]string {
	return [3]string{"ec2:CreateTags", "ec2:DeleteTags", "ec2" + here + kind + "/0"}
}

// TestATagMayBeAdded: the pipelines may add a tag to every kind of resource that exists, and take it away.
func TestATagMayBeAdded(t *testing.T) {
	r := deployAccount(t)
	for role, environment := range map[string]string{"deploy-prod": "prod", "deploy-review": "review-login"} {
		grants := infratest.Grants{Policies: policiesOf(t, r, role)}
		for token, how := range tagging {
			for _, action := range slices.Compact(how[:2]) {
				resource := strings.ReplaceAll(how[2], "%", "laravel-"+environment+"-x")
				request := try(action, resource, slices.Concat(owned(environment), []string{"aws:RequestTag/Team=shop", "aws:TagKeys=Team"})...).request()
				request.Context = sentWith(t, action, request.Context)
				if !grants.Allow(t, request)[0] {
					t.Errorf("%s: %s may not %s", token, role, action)
				}
			}
		}
	}
}

// sentWith are the condition keys that AWS sends with an action.
func sentWith(t testing.TB, action string, context map[string]infratest.Texts) map[string]infratest.Texts {
	t.Helper()
	reference := infratest.Describe(t, []string{action})[action]
	keys := slices.Clone(reference.Keys)
	for _, kind := range reference.Types {
		keys = append(keys, kind.Keys...)
	}
	sent := map[string]infratest.Texts{}
	for key, values := range context {
		if slices.ContainsFunc(keys, func(form string) bool { return sameKey(form, key) }) {
			sent[key] = values
		}
	}
	return sent
}

// TestEveryTaggedTypeIsAmongThem: a type that is tagged when it is made has its line above.
func TestEveryTaggedTypeIsAmongThem(t *testing.T) {
	declared := map[string]bool{}
	for _, r := range variants(t) {
		for _, one := range r.All() {
			declared[one.Type] = true
		}
	}
	for token := range declared {
		actions, _ := pipeline.PermittedActions(token)
		tags := slices.ContainsFunc(actions, func(action string) bool {
			_, verb, _ := strings.Cut(action, ":")
			return strings.HasPrefix(verb, "Tag") || strings.HasPrefix(verb, "AddTags") || strings.HasPrefix(verb, "CreateTags")
		})
		if _, listed := tagging[token]; tags && !listed {
			t.Errorf("%s is tagged, and tagging has no line for it", token)
		}
	}
}
