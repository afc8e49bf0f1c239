package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// released overlays the release section of a stack file.
func released(t *testing.T, stack string, release map[string]any) map[string]string {
	t.Helper()
	config := with(stackConfig(t, stack), "release", "strategy", "blueGreen")
	for key, value := range release {
		config = with(config, "release", key, value)
	}
	return config
}

// webTasks is what each colour runs: its number of tasks and its release.
func webTasks(t *testing.T, r *infratest.Recorder) map[string]string {
	t.Helper()
	tasks := map[string]string{}
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if !strings.Contains(service.Name, "-web") {
			continue
		}
		count, _ := at(service, "desiredCount")
		for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
			if definition.Parent == service.Parent {
				_, after, _ := strings.Cut(text(definition, "containerDefinitions"), `"APP_RELEASE","value":"`)
				release, _, _ := strings.Cut(after, `"`)
				color := map[bool]string{true: "green", false: "blue"}[strings.Contains(service.Name, "green")]
				tasks[color] = fmt.Sprintf("%v of %s", count.NumberValue(), release)
			}
		}
	}
	return tasks
}

// shares are what the rules give to blue and green, the same on every listener. With a share for both, a visitor keeps his colour.
func shares(t *testing.T, r *infratest.Recorder) string {
	t.Helper()
	var all []string
	for _, rule := range r.OfType("aws:lb/listenerRule:ListenerRule") {
		if group := text(rule, "actions[0].targetGroupArn"); group != "" {
			all = append(all, map[bool]string{true: "0/100", false: "100/0"}[strings.HasSuffix(group, "-tg2")])
			continue
		}
		const forward = "actions[0].forward"
		blue, _ := at(rule, forward+".targetGroups[0].weight")
		green, _ := at(rule, forward+".targetGroups[1].weight")
		if text(rule, forward+".targetGroups[0].arn") == text(rule, forward+".targetGroups[1].arn") {
			t.Errorf("%s sends both shares to one group", rule.Name)
		}
		enabled, _ := at(rule, forward+".stickiness.enabled")
		if seconds, _ := at(rule, forward+".stickiness.duration"); !enabled.IsBool() || !enabled.BoolValue() || seconds.NumberValue() < 600 {
			t.Errorf("%s: a visitor does not keep his colour", rule.Name)
		}
		all = append(all, fmt.Sprintf("%v/%v", blue.NumberValue(), green.NumberValue()))
	}
	return strings.Join(slices.Compact(all), " ")
}

func TestBlueGreenLife(t *testing.T) {
	steps := []struct {
		name    string
		release map[string]any
		tasks   map[string]string
		shares  string
	}{
		{"first", map[string]any{"name": "r1"}, map[string]string{"blue": "1 of r1", "green": "0 of r1"}, "100/0"},
		{"canary", map[string]any{"name": "r1", "build": false, "candidate": "r2", "percent": 10}, map[string]string{"blue": "1 of r1", "green": "1 of r2"}, "90/10"},
		{"abort", map[string]any{"name": "r1", "build": false, "candidate": "r2", "percent": 0}, map[string]string{"blue": "1 of r1", "green": "1 of r2"}, "100/0"},
		{"all to the candidate", map[string]any{"name": "r1", "build": false, "candidate": "r2", "percent": 100}, map[string]string{"blue": "1 of r1", "green": "1 of r2"}, "0/100"},
		{"promote", map[string]any{"name": "r2", "build": false, "live": "green"}, map[string]string{"blue": "0 of r2", "green": "1 of r2"}, "0/100"},
		{"next canary", map[string]any{"name": "r2", "build": false, "live": "green", "candidate": "r3", "percent": 50}, map[string]string{"blue": "1 of r3", "green": "1 of r2"}, "50/50"},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			r := deploy(t, "staging", released(t, "staging", step.release))
			if got := webTasks(t, r); fmt.Sprint(got) != fmt.Sprint(step.tasks) {
				t.Errorf("tasks %v, %v expected", got, step.tasks)
			}
			if got := shares(t, r); got != step.shares {
				t.Errorf("shares %s, %s expected", got, step.shares)
			}
		})
	}
}

// TestTheIdleColourStopsLast: the colour without requests stops its tasks after the rules have changed, and the other one starts before.
func TestTheIdleColourStopsLast(t *testing.T) {
	for live, idle := range map[string]string{"blue": "green", "green": "blue"} {
		r := deploy(t, "prod", released(t, "prod", map[string]any{"name": "r1", "live": live}))
		if web := webTasks(t, r); len(web) != 2 {
			t.Fatalf("live %s: the colours are %v", live, web)
		}
		for _, service := range each(t, r, "aws:ecs/service:Service") {
			if !strings.Contains(service.Name, "-web") {
				continue
			}
			color := map[bool]string{true: "green", false: "blue"}[strings.Contains(service.Name, "green")]
			if waits := slices.Contains(service.DependsOn, "laravel-prod-traffic-https"); waits != (color == idle) {
				t.Errorf("live %s: %s waits for the rules: %v", live, service.Name, waits)
			}
		}
		for _, target := range each(t, r, "aws:appautoscaling/target:Target") {
			low, _ := at(target, "minCapacity")
			color := map[bool]string{true: "green", false: "blue"}[strings.Contains(target.Name, "green")]
			if (low.NumberValue() == 0) != (color == idle) {
				t.Errorf("live %s: autoscaling keeps %v tasks of %s", live, low.NumberValue(), color)
			}
		}
	}
}

