package account

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
)

func TestWatchRefusals(t *testing.T) {
	type m = map[string]any
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		w.make(topicToken, "topic", Values{"name": "alarms"})
		w.make(logGroupToken, "log", Values{"name": "/shop/web"})
		return w
	}
	alarm := Values{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "metricName": "HTTPCode_Target_5XX_Count", "namespace": "AWS/ApplicationELB",
		"period": 60, "statistic": "Sum", "threshold": 5, "alarmActions": []any{"{topic}"}, "treatMissingData": "notBreaching"}
	query := func(entries ...any) Values {
		return Values{"metricName": nil, "namespace": nil, "period": nil, "statistic": nil, "metricQueries": entries}
	}
	metric := m{"id": "errors", "metric": m{"metricName": "5XX", "namespace": "AWS/ApplicationELB", "period": 60, "stat": "Sum"}}
	ratio := m{"id": "ratio", "expression": "errors / 100", "returnData": true}
	board := func(body string) Values { return Values{"dashboardName": "shop", "dashboardBody": body} }
	text := `{"type":"text","x":0,"y":0,"width":6,"height":3,"properties":{"markdown":"hello"}}`
	subscription := Values{"topic": "{topic}", "protocol": "email", "endpoint": "ops@example.com"}
	testRefusals(t, setup, []refusal{
		{"log group with a space", logGroupToken, Values{"name": "/shop/jobs#1"}, Values{"name": "/shop/my jobs"}, "name", ""},
		{"log group of AWS", logGroupToken, Values{"name": "/aws/shop"}, Values{"name": "aws/shop"}, "name", ""},
		{"log group of 513 characters", logGroupToken, Values{"name": strings.Repeat("a", 512)}, Values{"name": strings.Repeat("a", 513)}, "name", ""},
		{"retention", logGroupToken, Values{"retentionInDays": 30}, Values{"retentionInDays": 31}, "retentionInDays", ""},
		{"log class", logGroupToken, Values{"logGroupClass": "INFREQUENT_ACCESS"}, Values{"logGroupClass": "RARE"}, "logGroupClass", ""},
		{"log group twice", logGroupToken, Values{}, Values{"name": "/shop/web"}, "", "ResourceAlreadyExistsException"},

		{"operator", alarmToken, alarm, Values{"comparisonOperator": ">"}, "comparisonOperator", ""},
		{"statistic", alarmToken, alarm, Values{"statistic": "Mean"}, "statistic", ""},
		{"two statistics", alarmToken, alarm, Values{"extendedStatistic": "p95"}, "statistic", ""},
		{"percentile", alarmToken, alarm.with(Values{"statistic": nil, "extendedStatistic": "p99.9"}), Values{"extendedStatistic": "95"}, "extendedStatistic", ""},
		{"period", alarmToken, alarm.with(Values{"period": 120}), Values{"period": 90}, "period", ""},
		{"more than a day", alarmToken, alarm.with(Values{"evaluationPeriods": 1440}), Values{"evaluationPeriods": 1441}, "evaluationPeriods", ""},
		{"more data than periods", alarmToken, alarm.with(Values{"datapointsToAlarm": 3}), Values{"datapointsToAlarm": 4}, "datapointsToAlarm", ""},
		{"missing data", alarmToken, alarm, Values{"treatMissingData": "ok"}, "treatMissingData", ""},
		{"no threshold", alarmToken, alarm, Values{"threshold": nil}, "threshold", ""},
		{"no metric", alarmToken, alarm, Values{"metricName": nil}, "metricName", ""},
		{"no namespace", alarmToken, alarm, Values{"namespace": nil}, "namespace", ""},
		{"action that is no ARN", alarmToken, alarm, Values{"alarmActions": []any{"alarms"}}, "alarmActions[0]", ""},
		{"six actions", alarmToken, alarm.with(Values{"alarmActions": []any{"{topic}", "{topic}", "{topic}", "{topic}", "{topic}"}}),
			Values{"alarmActions": []any{"{topic}", "{topic}", "{topic}", "{topic}", "{topic}", "{topic}"}}, "alarmActions", ""},
		{"long description", alarmToken, alarm.with(Values{"alarmDescription": strings.Repeat("x", 1024)}), Values{"alarmDescription": strings.Repeat("x", 1025)}, "alarmDescription", ""},
		{"metric and queries", alarmToken, alarm, Values{"metricQueries": []any{metric, ratio}}, "metricName", ""},
		{"queries that return nothing", alarmToken, alarm.with(query(metric, ratio)), query(metric), "metricQueries", ""},
		{"query id", alarmToken, alarm.with(query(metric, ratio)), query(metric, m{"id": "Ratio", "expression": "errors", "returnData": true}), "metricQueries[1].id", ""},
		{"action elsewhere", alarmToken, alarm, Values{"alarmActions": []any{"arn:aws:sns:us-east-1:123456789012:alarms"}}, "", "ValidationError"},

		{"dashboard name", dashboardToken, board(`{"widgets":[` + text + `]}`), Values{"dashboardName": "my shop"}, "dashboardName", ""},
		{"dashboard that is no JSON", dashboardToken, board(`{"widgets":[]}`), board("widgets"), "dashboardBody", ""},
		{"dashboard without widgets", dashboardToken, board(`{"widgets":[]}`), board("{}"), "dashboardBody", ""},
		{"widget", dashboardToken, board(`{"widgets":[` + text + `]}`), board(`{"widgets":[` + strings.Replace(text, `"text"`, `"note"`, 1) + `]}`), "dashboardBody", ""},
		{"widget too wide", dashboardToken, board(`{"widgets":[` + text + `]}`), board(`{"widgets":[` + strings.Replace(text, `"width":6`, `"width":25`, 1) + `]}`), "dashboardBody", ""},
		{"metric widget without a region", dashboardToken, board(`{"widgets":[{"type":"metric","properties":{"region":"eu-central-1","metrics":[["AWS/ECS","CPUUtilization"]]}}]}`),
			board(`{"widgets":[{"type":"metric","properties":{"metrics":[["AWS/ECS","CPUUtilization"]]}}]}`), "dashboardBody", ""},

		{"topic name", topicToken, Values{"name": "jobs"}, Values{"name": "jobs.done"}, "name", ""},
		{"topic twice", topicToken, Values{"name": "jobs"}, Values{"name": "alarms"}, "", "InvalidParameter"},
		{"subscription protocol", subscriptionToken, subscription, Values{"protocol": "mail"}, "protocol", ""},
		{"address", subscriptionToken, subscription, Values{"endpoint": "ops"}, "endpoint", ""},
		{"URL", subscriptionToken, subscription.with(Values{"protocol": "https", "endpoint": "https://example.com"}), Values{"endpoint": "http://example.com"}, "endpoint", ""},
		{"phone", subscriptionToken, subscription.with(Values{"protocol": "sms", "endpoint": "+491701234567"}), Values{"endpoint": "01701234567"}, "endpoint", ""},
		{"queue", subscriptionToken, subscription.with(Values{"protocol": "sqs", "endpoint": "arn:aws:sqs:eu-central-1:123456789012:jobs"}), Values{"endpoint": "jobs"}, "endpoint", ""},
		{"no such topic", subscriptionToken, subscription, Values{"topic": "arn:aws:sns:eu-central-1:123456789012:nothing"}, "", "NotFound"},
	})
}

