package main_test

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// rollsBack is an ECS whose circuit breaker ends every deployment of some services: they run what they ran before, and the provider's
// wait ends without an error (infra/service.go, runningRevision).
type rollsBack struct {
	part string            // of the names of the services
	runs map[string]string // task definition by service
}

func (rollsBack) Ensure(context.Context, account.Resource) error { return nil }
func (rollsBack) Remove(context.Context, account.Resource) error { return nil }

// Observe implements account.Observer.
func (b rollsBack) Observe(r account.Resource) account.Values {
	if before := b.runs[r.Name]; before != "" && strings.Contains(r.Name, b.part) {
		return account.Values{"taskDefinition": before}
	}
	return nil
}

// running are the task definitions that the services run, by logical name.
func (l *life) running() map[string]string {
	found := map[string]string{}
	for _, service := range l.Account().List(account.ServiceToken) {
		found[service.Name] = service.Outputs.Text("taskDefinition")
	}
	return found
}

// rolledBack deploys while ECS rolls back what has part in its name, and wants an error that says so.
func (l *life) rolledBack(part string) {
	l.t.Helper()
	l.Account().SetBackend(rollsBack{part: part, runs: l.running()})
	defer l.Account().SetBackend(nil)
	_, err := l.Up(l.t.Context())
	if err == nil || !strings.Contains(err.Error(), part) || strings.Count(err.Error(), "ECS rolled the release back") != 1 {
		l.t.Fatalf("ECS rolls %s back, and the deployment ends with: %v", part, err)
	}
}

// TestOneRelease: worker and scheduler stay on the release, and on the credentials, that the web service runs when ECS rolls it back.
func TestOneRelease(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]map[string]any{
		"release":  {"release.name": "r2"},
		"rotation": {"rotation.DB_PASSWORD": 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
			l.deploy("first")
			before := l.running()
			l.set(change)
			l.rolledBack("-web-")
			if now := l.running(); !maps.Equal(now, before) || len(now) != 3 {
				t.Errorf("before ECS rolled the web service back:\n%v\nand after it:\n%v", before, now)
			}
			l.rolledBack("-web-") // once more
			if now := l.running(); !maps.Equal(now, before) {
				t.Errorf("after one more try: %v", now)
			}
			l.deploy("a release that works")
			for service, definition := range l.running() {
				if definition == before[service] {
					t.Errorf("%s still runs %s", service, definition)
				}
			}
		})
	}
}

// TestWorkerRolledBack: the deployment fails, and the next one brings all services to one release.
func TestWorkerRolledBack(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("first")
	first := l.running()
	const worker = "laravel-staging-worker-service"
	l.set(map[string]any{"release.name": "r2"})
	l.rolledBack("-worker-")
	second := l.running()
	if second[worker] != first[worker] || second["laravel-staging-web-service"] == first["laravel-staging-web-service"] {
		t.Errorf("first %v, then %v", first, second)
	}
	l.deploy("r2 again")
	if third := l.running(); third[worker] == first[worker] || third["laravel-staging-web-service"] != second["laravel-staging-web-service"] {
		t.Errorf("first %v, then %v, then %v", first, second, third)
	}
}

// TestFirstMigrationFails: a worker does not meet a database without tables.
func TestFirstMigrationFails(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, nil)
	l.failUp(account.Fault{Operation: "create", Type: account.ServiceToken, Nth: 1}) // the provider's wait runs out
	if got := l.services(); len(got) != 0 {
		t.Errorf("services without a database that is prepared: %v", got)
	}
	l.deploy("the rest")
}
