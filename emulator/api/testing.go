package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/api/wire"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// Disturbance is a service of a control plane that is not as it should be.
type Disturbance struct {
	Cluster string `json:"cluster"`
	Service string `json:"service"`
	Unready int    `json:"unready"` // tasks that do not run yet
	Rollout string `json:"rollout"` // IN_PROGRESS, or FAILED for a deployment that is rolled back; empty leaves it
	Reason  string `json:"reason"`
}

// set answers POST /test/fault, /test/outcome, /test/service and /test/report with a Fault, an Outcome, a Disturbance or a Report as JSON. Scripts that run
// the operator's command use it, as tests in this process call Fail, SetOutcome, Disturb and Report.
func (s *Server) set(name string, r *http.Request) error {
	read := func(into any) error {
		return json.NewDecoder(http.MaxBytesReader(nil, r.Body, wire.LongestRequest)).Decode(into)
	}
	switch name {
	case "fault":
		f := Fault{Times: 1}
		if err := read(&f); err != nil {
			return err
		}
		s.Fail(f)
		return nil
	case "outcome":
		var o Outcome
		if err := read(&o); err != nil {
			return err
		}
		return s.SetOutcome(o)
	case "service":
		var d Disturbance
		if err := read(&d); err != nil {
			return err
		}
		return s.Disturb(d)
	case "report":
		var one Report
		if err := read(&one); err != nil {
			return err
		}
		return s.Report(one)
	}
	return fmt.Errorf("unknown: %s", name)
}

func (s *Server) plane() (*controlPlane, error) {
	plane, ok := s.runtime.(*controlPlane)
	if !ok {
		return nil, fmt.Errorf("containers run behind this account: what becomes of tasks is not set, it happens")
	}
	return plane, nil
}

// remember keeps which operations are asked for; forget returns them, as IAM names them, and starts anew. A script compares them with
// the permissions that a command is documented to need.
func (s *Server) remember(q wire.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[iamPrefix(q.Service)+":"+q.Operation] = true
}

func (s *Server) forget() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	asked := slices.Sorted(maps.Keys(s.asked))
	s.asked = map[string]bool{}
	return asked
}

// Outcome is how the tasks end that RunTask starts on a control plane.
type Outcome struct {
	ExitCode int      `json:"exitCode"`
	Output   []string `json:"output"`
	Stays    bool     `json:"stays"` // it runs until it is stopped
	// Container is whose exit code and output it is; empty for the main one. If it is one that others wait for, they are never started.
	Container string `json:"container"`
}

// SetOutcome says how the tasks end that RunTask starts, on a control plane.
func (s *Server) SetOutcome(o Outcome) error {
	plane, err := s.plane()
	if err != nil {
		return err
	}
	plane.mu.Lock()
	defer plane.mu.Unlock()
	plane.outcome = o
	return nil
}

// Report sets what a metric of a control plane has all the time, also before now.
func (s *Server) Report(one Report) error {
	plane, err := s.plane()
	if err != nil {
		return err
	}
	plane.mu.Lock()
	defer plane.mu.Unlock()
	plane.reports = append(plane.reports, one)
	return nil
}

// Disturb makes a service of a control plane unsteady.
func (s *Server) Disturb(d Disturbance) error {
	plane, err := s.plane()
	if err != nil {
		return err
	}
	record, known := plane.Service(d.Cluster, d.Service)
	if !known {
		return fmt.Errorf("the service %s/%s was never deployed", d.Cluster, d.Service)
	}
	plane.mu.Lock()
	plane.unready[d.Service] = d.Unready
	plane.mu.Unlock()
	if d.Rollout == state.Failed { // one more deployment, which ECS takes back
		before := *record.Deployment(record.Primary)
		record.Begin(state.Deployment{ID: "ecs-svc/" + state.ID()[:19], TaskDefinition: before.TaskDefinition, Settings: before.Settings})
		failed := record.Primary
		record.Fail(d.Reason)
		record.RollBack(before.ID, d.Reason)
		record.RolledBack(failed, nil)
		record.MakePrimary(before.ID, state.Completed, fmt.Sprintf("ECS deployment %s completed.", before.ID))
	} else if d.Rollout != "" {
		record.MakePrimary(record.Primary, d.Rollout, d.Reason)
	}
	record.Running = max(0, record.Desired-d.Unready)
	return plane.store.Save(record)
}
