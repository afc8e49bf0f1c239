package system_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// nightsOff puts the environment to sleep and wakes it: without tasks and database the load balancer answers the page, and what was in the
// database is there in the morning.
func (p *proof) nightsOff(t *testing.T) {
	p.set(t, settings{"environment.schedule": settings{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}, "cluster.min": 0})
	p.finished(t, p.make(t, "up"))
	before := visits(t, p.site)

	if out := p.make(t, "sleep"); !strings.Contains(out, "local is asleep; it wakes at 07:00, Monday to Friday (Europe/Paris), or with make wake STACK=local") {
		t.Errorf("make sleep ends with\n%s", out)
	}
	left := func(role string) string {
		return docker(t, "ps", "--quiet", "--filter", "label=laravel-ecs.state="+p.state, "--filter", "label=laravel-ecs.role="+role)
	}
	for _, role := range []string{"task", "database"} {
		if containers := left(role); containers != "" {
			t.Errorf("asleep, there is a %s: %s", role, containers)
		}
	}
	for _, path := range []string{"/", "/deep/down?x=1", "/up"} {
		response, page := get(t, browser(t), p.url(path))
		if response.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page, "It wakes at 07:00, Monday to Friday (Europe/Paris).") {
			t.Errorf("%s asleep: %s\n%s", path, response.Status, page)
		}
	}
	if out := p.make(t, "drift"); !strings.Contains(out, "local is as it was deployed") {
		t.Errorf("asleep, make drift says\n%s", out)
	}

	if out := p.make(t, "wake"); !strings.Contains(out, "local is awake: http://localhost") {
		t.Errorf("make wake ends with\n%s", out)
	}
	eventually(t, 10*time.Second, "the application answers", func() bool {
		response, _ := get(t, browser(t), p.url("/"))
		return response.StatusCode == http.StatusOK
	})
	if now := visits(t, p.site); now <= before { // an empty database counts from one
		t.Errorf("%d visits before the night, %d after it", before, now)
	}
	if len(p.tasks(t, "web")) != 2 || left("database") == "" {
		t.Errorf("awake, there are %d web tasks and the database %q", len(p.tasks(t, "web")), left("database"))
	}
}
