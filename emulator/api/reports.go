package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Report is what a metric of a control plane has every five seconds: a sum of 50 is 600 a minute.
type Report struct {
	Namespace string    `json:"namespace"` // empty: AWS/ApplicationELB
	Name      string    `json:"name"`      // of the metric
	Of        string    `json:"of"`        // a part of the value of one of its dimensions; empty for any
	Values    []float64 `json:"values"`    // none: the metric is silent. For CPUUtilization, of each task every minute
}

// Points are what was set with /test/report. Besides them, a control plane knows its tasks and their targets, and what its tasks print.
func (c *controlPlane) Points(ctx context.Context, m metrics.Metric, from, to time.Time) (points metrics.Points, known bool, err error) {
	every := metrics.Resolution
	values, known := c.reported(m)
	switch {
	case m.Namespace == "AWS/ECS" && m.Name == "CPUUtilization":
		every = time.Minute
		values, err = c.uses(ctx, m, values)
	case known:
	case m.Namespace == "AWS/ApplicationELB" && strings.HasSuffix(m.Name, "ealthyHostCount"):
		values, err = c.hosts(ctx, m)
	case m.Namespace == "AWS/ApplicationELB", m.Namespace == "AWS/SQS": // nobody asks for anything
	default:
		return metrics.FromLogs(m, from, to, c.account.List(account.LogGroupToken), func(group string) ([]state.Line, error) { return c.Lines(ctx, group, from) })
	}
	points = metrics.Points{}
	for at := from.UTC().Truncate(every); len(values) > 0 && at.Before(to); at = at.Add(every) {
		points[at] = values
	}
	return points.Within(from, to), true, err
}

// reported is the last report that fits.
func (c *controlPlane) reported(m metrics.Metric) (values []float64, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range slices.Backward(c.reports) {
		fits := one.Of == ""
		for _, value := range m.Dimensions {
			fits = fits || strings.Contains(value, one.Of)
		}
		if fits && one.Name == m.Name && cmp.Or(one.Namespace, "AWS/ApplicationELB") == m.Namespace {
			return one.Values, true
		}
	}
	return nil, false
}

// hosts counts the targets of a target group, if it has any.
func (c *controlPlane) hosts(ctx context.Context, m metrics.Metric) ([]float64, error) {
	for _, g := range c.account.List(account.TargetGroupToken) {
		if !strings.HasSuffix(g.ID, ":"+m.Dimensions["TargetGroup"]) {
			continue
		}
		targets, err := c.Targets(ctx, g.ID)
		if len(targets) == 0 || err != nil {
			return nil, err
		}
		healthy := len(slices.DeleteFunc(slices.Clone(targets), func(t state.Target) bool { return t.State != "healthy" }))
		if m.Name == "HealthyHostCount" {
			return []float64{float64(healthy)}, nil
		}
		return []float64{float64(len(targets) - healthy)}, nil
	}
	return nil, nil
}

// uses has a report of every running task of a cluster or service, which idles unless something else was set. "The number of reports is the number of tasks":
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service_utilization.html.
func (c *controlPlane) uses(ctx context.Context, m metrics.Metric, set []float64) (values []float64, err error) {
	tasks, err := c.Tasks(ctx, m.Dimensions["ClusterName"])
	service, ofService := m.Dimensions["ServiceName"]
	for _, t := range tasks {
		if t.LastStatus == "RUNNING" && (!ofService || t.Service == service) {
			values = append(values, append(set, 1)[0])
		}
	}
	return values, err
}
