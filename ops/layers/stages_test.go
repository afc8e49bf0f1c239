package layers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// dockerfile has a stage that is another one whenever it is built. It copies from the context and from other stages, as assets does.
const dockerfile = `FROM laravel-ecs/base:trixie AS sources
WORKDIR /in
COPY . ./
RUN rm -rf none

FROM laravel-ecs/base:trixie AS packages
COPY Dockerfile /in/MARK
RUN cp /in/MARK /in/packages

FROM laravel-ecs/base:trixie AS slow
RUN date +%s%N > /MARK
WORKDIR /in
COPY Dockerfile ./
RUN true
COPY --from=sources /in ./
COPY --from=packages /in/packages ./packages
RUN touch /in/made
`

// TestJobs: a job with an empty builder builds what the job before has built, where it gets the folder, and only there.
func TestJobs(t *testing.T) {
	needDocker(t)
	job := newJob(t)
	stages := Stages{Folder: t.TempDir(), Names: []string{"packages", "slow"}, Build: job.build, Now: wednesday}

	first, _ := job.run(stages)
	for i := range 3 { // records of what was found and not built must not take the place of the first ones
		if again, said := job.run(stages); again != first {
			t.Errorf("job %d builds the stage again:\n%s", i+2, said)
		}
	}
	if images, err := docker.Output(t.Context(), "images", "--format", "{{.Repository}}:{{.Tag}}"); err != nil || strings.Contains(images, ":kept") {
		t.Errorf("the stages are left among Docker's images (%v):\n%s", err, images)
	}
	elsewhere := stages
	elsewhere.Folder = t.TempDir()
	if other, _ := job.run(elsewhere); other == first {
		t.Error("the builder was not empty: what a job without the folder builds is the same")
	}
	job.damage(stages.Folder)
	if other, said := job.run(stages); other == first || !strings.Contains(said, "has 0 stages of earlier jobs") {
		t.Errorf("from damaged layers comes %s, in the first job %s:\n%s", other, first, said)
	}
	stages.Names, stages.Out = []string{"missing"}, io.Discard
	if err := stages.Run(t.Context()); err == nil || !strings.Contains(err.Error(), `building the stage "missing"`) {
		t.Errorf("a stage that is not there: %v", err)
	}
}

// job is a job of a pipeline, on an engine that is emptied of its layers before each run.
type job struct {
	*testing.T
	mark   string
	build  docker.Build
	before map[string]bool // what the builder held when the test began
}

func newJob(t *testing.T) job {
	t.Helper()
	dir, mark := t.TempDir(), fmt.Sprintf("mark-%d-%d", os.Getpid(), time.Now().UnixNano())
	path := filepath.Join(dir, "Dockerfile")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(dockerfile, "MARK", mark)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := map[string]bool{}
	for _, id := range inBuilder(t) {
		before[id] = true
	}
	return job{t, mark, docker.Build{Context: dir, Dockerfile: path}, before}
}

// run returns what the image has that is built in the end, and what the command said.
func (j job) run(stages Stages) (made, said string) {
	j.Helper()
	j.forget()
	var out strings.Builder
	stages.Out = &out
	if err := stages.Run(j.Context()); err != nil {
		j.Fatal(err)
	}
	image := j.build
	image.Name, image.Target = "laravel-ecs/layers-"+j.mark, "slow"
	if err := image.Run(j.Context(), nil); err != nil {
		j.Fatal(err)
	}
	defer docker.RemoveImage(context.WithoutCancel(j.Context()), image.Name)
	made, err := docker.Output(j.Context(), "run", "--rm", image.Name, "cat", "/"+j.mark)
	if err != nil {
		j.Fatal(err)
	}
	return made, out.String()
}

// forget empties the builder of what came in since the test began. Docker does not remove a layer while others stand on it.
func (j job) forget() {
	j.Helper()
	for range 10 {
		left := slices.DeleteFunc(inBuilder(j.T), func(id string) bool { return j.before[id] })
		if len(left) == 0 {
			return
		}
		for _, id := range left {
			if _, err := docker.Output(j.Context(), "builder", "prune", "--all", "--force", "--filter", "id="+id); err != nil {
				j.Fatal(err)
			}
		}
	}
	j.Fatal("the builder keeps what this test has built")
}

// inBuilder are the ids of what the builder holds. Docker's command line does not list them whole.
func inBuilder(t *testing.T) (ids []string) {
	t.Helper()
	socket := strings.TrimPrefix(cmp.Or(os.Getenv("DOCKER_HOST"), "unix:///var/run/docker.sock"), "unix://")
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}}}
	answer, err := client.Get("http://docker/system/df")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var usage struct{ BuildCache []struct{ ID string } }
	if err := json.NewDecoder(answer.Body).Decode(&usage); err != nil {
		t.Fatal(err)
	}
	for _, entry := range usage.BuildCache {
		ids = append(ids, entry.ID)
	}
	return ids
}

// damage writes over the layers, which are what is left in the folder that is no JSON.
func (j job) damage(folder string) {
	j.Helper()
	blobs, err := filepath.Glob(filepath.Join(folder, "*", "blobs", "sha256", "*"))
	if err != nil {
		j.Fatal(err)
	}
	damaged := 0
	for _, blob := range blobs {
		text, err := os.ReadFile(blob)
		if err != nil {
			j.Fatal(err)
		}
		if json.Valid(text) {
			continue
		}
		damaged++
		if err := os.WriteFile(blob, make([]byte, len(text)), 0o600); err != nil {
			j.Fatal(err)
		}
	}
	if damaged == 0 {
		j.Fatal("there is no layer in the folder")
	}
}

// needDocker skips a test where SKIP_CONTAINERS=1 says so.
func needDocker(t *testing.T) {
	t.Helper()
	if os.Getenv("SKIP_CONTAINERS") == "1" {
		t.Skip("SKIP_CONTAINERS=1: nothing that needs Docker was tested")
	}
}
