// Package watch holds log groups, alarms, dashboards and notifications.
package watch

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	logGroupName  = regexp.MustCompile(`^[0-9A-Za-z_./#-]+$`)
	dashboardName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	emailAddress  = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
)

// Service is CloudWatch with its logs, EventBridge, and SNS.
var Service = account.Service{Types: append([]account.Type{
	{
		Token: account.LogGroupToken, Args: cloudwatch.LogGroupArgs{}, State: cloudwatch.LogGroup{}, OtherRegions: true,
		Name:     account.Name{Property: "name", Max: 512},
		ForceNew: []string{"name", "namePrefix", "logGroupClass"},
		Defaults: account.Values{"retentionInDays": 0.0, "skipDestroy": false, "logGroupClass": "STANDARD"},
		Rules: []account.Rule{
			account.Length("name", 1, 512),
			account.Matches("name", logGroupName, "only letters, digits and _ - / . # are allowed"),
			account.Text("name", func(text string) string {
				if strings.HasPrefix(text, "aws/") {
					return "begins with aws/, which is reserved for AWS"
				}
				return ""
			}),
			account.Member("retentionInDays", 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
		},
		Identity: account.Identity{
			ID: "{name}", ARN: "logs:log-group:{name}",
			Taken: "ResourceAlreadyExistsException: The specified log group already exists: {name}; import it",
		},
	},
	alarm,
	{
		Token: account.DashboardToken, Args: cloudwatch.DashboardArgs{}, State: cloudwatch.Dashboard{},
		ForceNew: []string{"dashboardName"},
		Rules: []account.Rule{
			account.Length("dashboardName", 1, 255),
			account.Matches("dashboardName", dashboardName, "only letters, digits, hyphens and underscores are allowed"),
			account.JSON("dashboardBody"),
		},
		Check:    checkDashboard,
		Identity: account.Identity{ID: "{dashboardName}", Outputs: account.Values{"dashboardArn": "arn:aws:cloudwatch::{account}:dashboard/{dashboardName}"}},
	},
	{
		Token: account.TopicToken, Args: sns.TopicArgs{}, State: sns.Topic{},
		Name:     account.Name{Property: "name", Max: 256},
		ForceNew: []string{"name", "namePrefix", "fifoTopic"},
		Defaults: account.Values{"contentBasedDeduplication": false, "fifoTopic": false},
		Rules:    []account.Rule{account.Length("name", 1, 256), account.Matches("name", dashboardName, "only letters, digits, hyphens and underscores are allowed")},
		Identity: account.Identity{
			ID: "{arn}", ARN: "sns:{name}", Outputs: account.Values{"owner": "{account}"},
			Taken: "InvalidParameter: Invalid parameter: Attributes Reason: Topic already exists with different attributes: {name}",
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.Outputs["policy"] = fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",`+
				`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",`+
				`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",`+
				`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`, r.ID, tx.AccountID())
			return nil
		},
	},
	{
		Token: account.SubscriptionToken, Args: sns.TopicSubscriptionArgs{}, State: sns.TopicSubscription{},
		Required: []string{"topic"},
		ForceNew: []string{"endpoint", "protocol", "topic"},
		Defaults: account.Values{"confirmationTimeoutInMinutes": 1.0, "endpointAutoConfirms": false, "rawMessageDelivery": false},
		Refs:     []account.Ref{{Path: "topic", Type: account.TopicToken, By: "arn", Missing: "NotFound"}},
		Rules: []account.Rule{
			account.OneOf("protocol", "email"), // what the program subscribes
			account.ARN("topic"),
			account.Matches("endpoint", emailAddress, "invalid parameter: Email address"),
		},
		// The addressee confirms with a link in a message.
		Identity: account.Identity{ID: "{topic}:{uuid}", Outputs: account.Values{
			"arn": "{id}", "ownerId": "{account}", "pendingConfirmation": true, "confirmationWasAuthenticated": false,
		}},
	},
}, append(events, schedule)...), Functions: []account.Function{{
	Token: "aws:cloudwatch/getLogGroups:getLogGroups", Args: cloudwatch.GetLogGroupsArgs{}, Result: cloudwatch.GetLogGroupsResult{}, Run: getLogGroups,
}}}

