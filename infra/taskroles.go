package infra

import (
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// TaskRolesArgs names what the tasks may use.
type TaskRolesArgs struct {
	RepositoryARN pulumi.StringInput
	SecretARNs    []pulumi.StringInput
	LogGroupARNs  []pulumi.StringInput
	// Exec lets `aws ecs execute-command` open a shell in a task.
	Exec bool
	// ExecLogARN is the log group of these sessions, which the agent in the task writes to; nil for none.
	ExecLogARN pulumi.StringInput
	// Storage is the bucket for the application's files; nil for none.
	Storage *Storage
	// Policies are the ARNs of managed policies for the application.
	Policies []string
	// Queue has Laravel's jobs; nil where they are not in SQS.
	Queue *Queue
}

// TaskRoles are the two roles of a task. ECS uses the execution role to start it, and the application uses the task role.
type TaskRoles struct {
	pulumi.ResourceState

	ExecutionRoleARN pulumi.StringOutput `pulumi:"executionRoleArn"`
	TaskRoleARN      pulumi.StringOutput `pulumi:"taskRoleArn"`

	policies []pulumi.Resource
}

// NewTaskRoles registers both roles. Every statement names its resources, but for actions that AWS defines without any.
func NewTaskRoles(ctx *pulumi.Context, name string, args TaskRolesArgs, opts ...pulumi.ResourceOption) (*TaskRoles, error) {
	r := &TaskRoles{}
	// The type keeps its first name, Access: it is part of the URN of everything below.
	if err := ctx.RegisterComponentResource("laravel:infra:Access", name, r, opts...); err != nil {
		return nil, err
	}
	execution, err := NewServiceRole(ctx, name+"-execution", tasksService, "Lets ECS pull the image, read the secrets and write the logs", nil, pulumi.Parent(r))
	if err != nil {
		return nil, fmt.Errorf("creating execution role: %w", err)
	}
	logStreams := make([]pulumi.StringInput, len(args.LogGroupARNs))
	for i, arn := range args.LogGroupARNs {
		logStreams[i] = pulumi.Sprintf("%s:*", arn)
	}
	if err := r.allow(ctx, name+"-execution", execution,
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
	task, err := NewServiceRole(ctx, name+"-task", tasksService, "What the application itself may do on AWS", AccountID(ctx, r), pulumi.Parent(r))
	if err != nil {
		return nil, fmt.Errorf("creating task role: %w", err)
	}
	var statements []Statement
	if args.Exec {
		statements = append(statements, Statement{
			Actions: []string{
				"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
			Resources: []pulumi.StringInput{pulumi.String("*")}, // has no resource
		})
		if args.ExecLogARN != nil {
			statements = append(statements,
				Statement{Actions: []string{"logs:DescribeLogGroups"}, Resources: []pulumi.StringInput{pulumi.String("*")}},
				Statement{
					Actions:   []string{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"},
					Resources: []pulumi.StringInput{pulumi.Sprintf("%s:*", args.ExecLogARN)},
				})
		}
	}
	if args.Storage != nil {
		statements = append(statements, args.Storage.statements()...)
	}
	if args.Queue != nil {
		statements = append(statements, args.Queue.statements()...)
		r.policies = append(r.policies, args.Queue.policies...)
	}
	if len(statements) > 0 {
		if err := r.allow(ctx, name+"-task", task, statements...); err != nil {
			return nil, fmt.Errorf("creating task policy: %w", err)
		}
	}
	for _, arn := range args.Policies {
		attachment, err := iam.NewRolePolicyAttachment(ctx, name+"-task-"+path.Base(arn), &iam.RolePolicyAttachmentArgs{
			Role: task.Name, PolicyArn: pulumi.String(arn),
		}, pulumi.Parent(r))
		if err != nil {
			return nil, fmt.Errorf("attaching %s: %w", arn, err)
		}
		r.policies = append(r.policies, attachment)
	}
	r.ExecutionRoleARN, r.TaskRoleARN = execution.Arn, task.Arn
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"executionRoleArn": r.ExecutionRoleARN, "taskRoleArn": r.TaskRoleARN})
}

// Ready must exist before a service, and be deleted after it: a service whose role lost its policy stays DRAINING.
func (r *TaskRoles) Ready() []pulumi.Resource { return r.policies }

func (r *TaskRoles) allow(ctx *pulumi.Context, logical string, role *iam.Role, statements ...Statement) error {
	policy, err := iam.NewRolePolicy(ctx, logical, &iam.RolePolicyArgs{
		Role: role.ID(), Policy: PolicyDocument(statements...),
	}, pulumi.Parent(r))
	r.policies = append(r.policies, policy)
	return err
}

// NewInstanceProfile registers what an instance may do: accept sessions of Session Manager, and join a cluster.
func NewInstanceProfile(ctx *pulumi.Context, logical, description string, joins bool, parent pulumi.Resource) (*iam.InstanceProfile, error) {
	child := pulumi.Parent(parent)
	role, err := NewServiceRole(ctx, logical, instancesService, description, nil, child)
	if err != nil {
		return nil, err
	}
	managed := map[string]string{"ssm": instanceSSMPolicy}
	if joins {
		managed["ecs"] = instanceECSPolicy
	}
	var attached []pulumi.Resource
	for _, key := range slices.Sorted(maps.Keys(managed)) {
		attachment, err := iam.NewRolePolicyAttachment(ctx, logical+"-"+key, &iam.RolePolicyAttachmentArgs{
			Role: role.Name, PolicyArn: ManagedPolicy(ctx, managed[key], parent),
		}, child)
		if err != nil {
			return nil, err
		}
		attached = append(attached, attachment)
	}
	// An instance that starts before its role has the policies does not join the cluster, and stops trying soon.
	return iam.NewInstanceProfile(ctx, logical, &iam.InstanceProfileArgs{Role: role.Name}, child, pulumi.DependsOn(attached))
}
