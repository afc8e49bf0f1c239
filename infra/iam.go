package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Statement is one entry of a policy document. An empty Effect means Allow. Principals, for resource policies, are names by AWS,
// Service or Federated. Condition is operator -> key -> value.
type Statement struct {
	Effect     string
	Principals map[string]any
	Actions    []string
	Resources  []pulumi.StringInput
	Condition  map[string]any
}

// PolicyDocument renders statements as an IAM policy. Its keys are sorted, so the text is the same in every run.
func PolicyDocument(statements ...Statement) pulumi.StringOutput {
	var list []any
	for _, s := range statements {
		effect := s.Effect
		if effect == "" {
			effect = "Allow"
		}
		entry := map[string]any{"Effect": effect, "Action": s.Actions}
		if s.Principals != nil {
			entry["Principal"] = s.Principals
		}
		if len(s.Resources) > 0 {
			resources := make([]any, len(s.Resources))
			for i, r := range s.Resources {
				resources[i] = r
			}
			entry["Resource"] = resources
		}
		if s.Condition != nil {
			entry["Condition"] = s.Condition
		}
		list = append(list, entry)
	}
	return pulumi.JSONMarshal(map[string]any{"Version": "2012-10-17", "Statement": list})
}

// refuseWithoutTLS is for the policy of a resource, as the security best practices of S3 and of SQS have it in their guides.
func refuseWithoutTLS(action string, resources ...pulumi.StringInput) Statement {
	return Statement{
		Effect: "Deny", Principals: map[string]any{"AWS": "*"}, Actions: []string{action}, Resources: resources,
		Condition: map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
	}
}

// NewServiceRole registers a role that one AWS service may assume. With an account, it may do so on behalf of that account only, where
// the service says for whom it acts: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html. ECS says so for task roles
// (task-iam-roles.html of its developer guide), VPC flow logs (flow-logs-iam-role.html), RDS monitoring (USER_Monitoring.OS.Enabling.html) and
// EventBridge Scheduler (cross-service-confused-deputy-prevention.html) for theirs. EC2 does not, nor is it documented for the execution role
// of ECS and for AWS Backup.
func NewServiceRole(ctx *pulumi.Context, logical, service, description string, account pulumi.StringInput, opts ...pulumi.ResourceOption) (*iam.Role, error) {
	trust := Statement{Principals: map[string]any{"Service": service}, Actions: []string{"sts:AssumeRole"}}
	if account != nil {
		trust.Condition = map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": account}}
	}
	return iam.NewRole(ctx, logical, &iam.RoleArgs{
		Description: pulumi.String(description), AssumeRolePolicy: PolicyDocument(trust),
	}, opts...)
}

// AccountID is the number of the account that the parent's provider deploys to.
func AccountID(ctx *pulumi.Context, parent pulumi.Resource) pulumi.StringOutput {
	return aws.GetCallerIdentityOutput(ctx, aws.GetCallerIdentityOutputArgs{}, pulumi.Parent(parent)).AccountId()
}

// Partition is the partition that the parent's provider deploys to: aws, aws-cn or aws-us-gov. The provider knows it from its region and asks
// nobody (https://github.com/hashicorp/terraform-provider-aws, internal/service/meta/partition_data_source.go).
func Partition(ctx *pulumi.Context, parent pulumi.Resource) pulumi.StringOutput {
	return aws.GetPartitionOutput(ctx, aws.GetPartitionOutputArgs{}, pulumi.Parent(parent)).Partition()
}

// ManagedPolicy is the ARN of a policy of AWS in the partition of the parent's provider.
func ManagedPolicy(ctx *pulumi.Context, name string, parent pulumi.Resource) pulumi.StringOutput {
	return pulumi.Sprintf(managedPolicies, Partition(ctx, parent), name)
}

// AttachedPolicies are the ARNs of the managed policies that components attach to roles.
func AttachedPolicies(partition string) (list []string) {
	for _, name := range []string{instanceECSPolicy, instanceSSMPolicy, monitoringPolicy, BackupPolicy} {
		list = append(list, fmt.Sprintf(managedPolicies, partition, name))
	}
	return list
}

// FlowLogsService is the service of VPC flow logs, MonitoringService that of RDS's enhanced monitoring, BackupService AWS Backup, and
// SchedulerService EventBridge Scheduler. They have the same names in every partition
// (https://github.com/aws/aws-cdk, packages/aws-cdk-lib/region-info/lib/default.ts: service principals are now globally SERVICE.amazonaws.com).
const (
	FlowLogsService   = "vpc-flow-logs.amazonaws.com"
	MonitoringService = "monitoring.rds.amazonaws.com"
	BackupService     = "backup.amazonaws.com"
	SchedulerService  = "scheduler.amazonaws.com"
)

// BackupPolicy is what AWS Backup needs for snapshots and their copies:
// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html.
const BackupPolicy = "service-role/AWSBackupServiceRolePolicyForBackup"

const (
	tasksService     = "ecs-tasks.amazonaws.com"
	instancesService = "ec2.amazonaws.com"

	managedPolicies   = "arn:%s:iam::aws:policy/%s" // partition, path and name
	instanceECSPolicy = "service-role/AmazonEC2ContainerServiceforEC2Role"
	instanceSSMPolicy = "AmazonSSMManagedInstanceCore"
	monitoringPolicy  = "service-role/AmazonRDSEnhancedMonitoringRole"
)

// RoleServices are the services that components make roles for.
var RoleServices = []string{instancesService, tasksService, FlowLogsService, MonitoringService, BackupService, SchedulerService}