// getLogGroups lists the groups whose names begin alike (terraform-provider-aws, internal/service/logs/groups_data_source.go).
func getLogGroups(tx *account.Tx, args account.Values) (account.Values, error) {
	var names, arns []string
	for _, group := range tx.List(account.LogGroupToken) {
		if strings.HasPrefix(group.ID, args.Text("logGroupNamePrefix")) {
			names, arns = append(names, group.ID), append(arns, group.Outputs.Text("arn"))
		}
	}
	return account.Values{"id": tx.Region(), "logGroupNamePrefix": args["logGroupNamePrefix"], "logGroupNames": account.Texts(names...), "arns": account.Texts(arns...)}, nil
}

// checkDashboard applies the rules of CloudWatch's dashboard body
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html).
func checkDashboard(r *account.Rules) {
	body, known := account.ParseJSON(r.In.Text("dashboardBody"))
	if !known {
		return
	}
	if !body.Has("widgets") {
		r.Refuse("dashboardBody", "the dashboard body is invalid: should have required property 'widgets'")
	}
	needs := map[string][]string{"metric": {"region"}, "text": {"markdown"}, "log": {"region", "query"}, "alarm": {"alarms"}}
	for i, widget := range body.Blocks("widgets") {
		required, ok := needs[widget.Text("type")]
		if !ok {
			r.Refuse("dashboardBody", "widgets[%d].type %q is not one of %s", i, widget.Text("type"), strings.Join(account.SortedKeys(needs), ", "))
		}
		for _, name := range required {
			if !widget.Has("properties." + name) {
				r.Refuse("dashboardBody", "widgets[%d] of type %s should have required property '%s'", i, widget.Text("type"), name)
			}
		}
		if widget.Text("type") == "metric" && !widget.Has("properties.metrics") && !widget.Has("properties.annotations") {
			r.Refuse("dashboardBody", "widgets[%d] of type metric should have required property 'metrics' or 'annotations'", i)
		}
		checkMetrics(r, i, widget.List("properties.metrics"))
		for property, limit := range map[string][2]int{"x": {0, 23}, "width": {1, 24}, "height": {1, 1000}} {
			if n, ok := widget.Int(property); ok && (n < limit[0] || n > limit[1]) {
				r.Refuse("dashboardBody", "widgets[%d].%s is %d; it is %d to %d", i, property, n, limit[0], limit[1])
			}
		}
	}
}

var (
	metricID = regexp.MustCompile(`^[a-z][A-Za-z0-9_]*$`)
	operand  = regexp.MustCompile(`\b[a-z][A-Za-z0-9_]*\b`)
)

// checkMetrics refuses an expression on what its graph does not have. An id begins with a lower-case letter, a function has none
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html).
func checkMetrics(r *account.Rules, widget int, metrics []any) {
	ids, expressions := map[string]bool{}, []string{}
	for _, one := range metrics {
		metric, _ := one.([]any)
		if len(metric) == 0 {
			r.Refuse("dashboardBody", "widgets[%d].properties.metrics should be arrays of names and dimensions", widget)
			continue
		}
		rendering, _ := metric[len(metric)-1].(map[string]any)
		if id, given := rendering["id"].(string); given {
			if !metricID.MatchString(id) || ids[id] {
				r.Refuse("dashboardBody", "widgets[%d]: the id %q is taken, or does not begin with a lower-case letter", widget, id)
			}
			ids[id] = true
		}
		if text, given := rendering["expression"].(string); given {
			expressions = append(expressions, operand.FindAllString(text, -1)...)
		}
	}
	for _, id := range expressions {
		if !ids[id] {
			r.Refuse("dashboardBody", "widgets[%d]: an expression is on %q, which is no id of its metrics", widget, id)
		}
	}
}
