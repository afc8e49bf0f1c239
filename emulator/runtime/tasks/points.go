package tasks

import (
	"context"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Points are what the load balancer saw, what the queues hold, and what containers print of themselves. Nobody here measures machines.
func (r *Scheduler) Points(ctx context.Context, m metrics.Metric, from, to time.Time) (metrics.Points, bool, error) {
	switch m.Namespace {
	case "AWS/ApplicationELB":
		return r.Traffic(ctx, m, from, to)
	case "AWS/SQS":
		return r.Jobs(ctx, m, from, to)
	}
	return metrics.FromLogs(m, from, to, r.List(account.LogGroupToken), func(group string) ([]state.Line, error) { return r.Lines(ctx, group, from) })
}
