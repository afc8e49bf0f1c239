package system_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// soak tells whether everything is to be tried: make soak takes an hour, make test has ten minutes for all tiers.
func soak() bool { return os.Getenv("SOAK") == "1" }

// TestReleases is the promise of the program: whatever happens to a release, visitors do not notice.
func TestReleases(t *testing.T) {
	p := newProof(t)
	defer p.report(t)
	if !t.Run("first deployment, killed and repeated", p.firstDeployment) {
		return
	}
	steps := []struct {
		name string
		run  func(t *testing.T)
		soak bool // only in make soak
	}{
		{"jobs across a release", p.background, false},
		{"release, and another one at once", p.releases, true},
		{"engine killed during a release", p.engineKilled, false},
		{"TLS to the tasks", p.containerTLS, false},
		{"another health path", p.healthPath, true},
		{"scaling", p.scaling, true},
		{"task killed", p.taskKilled, true},
		{"minutes of the scheduler", p.schedulerReplaced, true},
		{"rollback", p.rolledBack, true},
	}
	for _, one := range steps {
		p.step(t, one.name, one.soak, one.run)
	}
	p.badReleases(t)
	p.step(t, "one tick a minute all along", false, func(t *testing.T) { p.ticks(t, p.began) })
	p.step(t, "canaries", true, p.canaries) // the last two: what follows a promotion is not rolling any more
	p.step(t, "releases in steps", false, p.gradual)
}

// step runs a part of the test, or notes that make soak does.
func (p *proof) step(t *testing.T, name string, onlySoak bool, run func(t *testing.T)) {
	if onlySoak && !soak() {
		p.untried = append(p.untried, name)
		return
	}
	t.Run(name, run)
}

// report tells what the load saw, and what was not tried, in the test's log and in the file that make prints.
func (p *proof) report(t *testing.T) {
	text := table(p.results)
	if len(p.untried) > 0 {
		text += "\nLeft to make soak, because make test has ten minutes for all of its tiers: " + strings.Join(p.untried, "; ") + ".\n"
	}
	t.Log("\n" + text)
	if path := os.Getenv("SYSTEM_REPORT"); path != "" {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Error(err)
		}
	}
}

// firstDeployment kills everything in the middle: the next run carries on, and nothing is orphaned (newSite's cleanup looks).
func (p *proof) firstDeployment(t *testing.T) {
	p.configure(t, p.now)
	up := p.start(t, "up")
	up.await(t, "it starts a container", func() bool { return p.left(t) != "" })
	time.Sleep(2 * time.Second)
	up.kill(t)
	p.finished(t, p.make(t, "up"))
	if response, _ := get(t, browser(t), p.url("/")); response.StatusCode != http.StatusOK {
		t.Errorf("%s", response.Status)
	}
	p.began = time.Now()
}

func (p *proof) page() string {
	return filepath.Join(p.dir, "examples", "laravel", "resources", "views", "home.blade.php")
}

func (p *proof) releases(t *testing.T) {
	edit(t, p.page(), "Each request may be answered", "Every request may be answered")
	p.unharmed(t, "a release", func() { p.release(t, "two") })
	p.unharmed(t, "another one right after", func() { p.release(t, "three") })
}

func (p *proof) scaling(t *testing.T) {
	for _, count := range []int{5, 2} {
		p.unharmed(t, fmt.Sprintf("scaling to %d", count), func() {
			p.set(t, settings{"web.count": count})
			p.finished(t, p.make(t, "up"))
		})
		if running := len(p.tasks(t, "web")); running != count {
			t.Errorf("%d tasks run, %d are wanted", running, count)
		}
	}
}

// containerTLS and healthPath change what needs another target group, with tasks of its own.
func (p *proof) containerTLS(t *testing.T) {
	p.unharmed(t, "TLS to the tasks", func() {
		p.set(t, settings{"loadBalancer.containerTls": true})
		p.finished(t, p.make(t, "up"))
	})
}

