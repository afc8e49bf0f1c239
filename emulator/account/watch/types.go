package watch

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// watchTypes are what tells people how the system is doing: logs, alarms, dashboards and notifications.
var watchTypes = []account.Type{
	{
		Token: account.LogGroupToken, Args: cloudwatch.LogGroupArgs{}, State: cloudwatch.LogGroup{},
		Name:     account.Name{Property: "name", Max: 512},
		ForceNew: []string{"name", "namePrefix", "logGroupClass"},
		Defaults: account.Values{"retentionInDays": 0.0, "skipDestroy": false, "logGroupClass": "STANDARD"},
		Check:    checkLogGroup,
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := r.Outputs.Text("name")
			_, taken := tx.Get(account.LogGroupToken, name)
			if _, kept := tx.Get(account.KeptLogGroupToken, name); taken || kept {
				return tx.Refuse("ResourceAlreadyExistsException", "The specified log group already exists: %s; import it or choose another name", name)
			}
			r.ID = name
			r.Outputs["arn"] = tx.ARN("logs", "log-group:"+name)
			return nil
		},
		Delete: func(tx *account.Tx, r *account.Resource) error {
			if r.Outputs.True("skipDestroy") {
				tx.Put("", account.Resource{Type: account.KeptLogGroupToken, ID: r.ID, Inputs: account.Values{}, Outputs: account.Values{"arn": r.Outputs["arn"]}})
			}
			return nil
		},
	},
	{
		Token: account.AlarmToken, Args: cloudwatch.MetricAlarmArgs{}, State: cloudwatch.MetricAlarm{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Defaults: account.Values{"actionsEnabled": true, "treatMissingData": "missing"},
		Check:    checkAlarm,
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("name")
			r.Outputs["arn"] = tx.ARN("cloudwatch", "alarm:"+r.ID)
			return judgeAlarm(tx, r)
		},
		Update: func(tx *account.Tx, _, next *account.Resource) error { return judgeAlarm(tx, next) },
	},
	{
		Token: account.DashboardToken, Args: cloudwatch.DashboardArgs{}, State: cloudwatch.Dashboard{},
		ForceNew: []string{"dashboardName"},
		Check:    checkDashboard,
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("dashboardName")
			r.Outputs["dashboardArn"] = tx.GlobalARN("cloudwatch", "dashboard/"+r.ID)
			return nil
		},
	},
	{
		Token: account.TopicToken, Args: sns.TopicArgs{}, State: sns.Topic{},
		Name:     account.Name{Property: "name", Max: 256},
		ForceNew: []string{"name", "namePrefix", "fifoTopic"},
		Defaults: account.Values{"contentBasedDeduplication": false, "fifoTopic": false},
		Check:    checkTopic,
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := r.Outputs.Text("name")
			r.ID = tx.ARN("sns", name)
			if _, taken := tx.Get(account.TopicToken, r.ID); taken {
				return tx.Refuse("InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes: %s; choose another name", name)
			}
			r.Outputs["arn"] = r.ID
			r.Outputs["owner"] = tx.AccountID()
			if !r.Outputs.Has("policy") {
				r.Outputs["policy"] = fmt.Sprintf(`{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow",`+
					`"Principal":{"AWS":"*"},"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission",`+
					`"SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],"Resource":"%s",`+
					`"Condition":{"StringEquals":{"AWS:SourceOwner":"%s"}}}]}`, r.ID, tx.AccountID())
			}
			return nil
		},
	},
	{
		Token: account.SubscriptionToken, Args: sns.TopicSubscriptionArgs{}, State: sns.TopicSubscription{},
		Required: []string{"topic"},
		ForceNew: []string{"endpoint", "protocol", "topic"},
		Defaults: account.Values{"confirmationTimeoutInMinutes": 1.0, "endpointAutoConfirms": false, "rawMessageDelivery": false},
		Refs:     []account.Ref{{Path: "topic", Type: account.TopicToken, By: "arn", Missing: "NotFound"}},
		Check:    checkSubscription,
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("topic") + ":" + tx.UUID()
			r.Outputs["arn"] = r.ID
			r.Outputs["ownerId"] = tx.AccountID()
			protocol := r.Outputs.Text("protocol")
			// People confirm by a link in the message; other services of AWS need no confirmation.
			r.Outputs["pendingConfirmation"] = slices.Contains([]string{"email", "email-json", "http", "https"}, protocol) && !r.Outputs.True("endpointAutoConfirms")
			r.Outputs["confirmationWasAuthenticated"] = !r.Outputs.True("pendingConfirmation")
			if r.Outputs.Has("filterPolicy") {
				account.SetDefault(r.Outputs, "filterPolicyScope", "MessageAttributes")
			}
			return nil
		},
	},
}
