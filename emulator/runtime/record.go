package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Rollout states of a deployment, as ECS names them.
const (
	InProgress = "IN_PROGRESS"
	Completed  = "COMPLETED"
	Failed     = "FAILED"
)

// Deployment is one attempt to bring a service to a task definition.
type Deployment struct {
	ID             string    `json:"id"` // ecs-svc/0123456789
	TaskDefinition string    `json:"taskDefinition"`
	RolloutState   string    `json:"rolloutState"`
	Reason         string    `json:"reason"`
	FailedTasks    int       `json:"failedTasks"`
	Created        time.Time `json:"created"`
	Updated        time.Time `json:"updated"`

	Settings   string         `json:"settings"`   // of the service, to tell a new deployment from the same one
	Definition taskDefinition `json:"definition"` // for a rollback, when the account has forgotten the revision
}

// StoppedTask is a task that failed, with what it said last.
type StoppedTask struct {
	ID             string    `json:"id"`
	TaskDefinition string    `json:"taskDefinition"`
	Deployment     string    `json:"deployment"`
	Reason         string    `json:"reason"`
	LastLines      []string  `json:"lastLines"`
	Stopped        time.Time `json:"stopped"`
}

// ServiceState is what is true of a service, whatever its last update reported.
type ServiceState struct {
	Cluster        string        `json:"cluster"`
	Service        string        `json:"service"`
	TaskDefinition string        `json:"taskDefinition"` // of the primary deployment: what runs, or is being rolled out
	RolloutState   string        `json:"rolloutState"`
	RolloutReason  string        `json:"rolloutReason"`
	Desired        int           `json:"desired"`
	Running        int           `json:"running"` // tasks of the primary deployment, when it was last looked at
	Deployments    []Deployment  `json:"deployments"`
	Stopped        []StoppedTask `json:"stopped"` // the last ten, newest first
	Primary        string        `json:"primary"` // id of the primary deployment
}

const keptRecords = 10

// ServiceState returns what is known of a service; false when it was never deployed. Cluster and service may be ARNs.
func (r *Runtime) ServiceState(cluster, name string) (ServiceState, bool) {
	state, err := r.loadService(lastPart(cluster) + "/" + lastPart(name))
	return state, err == nil && state.Primary != ""
}

// Observe tells the account what a service runs where that is not what was declared: the circuit breaker went back.
func (r *Runtime) Observe(res account.Resource) account.Values {
	if res.Type != tokenService {
		return nil
	}
	state, known := r.ServiceState(text(res.Outputs, "cluster"), text(res.Outputs, "name"))
	if !known || state.TaskDefinition == text(res.Outputs, "taskDefinition") {
		return nil
	}
	return account.Values{"taskDefinition": state.TaskDefinition}
}

// Failure is a deployment that was given up: what became of it, and what its last task said.
type Failure struct{ Summary, LastTask string }

// Failures returns the deployments that were given up since a time.
func (r *Runtime) Failures(since time.Time) ([]Failure, error) {
	files, err := filepath.Glob(filepath.Join(r.stateDir, "runtime", "service-*.json"))
	if err != nil {
		return nil, err
	}
	var failures []Failure
	for _, path := range files {
		var state ServiceState
		if err := readJSON(path, &state); err != nil {
			return nil, err
		}
		for _, d := range state.Deployments {
			if d.RolloutState == Failed && d.Updated.After(since) {
				failures = append(failures, state.failure(d))
			}
		}
	}
	return failures, nil
}

func (s *ServiceState) failure(d Deployment) Failure {
	f := Failure{Summary: fmt.Sprintf("service %s: %s did not come up: %s", s.Service, lastPart(d.TaskDefinition), d.Reason)}
	if s.Primary != d.ID {
		f.Summary += fmt.Sprintf(" %s serves.", lastPart(s.TaskDefinition))
	}
	for _, t := range s.Stopped {
		if t.Deployment == d.ID {
			f.LastTask = t.describe()
			break
		}
	}
	return f
}

// deployment returns a deployment by its id.
func (s *ServiceState) deployment(id string) *Deployment {
	for i := range s.Deployments {
		if s.Deployments[i].ID == id {
			return &s.Deployments[i]
		}
	}
	return nil
}

// completed tells whether a deployment became steady: its tasks served.
func (s *ServiceState) completed(id string) bool {
	d := s.deployment(id)
	return d != nil && d.RolloutState == Completed
}

// lastCompleted is what a rollback returns to: the newest deployment that became steady.
func (s *ServiceState) lastCompleted() *Deployment {
	for i := range s.Deployments {
		if s.Deployments[i].RolloutState == Completed {
			return &s.Deployments[i]
		}
	}
	return nil
}

// begin makes a deployment the primary one.
func (s *ServiceState) begin(d Deployment) {
	d.RolloutState, d.Created = InProgress, time.Now()
	s.Deployments = append([]Deployment{d}, s.Deployments...)
	kept := s.Deployments[:0]
	completed := false
	for i, one := range s.Deployments { // the one to go back to is kept, however old
		first := one.RolloutState == Completed && !completed
		completed = completed || first
		if i < keptRecords || first {
			kept = append(kept, one)
		}
	}
	s.Deployments = kept
	s.makePrimary(d.ID, InProgress, fmt.Sprintf("ECS deployment %s in progress.", d.ID))
}

// makePrimary sets the primary deployment and how far it is.
func (s *ServiceState) makePrimary(id, state, reason string) {
	d := s.deployment(id)
	d.RolloutState, d.Reason, d.Updated = state, reason, time.Now()
	s.Primary, s.TaskDefinition, s.RolloutState, s.RolloutReason = id, d.TaskDefinition, state, reason
}

// note keeps a failed task.
func (s *ServiceState) note(t StoppedTask) {
	s.Stopped = append([]StoppedTask{t}, s.Stopped...)
	s.Stopped = s.Stopped[:min(len(s.Stopped), keptRecords)]
}

func (r *Runtime) serviceFile(key string) string {
	return filepath.Join(r.stateDir, "runtime", "service-"+plainName(key)+".json")
}

func (r *Runtime) loadService(key string) (ServiceState, error) {
	cluster, name, _ := strings.Cut(key, "/")
	state := ServiceState{Cluster: cluster, Service: name}
	if err := readJSON(r.serviceFile(key), &state); err != nil && !errors.Is(err, os.ErrNotExist) {
		return state, fmt.Errorf("reading the deployments of %s: %w", key, err)
	}
	return state, nil
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

func (r *Runtime) saveService(state ServiceState) error {
	data, err := json.MarshalIndent(state, "", "  ")
	if err == nil {
		err = writeFile(r.serviceFile(state.Cluster+"/"+state.Service), data)
	}
	if err != nil {
		return fmt.Errorf("keeping the deployments of %s: %w", state.Service, err)
	}
	return nil
}
