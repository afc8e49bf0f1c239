// Package state holds what is known of the services and tasks of the emulated ECS, whatever runs them: the record of a
// service's deployments, which survives in the state folder, and the tasks as DescribeTasks shows them.
package state

import (
	"fmt"
	"strings"
	"time"
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
	// Finished is when it became steady, failed, or gave way to the next one; zero while it is under way.
	Finished time.Time `json:"finished,omitzero"`
	// Served is when it became steady first; zero when it never did.
	Served time.Time `json:"served,omitzero"`
	// Bakes is until when its alarms are watched after it became steady; zero without alarms.
	Bakes time.Time `json:"bakes,omitzero"`
	// Before is the deployment that was the primary one until then; empty for the first.
	Before string `json:"before,omitempty"`
	// Stopped says that another deployment began before this one became steady.
	Stopped bool `json:"stopped,omitempty"`
	// Rollback is what the circuit breaker, or an alarm, did after this one failed.
	Rollback *Rollback `json:"rollback,omitempty"`
	// Settings identify what the deployment is of: the same settings are the same deployment.
	Settings string `json:"settings"`
}

// Rollback is the way back from a failed deployment.
type Rollback struct {
	To       string    `json:"to"` // id of the deployment that serves again
	Reason   string    `json:"reason"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	Failed   bool      `json:"failed,omitempty"`
}

// StoppedTask is a task that failed, with what it printed last.
type StoppedTask struct {
	ID             string    `json:"id"`
	TaskDefinition string    `json:"taskDefinition"`
	Deployment     string    `json:"deployment"`
	Reason         string    `json:"reason"`
	LastLines      []string  `json:"lastLines"`
	Stopped        time.Time `json:"stopped"`
}

// Event is a line of a service's log of events.
type Event struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
	Message string    `json:"message"`
}

// Service is what is true of a service, whatever its last update reported.
type Service struct {
	Cluster        string        `json:"cluster"`
	Service        string        `json:"service"`
	TaskDefinition string        `json:"taskDefinition"` // of the primary deployment: what runs, or is being rolled out
	RolloutState   string        `json:"rolloutState"`
	RolloutReason  string        `json:"rolloutReason"`
	Desired        int           `json:"desired"`
	Running        int           `json:"running"`     // tasks of the primary deployment, when they were last looked at
	Deployments    []Deployment  `json:"deployments"` // newest first
	Stopped        []StoppedTask `json:"stopped"`     // the last ten that failed, newest first
	Events         []Event       `json:"events"`      // newest first
	Primary        string        `json:"primary"`     // id of the primary deployment
}

// What is kept. ECS keeps deployments for 90 days and the last 100 events.
const (
	keptDeployments = 50
	keptStopped     = 10
	keptEvents      = 100
)

// Deployment returns a deployment by its id; nil when there is none.
func (s *Service) Deployment(id string) *Deployment {
	for i := range s.Deployments {
		if s.Deployments[i].ID == id {
			return &s.Deployments[i]
		}
	}
	return nil
}

// Completed tells whether a deployment became steady: its tasks served.
func (s *Service) Completed(id string) bool {
	d := s.Deployment(id)
	return d != nil && d.RolloutState == Completed
}

// LastCompleted is what a rollback returns to: the newest deployment that became steady.
func (s *Service) LastCompleted() *Deployment {
	for i := range s.Deployments {
		if s.Deployments[i].RolloutState == Completed {
			return &s.Deployments[i]
		}
	}
	return nil
}

// Begin makes a deployment the primary one.
func (s *Service) Begin(d Deployment) {
	now := time.Now()
	if last := s.Deployment(s.Primary); last != nil {
		d.Before = last.ID
		if last.Finished.IsZero() {
			last.Finished, last.Stopped = now, true
		}
	}
	d.RolloutState, d.Created = InProgress, now
	s.Deployments = append([]Deployment{d}, s.Deployments...)
	kept := s.Deployments[:0]
	completed := false
	for i, one := range s.Deployments { // the one to go back to is kept, however old
		first := one.RolloutState == Completed && !completed
		completed = completed || first
		if i < keptDeployments || first {
			kept = append(kept, one)
		}
	}
	s.Deployments = kept
	s.MakePrimary(d.ID, InProgress, fmt.Sprintf("ECS deployment %s in progress.", d.ID))
}

// MakePrimary sets the primary deployment and how far it is.
func (s *Service) MakePrimary(id, rollout, reason string) {
	d := s.Deployment(id)
	if d.RolloutState == Failed && rollout == InProgress {
		d.Finished, d.Rollback = time.Time{}, nil // one more try
	}
	d.Bakes = time.Time{} // of this try, when it is steady
	d.RolloutState, d.Reason, d.Updated = rollout, reason, time.Now()
	if rollout != InProgress && d.Finished.IsZero() {
		d.Finished = d.Updated
	}
	if rollout == Completed {
		if d.Served.IsZero() {
			d.Served = d.Updated
		}
		s.Tell("(service %s) (deployment %s) deployment completed.", s.Service, id)
		s.Tell("(service %s) has reached a steady state.", s.Service)
	}
	s.Primary, s.TaskDefinition, s.RolloutState, s.RolloutReason = id, d.TaskDefinition, rollout, reason
}

// Baked completes the primary deployment when its bake time is over, and tells whether it did.
func (s *Service) Baked() bool {
	d := s.Deployment(s.Primary)
	if d == nil || d.RolloutState != InProgress || d.Bakes.IsZero() || time.Now().Before(d.Bakes) {
		return false
	}
	s.MakePrimary(d.ID, Completed, fmt.Sprintf("ECS deployment %s completed.", d.ID))
	return true
}

// Fail ends the primary deployment as failed.
func (s *Service) Fail(reason string) {
	s.MakePrimary(s.Primary, Failed, reason)
	s.Tell("(service %s) (deployment %s) deployment failed: %s", s.Service, s.Primary, reason)
}

// RollBack makes an earlier deployment the primary one again.
func (s *Service) RollBack(to, reason string) {
	s.Deployment(s.Primary).Rollback = &Rollback{To: to, Reason: reason, Started: time.Now()}
	s.Tell("(service %s) rolling back to deployment %s.", s.Service, to)
	by, _, _ := strings.Cut(reason, ":") // ECS deployment circuit breaker
	s.MakePrimary(to, InProgress, fmt.Sprintf("%s: rolling back to deploymentId %s.", by, to))
}

// RolledBack ends the rollback of a failed deployment.
func (s *Service) RolledBack(from string, err error) {
	if d := s.Deployment(from); d != nil && d.Rollback != nil {
		d.Rollback.Finished, d.Rollback.Failed = time.Now(), err != nil
	}
}

// Note keeps a failed task.
func (s *Service) Note(t StoppedTask) {
	s.Stopped = append([]StoppedTask{t}, s.Stopped...)
	s.Stopped = s.Stopped[:min(len(s.Stopped), keptStopped)]
}

// Tell adds an event, in ECS's words.
func (s *Service) Tell(format string, args ...any) {
	e := Event{ID: ID(), Created: time.Now(), Message: fmt.Sprintf(format, args...)}
	s.Events = append([]Event{e}, s.Events...)
	s.Events = s.Events[:min(len(s.Events), keptEvents)]
}
