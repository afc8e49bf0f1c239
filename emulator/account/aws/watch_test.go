package aws

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestWatchRefusals(t *testing.T) {
	setup := func(t *testing.T) *world {
		w := newWorld(t)
		w.make(account.TopicToken, "topic", account.Values{"name": "alarms"})
		w.make(account.LogGroupToken, "log", account.Values{"name": "/shop/web"})
		return w
	}
	alarm := account.Values{"comparisonOperator": "GreaterThanThreshold", "evaluationPeriods": 3, "metricName": "HTTPCode_Target_5XX_Count", "namespace": "AWS/ApplicationELB",
		"period": 60, "statistic": "Sum", "threshold": 5, "alarmActions": []any{"{topic}"}, "treatMissingData": "notBreaching"}
	board := func(body string) account.Values {
		return account.Values{"dashboardName": "shop", "dashboardBody": body}
	}
	text := `{"type":"text","x":0,"y":0,"width":6,"height":3,"properties":{"markdown":"hello"}}`
	graph := `{"widgets":[{"type":"metric","properties":{"region":"eu-central-1","metrics":[["AWS/EC2","CPUUtilization",{"id":"m1"}],[{"id":"e1","expression":"FILL(m1, 0)"}]]}}]}`
	subscription := account.Values{"topic": "{topic}", "protocol": "email", "endpoint": "ops@example.com"}
	testRefusals(t, setup, []refusal{
		{"log group with a space", account.LogGroupToken, account.Values{"name": "/shop/jobs#1"}, account.Values{"name": "/shop/my jobs"}, "name", ""},
		{"log group of AWS", account.LogGroupToken, account.Values{"name": "/aws/shop"}, account.Values{"name": "aws/shop"}, "name", ""},
		{"log group of 513 characters", account.LogGroupToken, account.Values{"name": strings.Repeat("a", 512)}, account.Values{"name": strings.Repeat("a", 513)}, "name", ""},
		{"retention", account.LogGroupToken, account.Values{"retentionInDays": 30}, account.Values{"retentionInDays": 31}, "retentionInDays", ""},
		{"log group twice", account.LogGroupToken, account.Values{}, account.Values{"name": "/shop/web"}, "", "ResourceAlreadyExistsException"},

		{"operator", account.AlarmToken, alarm, account.Values{"comparisonOperator": ">"}, "comparisonOperator", ""},
		{"statistic", account.AlarmToken, alarm, account.Values{"statistic": "Mean"}, "statistic", ""},
		{"period", account.AlarmToken, with(alarm, account.Values{"period": 120}), account.Values{"period": 90}, "period", ""},
		{"more than a day", account.AlarmToken, with(alarm, account.Values{"evaluationPeriods": 1440}), account.Values{"evaluationPeriods": 1441}, "evaluationPeriods", ""},
		{"missing data", account.AlarmToken, alarm, account.Values{"treatMissingData": "ok"}, "treatMissingData", ""},
		{"no threshold", account.AlarmToken, alarm, account.Values{"threshold": nil}, "threshold", ""},
		{"no metric", account.AlarmToken, alarm, account.Values{"metricName": nil}, "metricName", ""},
		{"no namespace", account.AlarmToken, alarm, account.Values{"namespace": nil}, "namespace", ""},
		{"action that is no ARN", account.AlarmToken, alarm, account.Values{"alarmActions": []any{"alarms"}}, "alarmActions[0]", ""},
		{"six actions", account.AlarmToken, with(alarm, account.Values{"alarmActions": []any{"{topic}", "{topic}", "{topic}", "{topic}", "{topic}"}}),
			account.Values{"alarmActions": []any{"{topic}", "{topic}", "{topic}", "{topic}", "{topic}", "{topic}"}}, "alarmActions", ""},
		{"long description", account.AlarmToken, with(alarm, account.Values{"alarmDescription": strings.Repeat("x", 1024)}), account.Values{"alarmDescription": strings.Repeat("x", 1025)}, "alarmDescription", ""},
		{"action elsewhere", account.AlarmToken, alarm, account.Values{"alarmActions": []any{"arn:aws:sns:us-east-1:123456789012:alarms"}}, "", "ValidationError"},

		{"dashboard name", account.DashboardToken, board(`{"widgets":[` + text + `]}`), account.Values{"dashboardName": "my shop"}, "dashboardName", ""},
		{"dashboard that is no JSON", account.DashboardToken, board(`{"widgets":[]}`), board("widgets"), "dashboardBody", ""},
		{"dashboard without widgets", account.DashboardToken, board(`{"widgets":[]}`), board("{}"), "dashboardBody", ""},
		{"widget", account.DashboardToken, board(`{"widgets":[` + text + `]}`), board(`{"widgets":[` + strings.Replace(text, `"text"`, `"note"`, 1) + `]}`), "dashboardBody", ""},
		{"id of a metric", account.DashboardToken, board(graph), board(strings.Replace(graph, `"id":"m1"`, `"id":"M1"`, 1)), "dashboardBody", ""},
		{"id twice", account.DashboardToken, board(graph), board(strings.Replace(graph, `"id":"e1"`, `"id":"m1"`, 1)), "dashboardBody", ""},
		{"expression", account.DashboardToken, board(graph), board(strings.Replace(graph, "FILL(m1", "FILL(m2", 1)), "dashboardBody", ""},
		{"metric", account.DashboardToken, board(graph), board(strings.Replace(graph, `["AWS/EC2","CPUUtilization",{"id":"m1"}]`, `"AWS/EC2"`, 1)), "dashboardBody", ""},
		{"widget too wide", account.DashboardToken, board(`{"widgets":[` + text + `]}`), board(`{"widgets":[` + strings.Replace(text, `"width":6`, `"width":25`, 1) + `]}`), "dashboardBody", ""},
		{"metric widget without a region", account.DashboardToken, board(`{"widgets":[{"type":"metric","properties":{"region":"eu-central-1","metrics":[["AWS/ECS","CPUUtilization"]]}}]}`),
			board(`{"widgets":[{"type":"metric","properties":{"metrics":[["AWS/ECS","CPUUtilization"]]}}]}`), "dashboardBody", ""},

		{"topic name", account.TopicToken, account.Values{"name": "jobs"}, account.Values{"name": "jobs.done"}, "name", ""},
		{"topic twice", account.TopicToken, account.Values{"name": "jobs"}, account.Values{"name": "alarms"}, "", "InvalidParameter"},
		{"subscription protocol", account.SubscriptionToken, subscription, account.Values{"protocol": "mail"}, "protocol", ""},
		{"address", account.SubscriptionToken, subscription, account.Values{"endpoint": "ops"}, "endpoint", ""},
		{"no such topic", account.SubscriptionToken, subscription, account.Values{"topic": "arn:aws:sns:eu-central-1:123456789012:nothing"}, "", "NotFound"},
	})
}

func TestWatchOutputs(t *testing.T) {
	w := newWorld(t)
	topic := w.make(account.TopicToken, "topic", account.Values{"name": "alarms"})
	subscription := w.make(account.SubscriptionToken, "mail", account.Values{"topic": "{topic}", "protocol": "email", "endpoint": "ops@example.com"})
	log := w.make(account.LogGroupToken, "log", account.Values{"name": "/shop/web"})
	board := w.make(account.DashboardToken, "board", account.Values{"dashboardName": "shop", "dashboardBody": `{"widgets":[]}`})
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

func TestAuthorizationToken(t *testing.T) {
	w := newWorld(t)
	ask := func() account.Values {
		answer, err := w.Invoke(context.Background(), "aws:ecr/getAuthorizationToken:getAuthorizationToken", account.Values{})
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
	if _, err := w.Invoke(context.Background(), "aws:ecr/getImages:getImages", account.Values{"repositoryName": "shop"}); err == nil {
		t.Error("getImages is answered; pulumi-aws v6 does not have it")
	}
}
