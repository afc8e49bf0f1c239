package system_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// settings are keys of the stack file with their values: web.count. Nil takes a key away.
type settings map[string]any

// proof is one site that goes through everything that a release may meet, with the example application extended by what
// testdata/app has: jobs that count themselves, and trouble on demand.
type proof struct {
	*site
	file     string // the stack file
	original []byte
	now      settings // what is deployed
	released []string // names, in order
	began    time.Time
	results  []result
	untried  []string // steps that only make soak takes
}

func newProof(t *testing.T) *proof {
	p := &proof{site: newSite(t), now: settings{"release.name": "one", "env.APP_DIAGNOSTICS": "true", "web.startSeconds": 20, "web.reservationMib": 128, "secrets.PROOF_KEY": "known"}}
	p.file = filepath.Join(p.dir, "Pulumi.local.yaml")
	var err error
	if p.original, err = os.ReadFile(p.file); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(p.dir, "examples", "laravel")
	if out, err := exec.Command("cp", "-R", "testdata/app/.", app).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	edit(t, filepath.Join(app, "routes", "plain.php"), "use App\\Http\\Controllers\\UploadController;",
		"use App\\Http\\Controllers\\ProofController;\nuse App\\Http\\Controllers\\UploadController;")
	edit(t, filepath.Join(app, "routes", "plain.php"), "Route::get('/ready'",
		"Route::post('/proof/queue', [ProofController::class, 'queue']);\nRoute::get('/proof/report', [ProofController::class, 'report']);\nRoute::get('/ready'")
	edit(t, filepath.Join(app, "app", "Http", "Controllers", "HealthController.php"), "return response(\"ok\\n\")", "\\App\\Support\\Trouble::meet();\n        return response(\"ok\\n\")")
	return p
}

