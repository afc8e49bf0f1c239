package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// ask are the newest values of a metric of the last five minutes.
func (w *world) ask(id, namespace, name, stat string, period int32, dimensions ...string) types.MetricDataQuery {
	q := types.MetricDataQuery{Id: aws.String(id), MetricStat: &types.MetricStat{
		Metric: &types.Metric{Namespace: aws.String(namespace), MetricName: aws.String(name)}, Period: aws.Int32(period), Stat: aws.String(stat),
	}}
	for i := 0; i < len(dimensions); i += 2 {
		q.MetricStat.Metric.Dimensions = append(q.MetricStat.Metric.Dimensions, types.Dimension{Name: aws.String(dimensions[i]), Value: aws.String(dimensions[i+1])})
	}
	return q
}

var ofGroup = []string{"LoadBalancer", "app/shop/1111111111111111", "TargetGroup", "targetgroup/shop-web/3333333333333333"}

func (w *world) data(scan types.ScanBy, queries ...types.MetricDataQuery) ([]types.MetricDataResult, error) {
	now := time.Now()
	out, err := cloudwatch.NewFromConfig(w.config).GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-5 * time.Minute)), EndTime: aws.Time(now), MetricDataQueries: queries, ScanBy: scan,
	})
	if err != nil {
		return nil, err
	}
	return out.MetricDataResults, nil
}

func TestMetricData(t *testing.T) {
	w := newWorld(t)
	for _, one := range []Report{
		{Name: "TargetResponseTime", Of: "shop-web", Values: []float64{0.1, 0.2, 0.9}}, {Name: "RequestCount", Of: "other", Values: []float64{7}},
		{Name: "RequestCount", Of: "shop-web", Values: []float64{50}}, {Name: "HTTPCode_Target_5XX_Count", Of: "shop-web"},
	} {
		if err := w.Report(one); err != nil {
			t.Fatal(err)
		}
	}
	const elb = "AWS/ApplicationELB"
	got := must(w.data("", w.ask("p95", elb, "TargetResponseTime", "p95", 60, ofGroup...), w.ask("sum", elb, "RequestCount", "Sum", 60, ofGroup...),
		w.ask("healthy", elb, "HealthyHostCount", "Minimum", 60, ofGroup...), w.ask("unhealthy", elb, "UnHealthyHostCount", "Maximum", 60, ofGroup...),
		w.ask("silent", elb, "HTTPCode_Target_5XX_Count", "Sum", 60, ofGroup...), w.ask("unknown", "AWS/RDS", "CPUUtilization", "Average", 60, "DBInstanceIdentifier", "x"),
		w.ask("tasks", "AWS/ECS", "CPUUtilization", "SampleCount", 60, "ClusterName", "shop", "ServiceName", "web"),
		w.ask("nobody", "AWS/ECS", "CPUUtilization", "SampleCount", 60, "ClusterName", "shop", "ServiceName", "worker")))(t)
	for i, want := range []struct {
		id    string
		value float64
		some  bool
	}{{"p95", 0.9, true}, {"sum", 600, true}, {"healthy", 2, true}, {"unhealthy", 0, true}, {"silent", 0, false}, {"unknown", 0, false}, {"tasks", 2, true}, {"nobody", 0, false}} {
		one := got[i]
		if *one.Id != want.id || (len(one.Values) > 0) != want.some || len(one.Values) != len(one.Timestamps) || one.StatusCode != types.StatusCodeComplete {
			t.Errorf("%s: %+v", want.id, one)
			continue
		}
		for n, at := range one.Timestamps {
			if one.Values[n] != want.value || at.Second() != 0 || !at.Add(time.Minute).Before(time.Now()) || n > 0 && !at.Before(one.Timestamps[n-1]) {
				t.Errorf("%s: %s is %g, want %g", want.id, at, one.Values[n], want.value)
			}
		}
	}
	oldest := must(w.data(types.ScanByTimestampAscending, w.ask("a", elb, "RequestCount", "Sum", 60, ofGroup...)))(t)[0].Timestamps
	if len(oldest) < 2 || !oldest[0].Before(oldest[1]) {
		t.Errorf("oldest first: %v", oldest)
	}
	for _, one := range must(w.data("", w.ask("a", elb, "RequestCount", "Sum", 5, ofGroup...), w.ask("a", elb, "HealthyHostCount", "Maximum", 10, ofGroup...)))(t) {
		if len(one.Values) < 20 || one.Values[0] != map[bool]float64{true: 50, false: 2}[*one.Label == "RequestCount"] {
			t.Errorf("within a minute: %+v", one)
		}
	}
	for _, bad := range []types.MetricDataQuery{
		w.ask("a", elb, "RequestCount", "Sum", 1, ofGroup...), w.ask("a", elb, "RequestCount", "Sum", 90, ofGroup...), w.ask("a", elb, "RequestCount", "tm99", 60, ofGroup...),
		{Id: aws.String("a"), Expression: aws.String("m1/m2")},
	} {
		if _, err := w.data("", bad); code(err) != "ValidationError" {
			t.Errorf("%v", err)
		}
	}
	now := time.Now()
	if _, err := cloudwatch.NewFromConfig(w.config).GetMetricData(context.Background(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now), EndTime: aws.Time(now), MetricDataQueries: []types.MetricDataQuery{w.ask("a", elb, "RequestCount", "Sum", 60, ofGroup...)},
	}); code(err) != "ValidationError" {
		t.Errorf("no time at all: %v", err)
	}
}

