package system_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
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
	edit(t, filepath.Join(app, "routes", "web.php"), "->name('home');", "->name('home')->middleware(\\App\\Http\\Middleware\\Version::class);")
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

// task is a line of make status, and the container that does the task's work.
type task struct {
	container, revision, release, line string
	healthy                            bool
}

// tasks are those of a process. The exit code of make status says whether everything is steady, which is not asked here.
func (p *proof) tasks(t *testing.T, process string) []task {
	t.Helper()
	out, _ := p.command("status").CombinedOutput()
	var list []task
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 6 || !strings.HasPrefix(fields[0], "laravel-local-"+process) {
			continue
		}
		healthy := fields[4] == "healthy" && (process != "web" || fields[5] == "healthy")
		list = append(list, task{container: p.container(t, fields[1]), revision: fields[2], release: fields[3], line: line, healthy: healthy})
	}
	if len(list) == 0 {
		t.Fatalf("make status shows no task of %s:\n%s", process, out)
	}
	return list
}

// container is the name of the essential container of a task.
func (p *proof) container(t *testing.T, task string) string {
	t.Helper()
	return docker(t, "ps", "--all", "--filter", "label=laravel-ecs.state="+p.state, "--filter", "label=laravel-ecs.task="+task,
		"--filter", "label=laravel-ecs.essential=true", "--format", "{{.Names}}")
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
	if r.rate() < wantedRate {
		t.Errorf("%s: %.0f requests a second are no load, %d are wanted", step, r.rate(), wantedRate)
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
