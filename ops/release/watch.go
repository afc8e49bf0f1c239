package release

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

const (
	// period is how often an Application Load Balancer reports while there are requests
	// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html).
	period = time.Minute
	// late is for how long the figures of the last minute are waited for.
	late = 3 * period
)

// watcher reads what the load balancer reports of two target groups, and the states of alarms.
type watcher struct {
	api             *cloudwatch.Client
	balancer        string            // the dimension LoadBalancer: the end of its ARN
	candidate, live string            // ARNs of target groups
	alarms          map[string]string // full name -> the name in the stack file
}

// measures are the metrics that are read, with the statistic of each. A request that finds no connection to a task counts as failed: the load
// balancer answers it, so it is none of the target's 5xx.
var measures = []struct{ id, metric, statistic string }{
	{"requests", "RequestCount", "Sum"},
	{"errors", "HTTPCode_Target_5XX_Count", "Sum"},
	{"refused", "TargetConnectionErrorCount", "Sum"},
	{"p95", "TargetResponseTime", "p95"},
}

// read returns the figures of both target groups between two times, which are whole periods.
func (w *watcher) read(ctx context.Context, from, to time.Time) (candidate, live minutes, err error) {
	input := &cloudwatch.GetMetricDataInput{StartTime: &from, EndTime: &to, ScanBy: types.ScanByTimestampAscending}
	for group, arn := range map[string]string{"candidate": w.candidate, "live": w.live} {
		for _, m := range measures {
			input.MetricDataQueries = append(input.MetricDataQueries, types.MetricDataQuery{
				Id: aws.String(group + "_" + m.id),
				MetricStat: &types.MetricStat{Period: aws.Int32(int32(period.Seconds())), Stat: aws.String(m.statistic), Metric: &types.Metric{
					Namespace: aws.String("AWS/ApplicationELB"), MetricName: aws.String(m.metric),
					Dimensions: []types.Dimension{
						{Name: aws.String("TargetGroup"), Value: aws.String(arn[strings.LastIndex(arn, ":")+1:])},
						{Name: aws.String("LoadBalancer"), Value: &w.balancer},
					},
				}},
			})
		}
	}
	slices.SortFunc(input.MetricDataQueries, func(a, b types.MetricDataQuery) int { return strings.Compare(*a.Id, *b.Id) })
	results, err := session.All(ctx, "reading the figures of the load balancer", cloudwatch.NewGetMetricDataPaginator(w.api, input),
		func(page *cloudwatch.GetMetricDataOutput) []types.MetricDataResult { return page.MetricDataResults })
	if err != nil {
		return nil, nil, err
	}
	all := map[string]minutes{"candidate": {}, "live": {}}
	for _, result := range results {
		group, measure, _ := strings.Cut(aws.ToString(result.Id), "_")
		if result.StatusCode == types.StatusCodeInternalError || result.StatusCode == types.StatusCodeForbidden {
			return nil, nil, fmt.Errorf("reading the figures of the load balancer: %s of the %s: %s", measure, group, result.StatusCode)
		}
		for i, at := range result.Timestamps[:min(len(result.Timestamps), len(result.Values))] {
			one, value := all[group][at.UTC()], result.Values[i]
			switch measure {
			case "requests":
				one.requests += value
			case "p95":
				one.p95 = time.Duration(value * float64(time.Second))
			default:
				one.errors += value
			}
			all[group][at.UTC()] = one
		}
	}
	return all["candidate"], all["live"], nil
}

// baseline is what a candidate is compared with that gets all requests.
type baseline struct {
	when string
	figures
}

// baselines are the last minutes in which the live release had all requests, and those in which it had a part of them, as many as a step has.
// Each can mislead: the first are as old as the release, and may be few requests of an hour without traffic; in the others its tasks had less to
// do. So both are asked, where both have enough requests.
func (w *watcher) baselines(ctx context.Context, now time.Time, settings config.Release) (list []baseline, err error) {
	now, bake := now.UTC().Truncate(period), settings.Bake()
	candidate, live, err := w.read(ctx, now.Add(-max(3*time.Hour, 2*time.Duration(len(settings.Steps))*bake)), now)
	if err != nil {
		return nil, err
	}
	alone, beside := minutes{}, minutes{}
	for at, one := range live {
		switch {
		case one.requests == 0:
			delete(live, at)
		case candidate[at].requests == 0:
			alone[at] = one
		default:
			beside[at] = one
		}
	}
	for _, one := range []baseline{{"before the release", alone.last(bake)}, {"in the step before", beside.last(bake)}} {
		if one.requests >= float64(settings.Judge.MinRequests) {
			list = append(list, one)
		}
	}
	if list == nil {
		list = []baseline{{"before", live.last(bake)}}
	}
	return list, nil
}

// last are the figures of the newest minutes.
func (m minutes) last(duration time.Duration) figures {
	newest := slices.SortedFunc(maps.Keys(m), func(a, b time.Time) int { return b.Compare(a) })
	some := minutes{}
	for _, at := range newest[:min(len(newest), int(duration/period))] {
		some[at] = m[at]
	}
	return some.together(some)
}

// alarmsAtOnce is how many names DescribeAlarms takes. It returns composite alarms only where they are asked for
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html).
const alarmsAtOnce = 100

// firing are the alarms in ALARM, by the names in the stack file. One that is not there is an error.
func (w *watcher) firing(ctx context.Context) (firing []string, err error) {
	states := map[string]string{}
	for names := range slices.Chunk(slices.Sorted(maps.Keys(w.alarms)), alarmsAtOnce) {
		pages := cloudwatch.NewDescribeAlarmsPaginator(w.api, &cloudwatch.DescribeAlarmsInput{
			AlarmNames: names, AlarmTypes: []types.AlarmType{types.AlarmTypeMetricAlarm, types.AlarmTypeCompositeAlarm},
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, session.Explain(fmt.Errorf("reading the alarms of release.judge.alarms: %w", err))
			}
			note := func(name, reason *string, value types.StateValue) {
				states[aws.ToString(name)] = string(value)
				if value == types.StateValueAlarm {
					firing = append(firing, fmt.Sprintf("%s (%s)", w.alarms[aws.ToString(name)], aws.ToString(reason)))
				}
			}
			for _, a := range page.MetricAlarms {
				note(a.AlarmName, a.StateReason, a.StateValue)
			}
			for _, a := range page.CompositeAlarms {
				note(a.AlarmName, a.StateReason, a.StateValue)
			}
		}
	}
	var missing []string
	for name, given := range w.alarms {
		if states[name] == "" {
			missing = append(missing, given)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return nil, fmt.Errorf("release.judge.alarms: CloudWatch has no alarm %s in this account and region: name one of the stack's own, or any by its full name", strings.Join(missing, ", "))
	}
	return firing, nil
}

// complete tells whether the figures of everything before a time have come in, or are late: they come in the order of their periods.
func complete(candidate, live minutes, end, now time.Time) bool {
	last := end.Add(-period)
	_, one := candidate[last]
	_, other := live[last]
	return one && other || !now.Before(end.Add(late))
}

// come are the minutes without those of which the other group's figures may still come: errors that both releases have would look like the
// first one's.
func come(one, other minutes, now time.Time) minutes {
	one = maps.Clone(one)
	maps.DeleteFunc(one, func(at time.Time, _ minute) bool {
		_, both := other[at]
		return !both && now.Before(at.Add(period+late))
	})
	return one
}
