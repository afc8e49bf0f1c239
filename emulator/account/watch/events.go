package watch

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

const eventRuleToken = "aws:cloudwatch/eventRule:EventRule"

// events are the types of EventBridge, and the policy that lets it publish.
var events = []account.Type{
	{
		Token: eventRuleToken, Args: cloudwatch.EventRuleArgs{}, State: cloudwatch.EventRule{},
		Name:     account.Name{Property: "name", Max: 64},
		ForceNew: []string{"eventBusName", "name", "namePrefix"},
		Defaults: account.Values{"eventBusName": "default", "state": "ENABLED", "forceDestroy": false},
		Rules: []account.Rule{
			account.Length("name", 1, 64),
			account.Length("description", 0, 512),
			account.JSON("eventPattern"),
		},
		Check: checkPattern,
		Identity: account.Identity{
			ID: "{name}", ARN: "events:rule/{name}", Taken: "ResourceAlreadyExistsException: Rule {name} already exists.",
		},
	},
	{
		Token: "aws:cloudwatch/eventTarget:EventTarget", Args: cloudwatch.EventTargetArgs{}, State: cloudwatch.EventTarget{},
		ForceNew: []string{"eventBusName", "rule", "targetId"},
		Defaults: account.Values{"eventBusName": "default"},
		Rules:    []account.Rule{account.ARN("arn")},
		Refs: []account.Ref{
			// DeleteRule, EventBridge API reference: "you must remove all targets, using RemoveTargets".
			{Path: "rule", Type: eventRuleToken, By: "name", Missing: "ResourceNotFoundException", InUse: "ValidationException"},
			{Path: "arn", Type: account.TopicToken, By: "arn", Missing: "ResourceNotFoundException"},
		},
		Identity: account.Identity{ID: "{rule}-{targetId}", Outputs: account.Values{"targetId": "terraform-{digits:20}"}},
	},
	{
		// The policy of a topic is one: this replaces the one that SNS gave it, and a delete brings that back.
		Token: "aws:sns/topicPolicy:TopicPolicy", Args: sns.TopicPolicyArgs{}, State: sns.TopicPolicy{},
		Required: []string{"policy"},
		ForceNew: []string{"arn"},
		Rules:    []account.Rule{account.JSON("policy")},
		Refs:     []account.Ref{{Path: "arn", Type: account.TopicToken, By: "arn", Missing: "NotFound"}},
		Identity: account.Identity{ID: "{arn}", Outputs: account.Values{"owner": "{account}"}},
		Complete: func(tx *account.Tx, r *account.Resource) error {
			if fault := policydoc.Fault(r.Outputs.Text("policy"), policydoc.Resource); fault != "" {
				return tx.Refuse("InvalidParameter", "Invalid parameter: Policy Error: %s", fault)
			}
			return nil
		},
	},
}

// checkPattern refuses patterns that EventBridge calls invalid: every field is a list of values, or an object with fields
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern.html).
func checkPattern(r *account.Rules) {
	if !r.In.Has("eventPattern") && !r.In.Has("scheduleExpression") {
		r.Refuse("eventPattern", "one of eventPattern and scheduleExpression is required")
	}
	pattern, known := account.ParseJSON(r.In.Text("eventPattern"))
	if !known {
		return
	}
	var check func(path string, fields map[string]any)
	check = func(path string, fields map[string]any) {
		for name, value := range fields {
			switch value := value.(type) {
			case map[string]any:
				check(path+name+".", value)
			case []any:
				if len(value) == 0 {
					r.Refuse("eventPattern", "Event pattern is not valid. Reason: Empty arrays are not allowed: %s", path+name)
				}
			default:
				r.Refuse("eventPattern", "Event pattern is not valid. Reason: %q must be an object or an array", path+name)
			}
		}
	}
	check("", pattern)
}
