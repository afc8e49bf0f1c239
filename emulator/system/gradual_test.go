package system_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// gradual releases versions in steps, under load. They are one image, which behaves by its release's name (testdata/app, Version.php): a
// page of steady takes 0.8 seconds, of slow twice as long, and half the pages of errs are 500, which is 5 % of all requests.
func (p *proof) gradual(t *testing.T) {
	p.pinned(t)
	p.set(t, settings{
		"release.strategy": "blueGreen", "release.steps": []int{10, 100}, "release.bakeMinutes": 1, "release.build": true, "env.PHP_MAX_CHILDREN": "20",
		"release.candidate": nil, "release.percent": nil, // of a canary before
	})
	p.release(t, "steady-1")
	p.aliases(t, "steady-1", "steady-2", "slow", "errs-1", "errs-2")

	p.takenBack(t, "errs-1", "more than 1 points above (release.judge.errorPercent)", "steady-1")
	if !soak() { // each takes five minutes and more
		p.untried = append(p.untried, "in steps: a good release, a slow one, one that fails as often as the live one")
		return
	}
	p.unharmed(t, "a release in steps", func() { p.through(t, "steady-2") })
	p.takenBack(t, "slow", "more than 1.5 times the live release's", "steady-2")
	// What fails as often as the live release is no worse.
	p.make(t, "canary", "PERCENT=0", "TO=errs-1")
	p.make(t, "promote")
	p.under(t, "a release in steps that fails as often as the live one", func() { p.through(t, "errs-2") })
}

// takenBack wants that a release is taken back by itself, and that less than one request of a hundred fails meanwhile.
func (p *proof) takenBack(t *testing.T, version, why, live string) {
	t.Helper()
	r := p.under(t, "a release in steps that is taken back: "+version, func() {
		out := p.fails(t, "release", "TO="+version)
		end := out[max(0, len(out)-1500):]
		t.Logf("the end of its output:\n%s", end)
		for _, want := range []string{"release " + version + " was taken back at 10 %, release " + live + " serves all visitors of local", why} {
			if !strings.Contains(end, want) {
				t.Errorf("the end of the output does not say %q:\n%s", want, out)
			}
		}
	})
	if 100*len(r.failed) >= len(r.all) {
		t.Errorf("%s: %d of %d requests failed:\n%s", version, len(r.failed), len(r.all), r.reasons())
	}
	for range 5 {
		if _, page := get(t, browser(t), p.url("/")); field(t, page, "release") != live {
			t.Errorf("after it was taken back, a page is of release %s", field(t, page, "release"))
		}
	}
}

// through wants that a release gets all requests.
func (p *proof) through(t *testing.T, version string) {
	t.Helper()
	out := p.make(t, "release", "TO="+version)
	t.Logf("the end of its output:\n%s", out[max(0, len(out)-1500):])
	if !strings.Contains(out, "local runs release "+version) || strings.Count(out, "no worse than the live release") < 2 {
		t.Errorf("make release does not say that %s runs, and that both steps were judged:\n%s", version, out)
	}
	for _, one := range p.tasks(t, "web") {
		if one.release != version || !one.healthy {
			t.Errorf("after the release of %s runs %s", version, one.line)
		}
	}
}

// pinned takes over what commands wrote into the section release.
func (p *proof) pinned(t *testing.T) {
	t.Helper()
	raw, err := os.ReadFile(p.file)
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Config map[string]map[string]any `yaml:"config"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil && file.Config == nil { // other keys are no sections
		t.Fatal(err)
	}
	for key, value := range file.Config["laravel-ecs:release"] {
		p.now["release."+key] = value
	}
}

// aliases gives the image of a release further names, as `docker push` would.
func (p *proof) aliases(t *testing.T, release string, names ...string) {
	t.Helper()
	const script = `set -e
repository=$(pulumi stack output repositoryUrl --stack local); address=$AWS_ENDPOINT_URL/v2/${repository#*/}/manifests
release=$1; shift; folder=$(mktemp -d)
curl -sf -D "$folder/head" -o "$folder/manifest" -H 'Accept: application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json' "$address/release-$release"
type=$(sed -n 's/\r$//; s/^[Cc]ontent-[Tt]ype: //p' "$folder/head")
for name; do curl -sf -X PUT -H "Content-Type: $type" --data-binary "@$folder/manifest" "$address/release-$name"; done
rm -r "$folder"`
	command := exec.Command(filepath.Join("bin", "emulator"), append([]string{"exec", "--stack", "local", "--", "sh", "-c", script, "sh", release}, names...)...)
	command.Dir, command.Env = p.dir, p.command().Env
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("naming the image of %s %v: %v\n%s", release, names, err, out)
	}
}
