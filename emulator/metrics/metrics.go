// Package metrics is CloudWatch's arithmetic: values that were reported become statistics of periods, and those the states of alarms.
package metrics

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metric names a metric.
type Metric struct {
	Namespace, Name string
	Dimensions      map[string]string
}

// Resolution of the metrics here. On AWS that of a service's own metric is a minute.
const Resolution = 5 * time.Second

// Points are the values that were reported within the resolution, by the beginning of that time in UTC.
type Points map[time.Time][]float64

// Add reports a value.
func (p Points) Add(at time.Time, value float64) {
	begin := at.UTC().Truncate(Resolution)
	p[begin] = append(p[begin], value)
}

// Source has the values of metrics.
type Source interface {
	// Points are those from a time on and before another. known is false for a metric that nothing here measures.
	Points(ctx context.Context, m Metric, from, to time.Time) (p Points, known bool, err error)
}

// Within are the points from a time on and before another.
func (p Points) Within(from, to time.Time) Points {
	within := Points{}
	for begin, values := range p {
		if !begin.Before(from.Truncate(Resolution)) && begin.Before(to) {
			within[begin] = values
		}
	}
	return within
}

// Statistics are those of whole periods, by their beginning. known is false for a statistic that is not one of CloudWatch's basic ones or a
// percentile.
func (p Points) Statistics(statistic string, period time.Duration) (values map[time.Time]float64, known bool) {
	if _, known := Statistic(nil, statistic); !known {
		return nil, false
	}
	merged := map[time.Time][]float64{}
	for at, reported := range p {
		begin := at.Truncate(period)
		merged[begin] = append(merged[begin], reported...)
	}
	values = map[time.Time]float64{}
	for begin, reported := range merged {
		values[begin], _ = Statistic(reported, statistic)
	}
	return values, true
}

// Statistic of values, as
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html names them; a percentile is the nearest rank.
func Statistic(values []float64, name string) (value float64, known bool) {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	rank, isPercentile := strings.CutPrefix(name, "p")
	percent, err := strconv.ParseFloat(rank, 64)
	isPercentile = isPercentile && err == nil && percent >= 0 && percent <= 100
	switch {
	case !isPercentile && !slices.Contains([]string{"Sum", "SampleCount", "Average", "Minimum", "Maximum"}, name):
		return 0, false
	case name == "Sum":
		return sum, true
	case name == "SampleCount":
		return float64(len(values)), true
	case len(values) == 0:
		return 0, true
	case name == "Average":
		return sum / float64(len(values)), true
	case name == "Minimum":
		return slices.Min(values), true
	case name == "Maximum":
		return slices.Max(values), true
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(percent/100*float64(len(sorted))))-1)], true
}
