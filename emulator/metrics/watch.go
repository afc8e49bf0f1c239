package metrics

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Watch is on the alarms of a service's deployment, which fail it while it is rolled out and for the bake time after that:
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-alarm-failure.html.
type Watch struct {
	// Bake is how long a steady service is watched: as long as the longest of its alarms looks back (https://github.com/aws/copilot-cli/pull/4294).
	Bake time.Duration
	// Rollback says that ECS goes back by itself.
	Rollback bool

	source Source
	alarms []Alarm
}

// Fired is an alarm that failed a deployment.
type Fired struct{ Name, Reason string }

func (f *Fired) Error() string {
	return fmt.Sprintf("ECS deployment alarms: %s is in ALARM: %s.", f.Name, f.Reason)
}

// NewWatch begins with a deployment of a service. It is nil for a service without alarms. An alarm that is in ALARM already is ignored
// (https://github.com/aws/copilot-cli/pull/4512).
func NewWatch(ctx context.Context, source Source, service account.Resource, alarms []account.Resource) (*Watch, error) {
	v := service.Outputs
	if !v.True("alarms.enable") {
		return nil, nil
	}
	w := &Watch{source: source, Rollback: v.True("alarms.rollback")}
	for _, r := range alarms {
		if !slices.Contains(v.Strings("alarms.alarmNames"), r.Outputs.Text("name")) {
			continue
		}
		a := ReadAlarm(r)
		state, err := a.State(ctx, source, time.Now())
		if err != nil {
			return nil, fmt.Errorf("reading the alarm %s: %w", a.Name, err)
		}
		if w.Bake = max(w.Bake, a.Window()); state.Value != Alarming {
			w.alarms = append(w.alarms, a)
		}
	}
	return w, nil
}

// Look returns the alarm that fires, as an error; what cannot be read does not.
func (w *Watch) Look(ctx context.Context) *Fired {
	for _, a := range w.alarms {
		if state, err := a.State(ctx, w.source, time.Now()); err == nil && state.Value == Alarming {
			return &Fired{a.Name, state.Reason}
		}
	}
	return nil
}
