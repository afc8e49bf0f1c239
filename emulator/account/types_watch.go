package account

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"
)

const (
	logGroupToken     = "aws:cloudwatch/logGroup:LogGroup"
	keptLogGroupToken = "aws:cloudwatch/keptLogGroup:KeptLogGroup" // left behind by skipDestroy
	alarmToken        = "aws:cloudwatch/metricAlarm:MetricAlarm"
	dashboardToken    = "aws:cloudwatch/dashboard:Dashboard"
	topicToken        = "aws:sns/topic:Topic"
	subscriptionToken = "aws:sns/topicSubscription:TopicSubscription"
)

// watchTypes are what tells people how the system is doing: logs, alarms, dashboards and notifications.
var watchTypes = []Type{
	{
		Token: logGroupToken, Args: cloudwatch.LogGroupArgs{}, State: cloudwatch.LogGroup{},
		Name:     Name{Property: "name", Max: 512},
		ForceNew: []string{"name", "namePrefix", "logGroupClass"},
		Defaults: Values{"retentionInDays": 0.0, "skipDestroy": false, "logGroupClass": "STANDARD"},
		Check:    checkLogGroup,
		Create: func(tx *Tx, r *Resource) error {
			name := r.Outputs.Text("name")
			_, taken := tx.Get(logGroupToken, name)
			if _, kept := tx.Get(keptLogGroupToken, name); taken || kept {
				return tx.Refuse("ResourceAlreadyExistsException", "The specified log group already exists: %s; import it or choose another name", name)
			}
			r.ID = name
			r.Outputs["arn"] = tx.ARN("logs", "log-group:"+name)
			return nil
		},
		Delete: func(tx *Tx, r *Resource) error {
			if r.Outputs.True("skipDestroy") {
				tx.Put("", Resource{Type: keptLogGroupToken, ID: r.ID, Inputs: Values{}, Outputs: Values{"arn": r.Outputs["arn"]}})
			}
			return nil
		},
	},
	{
		Token: alarmToken, Args: cloudwatch.MetricAlarmArgs{}, State: cloudwatch.MetricAlarm{},
		Name:     Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Defaults: Values{"actionsEnabled": true, "treatMissingData": "missing"},
		Check:    checkAlarm,
		Create: func(tx *Tx, r *Resource) error {
			r.ID = r.Outputs.Text("name")
			r.Outputs["arn"] = tx.ARN("cloudwatch", "alarm:"+r.ID)
			return tx.judgeAlarm(r)
		},
		Update: func(tx *Tx, _, next *Resource) error { return tx.judgeAlarm(next) },
	},
	{
		Token: dashboardToken, Args: cloudwatch.DashboardArgs{}, State: cloudwatch.Dashboard{},
		ForceNew: []string{"dashboardName"},
		Check:    checkDashboard,
		Create: func(tx *Tx, r *Resource) error {
			r.ID = r.Outputs.Text("dashboardName")
			r.Outputs["dashboardArn"] = tx.GlobalARN("cloudwatch", "dashboard/"+r.ID)
			return nil
		},
	},
	{
		Token: topicToken, Args: sns.TopicArgs{}, State: sns.Topic{},
		Name:     Name{Property: "name", Max: 256},
		ForceNew: []string{"name", "namePrefix", "fifoTopic"},
		Defaults: Values{"contentBasedDeduplication": false, "fifoTopic": false},
		Check:    checkTopic,
		Create: func(tx *Tx, r *Resource) error {
			name := r.Outputs.Text("name")
			r.ID = tx.ARN("sns", name)
			if _, taken := tx.Get(topicToken, r.ID); taken {
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
		Token: subscriptionToken, Args: sns.TopicSubscriptionArgs{}, State: sns.TopicSubscription{},
		Required: []string{"topic"},
		ForceNew: []string{"endpoint", "protocol", "topic"},
		Defaults: Values{"confirmationTimeoutInMinutes": 1.0, "endpointAutoConfirms": false, "rawMessageDelivery": false},
		Refs:     []Ref{{Path: "topic", Type: topicToken, By: "arn", Missing: "NotFound"}},
		Check:    checkSubscription,
		Create: func(tx *Tx, r *Resource) error {
			r.ID = r.Outputs.Text("topic") + ":" + tx.UUID()
			r.Outputs["arn"] = r.ID
			r.Outputs["ownerId"] = tx.AccountID()
			protocol := r.Outputs.Text("protocol")
			// People confirm by a link in the message; other services of AWS need no confirmation.
			r.Outputs["pendingConfirmation"] = slices.Contains([]string{"email", "email-json", "http", "https"}, protocol) && !r.Outputs.True("endpointAutoConfirms")
			r.Outputs["confirmationWasAuthenticated"] = !r.Outputs.True("pendingConfirmation")
			if r.Outputs.Has("filterPolicy") {
				setDefault(r.Outputs, "filterPolicyScope", "MessageAttributes")
			}
			return nil
		},
	},
}
