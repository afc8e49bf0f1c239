package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/stackfile"
)

var blueGreenStacks = []string{"staging", "prod"}

// TestBlueGreen takes a stack from a rolling release to blue and green, through a canary that is aborted and one that is
// promoted, and back. Each step says what it may touch; abort is a change of weights and nothing else.
func TestBlueGreen(t *testing.T) {
	t.Parallel()
	for _, stack := range blueGreenStacks {
		t.Run(stack, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, stack, nil, nil)
			if _, err := stackfile.Seed(l.Account(), l.Settings()); err != nil {
				t.Fatal(err)
			}
			blueGreenLife(t, l)
		})
	}
}

func blueGreenLife(t *testing.T, l *life) {
	tree, err := l.Settings().TreeRelease()
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name string
		set  map[string]any
		// touched is what changes, as "operation type"; each at least once and nothing else.
		touched []string
		weights string // blue/green
	}{
		{"first", map[string]any{"name": "r1"}, nil, "100/0"},
		{"strategy", map[string]any{"strategy": "blueGreen"}, nil, "100/0"},
		{"canary", map[string]any{"build": false, "candidate": tree, "percent": 10}, []string{
			"create aws:cloudwatch:MetricAlarm", // of tasks that must be there now
			"replace aws:ecs:TaskDefinition", "update aws:ecs:Service", "update aws:lb:ListenerRule", "update docker:index:Image",
		}, "90/10"},
		{"abort", map[string]any{"percent": 0}, []string{"update aws:lb:ListenerRule"}, "100/0"},
		{"more", map[string]any{"percent": 50}, []string{"update aws:lb:ListenerRule"}, "50/50"},
		// The image is in the registry: nothing has to be built, so the resource that builds goes.
		{"promote", map[string]any{"name": tree, "live": "green", "candidate": nil, "percent": nil}, []string{
			"delete aws:cloudwatch:MetricAlarm",
			"replace aws:ecs:TaskDefinition", "update aws:ecs:Service", "update aws:lb:ListenerRule", "delete docker:index:Image",
		}, "0/100"},
		{"once more", nil, []string{}, "0/100"},
	}
	for _, step := range steps {
		for key, value := range step.set {
			l.set(map[string]any{"release." + key: value})
		}
		if _, err := l.Preview(t.Context()); err != nil {
			t.Fatalf("%s: the preview fails: %v", step.name, err)
		}
		report, err := l.Up(t.Context())
		if err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		var touched []string
		for _, change := range report.Changes {
			op, _, _ := strings.Cut(change.String(), " laravel-")
			switch {
			case strings.HasPrefix(change.Type, "laravel:"), strings.HasPrefix(change.Type, "pulumi:"): // nothing on AWS
			case strings.Contains(op, "appautoscaling"): // follows the number of tasks, where there is autoscaling
			default:
				touched = append(touched, op)
			}
			if op == "delete aws:ecs:Service" || strings.HasPrefix(op, "replace aws:lb") {
				t.Errorf("%s: %v", step.name, change)
			}
		}
		slices.Sort(touched)
		slices.Sort(step.touched)
		if step.touched != nil && !slices.Equal(slices.Compact(touched), step.touched) {
			t.Errorf("%s touches %v, %v expected", step.name, slices.Compact(touched), step.touched)
		}
		if got := weights(t, l); got != step.weights {
			t.Errorf("%s: weights %s, %s expected", step.name, got, step.weights)
		}
	}
}

// weights are those of the rules in the account, which must agree. A colour without a share is not in the rule: a cookie would lead there.
func weights(t *testing.T, l *life) string {
	t.Helper()
	var all []string
	green := func(arn string) bool { return strings.Contains(arn, "-tg2-") }
	for _, rule := range l.Account().List("aws:lb/listenerRule:ListenerRule") {
		groups := rule.Outputs.Blocks("actions[*].forward.targetGroups[*]")
		if len(groups) == 0 {
			all = append(all, map[bool]string{true: "0/100", false: "100/0"}[green(rule.Outputs.Text("actions[0].targetGroupArn"))])
			continue
		}
		if !rule.Outputs.True("actions[0].forward.stickiness.enabled") {
			t.Errorf("%s: a visitor does not keep his colour", rule.ID)
		}
		slices.SortFunc(groups, func(a, b account.Values) int { // AWS returns a set
			return strings.Compare(fmt.Sprint(green(a.Text("arn"))), fmt.Sprint(green(b.Text("arn"))))
		})
		all = append(all, fmt.Sprintf("%v/%v", groups[0]["weight"], groups[1]["weight"]))
	}
	if all = slices.Compact(all); len(all) > 1 {
		t.Errorf("the listeners disagree: %v", all)
	}
	return strings.Join(all, "")
}
