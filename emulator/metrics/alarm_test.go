package metrics

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// fixed is a source that always has the same.
type fixed struct {
	points Points
	known  bool
}

func (f fixed) Points(context.Context, Metric, time.Time, time.Time) (Points, bool, error) {
	return f.points, f.known, nil
}

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// points draws minutes before noon, oldest first: 0 is within the threshold, X beyond it, - missing.
func points(drawn string) Points {
	p := Points{}
	marks := strings.Fields(drawn)
	for i, mark := range marks {
		at := noon.Add(-time.Duration(len(marks)-i) * time.Minute)
		switch mark {
		case "0":
			p.Add(at, 1)
		case "X":
			p.Add(at, 11)
		}
	}
	return p
}

// TestMissingData are the tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
func TestMissingData(t *testing.T) {
	const none = NoData
	for _, row := range []struct {
		toAlarm                                  int
		drawn                                    string
		missing, ignore, breaching, notBreaching string
	}{
		{3, "0 - X - X", OK, OK, OK, OK},
		{3, "0 - - - -", OK, OK, OK, OK},
		{3, "- - - - -", none, none, Alarming, OK},
		{3, "0 X X - X", Alarming, Alarming, Alarming, Alarming},
		{3, "- - - - X", none, none, Alarming, OK},
		{3, "X - - - -", Alarming, none, Alarming, OK},
		{2, "0 - X - X", Alarming, Alarming, Alarming, Alarming},
		{2, "0 0 X 0 X", Alarming, Alarming, Alarming, Alarming},
		{2, "0 - X - -", OK, OK, Alarming, OK},
		{2, "- - - - 0", OK, OK, Alarming, OK},
		{2, "- - - - X", none, none, Alarming, OK},
		{3, "X X X - - - - -", none, Alarming, Alarming, OK}, // it retains the state
		{3, "0 0 0 - - - - -", none, OK, Alarming, OK},
	} {
		for missing, want := range map[string]string{"missing": row.missing, "ignore": row.ignore, "breaching": row.breaching, "notBreaching": row.notBreaching} {
			a := Alarm{Statistic: "Sum", Comparison: "GreaterThanThreshold", Threshold: 10, Period: time.Minute, Periods: 3, ToAlarm: row.toAlarm, Missing: missing}
			got, err := a.State(t.Context(), fixed{points(row.drawn), true}, noon.Add(20*time.Second))
			if err != nil || got.Value != want {
				t.Errorf("%d out of 3, %s, %s: %v (%v), want %s", row.toAlarm, row.drawn, missing, got, err, want)
			}
		}
	}
}

func TestAlarms(t *testing.T) {
	a := Alarm{Statistic: "Sum", Comparison: "GreaterThanThreshold", Threshold: 10, Period: time.Minute, Periods: 1, ToAlarm: 1}
	for comparison, want := range map[string]string{
		"GreaterThanThreshold": OK, "GreaterThanOrEqualToThreshold": Alarming, "LessThanThreshold": OK, "LessThanOrEqualToThreshold": Alarming,
	} {
		a.Comparison = comparison
		got, err := a.State(t.Context(), fixed{Points{noon.Add(-time.Minute): {4, 6}}, true}, noon)
		if err != nil || got.Value != want || !strings.Contains(got.Reason, words[comparison]+" 10") {
			t.Errorf("10 is %s 10: %v (%v)", comparison, got, err)
		}
	}
	if got, err := a.State(t.Context(), fixed{}, noon); err != nil || got.Value != NoData || !strings.Contains(got.Reason, "has no metric") {
		t.Errorf("an unknown metric: %v, %v", got, err)
	}
	a.Statistic = "tm99"
	if got, err := a.State(t.Context(), fixed{Points{}, true}, noon); err != nil || got.Value != NoData || !strings.Contains(got.Reason, "tm99") {
		t.Errorf("an unknown statistic: %v, %v", got, err)
	}
}

func TestStatistics(t *testing.T) {
	p := Points{noon: {3, 1}, noon.Add(time.Minute): {2}, noon.Add(5 * time.Minute): {8}}
	for name, want := range map[string][2]float64{
		"Sum": {6, 8}, "SampleCount": {3, 1}, "Average": {2, 8}, "Minimum": {1, 8}, "Maximum": {3, 8}, "p50": {2, 8}, "p95": {3, 8}, "p0": {1, 8}, "p99.9": {3, 8},
	} {
		got, known := p.Statistics(name, 5*time.Minute)
		if !known || len(got) != 2 || got[noon] != want[0] || got[noon.Add(5*time.Minute)] != want[1] {
			t.Errorf("%s: %v (%v), want %v", name, got, known, want)
		}
	}
	for _, name := range []string{"", "p101", "pigs", "IQM", "sum"} {
		if _, known := p.Statistics(name, time.Minute); known {
			t.Errorf("%q is a statistic", name)
		}
	}
	if within := p.Within(noon.Add(3*time.Second), noon.Add(5*time.Minute)); len(within) != 2 {
		t.Errorf("within: %v", within)
	}
}

func TestEmbedded(t *testing.T) {
	line := func(text string) state.Line { return state.Line{Text: text} }
	lines := []state.Line{
		line("[info] _aws"), line(`{"_aws": "broken`),
		line(fmt.Sprintf(`{"_aws":{"Timestamp":%d,"CloudWatchMetrics":[{"Namespace":"App","Dimensions":[["Stack"]],"Metrics":[{"Name":"Age"},{"Name":"Jobs"}]}]},"Stack":"prod","Age":7,"Jobs":2}`, noon.UnixMilli())),
	}
	for want, m := range map[float64]Metric{
		7: {"App", "Age", map[string]string{"Stack": "prod"}}, 2: {"App", "Jobs", map[string]string{"Stack": "prod"}},
	} {
		if got := embedded(lines, m); len(got) != 1 || got[noon][0] != want {
			t.Errorf("%v: %v", m, got)
		}
	}
	for _, m := range []Metric{{"Other", "Age", map[string]string{"Stack": "prod"}}, {"App", "Age", nil}, {"App", "Age", map[string]string{"Stack": "x"}}, {"App", "Stack", map[string]string{"Stack": "prod"}}} {
		if got := embedded(lines, m); len(got) != 0 {
			t.Errorf("%v has %v", m, got)
		}
	}
}