func TestWatchOutputs(t *testing.T) {
	w := newWorld(t)
	topic := w.make(topicToken, "topic", Values{"name": "alarms"})
	subscription := w.make(subscriptionToken, "mail", Values{"topic": "{topic}", "protocol": "email", "endpoint": "ops@example.com"})
	log := w.make(logGroupToken, "log", Values{"name": "/shop/web"})
	board := w.make(dashboardToken, "board", Values{"dashboardName": "shop", "dashboardBody": `{"widgets":[]}`})
	for got, want := range map[string]string{
		topic.ID:                           "arn:aws:sns:eu-central-1:123456789012:alarms",
		subscription.ID[:len(topic.ID)]:    topic.ID,
		log.ID:                             "/shop/web",
		log.Outputs.Text("arn"):            "arn:aws:logs:eu-central-1:123456789012:log-group:/shop/web",
		board.Outputs.Text("dashboardArn"): "arn:aws:cloudwatch::123456789012:dashboard/shop",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if !subscription.Outputs.True("pendingConfirmation") {
		t.Error("a subscription by mail is confirmed without anybody's doing")
	}
}

func TestLogGroupThatIsKept(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	w.make(logGroupToken, "log", Values{"name": "/shop/web", "skipDestroy": true})
	if err := w.Delete(ctx, logGroupToken, "/shop/web"); err != nil {
		t.Fatal(err)
	}
	_, err := w.Create(ctx, logGroupToken, "log", w.checked(logGroupToken, "log", Values{"name": "/shop/web"}))
	wantCode(t, err, "ResourceAlreadyExistsException")
}

func TestAuthorizationToken(t *testing.T) {
	w := newWorld(t)
	ask := func() Values {
		answer, err := w.Invoke(context.Background(), "aws:ecr/getAuthorizationToken:getAuthorizationToken", Values{})
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	first, second := ask(), ask()
	text, err := base64.StdEncoding.DecodeString(first.Text("authorizationToken"))
	if err != nil || string(text) != "AWS:"+first.Text("password") || first.Text("userName") != "AWS" {
		t.Errorf("the token is %q for %q, %v", text, first.Text("userName"), err)
	}
	if first.Text("password") == second.Text("password") {
		t.Error("two tokens are the same")
	}
	if endpoint := first.Text("proxyEndpoint"); endpoint != "https://123456789012.dkr.ecr.eu-central-1.amazonaws.com" {
		t.Errorf("the registry is %q", endpoint)
	}
	if _, err := w.Invoke(context.Background(), "aws:ecr/getImages:getImages", Values{"repositoryName": "shop"}); err == nil {
		t.Error("getImages is answered; pulumi-aws v6 does not have it")
	}
}