// TestNoRequestsForARolledBackCandidate: the rules change only when both colours run the revision that was registered for them.
func TestNoRequestsForARolledBackCandidate(t *testing.T) {
	for _, percent := range []int{0, 10, 100} { // one group, two with weights, the other group
		recorder := &infratest.Recorder{RolledBack: true}
		config := released(t, "staging", map[string]any{"name": "r1", "build": false, "candidate": "r2", "percent": percent})
		if err := recorder.Run(stacks.Deploy, "laravel-ecs", "staging", config); err == nil {
			t.Errorf("%d percent: accepted", percent)
		}
		if rules := recorder.OfType("aws:lb/listenerRule:ListenerRule"); len(rules) != 0 {
			t.Errorf("%d percent: %d rules were changed", percent, len(rules))
		}
	}
}

// TestRulesHaveTheirHooks: those that see that a service is new, and those that wait for it (TestRulesWaitForNewTasks).
func TestRulesHaveTheirHooks(t *testing.T) {
	for strategy, want := range map[string]map[string]string{
		"rolling": {"web-service": "[]", "feed-service": "[after create laravel-staging-feed-created]", "worker-service": "[]"},
		"blueGreen": {
			"web-service": "[after create laravel-staging-web-created]", "web-green-service": "[after create laravel-staging-web-green-created]",
			"feed-service": "[after create laravel-staging-feed-created]", "worker-service": "[]",
		},
	} {
		want["traffic-https"] = "[before update laravel-staging-traffic-warm-up]"
		found := 0
		for _, one := range deploy(t, "staging", with(manyProcesses(t), "release", "strategy", strategy)).All() {
			name := strings.TrimPrefix(one.Name, "laravel-staging-")
			expected, listed := want[name]
			if rule, https := strings.CutSuffix(one.Name, "-https"); https && strings.HasPrefix(name, "route-") {
				expected, listed = fmt.Sprintf("[before create %s-warm-up before update %[1]s-warm-up]", rule), true
			}
			if listed {
				found++
				if got := fmt.Sprint(one.Hooks); got != expected {
					t.Errorf("%s: %s has the hooks %s, not %s", strategy, name, got, expected)
				}
			}
		}
		if found != len(want)+2 { // and the rules of feed and reverb
			t.Errorf("%s: %d of %d are there", strategy, found, len(want)+2)
		}
	}
}

// TestAChangeOfStrategyMovesNothing: the resources of a rolling environment keep their names with blueGreen.
func TestAChangeOfStrategyMovesNothing(t *testing.T) {
	for _, stack := range environments {
		there := map[string]bool{}
		for _, one := range deploy(t, stack, released(t, stack, nil)).All() {
			there[one.Type+" "+one.Name] = true
		}
		for _, one := range deploy(t, stack, stackConfig(t, stack)).All() {
			if !there[one.Type+" "+one.Name] {
				t.Errorf("%s %s is gone", one.Type, one.Name)
			}
		}
	}
}

// TestUntilTheRulesAreThereBlueServes: when rolling changes to blueGreen, the listener changes before the rules exist.
func TestUntilTheRulesAreThereBlueServes(t *testing.T) {
	r := deploy(t, "staging", released(t, "staging", nil))
	const groups = "defaultActions[0].forward.targetGroups"
	for _, listener := range each(t, r, "aws:lb/listener:Listener") {
		blue, _ := at(listener, groups+"[0].weight")
		green, _ := at(listener, groups+"[1].weight")
		if blue.NumberValue() != 1 || green.NumberValue() != 0 || !strings.HasSuffix(text(listener, groups+"[0].arn"), "-lb-tg") {
			t.Errorf("%s sends %v to blue and %v to green", listener.Name, blue, green)
		}
	}
}

// TestBothGroupsHaveRoomForTheirNames: the name of a target group has at most 32 characters, 8 of them for autonaming.
func TestBothGroupsHaveRoomForTheirNames(t *testing.T) {
	config := with(released(t, "staging", nil), "app", "name", "laravel-x") // with the stack's name 17 characters, the most there may be
	r, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err != nil {
		t.Fatal(err)
	}
	groups := r.OfType("aws:lb/targetGroup:TargetGroup")
	for _, group := range groups {
		if len(group.Name)+8 > 32 {
			t.Errorf("%s and 8 more are too long", group.Name)
		}
	}
	if len(groups) != 2 {
		t.Errorf("%d target groups", len(groups))
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(config, "app", "name", "laravel-xy")); err == nil {
		t.Error("one character more is accepted")
	}
}
