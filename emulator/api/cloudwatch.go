package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
)

// getMetricData answers https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html for metrics; it has no
// expressions. A metric that nobody reports is an empty one, as on AWS.
func (s *Server) getMetricData(ctx context.Context, in *cloudwatch.GetMetricDataInput) (*cloudwatch.GetMetricDataOutput, error) {
	switch {
	case in.StartTime == nil || in.EndTime == nil || len(in.MetricDataQueries) == 0:
		return nil, refuse("MissingParameter", "StartTime, EndTime and MetricDataQueries are required")
	case !in.StartTime.Before(*in.EndTime):
		return nil, refuse("ValidationError", "The parameter StartTime must be less than the parameter EndTime.")
	case len(in.MetricDataQueries) > 500:
		return nil, refuse("ValidationError", "The collection MetricDataQueries must not have a size greater than 500.")
	}
	out := &cloudwatch.GetMetricDataOutput{}
	for _, q := range in.MetricDataQueries {
		if q.MetricStat == nil || q.MetricStat.Metric == nil || q.MetricStat.Period == nil {
			return nil, refuse("ValidationError", "%s: the emulator has metrics, and no expressions", text(q.Id))
		}
		result, err := s.metricData(ctx, q, *in.StartTime, *in.EndTime)
		if err != nil {
			return nil, err
		}
		if in.ScanBy == types.ScanByTimestampAscending {
			slices.Reverse(result.Timestamps)
			slices.Reverse(result.Values)
		}
		if q.ReturnData == nil || *q.ReturnData {
			out.MetricDataResults = append(out.MetricDataResults, result)
		}
	}
	return out, nil
}

// metricData are the values of one metric, newest first.
func (s *Server) metricData(ctx context.Context, q types.MetricDataQuery, from, to time.Time) (types.MetricDataResult, error) {
	result := types.MetricDataResult{Id: q.Id, Label: ptr(cmp.Or(text(q.Label), text(q.MetricStat.Metric.MetricName))), StatusCode: types.StatusCodeComplete}
	// "For metrics with regular resolution, a period can be as short as one minute (60 seconds) and must be a multiple of 60", and AWS's own are such
	// ones: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html. Here the shorter periods of high resolution, from
	// 5 seconds on, work too: tests do not wait for minutes.
	seconds := *q.MetricStat.Period
	if !slices.Contains([]int32{5, 10, 20, 30}, seconds) && (seconds < 60 || seconds%60 != 0) {
		return result, refuse("ValidationError", "%s: period %d is not 5, 10, 20, 30 or a multiple of 60 seconds", text(q.Id), seconds)
	}
	period := time.Duration(seconds) * time.Second
	whole := min(period, time.Minute)
	from = from.Truncate(whole) // as GetMetricData rounds StartTime
	if over := time.Now().Truncate(whole); to.After(over) {
		to = over // what is not over is not reported yet
	}
	m := metrics.Metric{Namespace: text(q.MetricStat.Metric.Namespace), Name: text(q.MetricStat.Metric.MetricName), Dimensions: map[string]string{}}
	for _, d := range q.MetricStat.Metric.Dimensions {
		m.Dimensions[text(d.Name)] = text(d.Value)
	}
	points, _, err := s.runtime.Points(ctx, m, from, to)
	if err != nil {
		return result, err
	}
	values, known := points.Statistics(text(q.MetricStat.Stat), period)
	if !known {
		return result, refuse("ValidationError", "%s: The value %s for parameter Stat is not supported.", text(q.Id), text(q.MetricStat.Stat))
	}
	for at := range values {
		result.Timestamps = append(result.Timestamps, at)
	}
	slices.SortFunc(result.Timestamps, func(a, b time.Time) int { return b.Compare(a) })
	for _, at := range result.Timestamps {
		result.Values = append(result.Values, values[at])
	}
	return result, nil
}

// describeAlarms answers https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html: 100 a page.
func (s *Server) describeAlarms(ctx context.Context, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
	var all []types.MetricAlarm
	for _, r := range s.account.List(account.AlarmToken) {
		name := r.Outputs.Text("name")
		if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, name) || !strings.HasPrefix(name, text(in.AlarmNamePrefix)) {
			continue
		}
		one, err := s.describeAlarm(ctx, r)
		if err != nil {
			return nil, err
		}
		if in.StateValue == "" || in.StateValue == one.StateValue {
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b types.MetricAlarm) int { return strings.Compare(text(a.AlarmName), text(b.AlarmName)) })
	part, next, err := page(all, in.NextToken, in.MaxRecords, 100)
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: part, NextToken: next}, err
}

func (s *Server) describeAlarm(ctx context.Context, r account.Resource) (types.MetricAlarm, error) {
	v, a := r.Outputs, metrics.ReadAlarm(r)
	state, err := a.State(ctx, s.runtime, time.Now())
	one := types.MetricAlarm{
		AlarmName: ptr(a.Name), AlarmArn: optional(v.Text("arn")), AlarmDescription: optional(v.Text("alarmDescription")), ActionsEnabled: ptr(v.True("actionsEnabled")),
		AlarmActions: v.Strings("alarmActions"), OKActions: v.Strings("okActions"), InsufficientDataActions: v.Strings("insufficientDataActions"),
		Namespace: ptr(a.Namespace), MetricName: ptr(a.Metric.Name), Statistic: types.Statistic(v.Text("statistic")), ExtendedStatistic: optional(v.Text("extendedStatistic")),
		Period: optionalInt32(v, "period"), EvaluationPeriods: optionalInt32(v, "evaluationPeriods"), DatapointsToAlarm: optionalInt32(v, "datapointsToAlarm"),
		Threshold: ptr(a.Threshold), ComparisonOperator: types.ComparisonOperator(a.Comparison), TreatMissingData: optional(v.Text("treatMissingData")),
		StateValue: types.StateValue(state.Value), StateReason: ptr(state.Reason),
	}
	for _, name := range account.SortedKeys(a.Dimensions) {
		one.Dimensions = append(one.Dimensions, types.Dimension{Name: ptr(name), Value: ptr(a.Dimensions[name])})
	}
	return one, err
}
