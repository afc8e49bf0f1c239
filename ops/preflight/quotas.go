package preflight

import (
	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// planned are the resources of a stack before and after a deployment.
type planned struct{ before, after []cost.Resource }

// quota is a limit of an account in a region, under the name and codes of Service Quotas (aws service-quotas list-service-quotas).
type quota struct {
	name, service, code string
	// kind is the CloudFormation type of what the account has already; empty where what the stack itself has is all that counts.
	kind string
	need func(planned) float64
}

var quotas = []quota{
	{"VPCs per Region", "vpc", "L-F678F1CE", "AWS::EC2::VPC", more("aws:ec2/vpc:Vpc")},
	{"Internet gateways per Region", "vpc", "L-A4707A72", "AWS::EC2::InternetGateway", more("aws:ec2/internetGateway:InternetGateway")},
	{"EC2-VPC Elastic IPs", "ec2", "L-0263D0A3", "AWS::EC2::EIP", more("aws:ec2/eip:Eip")},
	{"Inbound or outbound rules per security group", "vpc", "L-0EA8095F", "", rulesOfAGroup},
	{"Application Load Balancers per Region", "elasticloadbalancing", "L-53DA6B97", "AWS::ElasticLoadBalancingV2::LoadBalancer", more("aws:lb/loadBalancer:LoadBalancer")},
	{"Target Groups per Region", "elasticloadbalancing", "L-B22855CB", "AWS::ElasticLoadBalancingV2::TargetGroup", more("aws:lb/targetGroup:TargetGroup")},
	{"DB instances", "rds", "L-7B6409FD", "AWS::RDS::DBInstance", more("aws:rds/instance:Instance", "aws:rds/clusterInstance:ClusterInstance")},
	{"DB clusters", "rds", "L-952B80B8", "AWS::RDS::DBCluster", more("aws:rds/cluster:Cluster")},
	// What other instances use of these two is not known: there is no list of vCPUs.
	{"Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, vCPUs", "ec2", "L-1216C47A", "", vCPUs(false)},
	{"All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests, vCPUs", "ec2", "L-34B43A08", "", vCPUs(true)},
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html; new accounts have less than the page says.
	{"Fargate On-Demand vCPU resource count", "fargate", "L-3032A538", "", taskVCPUs("FARGATE")},
	{"Fargate Spot vCPU resource count", "fargate", "L-36FBB829", "", taskVCPUs("FARGATE_SPOT")},
}

// more is how many resources of the types a deployment adds.
func more(tokens ...string) func(planned) float64 {
	return func(p planned) float64 {
		added := 0
		for _, token := range tokens {
			added += len(ofType(p.after, token)) - len(ofType(p.before, token))
		}
		return max(0, float64(added))
	}
}

func ofType(resources []cost.Resource, token string) (list []cost.Resource) {
	for _, r := range resources {
		if r.Type == token {
			list = append(list, r)
		}
	}
	return list
}

// originFacingWeight is as how many rules CloudFront's managed prefix list counts
// (https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html).
const originFacingWeight = 55

// rulesOfAGroup is the largest number of rules in one direction that a security group gets. Before the first deployment groups have no ids
// yet, and the rules of all groups count as those of one: more than it will be.
func rulesOfAGroup(p planned) (most float64) {
	for _, token := range []string{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"} {
		count := map[any]float64{}
		for _, r := range ofType(p.after, token) {
			group := r.Properties["securityGroupId"]
			count[group]++
			if list, _ := r.Properties["prefixListId"].(string); list != "" {
				count[group] += originFacingWeight - 1
			}
			most = max(most, count[group])
		}
	}
	return most
}

// taskVCPUs is what the tasks on a capacity provider of Fargate need when all services have as many as they may, and a release starts as many more.
func taskVCPUs(provider string) func(planned) float64 {
	return func(p planned) (sum float64) {
		for _, r := range ofType(p.after, "aws:ecs/service:Service") {
			sum += cost.TaskVCPUs(p.after, r, provider)
		}
		return sum
	}
}

// vCPUs is what the instances of the largest type need when the Auto Scaling group has as many as it may, on demand or as spot.
func vCPUs(spot bool) func(planned) float64 {
	return func(p planned) (sum float64) {
		for _, r := range ofType(p.after, "aws:autoscaling/group:Group") {
			fleet := cost.FleetOf(r)
			onDemand := fleet.OnDemand(fleet.Max)
			count := onDemand
			if spot {
				count = fleet.Max - onDemand
			}
			largest := 0
			for _, name := range fleet.Types {
				if t, err := config.ParseInstanceType(name); err == nil {
					largest = max(largest, t.VCPUs)
				}
			}
			sum += count * float64(largest)
		}
		return sum
	}
}
