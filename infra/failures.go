package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// failedDeployments reports to the topic when ECS gives a deployment of a service up, also one that nobody waits for: after an instance
// was replaced, or after the pipeline's job was cut off.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_service_deployment_events.html
func (o *Observability) failedDeployments(ctx *pulumi.Context, name string) error {
	if len(o.args.Services) == 0 {
		return nil
	}
	var services []any
	for _, process := range sortedKeys(o.args.Services) {
		services = append(services, o.args.Services[process].ARN)
	}
	rule, err := cloudwatch.NewEventRule(ctx, name+"-deployments", &cloudwatch.EventRuleArgs{
		Description: pulumi.String("ECS gave up a deployment and rolled back"),
		EventPattern: pulumi.JSONMarshal(map[string]any{
			"source": []string{"aws.ecs"}, "detail-type": []string{"ECS Deployment State Change"},
			"resources": services, "detail": map[string]any{"eventName": []string{"SERVICE_DEPLOYMENT_FAILED"}},
		}),
	}, pulumi.Parent(o))
	if err != nil {
		return fmt.Errorf("creating event rule: %w", err)
	}
	policy, err := o.topicPolicy(ctx, name, rule)
	if err != nil {
		return fmt.Errorf("creating topic policy: %w", err)
	}
	_, err = cloudwatch.NewEventTarget(ctx, name+"-deployments", &cloudwatch.EventTargetArgs{Rule: rule.Name, Arn: o.topic.Arn},
		pulumi.Parent(o), pulumi.DependsOn([]pulumi.Resource{policy}))
	return err
}

// topicPolicy lets CloudWatch's alarms, the rule and RDS's events publish. EventBridge is not let in by the policy that SNS gives a topic:
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions.
func (o *Observability) topicPolicy(ctx *pulumi.Context, name string, rule *cloudwatch.EventRule) (*sns.TopicPolicy, error) {
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
				allow("Deployments", "events.amazonaws.com", map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rule.Arn}}),
			},
		}),
	}, pulumi.Parent(o))
}
