package vpc

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// createFlowLog logs rejected connections.
func (n *Network) createFlowLog(ctx *pulumi.Context, name string) error {
	group, err := cloudwatch.NewLogGroup(ctx, name+"-flow", &cloudwatch.LogGroupArgs{
		RetentionInDays: pulumi.Int(n.args.FlowLogDays),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	role, err := infra.NewServiceRole(ctx, name+"-flow", infra.FlowLogsService, "Lets VPC flow logs write to CloudWatch", infra.AccountID(ctx, n), pulumi.Parent(n))
	if err != nil {
		return err
	}
	policy, err := iam.NewRolePolicy(ctx, name+"-flow", &iam.RolePolicyArgs{
		Role: role.ID(),
		Policy: infra.PolicyDocument(infra.Statement{
			Actions:   []string{"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"},
			Resources: []pulumi.StringInput{group.Arn, pulumi.Sprintf("%s:*", group.Arn)},
		}),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	_, err = ec2.NewFlowLog(ctx, name+"-flow", &ec2.FlowLogArgs{
		VpcId: n.vpc.ID(),
		// An investigation needs the rejected connections. To log all of them costs about as much as the NAT.
		TrafficType:    pulumi.String("REJECT"),
		LogDestination: group.Arn,
		IamRoleArn:     role.Arn,
		Tags:           nameTag(name + "-flow"),
	}, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{policy}))
	return err
}
