package main_test

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestAlarmTakesARollingReleaseBack releases a version whose tasks are healthy and answer with errors: ECS goes back by the alarm, the update
// fails and says so, and the services that follow keep the release before. The same version goes through where nobody watches.
func TestAlarmTakesARollingReleaseBack(t *testing.T) {
	t.Parallel()
	w := watch(t, "staging", func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "release.bakeMinutes": 1, "release.judge": map[string]any{"alarms": []string{"errors"}}})
	})
	errors := func(each5seconds float64) {
		t.Helper()
		if err := w.server.Report(api.Report{Name: "HTTPCode_Target_5XX_Count", Values: []float64{each5seconds}}); err != nil {
			t.Fatal(err)
		}
	}
	w.set(map[string]any{"release.name": "r2"})
	var failed error
	ended := make(chan struct{})
	go func() { // once the deployment has begun: an alarm that fires before it is ignored
		defer close(ended)
		for failed == nil && !w.deploying() {
			time.Sleep(100 * time.Millisecond)
			failed = t.Context().Err()
		}
		failed = cmp.Or(failed, w.server.Report(api.Report{Name: "HTTPCode_Target_5XX_Count", Values: []float64{1}}))
	}()
	_, err := w.Up(t.Context())
	<-ended
	if failed != nil {
		t.Fatal(failed)
	}
	if err == nil || !strings.Contains(err.Error(), "ECS rolled the release back") {
		t.Fatalf("the release with errors: %v", err)
	}
	for _, one := range w.described() {
		if !strings.HasSuffix(*one.TaskDefinition, ":1") {
			t.Errorf("%s runs %s", *one.ServiceName, *one.TaskDefinition)
		}
	}
	errors(0)
	w.set(map[string]any{"release.judge": map[string]any{"alarms": []string{}}})
	errors(1)
	if _, err := w.Up(t.Context()); err != nil {
		t.Errorf("without alarms: %v", err)
	}
}

// described are the services as ECS has them.
func (w *watchedAccount) described() (all []types.Service) {
	for _, r := range w.Account().List(account.ServiceToken) {
		cluster := r.Outputs.Text("cluster")
		out, err := ecs.NewFromConfig(w.config).DescribeServices(w.t.Context(), &ecs.DescribeServicesInput{Cluster: &cluster, Services: []string{r.Outputs.Text("name")}})
		if err == nil {
			all = append(all, out.Services...)
		}
	}
	return all
}

// deploying tells whether a deployment is under way.
func (w *watchedAccount) deploying() bool {
	return slices.ContainsFunc(w.described(), func(one types.Service) bool {
		return slices.ContainsFunc(one.Deployments, func(d types.Deployment) bool { return d.RolloutState == types.DeploymentRolloutStateInProgress })
	})
}
