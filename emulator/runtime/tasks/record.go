package tasks

import (
	"path/filepath"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Service returns what is recorded of a service; false when it was never deployed. Cluster and service may be ARNs.
func (r *Scheduler) Service(cluster, name string) (state.Service, bool) {
	record, err := r.Store.Load(account.AfterSlash(cluster), account.AfterSlash(name))
	if err == nil {
		r.baked(&record)
	}
	return record, err == nil && record.Primary != ""
}

// Revisions returns when each revision of a task definition was registered, by ARN.
func (r *Scheduler) Revisions() (map[string]time.Time, error) { return r.Store.Revisions() }

// Observe tells the account what a service runs where that is not what was declared: the circuit breaker went back.
func (r *Scheduler) Observe(res account.Resource) account.Values {
	if res.Type != account.ServiceToken {
		return nil
	}
	record, known := r.Service(res.Outputs.Text("cluster"), res.Outputs.Text("name"))
	if !known || record.TaskDefinition == res.Outputs.Text("taskDefinition") {
		return nil
	}
	return account.Values{"taskDefinition": record.TaskDefinition}
}

// Failures returns the deployments that were given up since a time.
func (r *Scheduler) Failures(since time.Time) ([]state.Failure, error) {
	files, err := filepath.Glob(r.Path("service-*.json"))
	if err != nil {
		return nil, err
	}
	var failures []state.Failure
	for _, path := range files {
		var record state.Service
		if err := machine.ReadJSON(path, &record); err != nil {
			return nil, err
		}
		failures = append(failures, record.Failures(since)...)
	}
	return failures, nil
}
