package metrics

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// embedded are the values of a metric in lines that have it in the embedded metric format:
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
func embedded(lines []state.Line, m Metric) Points {
	points := Points{}
	for _, line := range lines {
		if !strings.Contains(line.Text, `"_aws"`) {
			continue
		}
		var members map[string]any
		var head struct {
			AWS struct {
				Timestamp         int64
				CloudWatchMetrics []struct {
					Namespace  string
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		if json.Unmarshal([]byte(line.Text), &head) != nil || json.Unmarshal([]byte(line.Text), &members) != nil {
			continue // a line as any other
		}
		value, isNumber := members[m.Name].(float64)
		for _, one := range head.AWS.CloudWatchMetrics {
			named := slices.ContainsFunc(one.Metrics, func(metric struct{ Name string }) bool { return metric.Name == m.Name })
			if isNumber && named && one.Namespace == m.Namespace && slices.ContainsFunc(one.Dimensions, func(set []string) bool { return m.has(set, members) }) {
				points.Add(time.UnixMilli(head.AWS.Timestamp), value)
			}
		}
	}
	return points
}

// has tells whether a set of dimensions with the values of a line is the metric's.
func (m Metric) has(set []string, members map[string]any) bool {
	for _, name := range set {
		if value, ok := m.Dimensions[name]; !ok || members[name] != value {
			return false
		}
	}
	return len(set) == len(m.Dimensions)
}

// FromLogs are the values of a custom metric in the lines of log groups. AWS's own metrics are in none.
func FromLogs(m Metric, from, to time.Time, groups []account.Resource, lines func(group string) ([]state.Line, error)) (points Points, known bool, err error) {
	if strings.HasPrefix(m.Namespace, "AWS/") {
		return nil, false, nil
	}
	points = Points{}
	for _, group := range groups {
		printed, err := lines(group.Outputs.Text("name"))
		if err != nil {
			return nil, true, err
		}
		for at, values := range embedded(printed, m).Within(from, to) {
			points[at] = append(points[at], values...)
		}
	}
	return points, true, nil
}
