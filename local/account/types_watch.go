package account

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

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

var logGroupName = regexp.MustCompile(`^[0-9A-Za-z_./#-]+$`)

func checkLogGroup(in Values) []Problem {
	r := rules{in: in}
	r.conflict("name", "namePrefix")
	r.length("name", 1, 512)
	for _, path := range []string{"name", "namePrefix"} {
		r.matches(path, logGroupName, "only letters, digits and _ - / . # are allowed")
		r.each(path, func(place, text string) {
			if strings.HasPrefix(text, "aws/") {
				r.refuse(place, "%q begins with aws/, which is reserved for AWS", text)
			}
		})
	}
	r.member("retentionInDays", 0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
	r.oneOf("logGroupClass", "STANDARD", "INFREQUENT_ACCESS", "DELIVERY")
	r.arn("kmsKeyId")
	return r.problems
}

var metricUnits = strings.Fields(`
	Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count
	Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second
	Gigabits/Second Terabits/Second Count/Second None`)

var extendedStatistic = regexp.MustCompile(`^(p(\d{1,2}(\.\d{0,2})?|100)|(tm|wm|tc|ts|pr|TM|WM|TC|TS|PR)(\d{1,2}(\.\d+)?|100|\(.*:.*\))|IQM)$`)

func checkAlarm(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.length("alarmDescription", 0, 1024)
	r.oneOf("comparisonOperator", "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
		"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
	r.exactlyOne("metricName", "metricQueries")
	r.oneOf("statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum")
	r.matches("extendedStatistic", extendedStatistic, "a percentile such as p95 or a trimmed mean such as tm90 is needed")
	r.conflict("statistic", "extendedStatistic")
	r.oneOf("treatMissingData", "missing", "ignore", "breaching", "notBreaching")
	r.oneOf("evaluateLowSampleCountPercentiles", "evaluate", "ignore")
	r.oneOf("unit", metricUnits...)
	r.between("evaluationPeriods", 1, 1<<31-1)
	r.between("datapointsToAlarm", 1, 1<<31-1)
	if in.Has("metricName") {
		for _, name := range []string{"namespace", "period"} {
			if !in.Has(name) {
				r.refuse(name, "is required with metricName")
			}
		}
		if !in.Has("statistic") && !in.Has("extendedStatistic") {
			r.refuse("statistic", "statistic or extendedStatistic is required with metricName")
		}
	}
	if in.Has("metricQueries") {
		for _, name := range []string{"namespace", "period", "statistic", "extendedStatistic", "dimensions", "unit"} {
			if in.Has(name) {
				r.refuse(name, "cannot be set together with metricQueries")
			}
		}
		r.queries()
	}
	periods, counted := in.Int("evaluationPeriods")
	if needed, ok := in.Int("datapointsToAlarm"); ok && counted && needed > periods {
		r.refuse("datapointsToAlarm", "%d is above evaluationPeriods %d", needed, periods)
	}
	if seconds, ok := in.Int("period"); ok {
		if seconds != 10 && seconds != 20 && seconds != 30 && (seconds < 60 || seconds%60 != 0) {
			r.refuse("period", "%d is not 10, 20, 30 or a multiple of 60", seconds)
		}
		longest := 86400
		if seconds >= 3600 {
			longest = 7 * 86400
		}
		if counted && periods*seconds > longest {
			r.refuse("evaluationPeriods", "metrics cannot be checked across more than %d seconds (evaluationPeriods * period is %d)", longest, periods*seconds)
		}
	}
	r.exactlyOne("threshold", "thresholdMetricId")
	for _, path := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		if len(in.List(path)) > 5 {
			r.refuse(path, "has %d actions; AWS allows 5", len(in.List(path)))
		}
		r.arn(path + "[*]")
	}
	if len(in.Map("dimensions")) > 30 {
		r.refuse("dimensions", "has %d entries; AWS allows 30", len(in.Map("dimensions")))
	}
	return r.problems
}

// queries judges the metric math of an alarm.
func (r *rules) queries() {
	const path = "metricQueries"
	ids := map[string]bool{}
	returned := 0
	for i := range r.in.List(path) {
		place := fmt.Sprintf("%s[%d]", path, i)
		query := r.in.Map(place)
		if query == nil {
			continue
		}
		if id := query.Text("id"); id != "" {
			if !queryID.MatchString(id) || ids[id] {
				r.refuse(place+".id", "%q must be unique, begin with a lower case letter and have only letters, digits and underscores", id)
			}
			ids[id] = true
		}
		if query.Has("metric") == query.Has("expression") {
			r.refuse(place, "needs metric or expression, one of them")
		}
		if query.True("returnData") {
			returned++
		}
	}
	anomaly := r.in.Has("thresholdMetricId")
	if returned != 1 && !anomaly && !r.in.IsUnknown(path) {
		r.refuse(path, "exactly one query must have returnData true, not %d", returned)
	}
}

var queryID = regexp.MustCompile(`^[a-z][0-9A-Za-z_]*$`)

// judgeAlarm refuses actions in other regions.
func (tx *Tx) judgeAlarm(r *Resource) error {
	for _, path := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		for _, arn := range r.Outputs.Strings(path) {
			if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] != "" && parts[3] != tx.Region() {
				return tx.Refuse("ValidationError", "Invalid region %s specified. Only %s is supported: %s of alarm %s", parts[3], tx.Region(), path, r.ID)
			}
		}
	}
	return nil
}

