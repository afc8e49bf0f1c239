// Package creation computes how long AWS takes to make a stack: from what the engine was told to wait for, and from the usual times of
// AWS by type of resource.
package creation

import "github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

// Dated is when the sources of times were read.
const Dated = "2026-11-27"

// Other is how many seconds a type takes that times does not have: one call. In the logs below such types take 0 to 4.
const Other = 3

// usual is how long AWS usually takes to make a resource.
type usual struct {
	token   string
	when    func(apitype.ResourceV3) bool // nil: always
	about   string                        // when, in words
	seconds float64
	source  string
}

// Sources of several rows: logs of terraform apply. Pulumi's provider makes AWS's resources with the same code.
const (
	applied30  = "https://github.com/bshehram/myservice-devops-aws-tf/blob/main/SAMPLE_TF_APPLY.md (log of 2024-03-17)"
	applied255 = "https://github.com/bshehram/devops-aws-tf/blob/main/SAMPLE_TF_APPLY.md"
	appliedVPC = "https://github.com/DevopsArtFactory/terraform-provisioning/pull/4 (log of 2024-10-01)"
	appliedECS = "https://github.com/jina-ai/examples/pull/277 (log of 2020-11-11)"
	appliedSNS = "https://github.com/turbot/steampipe-plugin-aws/pull/62 (log of 2021-02-16)"
)

// times has first the more special row of a type. Where reports differ, it has the upper end: it decides what waits for what.
var times = []usual{
	{"aws:rds/instance:Instance", multiAZ, "multiAz", 1200, "15 to 20 minutes: https://github.com/hashicorp/terraform/issues/498; at most 20: " +
		"https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ConnectToOracleInstance.html, troubleshooting"},
	{"aws:rds/instance:Instance", nil, "", 600, "5 to 10 minutes: https://github.com/hashicorp/terraform/issues/498"},
	{"aws:elasticache/replicationGroup:ReplicationGroup", nil, "", 600, "made and deleted in 795 seconds: https://github.com/hashicorp/terraform-provider-aws/pull/17320 " +
		"(TestAccAWSElasticacheReplicationGroup_enableAtRestEncryption); four public logs have 6 to 9 minutes"},
	{"aws:cloudfront/distribution:Distribution", nil, "", 195, "3 minutes and 15 seconds: https://github.com/binbashar/le-tf-infra-aws/pull/408"},
	{"aws:ecs/service:Service", nil, "", 180, "with waitForSteadyState, 3 minutes: https://github.com/hashicorp/terraform-provider-aws/issues/16184"},
	{"aws:lb/loadBalancer:LoadBalancer", nil, "", 174, "162 seconds: " + applied30 + "; 174: https://github.com/DataBiosphere/azul/pull/5780"},
	{"aws:ec2/natGateway:NatGateway", nil, "", 124, "84 to 124 seconds: " + applied255},
	{"aws:acm/certificateValidation:CertificateValidation", nil, "", 61, "0 seconds after the record: " + applied30 + "; two other public logs have 2 and 61"},
	{"aws:route53/record:Record", nil, "", 57, "35 to 57 seconds: " + applied30},
	{"aws:autoscaling/group:Group", nil, "", 40, "the provider waits for the instances: https://github.com/hashicorp/terraform/pull/1839; one is made in 22 seconds (" +
		applied30 + ") and in service after 15 to 20 (https://github.com/upserve/aerosol/pull/60)"},
	{"aws:ec2/instance:Instance", nil, "", 22, applied30},
	{"aws:ec2/vpc:Vpc", nil, "", 22, "21 seconds with DNS host names: " + appliedVPC + "; 22: https://github.com/DevopsArtFactory/terraform-provisioning/pull/7"},
	{"aws:ecs/cluster:Cluster", nil, "", 11, "more than 10 seconds: " + appliedECS},
	{"aws:elasticache/subnetGroup:SubnetGroup", nil, "", 8, "2 to 8 seconds: https://github.com/turbot/steampipe-plugin-aws/pull/184"},
	{"aws:acm/certificate:Certificate", nil, "", 5, applied30},
	{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", nil, "", 5, "2 to 5 seconds: https://github.com/hashicorp-education/learn-terraform-variables/pull/6"},
	{"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", nil, "", 5, "2 to 5 seconds: https://github.com/hashicorp-education/learn-terraform-variables/pull/6"},
	{"aws:iam/role:Role", nil, "", 4, appliedECS},
	{"aws:sns/topic:Topic", nil, "", 3, appliedSNS},
	{"aws:cloudwatch/eventRule:EventRule", nil, "", 3, appliedSNS},
	{"aws:ecr/repository:Repository", nil, "", 3, appliedECS},
	{"aws:sns/topicPolicy:TopicPolicy", nil, "", 2, appliedSNS},
	{"aws:cloudwatch/eventTarget:EventTarget", nil, "", 2, appliedSNS},
	{"aws:ec2/securityGroup:SecurityGroup", nil, "", 2, applied30},
	{"aws:ecs/taskDefinition:TaskDefinition", nil, "", 2, appliedECS},
	{"aws:ec2/route:Route", nil, "", 2, "0 to 2 seconds: " + applied255},
	{"aws:ec2/routeTable:RouteTable", nil, "", 1, appliedVPC},
	{"aws:ec2/internetGateway:InternetGateway", nil, "", 1, appliedVPC},
	{"aws:ec2/eip:Eip", nil, "", 1, appliedVPC},
	{"aws:rds/subnetGroup:SubnetGroup", nil, "", 1, applied30},
	{"aws:rds/parameterGroup:ParameterGroup", nil, "", 1, applied30},
	{"aws:iam/rolePolicyAttachment:RolePolicyAttachment", nil, "", 1, applied30},
	{"aws:iam/instanceProfile:InstanceProfile", nil, "", 1, applied30},
	{"aws:lb/targetGroup:TargetGroup", nil, "", 0, applied30},
	{"aws:lb/listener:Listener", nil, "", 0, applied30},
	{"aws:lb/listenerRule:ListenerRule", nil, "", 0, applied30},
	{"random:index/randomPassword:RandomPassword", nil, "", 0, "made by the provider: " + applied30},
	{"docker:index/image:Image", nil, "", 300, "no source: a build from an empty cache and a push, on a machine of a pipeline"},
}

func multiAZ(r apitype.ResourceV3) bool {
	on, _ := r.Inputs["multiAz"].(bool)
	return on
}

// usually is the row of a resource.
func usually(r apitype.ResourceV3) (usual, bool) {
	for _, row := range times {
		if row.token == string(r.Type) && (row.when == nil || row.when(r)) {
			return row, true
		}
	}
	return usual{}, false
}