// edit replaces a text in a file that must have it.
func edit(t *testing.T, path, old, replacement string) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(raw), old, replacement, 1)
	if changed == string(raw) {
		t.Fatalf("%s has no %q", path, old)
	}
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// configure writes the stack file: the repository's own with these settings.
func (p *proof) configure(t *testing.T, all settings) {
	t.Helper()
	var file struct {
		Config map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(p.original, &file); err != nil {
		t.Fatal(err)
	}
	for key, value := range all {
		section, name, _ := strings.Cut(key, ".")
		full := "laravel-ecs:" + section
		if file.Config[full] == nil {
			file.Config[full] = map[string]any{}
		}
		if value == nil {
			delete(file.Config[full].(map[string]any), name)
			continue
		}
		file.Config[full].(map[string]any)[name] = value
	}
	raw, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// set changes settings for good.
func (p *proof) set(t *testing.T, changes settings) {
	t.Helper()
	maps.Copy(p.now, changes)
	p.configure(t, p.now)
}

// release deploys what is configured under a new name and wants the whole service on it.
func (p *proof) release(t *testing.T, name string) {
	t.Helper()
	p.set(t, settings{"release.name": name})
	p.finished(t, p.make(t, "up"))
}

func (p *proof) finished(t *testing.T, out string) {
	t.Helper()
	name := fmt.Sprint(p.now["release.name"])
	if !slices.Contains(p.released, name) {
		p.released = append(p.released, name)
	}
	if !strings.Contains(out, "answers with release "+name+",") {
		t.Errorf("make up does not say that %s runs:\n%s", name, out)
	}
	for _, task := range p.tasks(t, "web") {
		if task.release != name || !task.healthy {
			t.Errorf("after the release of %s runs %s", name, task.line)
		}
	}
}

// task is a line of make status: the container of a service that does its work.
type task struct {
	container, revision, release, line string
	healthy                            bool
}

// tasks are the containers of a process without those that prepare them.
func (p *proof) tasks(t *testing.T, process string) []task {
	t.Helper()
	var list []task
	for line := range strings.Lines(p.make(t, "status")) {
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[0], "laravel-local-"+process) || strings.HasSuffix(fields[1], "-migrate") {
			continue
		}
		healthy := fields[4] == "healthy" && (process != "web" || fields[5] == "healthy")
		list = append(list, task{container: fields[1], revision: fields[2], release: fields[3], line: line, healthy: healthy})
	}
	if len(list) == 0 {
		t.Fatalf("make status shows no task of %s", process)
	}
	return list
}

// under does something while there is load, and keeps what the load saw.
func (p *proof) under(t *testing.T, step string, work func()) result {
	t.Helper()
	l := startLoad(fmt.Sprintf("127.0.0.1:%d", p.http))
	var r result
	func() {
		defer func() { r = l.stop(step) }() // also when the work gives up
		time.Sleep(2 * time.Second)
		work()
		time.Sleep(2 * time.Second)
	}()
	p.results = append(p.results, r)
	t.Logf("%s: %.0f s, %d requests (%.0f a second), %d failed, p50 %s, p99 %s", step, r.took.Seconds(), len(r.all), r.rate(), len(r.failed), r.p50, r.p99)
	switch rate := r.rate(); {
	case rate < leastRate:
		t.Errorf("%s: %.0f requests a second are no load, %d are sent where the machine can answer them", step, rate, offeredRate)
	case rate < wantedRate:
		t.Logf("%s: the machine answers %.0f requests a second of the %d that are due; %d are wanted of a quiet one", step, rate, offeredRate, wantedRate)
	}
	return r
}

// unharmed is under for what no visitor may notice.
func (p *proof) unharmed(t *testing.T, step string, work func()) {
	t.Helper()
	if r := p.under(t, step, work); len(r.failed) > 0 {
		t.Errorf("%s: %d of %d requests failed:\n%s", step, len(r.failed), len(r.all), r.reasons())
	}
}

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
	p.step(t, "canaries", true, p.canaries) // the last: what follows a promotion is not rolling any more
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
				t.Errorf("%s served, and the killed engine left it unfit:\n%v", one.container, after)
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
		// From the engine's own machine, as its user: Docker does not take it for a stop that somebody wanted.
		docker(t, "run", "--rm", "--pid", "host", "--user", "0", "--entrypoint", "sh", "laravel-ecs/base:trixie", "-c", "kill -9 "+pid)
		eventually(t, 10*time.Second, "the container ends", func() bool {
			at, err := time.Parse(time.RFC3339Nano, docker(t, "inspect", "--format", "{{.State.FinishedAt}}", victim))
			death = at
			return err == nil && time.Since(at) < time.Minute
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
	const clock = 300 * time.Millisecond // between the death and the engine's note of it
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

// report of the application's own test pages.
type appReport struct {
	Now             int64
	Waiting, Failed int
	Marks           []struct{ Text, Container string }
	Ticks           []string
}

func (p *proof) ask(t *testing.T) appReport {
	t.Helper()
	response, body := get(t, browser(t), p.url("/proof/report"))
	var report appReport
	if err := json.Unmarshal([]byte(body), &report); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", response.Status, err, body)
	}
	return report
}

const jobs = 500

var startingWorker = regexp.MustCompile(`service laravel-local-worker\S*: starting`)

// background queues jobs in the moment in which a release replaces the worker, and again before somebody stops the worker.
func (p *proof) background(t *testing.T) {
	p.unharmed(t, fmt.Sprintf("a release and a worker's stop with %d jobs", jobs), func() {
		edit(t, p.page(), "Dispatch a job", "Dispatch one job")
		p.set(t, settings{"release.name": "jobs"})
		up := p.start(t, "up")
		up.await(t, "it starts a worker", func() bool { return startingWorker.MatchString(up.printed()) })
		p.queue(t, 1, jobs*3/5)
		p.finished(t, up.succeed(t))
		if _, body := get(t, browser(t), p.url("/")); !strings.Contains(body, "Dispatch one job") {
			t.Error("the release does not show what changed")
		}
		p.queue(t, jobs*3/5+1, jobs)
		time.Sleep(2 * time.Second)
		docker(t, "stop", p.tasks(t, "worker")[0].container)
		if waiting := p.ask(t).Waiting; waiting == 0 {
			t.Error("the worker was idle when it was stopped")
		} else {
			t.Logf("%d jobs waited when the worker had stopped", waiting)
		}
		p.finished(t, p.make(t, "up")) // brings the worker back
		eventually(t, 3*time.Minute, "the queue is empty", func() bool { return p.ask(t).Waiting == 0 })
	})
	report := p.ask(t)
	times, workers := map[string]int{}, map[string]int{}
	for _, mark := range report.Marks {
		times[mark.Text]++
		workers[mark.Container]++
	}
	repeats := len(report.Marks) - len(times)
	t.Logf("%d jobs: %d done, %d lost, %d repeats, %d failed; by worker: %v", jobs, len(times), jobs-len(times), repeats, report.Failed, workers)
	if len(times) != jobs || report.Failed > 0 {
		t.Errorf("of %d jobs %d were done and %d failed", jobs, len(times), report.Failed)
	}
	if repeats > 0 {
		t.Errorf("%d jobs ran twice, though every stop was graceful", repeats)
	}
	if len(workers) < 3 {
		t.Errorf("the jobs were not done by three workers, one after the other: %v", workers)
	}
}

func (p *proof) queue(t *testing.T, from, to int) {
	t.Helper()
	response, err := http.Post(p.url(fmt.Sprintf("/proof/queue?from=%d&to=%d&milliseconds=100", from, to)), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("queueing jobs: %s", response.Status)
	}
}

// schedulerReplaced replaces the scheduler so that no scheduler runs when a minute begins, twice.
func (p *proof) schedulerReplaced(t *testing.T) {
	from := time.Now()
	for i := range 2 {
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 52*time.Second)))
		p.set(t, settings{"scheduler.stopSeconds": 31 + i})
		out := p.make(t, "up")
		t.Logf("replaced from :52 on:\n%s", out)
	}
	p.ticks(t, from)
}

// ticks wants exactly one run of the schedule in every full minute since a time.
func (p *proof) ticks(t *testing.T, since time.Time) {
	// The last minute counts when its tick has had time to happen.
	time.Sleep(max(0, 15*time.Second-time.Since(time.Now().Truncate(time.Minute))))
	report := p.ask(t)
	perMinute := map[string]int{}
	for _, tick := range report.Ticks {
		perMinute[tick[:len("2006-01-02 15:04")]]++
	}
	var told []string
	for minute := since.UTC().Truncate(time.Minute).Add(time.Minute); minute.Before(time.Unix(report.Now, 0)); minute = minute.Add(time.Minute) {
		count := perMinute[minute.Format("2006-01-02 15:04")]
		told = append(told, fmt.Sprintf("%s: %d", minute.Format("15:04"), count))
		if count != 1 {
			t.Errorf("the schedule ran %d times at %s", count, minute.Format("15:04"))
		}
	}
	if len(told) == 0 {
		t.Error("not one full minute was looked at")
	}
	t.Logf("runs of the schedule by minute: %s", strings.Join(told, ", "))
}

// limited runs make up and kills it when its time is over.
func (p *proof) limited(t *testing.T, limit time.Duration) (out string, failed bool, took time.Duration) {
	t.Helper()
	began := time.Now()
	up := p.start(t, "up")
	select {
	case err := <-up.ended:
		return up.printed(), err != nil, time.Since(began)
	case <-time.After(limit):
		up.kill(t)
		t.Fatalf("make up did not end within %s:\n%s", limit, up.printed())
		return "", false, 0
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
