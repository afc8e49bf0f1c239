package infra

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// AccessArgs names what the tasks may touch.
type AccessArgs struct {
	RepositoryARN pulumi.StringInput
	SecretARNs    []pulumi.StringInput
	LogGroupARNs  []pulumi.StringInput
	// Exec lets `aws ecs execute-command` open a shell in a task.
	Exec bool
}

// Access holds the two roles of a task: what ECS may do to start it, and what the application may do once it runs.
type Access struct {
	pulumi.ResourceState

	ExecutionRoleARN pulumi.StringOutput `pulumi:"executionRoleArn"`
	TaskRoleARN      pulumi.StringOutput `pulumi:"taskRoleArn"`

	policies []pulumi.Resource
}

const (
	tasksService     = "ecs-tasks.amazonaws.com"
	instancesService = "ec2.amazonaws.com"
	flowLogsService  = "vpc-flow-logs.amazonaws.com"

	instanceECSPolicy = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
	instanceSSMPolicy = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
)

// NewAccess registers both roles. Each names its resources; the two exceptions are actions that AWS defines without any.
func NewAccess(ctx *pulumi.Context, name string, args AccessArgs, opts ...pulumi.ResourceOption) (*Access, error) {
	a := &Access{}
	if err := ctx.RegisterComponentResource("laravel:infra:Access", name, a, opts...); err != nil {
		return nil, err
	}
	execution, err := newServiceRole(ctx, name+"-execution", tasksService, "Lets ECS pull the image, read the secrets and write the logs", pulumi.Parent(a))
	if err != nil {
		return nil, fmt.Errorf("creating execution role: %w", err)
	}
	logStreams := make([]pulumi.StringInput, len(args.LogGroupARNs))
	for i, arn := range args.LogGroupARNs {
		logStreams[i] = pulumi.Sprintf("%s:*", arn)
	}
	if err := a.allow(ctx, name+"-execution", execution,
		Statement{Actions: []string{"ecr:GetAuthorizationToken"}, Resources: []pulumi.StringInput{pulumi.String("*")}}, // has no resource
		Statement{
			Actions:   []string{"ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"},
			Resources: []pulumi.StringInput{args.RepositoryARN},
		},
		Statement{Actions: []string{"secretsmanager:GetSecretValue"}, Resources: args.SecretARNs},
		Statement{Actions: []string{"logs:CreateLogStream", "logs:PutLogEvents"}, Resources: logStreams},
	); err != nil {
		return nil, fmt.Errorf("creating execution policy: %w", err)
	}
	task, err := newServiceRole(ctx, name+"-task", tasksService, "What the application itself may do on AWS", pulumi.Parent(a))
	if err != nil {
		return nil, fmt.Errorf("creating task role: %w", err)
	}
	if args.Exec {
		if err := a.allow(ctx, name+"-task", task, Statement{
			Actions: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
			Resources: []pulumi.StringInput{pulumi.String("*")}, // has no resource
		}); err != nil {
			return nil, fmt.Errorf("creating task policy: %w", err)
		}
	}
	a.ExecutionRoleARN, a.TaskRoleARN = execution.Arn, task.Arn
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"executionRoleArn": a.ExecutionRoleARN, "taskRoleArn": a.TaskRoleARN})
}

// Policies must outlive the services: a role that loses its policy first leaves its service draining for ever.
func (a *Access) Policies() []pulumi.Resource { return a.policies }

func (a *Access) allow(ctx *pulumi.Context, logical string, role *iam.Role, statements ...Statement) error {
	policy, err := iam.NewRolePolicy(ctx, logical, &iam.RolePolicyArgs{
		Role: role.ID(), Policy: policyDocument(statements...),
	}, pulumi.Parent(a))
	a.policies = append(a.policies, policy)
	return err
}

// newInstanceProfile registers what the instances themselves may do: join the cluster, and be reached by Session Manager.
func newInstanceProfile(ctx *pulumi.Context, logical string, opts ...pulumi.ResourceOption) (*iam.InstanceProfile, error) {
	role, err := newServiceRole(ctx, logical, instancesService, "Lets instances join the ECS cluster", opts...)
	if err != nil {
		return nil, err
	}
	managed := map[string]string{"ecs": instanceECSPolicy, "ssm": instanceSSMPolicy}
	var attached []pulumi.Resource
	for _, key := range slices.Sorted(maps.Keys(managed)) {
		attachment, err := iam.NewRolePolicyAttachment(ctx, logical+"-"+key, &iam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: pulumi.String(managed[key]),
		}, opts...)
		if err != nil {
			return nil, err
		}
		attached = append(attached, attachment)
	}
	// An instance that starts before its role has the policies does not join, and does not try for long.
	return iam.NewInstanceProfile(ctx, logical, &iam.InstanceProfileArgs{Role: role.Name}, append(opts, pulumi.DependsOn(attached))...)
}
