package runtime

import (
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// TestAlarmRollsBack releases healthy tasks that answer every request with an error. What HAProxy saw makes an alarm of it, and the service
// goes back after the provider has called it steady.
func TestAlarmRollsBack(t *testing.T) {
	s := newSystem(t)
	s.f.Put(account.AlarmToken, "errors", account.Values{
		"name": "errors", "namespace": "AWS/ApplicationELB", "metricName": "HTTPCode_Target_5XX_Count", "statistic": "Sum", "comparisonOperator": "GreaterThanThreshold",
		"threshold": 5, "period": 60, "evaluationPeriods": 3, "datapointsToAlarm": 1, "treatMissingData": "notBreaching",
		"dimensions": map[string]any{"TargetGroup": "targetgroup/web/0123456789abcdef", "LoadBalancer": "app/lb/0123456789abcdef"},
	})
	watched := func(definition string) account.Resource {
		res := s.declare(definition, 1)
		res.Outputs["alarms"] = map[string]any{"alarmNames": []any{"errors"}, "enable": true, "rollback": true}
		return s.f.Put(account.ServiceToken, s.service, res.Outputs)
	}
	good := s.define(1, "good", "", nil)
	s.ensure(watched(good))
	l := s.underLoad()
	s.ensure(watched(s.define(2, "bad", "errors", nil)))
	record, _ := s.r.Service("main", "web")
	if record.RolloutState == state.Completed {
		t.Errorf("a deployment is complete before its bake time is over: %+v", record.Deployments[0])
	}
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		if record, _ = s.r.Service("main", "web"); record.TaskDefinition == good && record.RolloutState == state.Completed {
			break
		}
	}
	s.r.Finish()
	l.cancel()
	l.group.Wait()
	bad := record.Deployments[0]
	if record.TaskDefinition != good || bad.RolloutState != state.Failed || bad.Rollback == nil || bad.Rollback.Finished.IsZero() {
		t.Fatalf("the service runs %s, and the deployment is %+v", record.TaskDefinition, bad)
	}
	if seen, _ := s.f.Find(account.ServiceToken, "name", "web"); seen.Outputs.Text("taskDefinition") != good {
		t.Errorf("the account has %s", seen.Outputs.Text("taskDefinition"))
	}
	s.serves(t, "good", 1)
	t.Logf("%s; of %d requests %d failed", bad.Reason, l.done.Load(), l.failed.Load())
}
