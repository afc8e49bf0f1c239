package state

import (
	"fmt"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Failure is a deployment that was given up: what became of it, and what its last task printed.
type Failure struct{ Summary, LastTask string }

// Failures returns the deployments that were given up since a time.
func (s *Service) Failures(since time.Time) []Failure {
	var all []Failure
	for _, d := range s.Deployments {
		if d.RolloutState != Failed || !d.Updated.After(since) {
			continue
		}
		f := Failure{Summary: fmt.Sprintf("service %s: %s did not come up: %s", s.Service, account.AfterSlash(d.TaskDefinition), d.Reason)}
		if s.Primary != d.ID {
			f.Summary += fmt.Sprintf(" %s serves.", account.AfterSlash(s.TaskDefinition))
		}
		if t := s.LastStopped(d.ID); t != nil {
			f.LastTask = t.Describe()
		}
		all = append(all, f)
	}
	return all
}

// LastStopped is the task of a deployment that failed last; nil when none did.
func (s *Service) LastStopped(deployment string) *StoppedTask {
	for i := range s.Stopped {
		if s.Stopped[i].Deployment == deployment {
			return &s.Stopped[i]
		}
	}
	return nil
}

// lineShown is how many bytes of a line are shown: a stack trace in JSON fills the screen.
const lineShown = 400

// Describe says why a task stopped and what it printed last.
func (t StoppedTask) Describe() string {
	text := fmt.Sprintf("task %s stopped: %s", t.ID[:min(8, len(t.ID))], t.Reason)
	for _, line := range t.LastLines {
		if line = strings.TrimRight(line, " "); len(line) > lineShown {
			line = strings.ToValidUTF8(line[:lineShown], "") + " ..."
		}
		text += "\n  | " + line
	}
	return text
}
