package watch

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var metricUnits = strings.Fields(`
	Seconds Microseconds Milliseconds Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits Percent Count
	Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second Bits/Second Kilobits/Second Megabits/Second
	Gigabits/Second Terabits/Second Count/Second None`)

var extendedStatistic = regexp.MustCompile(`^(p(\d{1,2}(\.\d{0,2})?|100)|(tm|wm|tc|ts|pr|TM|WM|TC|TS|PR)(\d{1,2}(\.\d+)?|100|\(.*:.*\))|IQM)$`)

func checkAlarm(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Length("alarmDescription", 0, 1024)
	r.OneOf("comparisonOperator", "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold",
		"LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold")
	r.ExactlyOne("metricName", "metricQueries")
	r.OneOf("statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum")
	r.Matches("extendedStatistic", extendedStatistic, "a percentile such as p95 or a trimmed mean such as tm90 is needed")
	r.Conflict("statistic", "extendedStatistic")
	r.OneOf("treatMissingData", "missing", "ignore", "breaching", "notBreaching")
	r.OneOf("evaluateLowSampleCountPercentiles", "evaluate", "ignore")
	r.OneOf("unit", metricUnits...)
	r.Between("evaluationPeriods", 1, 1<<31-1)
	r.Between("datapointsToAlarm", 1, 1<<31-1)
	if in.Has("metricName") {
		for _, name := range []string{"namespace", "period"} {
			if !in.Has(name) {
				r.Refuse(name, "is required with metricName")
			}
		}
		if !in.Has("statistic") && !in.Has("extendedStatistic") {
			r.Refuse("statistic", "statistic or extendedStatistic is required with metricName")
		}
	}
	if in.Has("metricQueries") {
		for _, name := range []string{"namespace", "period", "statistic", "extendedStatistic", "dimensions", "unit"} {
			if in.Has(name) {
				r.Refuse(name, "cannot be set together with metricQueries")
			}
		}
		checkQueries(&r)
	}
	periods, counted := in.Int("evaluationPeriods")
	if needed, ok := in.Int("datapointsToAlarm"); ok && counted && needed > periods {
		r.Refuse("datapointsToAlarm", "%d is above evaluationPeriods %d", needed, periods)
	}
	if seconds, ok := in.Int("period"); ok {
		if seconds != 10 && seconds != 20 && seconds != 30 && (seconds < 60 || seconds%60 != 0) {
			r.Refuse("period", "%d is not 10, 20, 30 or a multiple of 60", seconds)
		}
		longest := 86400
		if seconds >= 3600 {
			longest = 7 * 86400
		}
		if counted && periods*seconds > longest {
			r.Refuse("evaluationPeriods", "metrics cannot be checked across more than %d seconds (evaluationPeriods * period is %d)", longest, periods*seconds)
		}
	}
	r.ExactlyOne("threshold", "thresholdMetricId")
	for _, path := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		if len(in.List(path)) > 5 {
			r.Refuse(path, "has %d actions; AWS allows 5", len(in.List(path)))
		}
		r.ARN(path + "[*]")
	}
	if len(in.Map("dimensions")) > 30 {
		r.Refuse("dimensions", "has %d entries; AWS allows 30", len(in.Map("dimensions")))
	}
	return r.Problems
}

// queries judges the metric math of an alarm.
func checkQueries(r *account.Rules) {
	const path = "metricQueries"
	ids := map[string]bool{}
	returned := 0
	for i := range r.In.List(path) {
		place := fmt.Sprintf("%s[%d]", path, i)
		query := r.In.Map(place)
		if query == nil {
			continue
		}
		if id := query.Text("id"); id != "" {
			if !queryID.MatchString(id) || ids[id] {
				r.Refuse(place+".id", "%q must be unique, begin with a lower case letter and have only letters, digits and underscores", id)
			}
			ids[id] = true
		}
		if query.Has("metric") == query.Has("expression") {
			r.Refuse(place, "needs metric or expression, one of them")
		}
		if query.True("returnData") {
			returned++
		}
	}
	anomaly := r.In.Has("thresholdMetricId")
	if returned != 1 && !anomaly && !r.In.IsUnknown(path) {
		r.Refuse(path, "exactly one query must have returnData true, not %d", returned)
	}
}

var queryID = regexp.MustCompile(`^[a-z][0-9A-Za-z_]*$`)

// judgeAlarm refuses actions in other regions.
func judgeAlarm(tx *account.Tx, r *account.Resource) error {
	for _, path := range []string{"alarmActions", "okActions", "insufficientDataActions"} {
		for _, arn := range r.Outputs.Strings(path) {
			if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] != "" && parts[3] != tx.Region() {
				return tx.Refuse("ValidationError", "Invalid region %s specified. Only %s is supported: %s of alarm %s", parts[3], tx.Region(), path, r.ID)
			}
		}
	}
	return nil
}
