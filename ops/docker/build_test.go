package docker

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestArguments(t *testing.T) {
	build := Build{
		Name: "app:1", Context: "/src", Dockerfile: "/src/Dockerfile", Target: "app", Platform: "linux/arm64", Network: "host",
		AddHosts: []string{"mirror:10.0.0.1"}, Args: map[string]string{"B": "2", "A": "1"}, CacheFrom: []string{"app:0"},
		Flags: []string{"--secret", "id=auth.json,src=auth.json"},
	}
	want := "build --tag app:1 --file /src/Dockerfile --progress plain --platform linux/arm64 --target app --network host" +
		" --build-arg A=1 --build-arg B=2 --add-host mirror:10.0.0.1 --cache-from app:0 --secret id=auth.json,src=auth.json /src"
	if got := build.arguments(); !slices.Equal(got, strings.Fields(want)) {
		t.Errorf("the arguments are\n%v, not\n%s", got, want)
	}
	build = Build{Name: "app:1", Context: ".", Dockerfile: "Dockerfile", Classic: true}
	if got := build.arguments(); !slices.Equal(got, strings.Fields("build --tag app:1 --file Dockerfile .")) {
		t.Errorf("the old builder gets %v", got)
	}
}

func TestFailedBuild(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	if err := (Build{}).Run(t.Context(), nil); err == nil {
		t.Error("without a client a build succeeds")
	}
	writeFile(t, client, "#!/bin/sh\nseq 100\necho \"buildkit=$DOCKER_BUILDKIT\" >&2\nexit 1\n")
	var log strings.Builder
	err := (Build{}).Run(t.Context(), &log)
	if err == nil || !strings.Contains(err.Error(), "buildkit=1") || strings.Contains(err.Error(), "\n50\n") {
		t.Errorf("the error of a failed build is %v", err)
	}
	if !strings.Contains(log.String(), "\n50\n") {
		t.Error("the log does not have the whole output")
	}
}

func TestOutput(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	writeFile(t, client, "#!/bin/sh\necho \"$@\"\necho first >&2; echo last >&2\n[ \"$1\" = version ]\n")
	if out, err := Output(t.Context(), "version", "--short"); err != nil || out != "version --short\n" {
		t.Errorf("%q, %v", out, err)
	}
	if _, err := Output(t.Context(), "push", "x"); err == nil || err.Error() != "docker push: exit status 1: last" {
		t.Errorf("the error is %v", err)
	}
}

func TestMakeBase(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "docker"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(root, "docker", "base.sh"), "echo with $DOCKER\n")
	t.Setenv("DOCKER", "/some/docker")
	var out strings.Builder
	if err := MakeBase(t.Context(), root, &out); err != nil || out.String() != "with /some/docker\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}
