package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// failure is an event that is reported to the topic.
type failure struct {
	name, why string
	pattern   map[string]any
}

// failures are events that no metric tells of: ECS gives a deployment of a service up, also one that nobody waits for, after an instance
// was replaced or after the pipeline's job was cut off; a snapshot is not made, or not copied.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
// https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html
func (o *Observability) failures() (list []failure) {
	if len(o.args.Services) > 0 {
		var services []any
		for _, process := range sortedKeys(o.args.Services) {
			services = append(services, o.args.Services[process].ARN)
		}
		list = append(list, failure{"deployments", "ECS gave up a deployment and rolled back", map[string]any{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Deployment State Change"},
			"resources": services, "detail": map[string]any{"eventName": []string{"SERVICE_DEPLOYMENT_FAILED"}},
		}})
	}
	if o.args.Copies != nil {
		list = append(list, failure{"copies", "AWS Backup failed to make or to copy a snapshot of the database", map[string]any{
			"source": []string{"aws.backup"}, "detail-type": []string{"Backup Job State Change", "Copy Job State Change"},
			"detail": map[string]any{"iamRoleArn": []any{o.args.Copies.RoleARN}, "state": []string{"ABORTED", "EXPIRED", "FAILED"}},
		}})
	}
	return list
}

// reportFailures has EventBridge send the failures to the topic.
func (o *Observability) reportFailures(ctx *pulumi.Context, name string) error {
	var rules []*cloudwatch.EventRule
	var arns []any
	failures := o.failures()
	for _, f := range failures {
		rule, err := o.rule(ctx, name, f)
		if err != nil {
			return err
		}
		rules, arns = append(rules, rule), append(arns, rule.Arn)
	}
	if len(rules) == 0 {
		return nil
	}
	policy, err := o.topicPolicy(ctx, name, arns)
	if err != nil {
		return fmt.Errorf("creating topic policy: %w", err)
	}
	for i, f := range failures {
		_, err := cloudwatch.NewEventTarget(ctx, name+"-"+f.name, &cloudwatch.EventTargetArgs{Rule: rules[i].Name, Arn: o.topic.Arn},
			pulumi.Parent(o), pulumi.DependsOn([]pulumi.Resource{policy}))
		if err != nil {
			return fmt.Errorf("creating event target %s: %w", f.name, err)
		}
	}
	return nil
}

// finishedBackups has EventBridge count the backups that RDS finishes. Nobody gets the events: db-backup is an alarm on their number.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html,
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
func (o *Observability) finishedBackups(ctx *pulumi.Context, name string) (err error) {
	if o.args.BackupDays == 0 {
		return nil
	}
	o.backups, err = o.rule(ctx, name, failure{"backups", "RDS finished a backup of the database", map[string]any{
		"source": []string{"aws.rds"}, "detail-type": []string{"RDS DB Instance Event"},
		"detail": map[string]any{"SourceIdentifier": []any{o.args.Database.Identifier}, "EventID": []string{"RDS-EVENT-0002"}},
	}})
	return err
}

func (o *Observability) rule(ctx *pulumi.Context, name string, f failure) (*cloudwatch.EventRule, error) {
	rule, err := cloudwatch.NewEventRule(ctx, name+"-"+f.name, &cloudwatch.EventRuleArgs{
		Description: pulumi.String(f.why), EventPattern: pulumi.JSONMarshal(f.pattern),
	}, pulumi.Parent(o))
	if err != nil {
		return nil, fmt.Errorf("creating event rule %s: %w", f.name, err)
	}
	return rule, nil
}

// topicPolicy lets CloudWatch's alarms, the rules and RDS's events publish. EventBridge is not let in by the policy that SNS gives a topic:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions.
func (o *Observability) topicPolicy(ctx *pulumi.Context, name string, rules []any) (*sns.TopicPolicy, error) {
	allow := func(id, service string, condition map[string]any) map[string]any {
		return map[string]any{
			"Sid": id, "Effect": "Allow", "Principal": map[string]any{"Service": service}, "Action": "sns:Publish", "Resource": o.topic.Arn, "Condition": condition,
		}
	}
	return sns.NewTopicPolicy(ctx, name+"-alarms", &sns.TopicPolicyArgs{
		Arn: o.topic.Arn,
		Policy: pulumi.JSONMarshal(map[string]any{
			"Version": "2012-10-17",
			"Statement": []any{
				allow("Alarms", "cloudwatch.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": o.topic.Owner}}),
				allow("Database", "events.rds.amazonaws.com", map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": o.topic.Owner}}),
				allow("Deployments", "events.amazonaws.com", map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rules}}),
			},
		}),
	}, pulumi.Parent(o))
}