func (p *proof) healthPath(t *testing.T) {
	p.unharmed(t, "another health path", func() {
		p.set(t, settings{"loadBalancer.healthCheck": map[string]any{"path": "/ready", "interval": 5, "timeout": 2, "healthy": 2, "unhealthy": 2}})
		p.finished(t, p.make(t, "up"))
	})
}

var startingWeb = regexp.MustCompile(`service laravel-local-web\S*: starting`)

// engineKilled ends make up, with everything that it started, while new tasks start.
func (p *proof) engineKilled(t *testing.T) {
	p.unharmed(t, "kill -9 of the engine, and the run that finishes", func() {
		before := p.tasks(t, "web")
		p.set(t, settings{"release.name": "killed"})
		up := p.start(t, "up")
		up.await(t, "it starts a web task", func() bool { return startingWeb.MatchString(up.printed()) })
		time.Sleep(3 * time.Second)
		up.kill(t)
		after := p.tasks(t, "web")
		for _, one := range before {
			if !slices.ContainsFunc(after, func(other task) bool { return other.container == one.container && other.healthy }) {
				t.Errorf("%s served, and the killed engine left it unhealthy:\n%v", one.container, after)
			}
		}
		time.Sleep(5 * time.Second) // it serves on without an engine
		p.finished(t, p.make(t, "up"))
	})
}

// taskKilled kills a web container from outside: what was under way on it is lost, nothing else.
func (p *proof) taskKilled(t *testing.T) {
	victim := p.tasks(t, "web")[0].container
	var death time.Time
	r := p.under(t, "kill -9 of a task", func() {
		pid := docker(t, "inspect", "--format", "{{.State.Pid}}", victim)
		// From the engine's own machine, as its user: Docker does not take it for a stop that somebody wanted, and on a busy machine
		// notes it a second later.
		stamp := docker(t, "run", "--rm", "--pid", "host", "--user", "0", "--entrypoint", "sh", "laravel-ecs/base:trixie", "-c", "kill -9 "+pid+"; date +%s%3N")
		at, err := strconv.ParseInt(strings.TrimSpace(stamp), 10, 64)
		if err != nil {
			t.Fatalf("when the task died: %v", err)
		}
		death = time.UnixMilli(at)
		eventually(t, 10*time.Second, "the container ends", func() bool {
			at, err := time.Parse(time.RFC3339Nano, docker(t, "inspect", "--format", "{{.State.FinishedAt}}", victim))
			return err == nil && at.After(death)
		})
		eventually(t, time.Minute, "two tasks are healthy again", func() bool {
			healthy := 0
			for _, one := range p.tasks(t, "web") {
				if one.healthy {
					healthy++
				}
			}
			return healthy == 2
		})
	})
	const clock = 300 * time.Millisecond // until both ends of the dead task's connections have noticed
	flying := 0
	for _, one := range r.all {
		if one.sent.Before(death) && one.end.After(death) {
			flying++
		}
	}
	t.Logf("%d requests were under way on both tasks when one died, %d failed", flying, len(r.failed))
	for _, one := range r.failed {
		if one.sent.After(death.Add(clock)) || one.end.Before(death.Add(-clock)) {
			t.Errorf("a request failed that was not under way: sent %s after the death, ended %s after it: %v", one.sent.Sub(death), one.end.Sub(death), one.err)
		}
	}
}

// forgetImage takes the image of a release out of the registry, as a lifecycle rule that counts wrongly would.
func (p *proof) forgetImage(t *testing.T, release string) {
	t.Helper()
	names := docker(t, "ps", "--filter", "label=laravel-ecs.state="+p.state, "--filter", "label=laravel-ecs.role=registry", "--format", "{{.Names}}")
	script := fmt.Sprintf(`set -e; link=$(find /var/lib/docker-registry -path '*/_manifests/tags/*%s/current/link'); digest=$(cat "$link"); rm -r "${link%%/tags/*}/revisions/sha256/${digest#sha256:}"`, release)
	docker(t, "exec", names, "sh", "-c", script)
	docker(t, "restart", names) // it remembers what it had
}
