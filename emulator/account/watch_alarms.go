package account

import (
	"fmt"
	"regexp"
	"strings"
)

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
