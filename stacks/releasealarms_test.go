package stacks_test

import (
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// TestReleaseAlarms: ECS takes the web service back by alarms that look at release.bakeMinutes, and only where the stack file names some.
func TestReleaseAlarms(t *testing.T) {
	services := func(r *infratest.Recorder) map[string]infratest.Resource {
		all := map[string]infratest.Resource{}
		for _, one := range r.OfType("aws:ecs/service:Service") {
			all[one.Name] = one
		}
		return all
	}
	for _, stack := range environments {
		r := deploy(t, stack, stackConfig(t, stack))
		for name, one := range services(r) {
			if one.Inputs.HasValue("alarms") {
				t.Errorf("%s: %s has deployment alarms", stack, name)
			}
		}
	}
	judged := with(with(stackConfig(t, "prod"), "release", "judge", map[string]any{"alarms": []string{"errors", "slow", "shop-checkout"}}), "release", "bakeMinutes", 6)
	r := deploy(t, "prod", judged)
	for name, one := range services(r) {
		web := name == "laravel-prod-web-service"
		if web != one.Inputs.HasValue("alarms") || web != slices.Equal(one.Hooks, []string{"after update laravel-prod-web-baked"}) {
			t.Errorf("%s: %v, %v", name, one.Inputs["alarms"], one.Hooks)
		}
	}
	alarms := services(r)["laravel-prod-web-service"].Inputs["alarms"].ObjectValue()
	if names := alarms["alarmNames"].ArrayValue(); len(names) != 3 || names[2].StringValue() != "shop-checkout" || !alarms["enable"].BoolValue() || !alarms["rollback"].BoolValue() {
		t.Errorf("%v", alarms)
	}
	for name, want := range map[string][2]float64{"laravel-prod-release-errors": {6, 5}, "laravel-prod-release-slow": {6, 6}} {
		found := false
		for _, one := range r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm") {
			if one.Name != name {
				continue
			}
			found = true
			if n, m := one.Inputs["evaluationPeriods"].NumberValue(), one.Inputs["datapointsToAlarm"].NumberValue(); n != want[0] || m != want[1] || one.Inputs.HasValue("alarmActions") {
				t.Errorf("%s fires at %v of %v minutes: %v", name, m, n, one.Inputs)
			}
		}
		if !found {
			t.Errorf("there is no alarm %s", name)
		}
	}
	web := services(deploy(t, "prod", with(stackConfig(t, "prod"), "release", "judge", map[string]any{"alarms": []string{}})))["laravel-prod-web-service"]
	if off := web.Inputs["alarms"].ObjectValue(); off["enable"].BoolValue() || len(off["alarmNames"].ArrayValue()) != 1 || len(web.Hooks) > 0 {
		t.Errorf("an empty list turns them off, with a name that the SDK demands and without a wait, not %v, %v", off, web.Hooks)
	}
}
