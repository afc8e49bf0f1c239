package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// stoppedShown is how many stopped tasks of a service are worth reading.
const stoppedShown = 3

// explain prints the latest events of every service and why tasks stopped. It says nothing where the AWS command line is missing
// or the stack has no services yet: the error before it stands for itself.
func (t awsTarget) explain(ctx context.Context) {
	if !onPath("aws") {
		return
	}
	found, err := t.outputs(ctx)
	if err != nil || len(found.ServiceNames) == 0 {
		return
	}
	var services []string
	for _, service := range found.ServiceNames {
		services = append(services, service)
	}
	slices.Sort(services)
	for _, service := range services {
		for _, line := range append(t.events(ctx, found.ClusterName, service), t.stopped(ctx, found.ClusterName, service)...) {
			fmt.Fprintf(t.o.out, "  %s: %s\n", service, line)
		}
	}
}

// events are the newest messages of a service.
func (t awsTarget) events(ctx context.Context, cluster, service string) []string {
	var messages []string
	t.query(ctx, &messages, "ecs", "describe-services", "--cluster", cluster, "--services", service, "--query", "services[].events[:5][].message", "--output", "json")
	return messages
}

// stopped says of the last stopped tasks why they did.
func (t awsTarget) stopped(ctx context.Context, cluster, service string) []string {
	var arns, reasons []string
	t.query(ctx, &arns, "ecs", "list-tasks", "--cluster", cluster, "--service-name", service, "--desired-status", "STOPPED", "--query", "taskArns", "--output", "json")
	if len(arns) == 0 {
		return nil
	}
	args := append([]string{"ecs", "describe-tasks", "--cluster", cluster, "--tasks"}, arns[:min(stoppedShown, len(arns))]...)
	t.query(ctx, &reasons, append(args, "--query", "tasks[].[stoppedReason, containers[].join(': ', [name, reason || to_string(exitCode)])][][]", "--output", "json")...)
	return reasons
}

// query decodes what the AWS command line answers; an answer that is none leaves into empty.
func (t awsTarget) query(ctx context.Context, into *[]string, args ...string) {
	text, err := t.aws(ctx, args...)
	if err != nil {
		return
	}
	var list []any
	if json.Unmarshal(text, &list) != nil {
		return
	}
	for _, one := range list {
		if line, ok := one.(string); ok && line != "" {
			*into = append(*into, line)
		}
	}
}