var dashboardName = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)

func checkDashboard(in Values) []Problem {
	r := rules{in: in}
	r.length("dashboardName", 1, 255)
	r.matches("dashboardName", dashboardName, "only letters, digits, hyphens and underscores are allowed")
	text, known := in.String("dashboardBody")
	if !known {
		return r.problems
	}
	var body struct {
		Widgets *[]struct {
			Type          string
			X, Y          int
			Width, Height *int
			Properties    Values
		}
	}
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		r.refuse("dashboardBody", "the dashboard body is invalid: %v", err)
		return r.problems
	}
	if body.Widgets == nil {
		r.refuse("dashboardBody", "the dashboard body is invalid: should have required property 'widgets'")
		return r.problems
	}
	needs := map[string][]string{
		"metric": {"region"}, "text": {"markdown"}, "log": {"region", "query"}, "alarm": {"alarms"}, "explorer": {}, "custom": {"endpoint"},
	}
	for i, widget := range *body.Widgets {
		required, ok := needs[widget.Type]
		if !ok {
			r.refuse("dashboardBody", "widgets[%d].type %q is not one of %s", i, widget.Type, strings.Join(sortedKeys(needs), ", "))
		}
		for _, name := range required {
			if !widget.Properties.Has(name) {
				r.refuse("dashboardBody", "widgets[%d] of type %s should have required property '%s'", i, widget.Type, name)
			}
		}
		if widget.Type == "metric" && !widget.Properties.Has("metrics") && !widget.Properties.Has("annotations") {
			r.refuse("dashboardBody", "widgets[%d] of type metric should have required property 'metrics' or 'annotations'", i)
		}
		if widget.X < 0 || widget.X > 23 || widget.Width != nil && (*widget.Width < 1 || *widget.Width > 24) || widget.Height != nil && (*widget.Height < 1 || *widget.Height > 1000) {
			r.refuse("dashboardBody", "widgets[%d] does not fit: x is 0-23, width 1-24, height 1-1000", i)
		}
	}
	return r.problems
}

var (
	topicName    = regexp.MustCompile(`^[0-9A-Za-z_-]+(\.fifo)?$`)
	emailAddress = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	phoneNumber  = regexp.MustCompile(`^\+[1-9][0-9]{1,14}$`)
)

func checkTopic(in Values) []Problem {
	r := rules{in: in}
	r.conflict("name", "namePrefix")
	r.length("name", 1, 256)
	r.matches("name", topicName, "only letters, digits, hyphens and underscores are allowed")
	r.each("name", func(place, text string) {
		if strings.HasSuffix(text, ".fifo") != in.True("fifoTopic") {
			r.refuse(place, "%q must end with .fifo for a FIFO topic, and only then", text)
		}
	})
	r.length("displayName", 0, 100)
	r.jsonDocument("policy")
	r.jsonDocument("deliveryPolicy")
	r.oneOf("tracingConfig", "Active", "PassThrough")
	r.member("signatureVersion", 1, 2)
	return r.problems
}

func checkSubscription(in Values) []Problem {
	r := rules{in: in}
	r.oneOf("protocol", "application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
	r.arn("topic")
	r.jsonDocument("filterPolicy")
	r.oneOf("filterPolicyScope", "MessageAttributes", "MessageBody")
	protocol := in.Text("protocol")
	r.each("endpoint", func(place, text string) {
		switch protocol {
		case "email", "email-json":
			if !emailAddress.MatchString(text) {
				r.refuse(place, "invalid parameter: Email address: %q", text)
			}
		case "http", "https":
			if !strings.HasPrefix(text, protocol+"://") {
				r.refuse(place, "invalid parameter: %q must match the protocol %s", text, protocol)
			}
		case "sms":
			if !phoneNumber.MatchString(text) {
				r.refuse(place, "invalid SMS endpoint: %q; a number such as +491701234567 is needed", text)
			}
		case "lambda", "sqs", "firehose", "application":
			if !anyARN.MatchString(text) {
				r.refuse(place, "invalid parameter: %s endpoint ARN: %q", protocol, text)
			}
		}
	})
	return r.problems
}