func TestAlarms(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := cloudwatch.NewFromConfig(w.config)
	alarm := func(name, namespace, metric string, threshold float64, missing string, dimensions map[string]any) {
		w.seed(account.AlarmToken, name, account.Values{"name": name, "arn": "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:" + name, "namespace": namespace, "metricName": metric,
			"statistic": "Sum", "comparisonOperator": "GreaterThanThreshold", "threshold": threshold, "period": 60.0, "evaluationPeriods": 3.0, "treatMissingData": missing, "dimensions": dimensions})
	}
	target := map[string]any{"LoadBalancer": ofGroup[1], "TargetGroup": ofGroup[3]}
	alarm("shop-errors", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", 10, "notBreaching", target)
	alarm("shop-db", "AWS/RDS", "CPUUtilization", 85, "breaching", map[string]any{"DBInstanceIdentifier": "shop"})
	alarm("shop-queue", "LaravelECS", "OldestJobAge", 60, "breaching", map[string]any{"Stack": "prod"})
	states := func(in *cloudwatch.DescribeAlarmsInput) string {
		t.Helper()
		var all []string
		for _, one := range must(client.DescribeAlarms(ctx, in))(t).MetricAlarms {
			all = append(all, *one.AlarmName+"="+string(one.StateValue))
		}
		return strings.Join(all, " ")
	}
	if got := states(&cloudwatch.DescribeAlarmsInput{}); got != "shop-db=INSUFFICIENT_DATA shop-errors=OK shop-queue=ALARM" {
		t.Errorf("at first: %s", got)
	}
	if err := w.Report(Report{Name: "HTTPCode_Target_5XX_Count", Of: "shop-web", Values: []float64{11}}); err != nil {
		t.Fatal(err)
	}
	if got := states(&cloudwatch.DescribeAlarmsInput{StateValue: types.StateValueAlarm}); got != "shop-errors=ALARM shop-queue=ALARM" {
		t.Errorf("with errors: %s", got)
	}
	one := must(client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"shop-errors"}}))(t).MetricAlarms[0]
	if *one.Threshold != 10 || *one.Period != 60 || len(one.Dimensions) != 2 || !strings.Contains(*one.StateReason, "3 out of the last 3 datapoints") {
		t.Errorf("%+v", one)
	}
	// The queue's metric is in the lines that tasks print.
	var lines []string
	for minute := range 5 {
		lines = append(lines, fmt.Sprintf(`{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"LaravelECS","Dimensions":[["Stack"]],"Metrics":[{"Name":"OldestJobAge"}]}]},"Stack":"prod","OldestJobAge":%d}`,
			time.Now().Add(-time.Duration(minute)*time.Minute).UnixMilli(), minute))
	}
	if err := w.SetOutcome(Outcome{Output: lines}); err != nil {
		t.Fatal(err)
	}
	task := must(ecs.NewFromConfig(w.config).RunTask(ctx, &ecs.RunTaskInput{Cluster: aws.String("shop"), TaskDefinition: aws.String("shop-web")}))(t).Tasks[0]
	must(ecs.NewFromConfig(w.config).DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: []string{*task.TaskArn}}))(t)
	if got := states(&cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("shop-q")}); got != "shop-queue=OK" {
		t.Errorf("with a report of the queue: %s", got)
	}
}
