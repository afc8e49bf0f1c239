package pipeline

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// within are all permissions that a role of an environment can have, whatever its policies say: what ECS, its agent, Session Manager
// and an application need, in the environment's own names. Nothing of IAM or STS is among them, so no role leads to another one.
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html). To give the application a service that is not
// here, add it, and deploy the account stack.
var within = []permission{
	{"cloudwatch:PutMetricData ec2:DescribeInstances ec2:DescribeTags ecr:GetAuthorizationToken ecs:DiscoverPollEndpoint logs:DescribeLogGroups", anything},
	// Session Manager: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonSSMManagedInstanceCore.html. Without
	// ssm:GetParameter, which would read the parameters of others.
	{"ec2messages:AcknowledgeMessage ec2messages:DeleteMessage ec2messages:FailMessage ec2messages:GetEndpoint ec2messages:GetMessages ec2messages:SendReply", anything},
	{"ssm:DescribeAssociation ssm:DescribeDocument ssm:GetDeployablePatchSnapshotForInstance ssm:GetDocument ssm:GetManifest ssm:ListAssociations ssm:ListInstanceAssociations ssm:PutComplianceItems ssm:PutConfigurePackageResult ssm:PutInventory ssm:UpdateAssociationStatus ssm:UpdateInstanceAssociationStatus ssm:UpdateInstanceInformation", anything},
	{"ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel", anything},
	// The agent of ECS: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEC2ContainerServiceforEC2Role.html
	{"ecs:DeregisterContainerInstance ecs:Poll ecs:RegisterContainerInstance ecs:StartTelemetrySession ecs:SubmitAttachmentStateChanges ecs:SubmitContainerStateChange ecs:SubmitTaskStateChange ecs:TagResource ecs:UpdateContainerInstancesState",
		scope{"ecs:{region}:{account}:cluster/{name} ecs:{region}:{account}:container-instance/{name} ecs:{region}:{account}:task/{name}", always}},
	{"ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer", scope{"ecr:{region}:{account}:repository/{name}", always}},
	{"secretsmanager:DescribeSecret secretsmanager:GetSecretValue", scope{"secretsmanager:{region}:{account}:secret:{name}", always}},
	{"secretsmanager:DescribeSecret secretsmanager:GetSecretValue", scope{"secretsmanager:{region}:{account}:secret:{shared}", always}},
	{"logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents", scope{"logs:{region}:{account}:log-group:{name}", always}},
	{"logs:CreateLogStream logs:DescribeLogStreams logs:PutLogEvents", scope{"logs:{region}:{account}:log-group:{shared}", always}}, // sessions of ECS Exec in a shared cluster
	// Enhanced monitoring of RDS, whose one log group all instances of the account and region share:
	// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonRDSEnhancedMonitoringRole.html. RDS refuses a role without these.
	{"logs:CreateLogGroup logs:PutRetentionPolicy", scope{"logs:{region}:{account}:log-group:RDS*", always}},
	{"logs:CreateLogStream logs:DescribeLogStreams logs:GetLogEvents logs:PutLogEvents", scope{"logs:{region}:{account}:log-group:RDS*:log-stream:*", always}},
	// AWS Backup makes, copies and deletes snapshots:
	// https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSBackupServiceRolePolicyForBackup.html. Those of other environments
	// have their tags, which a snapshot gets from its instance and from the plan.
	{"backup:CopyFromBackupVault backup:CopyIntoBackupVault backup:DescribeBackupVault kms:DescribeKey rds:DescribeDBInstances rds:DescribeDBSnapshots rds:ListTagsForResource tag:GetResources", anything},
	{"rds:CreateDBSnapshot", scope{"rds:{region}:{account}:db:{name}", always}},
	{"rds:AddTagsToResource rds:CopyDBSnapshot rds:CreateDBSnapshot", newSnapshots},
	{"rds:AddTagsToResource rds:CopyDBSnapshot rds:DeleteDBSnapshot rds:ModifyDBSnapshotAttribute", snapshots},
	{"rds:AddTagsToResource rds:CopyDBSnapshot", newCopies},
	{"rds:AddTagsToResource rds:CopyDBSnapshot rds:DeleteDBSnapshot", copied},
	{"kms:CreateGrant", grants},
	// Nights off (infra/nights): EventBridge Scheduler stops and starts what is the environment's.
	{"application-autoscaling:RegisterScalableTarget", scope{"application-autoscaling:{region}:{account}:scalable-target/*", whenScaling.and(whenOwned)}},
	{"ecs:UpdateService", scope{"ecs:{region}:{account}:service/{name}", always}},
	{"ecs:UpdateService", scope{"ecs:{region}:{account}:service/{shared}/{name}", always}},
	{"elasticloadbalancing:ModifyRule", scope{"elasticloadbalancing:{region}:{account}:listener-rule/app/{name}", always}},
	{"rds:StartDBInstance rds:StopDBInstance", scope{"rds:{region}:{account}:db:{name}", always}},
	{"rds:StartDBCluster rds:StopDBCluster", scope{"rds:{region}:{account}:cluster:{name}", always}},
	// The application: what Laravel's drivers for files, queues, mail and cache use.
	{"s3:AbortMultipartUpload s3:DeleteObject s3:GetObject s3:GetObjectAcl s3:ListBucket s3:PutObject s3:PutObjectAcl", scope{"s3:::{name}", always}},
	{"sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:PurgeQueue sqs:ReceiveMessage sqs:SendMessage", scope{"sqs:{region}:{account}:{name}", always}},
	{"sns:Publish", subscriptions},
	{"dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:GetItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem", scope{"dynamodb:{region}:{account}:table/{name}", always}},
	{"ses:SendEmail ses:SendRawEmail", scope{"ses:{region}:{account}:identity/* ses:{region}:{account}:configuration-set/{name}", always}},
}

// Boundary is the permissions boundary of an environment's roles.
type Boundary struct {
	pulumi.ResourceState

	ARN pulumi.StringOutput `pulumi:"arn"`
}

// NewBoundary registers the policy. Its name is fixed, so that a stack file can have the ARN before the policy is there. Its
// description never changes: that would replace the policy, which roles use.
func NewBoundary(ctx *pulumi.Context, name string, reach Reach, opts ...pulumi.ResourceOption) (*Boundary, error) {
	b := &Boundary{}
	if err := ctx.RegisterComponentResource("laravel:infra:PermissionsBoundary", name, b, opts...); err != nil {
		return nil, err
	}
	statements := reach.grant(within, func(permission, string) string { return "" })[""]
	policy, err := iam.NewPolicy(ctx, name+"-policy", &iam.PolicyArgs{
		Name: pulumi.String(name), Description: pulumi.String("All that the roles of the environment can have"), Policy: infra.PolicyDocument(statements...),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, fmt.Errorf("creating policy: %w", err)
	}
	b.ARN = policy.Arn
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"arn": b.ARN})
}
