package haproxy

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Targets returns what is registered with a target group, with state, reason and description as
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html words them.
func (r *Balancer) Targets(ctx context.Context, groupARN string) ([]state.Target, error) {
	door, err := r.frontDoor()
	if err != nil || door == nil {
		return nil, err
	}
	i := slices.IndexFunc(door.groups, func(g group) bool { return g.Arn == groupARN })
	if i < 0 {
		return nil, nil
	}
	registered, err := r.LoadTargets()
	if err != nil {
		return nil, err
	}
	servers, err := r.Servers(ctx, door.groups[i].Name)
	if err != nil {
		return nil, err
	}
	var all []state.Target
	for name, seen := range servers {
		host, text, ok := strings.Cut(name, ":")
		port, err := strconv.Atoi(text)
		if !ok || err != nil {
			continue
		}
		one := state.Target{ID: host, Port: port, State: "initial", Reason: "Elb.InitialHealthChecks", Words: "Initial health checks in progress"}
		index := slices.IndexFunc(registered, func(t Target) bool { return t.Group == groupARN && t.Name() == name })
		switch {
		case index < 0:
			one.State, one.Reason, one.Words = "draining", "Target.DeregistrationInProgress", "Target deregistration is in progress"
		case seen.Down() && registered[index].Ready:
			one.State, one.Reason, one.Words = "unhealthy", seen.reasonCode(), seen.Reason()
		case registered[index].Ready:
			one.State, one.Reason, one.Words = "healthy", "", ""
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b state.Target) int { return strings.Compare(a.ID, b.ID) })
	return all, nil
}

// reasonCode is the code that goes with reason.
func (s targetState) reasonCode() string {
	switch {
	case strings.HasPrefix(s.check, "L7STS"):
		return "Target.ResponseCodeMismatch"
	case strings.Contains(s.check, "TOUT"):
		return "Target.Timeout"
	default:
		return "Target.FailedHealthChecks"
	}
}
