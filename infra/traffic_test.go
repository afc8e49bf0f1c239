package infra

import (
	"testing"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// TestRulesWaitForNewTasks: before requests go to tasks that the load balancer has not checked yet, and at no other time.
func TestRulesWaitForNewTasks(t *testing.T) {
	to := func(group string) resource.PropertyMap {
		return resource.NewPropertyMapFromMap(map[string]any{"actions": []any{map[string]any{"targetGroupArn": group}}})
	}
	service := func(created bool) *Service {
		s := &Service{}
		s.created.Store(created)
		return s
	}
	type hook = func(*pulumi.Context) pulumi.ResourceHookFunction
	traffic := func(created bool, wait time.Duration, colors ...string) hook {
		return TrafficArgs{Balancer: &Balancer{args: BalancerArgs{Colors: colors}}, Serving: []*Service{service(false), service(created)}, WarmUp: wait}.warmUp
	}
	route := func(created bool, wait time.Duration) hook {
		return RouteArgs{Service: service(created), WarmUp: wait}.warmUp
	}
	const short, long = 10 * time.Millisecond, time.Minute // so that a slow machine is no wait
	_, err := infratest.Run(func(ctx *pulumi.Context) error {
		for name, test := range map[string]struct {
			hook          hook
			before, after string
			want          bool
		}{
			"a process that is new":              {route(true, short), "", "a", true},
			"a process with another group":       {route(false, long), "a", "b", false},
			"a colour that is new":               {traffic(true, short, Blue, Green), "a", "a", true},
			"a colour that has tasks already":    {traffic(false, long, Blue, Green), "a", "b", false},
			"another group of the only service":  {traffic(false, short, Blue), "a", "b", true},
			"the same group of the only service": {traffic(true, long, Blue), "a", "a", false},
		} {
			start := time.Now()
			if err := test.hook(ctx)(&pulumi.ResourceHookArgs{Name: name, OldInputs: to(test.before), NewInputs: to(test.after)}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if waited := time.Since(start); test.want && waited < short || !test.want && waited >= long {
				t.Errorf("%s: the rule waited %s", name, waited)
			}
		}
		return nil
	}, "laravel-ecs", "staging", nil)
	if err != nil {
		t.Fatal(err)
	}
}

func TestWithoutName(t *testing.T) {
	for url, want := range map[string]string{"https://sqs.eu-west-1.amazonaws.com/123456789012/jobs": "https://sqs.eu-west-1.amazonaws.com/123456789012", "": ""} {
		if got := withoutName(url); got != want {
			t.Errorf("%q gives %q", url, got)
		}
	}
}
