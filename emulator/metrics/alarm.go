package metrics

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// The states of an alarm.
const (
	OK       = "OK"
	Alarming = "ALARM"
	NoData   = "INSUFFICIENT_DATA"
)

// Alarm is one on a metric.
type Alarm struct {
	Metric
	Name, Statistic, Comparison, Missing string
	Period                               time.Duration
	Periods, ToAlarm                     int
	Threshold                            float64
}

// State is what became of an alarm, and why.
type State struct{ Value, Reason string }

// ReadAlarm reads an alarm of the account.
func ReadAlarm(r account.Resource) Alarm {
	v := r.Outputs
	a := Alarm{
		Metric: Metric{Namespace: v.Text("namespace"), Name: v.Text("metricName"), Dimensions: map[string]string{}},
		Name:   v.Text("name"), Comparison: v.Text("comparisonOperator"), Missing: cmp.Or(v.Text("treatMissingData"), "missing"),
		Statistic: cmp.Or(v.Text("statistic"), v.Text("extendedStatistic")),
	}
	for name, value := range v.Map("dimensions") {
		a.Dimensions[name] = fmt.Sprint(value)
	}
	seconds, _ := v.Int("period")
	a.Period = time.Duration(seconds) * time.Second
	a.Periods, _ = v.Int("evaluationPeriods")
	a.ToAlarm, _ = v.Int("datapointsToAlarm")
	a.ToAlarm = cmp.Or(a.ToAlarm, a.Periods)
	a.Threshold, _ = v["threshold"].(float64)
	return a
}

// Window is the time that an alarm looks at.
func (a Alarm) Window() time.Duration { return time.Duration(a.Periods) * a.Period }

// furtherPoints is how many more periods than it evaluates an alarm looks back. CloudWatch says that there are some, and has five for three in its
// example: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
const furtherPoints = 2

// retained is for how many periods the state is looked for that an alarm retains.
const retained = 60

// State is that of a time.
func (a Alarm) State(ctx context.Context, source Source, now time.Time) (State, error) {
	end := now.UTC().Truncate(max(a.Period, time.Minute))
	back := time.Duration(a.Periods + furtherPoints)
	if a.Missing == "ignore" {
		back += retained
	}
	points, known, err := source.Points(ctx, a.Metric, end.Add(-back*a.Period), end)
	if err != nil {
		return State{}, err
	}
	if !known {
		return State{NoData, fmt.Sprintf("Unchecked: Initial alarm creation. The emulator has no metric %s %s", a.Namespace, a.Name)}, nil
	}
	values, known := points.Statistics(a.Statistic, a.Period)
	if !known {
		return State{NoData, "Unchecked: the emulator has no statistic " + a.Statistic}, nil
	}
	for range retained {
		if state, decided := a.evaluate(values, end); decided {
			return state, nil
		}
		end = end.Add(-a.Period)
	}
	return State{NoData, "Insufficient Data: no datapoints were received."}, nil
}

// evaluate applies the tables of the page above to the periods before end; it is undecided where the alarm retains its state.
func (a Alarm) evaluate(values map[time.Time]float64, end time.Time) (state State, decided bool) {
	var existing []float64 // newest first
	breaching, oldest := 0, 0
	for age := 1; age <= a.Periods+furtherPoints && len(existing) < a.Periods; age++ {
		value, there := values[end.Add(-time.Duration(age)*a.Period)]
		if !there {
			continue
		}
		existing = append(existing, value)
		if a.breaches(value) {
			breaching, oldest = breaching+1, age
		}
	}
	missing := a.Periods - len(existing)
	switch {
	case a.Missing == "breaching":
		breaching += missing
	case a.Missing == "notBreaching", missing == 0, breaching < len(existing), breaching >= a.ToAlarm:
		// The missing ones do not breach, or make no difference.
	case a.Missing == "ignore":
		return State{}, false
	case oldest < a.ToAlarm:
		return State{NoData, fmt.Sprintf("Insufficient Data: %d datapoints were unknown.", missing)}, true
	default:
		breaching = a.ToAlarm // what breached last did so as long ago as the alarm wants to see it
	}
	state.Value = OK
	if breaching >= a.ToAlarm {
		state.Value = Alarming
	}
	state.Reason = fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints %v, %d of them missing, were %s %g; the alarm needs %d",
		breaching, a.Periods, existing, missing, words[a.Comparison], a.Threshold, a.ToAlarm)
	return state, true
}

var words = map[string]string{
	"GreaterThanOrEqualToThreshold": "greater than or equal to", "GreaterThanThreshold": "greater than",
	"LessThanThreshold": "less than", "LessThanOrEqualToThreshold": "less than or equal to",
}

func (a Alarm) breaches(value float64) bool {
	switch a.Comparison {
	case "GreaterThanOrEqualToThreshold":
		return value >= a.Threshold
	case "GreaterThanThreshold":
		return value > a.Threshold
	case "LessThanThreshold":
		return value < a.Threshold
	default:
		return value <= a.Threshold
	}
}
