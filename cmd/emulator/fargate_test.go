package main_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// everyMoment looks at the account at each step of a deployment: never are there two schedulers, and requests go to tasks that are there.
type everyMoment struct {
	l     *life
	wrong []string
	steps []string // operations on services and rules, in their order
}

// Ensure implements account.Backend. It follows what the account has recorded, and comes before the next step.
func (m *everyMoment) Ensure(_ context.Context, r account.Resource) error {
	switch r.Type {
	case account.ServiceToken:
		m.steps = append(m.steps, "service "+place(r))
		if schedulers := m.named("-scheduler-"); len(schedulers) > 1 {
			m.wrong = append(m.wrong, fmt.Sprintf("two schedulers: %v", schedulers))
		}
	case account.ListenerRuleToken:
		m.steps = append(m.steps, "rule")
		for _, group := range r.Outputs.Strings("actions[*].targetGroupArn") {
			if !m.served(group, "") {
				m.wrong = append(m.wrong, fmt.Sprintf("%s sends requests to %s, which has no task", r.Name, group))
			}
		}
	}
	return nil
}

// Remove implements account.Backend. It comes before the record goes.
func (m *everyMoment) Remove(_ context.Context, r account.Resource) error {
	switch r.Type {
	case account.ServiceToken:
		m.steps = append(m.steps, "no service "+place(r))
		for _, rule := range m.l.Account().List(account.ListenerRuleToken) {
			for _, group := range rule.Outputs.Strings("actions[*].targetGroupArn") {
				if !m.served(group, r.ID) {
					m.wrong = append(m.wrong, fmt.Sprintf("%s goes, and %s still sends requests to its group", r.Name, rule.Name))
				}
			}
		}
	case account.IngressRuleToken: // what is left must let the load balancer reach every task
		port, _ := r.Outputs.Int("fromPort")
		for _, service := range m.l.Account().List(account.ServiceToken) {
			for _, balancer := range service.Outputs.Blocks("loadBalancers[*]") {
				own, _ := balancer.Int("containerPort")
				if fargate := service.Outputs.Has("networkConfiguration"); fargate && port == own || !fargate && port == 32768 {
					m.wrong = append(m.wrong, fmt.Sprintf("%s goes, and %s needs it", r.Name, service.Name))
				}
			}
		}
	}
	return nil
}

func place(service account.Resource) string {
	_, name, _ := strings.Cut(service.Name, "staging-")
	if service.Outputs.Has("networkConfiguration") {
		return name + " on fargate"
	}
	return name
}

func (m *everyMoment) named(part string) (ids []string) {
	for _, service := range m.l.Account().List(account.ServiceToken) {
		if strings.Contains(service.Name, part) {
			ids = append(ids, service.ID)
		}
	}
	return ids
}

// served tells whether a service without the given id has tasks in a target group.
func (m *everyMoment) served(group, without string) bool {
	return slices.ContainsFunc(m.l.Account().List(account.ServiceToken), func(service account.Resource) bool {
		desired, _ := service.Outputs.Int("desiredCount")
		return service.ID != without && desired > 0 && slices.Contains(service.Outputs.Strings("loadBalancers[*].targetGroupArn"), group)
	})
}

// move deploys under the eyes of everyMoment, and wants each of the steps after the one before.
func (l *life) move(what string, set map[string]any, order ...string) engine.Report {
	l.t.Helper()
	m := &everyMoment{l: l}
	l.Account().SetBackend(m)
	defer l.Account().SetBackend(nil)
	l.set(set)
	report := l.deploy(what)
	for _, wrong := range m.wrong {
		l.t.Errorf("%s: %s", what, wrong)
	}
	at := 0
	for _, step := range order {
		next := slices.Index(m.steps[at:], step)
		if next < 0 {
			l.t.Fatalf("%s: no %q after %q; the steps are %q", what, step, order[:slices.Index(order, step)], m.steps)
		}
		at += next + 1
	}
	return report
}

// instanceKeys are those of the section cluster that Fargate does not have.
var instanceKeys = map[string]any{"instanceTypes": []string{"t3.small"}, "min": 1, "max": 4, "onDemandPercent": 100}

// TestFargateMoves takes an environment from instances to Fargate, to Fargate Spot and back. Requests always go to tasks that are there, and
// there are never two schedulers. What is left is what a new environment has.
func TestFargateMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{
			"release.name": "r1", "cluster": instanceKeys, "observability.alarms": true,
			"web.startSeconds": 1, "loadBalancer.healthCheck": map[string]any{"interval": 5, "timeout": 2},
			"processes": map[string]any{"feed": map[string]any{"command": []string{"artisan", "feed:serve"}, "path": "/feed", "port": 9000, "startSeconds": 1}, "ssr": map[string]any{}},
		})
	})
	l.deploy("on instances")
	before := l.inventory()
	const warm = 11 * time.Second // startSeconds and two health checks

	there := l.move("to Fargate", map[string]any{"cluster": map[string]any{"capacity": "fargate"}},
		"service web-service on fargate", "no service scheduler-service", "service scheduler-service on fargate", "rule", "no service web-service")
	if there.Took < warm {
		t.Errorf("the rule changed %s after the start: the tasks were not healthy", there.Took)
	}
	for _, token := range []string{account.GroupToken, account.LaunchTemplateToken, account.CapacityProviderToken} {
		if left := l.Account().List(token); len(left) > 0 {
			t.Errorf("on Fargate there is %v", left)
		}
	}
	if clusters := l.Account().List(account.ClusterToken); len(clusters) != 1 {
		t.Errorf("%d clusters on Fargate", len(clusters))
	}
	if bad := l.allOn("FARGATE"); bad != "" {
		t.Error(bad)
	}

	spot := l.move("to Fargate Spot", map[string]any{"cluster.capacity": "fargateSpot"})
	for _, change := range spot.Changes {
		if change.Op != "update" {
			t.Errorf("to Fargate Spot: %s", change)
		}
	}
	if bad := l.allOn("FARGATE_SPOT"); bad != "" {
		t.Error(bad)
	}

	back := l.move("back to instances", map[string]any{"cluster": instanceKeys},
		"service web-service", "no service scheduler-service on fargate", "service scheduler-service", "rule", "no service web-service on fargate")
	if back.Took < warm {
		t.Errorf("the rule changed %s after the start: the tasks were not healthy", back.Took)
	}
	if after := l.inventory(); !slices.Equal(after, before) {
		t.Errorf("after the way back there is\n%v, and before there was\n%v", after, before)
	}
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Error(err)
	}
}

// inventory are the resources of the account by type and logical name, without what stays of earlier revisions.
func (l *life) inventory() (names []string) {
	resources, err := l.Resources()
	if err != nil {
		l.t.Fatal(err)
	}
	for _, r := range resources {
		names = append(names, string(r.Type)+" "+r.URN.Name())
	}
	slices.Sort(names)
	return names
}

// allOn says which service does not run on a capacity provider.
func (l *life) allOn(provider string) string {
	services := l.Account().List(account.ServiceToken)
	for _, service := range services {
		if names := service.Outputs.Strings("capacityProviderStrategies[*].capacityProvider"); !slices.Equal(names, []string{provider}) {
			return fmt.Sprintf("%s runs on %v", service.Name, names)
		}
	}
	if len(services) != 4 {
		return fmt.Sprintf("%d services", len(services))
	}
	return ""
}
