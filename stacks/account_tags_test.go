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
	"aws:acm/certificate:Certificate":                           tags("acm", "certificate/0"),
	"aws:appautoscaling/target:Target":                          tags("application-autoscaling", "scalable-target/0"),
	"aws:autoscaling/group:Group":                               tags("autoscaling", "autoScalingGroup:0:autoScalingGroupName/%"),
	"aws:backup/plan:Plan":                                      tags("backup", "backup-plan:0"),
	"aws:backup/vault:Vault":                                    tags("backup", "backup-vault:%"),
	"aws:kms/key:Key":                                           {"kms:TagResource", "kms:UntagResource", "kms:eu-central-1:123456789012:key/0"},
	"aws:cloudfront/distribution:Distribution":                  {"cloudfront:TagResource", "cloudfront:UntagResource", "cloudfront::123456789012:distribution/0"},
	"aws:cloudwatch/eventRule:EventRule":                        tags("events", "rule/%"),
	"aws:cloudwatch/logGroup:LogGroup":                          tags("logs", "log-group:%"),
	"aws:cloudwatch/metricAlarm:MetricAlarm":                    tags("cloudwatch", "alarm:%"),
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":         tags("ec2", "security-group/0"),
	"aws:ec2/eip:Eip":                                           tags("ec2", "elastic-ip/0"),
	"aws:ec2/flowLog:FlowLog":                                   tags("ec2", "vpc-flow-log/0"),
	"aws:ec2/instance:Instance":                                 tags("ec2", "instance/0"),
	"aws:ec2/internetGateway:InternetGateway":                   tags("ec2", "internet-gateway/0"),
	"aws:ec2/launchTemplate:LaunchTemplate":                     tags("ec2", "launch-template/0"),
	"aws:ec2/natGateway:NatGateway":                             tags("ec2", "natgateway/0"),
	"aws:ec2/routeTable:RouteTable":                             tags("ec2", "route-table/0"),
	"aws:ec2/securityGroup:SecurityGroup":                       tags("ec2", "security-group/0"),
	"aws:ec2/subnet:Subnet":                                     tags("ec2", "subnet/0"),
	"aws:ec2/vpc:Vpc":                                           tags("ec2", "vpc/0"),
	"aws:ec2/vpcEndpoint:VpcEndpoint":                           tags("ec2", "vpc-endpoint/0"),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   tags("ec2", "security-group-rule/0"),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": tags("ec2", "security-group-rule/0"),
	"aws:ecr/repository:Repository":                             tags("ecr", "repository/%"),
	"aws:ecs/capacityProvider:CapacityProvider":                 tags("ecs", "capacity-provider/%"),
	"aws:ecs/cluster:Cluster":                                   tags("ecs", "cluster/%"),
	"aws:ecs/service:Service":                                   tags("ecs", "service/%/%"),
	"aws:ecs/taskDefinition:TaskDefinition":                     tags("ecs", "task-definition/%:1"),
	"aws:elasticache/cluster:Cluster":                           tags("elasticache", "cluster:%"),
	"aws:elasticache/replicationGroup:ReplicationGroup":         tags("elasticache", "replicationgroup:%"),
	"aws:elasticache/subnetGroup:SubnetGroup":                   tags("elasticache", "subnetgroup:%"),
	"aws:iam/instanceProfile:InstanceProfile":                   {"iam:TagInstanceProfile", "iam:UntagInstanceProfile", "iam::123456789012:instance-profile/%"},
	"aws:iam/role:Role":                                         {"iam:TagRole", "iam:UntagRole", "iam::123456789012:role/%"},
	"aws:lb/listener:Listener":                                  tags("elasticloadbalancing", "listener/app/%/0/1"),
	"aws:lb/listenerRule:ListenerRule":                          tags("elasticloadbalancing", "listener-rule/app/%/0/1/2"),
	"aws:lb/loadBalancer:LoadBalancer":                          tags("elasticloadbalancing", "loadbalancer/app/%/0"),
	"aws:lb/targetGroup:TargetGroup":                            tags("elasticloadbalancing", "targetgroup/%/0"),
	"aws:rds/cluster:Cluster":                                   tags("rds", "cluster:%"),
	"aws:rds/clusterInstance:ClusterInstance":                   tags("rds", "db:%"),
	"aws:rds/clusterParameterGroup:ClusterParameterGroup":       tags("rds", "cluster-pg:%"),
	"aws:rds/eventSubscription:EventSubscription":               tags("rds", "es:%"),
	"aws:rds/instance:Instance":                                 tags("rds", "db:%"),
	"aws:rds/parameterGroup:ParameterGroup":                     tags("rds", "pg:%"),
	"aws:rds/subnetGroup:SubnetGroup":                           tags("rds", "subgrp:%"),
	"aws:s3/bucketV2:BucketV2":                                  {"s3:PutBucketTagging", "s3:PutBucketTagging", "s3:::%"},
	"aws:secretsmanager/secret:Secret":                          tags("secretsmanager", "secret:%"),
	"aws:sns/topic:Topic":                                       tags("sns", "%"),
	"aws:sqs/queue:Queue":                                       {"sqs:TagQueue", "sqs:UntagQueue", "sqs" + here + "%"},
	"aws:wafv2/webAcl:WebAcl":                                   tags("wafv2", "regional/webacl/%/0"),
}

// verbs are the actions of services that do not call them TagResource and UntagResource.
var verbs = map[string][2]string{
	"acm":                  {"AddTagsToCertificate", "RemoveTagsFromCertificate"},
	"autoscaling":          {"CreateOrUpdateTags", "DeleteTags"},
	"ec2":                  {"CreateTags", "DeleteTags"},
	"elasticache":          {"AddTagsToResource", "RemoveTagsFromResource"},
	"elasticloadbalancing": {"AddTags", "RemoveTags"},
	"rds":                  {"AddTagsToResource", "RemoveTagsFromResource"},
}

// tags are how a service tags a resource of the account.
func tags(service, resource string) [3]string {
	actions, other := verbs[service]
	if !other {
		actions = [2]string{"TagResource", "UntagResource"}
	}
	return [3]string{service + ":" + actions[0], service + ":" + actions[1], service + here + resource}
}

// TestATagMayBeAdded: the pipelines may add a tag to every kind of resource that exists, and take it away.
func TestATagMayBeAdded(t *testing.T) {
	r := deploy(t, "account", with(accountConfig(t), "account", "deploy.review.copies", "eu-central-1"))
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
	keys := append(slices.Clone(reference.Keys), "aws:RequestedRegion") // which every request has
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
