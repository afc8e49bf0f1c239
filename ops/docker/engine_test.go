package docker

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestEnsure(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
	var out bytes.Buffer
	writeFile(t, client, "#!/bin/sh\necho 28.0\n")
	if err := Ensure(t.Context(), &out); err != nil || out.Len() > 0 {
		t.Errorf("a running engine gives %v, %s", err, &out)
	}
	writeFile(t, client, "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
	// DOCKER_HOST names an engine elsewhere: nothing may be installed here.
	if err := Ensure(t.Context(), &out); err == nil || !strings.Contains(err.Error(), "DOCKER_HOST") || !strings.Contains(err.Error(), "cannot connect") {
		t.Errorf("an engine that is away gives %v", err)
	}
}

// TestEnsureSaysHowToInstall: a user who is not root gets an error that says what to do.
func TestEnsureSaysHowToInstall(t *testing.T) {
	bin := t.TempDir()
	writeFile(t, filepath.Join(bin, "id"), "#!/bin/sh\necho 1000\n")
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("DOCKER_HOST", "")
	t.Setenv("DOCKER_CONTEXT", "")
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	if err := Ensure(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "install Docker: https://docs.docker.com") {
		t.Errorf("without a client: %v", err)
	}
	writeFile(t, client, "#!/bin/sh\necho cannot connect >&2\nexit 1\n")
	if err := Ensure(t.Context(), io.Discard); err == nil || !strings.Contains(err.Error(), "start it (Docker Desktop") || !strings.Contains(err.Error(), "cannot connect") {
		t.Errorf("without an engine: %v", err)
	}
}

// machine is a PATH of fakes: root on Debian without Docker. It returns the file that gets apt-get's arguments; apt-get brings the client.
func machine(t *testing.T, capabilities string, packages ...string) (asked string) {
	t.Helper()
	bin := t.TempDir()
	asked = filepath.Join(bin, "asked")
	client := filepath.Join(bin, "docker-of-apt")
	for name, script := range map[string]string{
		"id":        "echo 0",
		"sed":       "echo " + capabilities,
		"apt-cache": "case ' " + strings.Join(packages, " ") + " ' in *\" $2 \"*) ;; *) exit 100;; esac",
		"apt-get":   "echo \"$@\" >>" + asked + "\ncase $1 in install) printf '#!/bin/sh\\necho 28.0\\n' >" + client + "; chmod +x " + client + ";; esac",
	} {
		writeFile(t, filepath.Join(bin, name), "#!/bin/sh\n"+script+"\n")
	}
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, name := range []string{"DOCKER_HOST", "DOCKER_CONTEXT", "CI"} {
		t.Setenv(name, "")
	}
	t.Setenv("DOCKER", client)
	return asked
}

// The capabilities of root in a container of Docker's, and of root on a machine.
const unprivileged, privileged = "00000000a80425fb", "000001ffffffffff"

// TestEnsureWithoutPrivileges: in a container that cannot run Docker nothing is installed, and the message names the way out.
func TestEnsureWithoutPrivileges(t *testing.T) {
	asked := machine(t, unprivileged)
	err := Ensure(t.Context(), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "not privileged") || !strings.Contains(err.Error(), `set DOCKER_HOST to an engine on another machine`) {
		t.Errorf("the error is %v", err)
	}
	if text, err := os.ReadFile(asked); err == nil {
		t.Errorf("apt-get was called: %s", text)
	}
	pages, err := os.ReadFile("../../docs/pipelines.md")
	if err != nil || !strings.Contains(string(pages), "\n## Without a privileged runner\n") {
		t.Errorf("the section that the message names is not in docs/pipelines.md (%v)", err)
	}
}

// TestEnsureInPipeline: where Docker cannot be installed, a pipeline's log names the way out, and a person's terminal does not.
func TestEnsureInPipeline(t *testing.T) {
	machine(t, privileged)
	writeFile(t, filepath.Join(filepath.Dir(os.Getenv("DOCKER")), "id"), "#!/bin/sh\necho 1000\n")
	for _, ci := range []string{"", "true"} {
		t.Setenv("CI", ci)
		if err := Ensure(t.Context(), io.Discard); err == nil || strings.Contains(err.Error(), "DOCKER_HOST") != (ci != "") {
			t.Errorf("CI=%s: %v", ci, err)
		}
	}
}

// TestEnsureInstallsTheClient: an engine elsewhere needs the client only; since Debian 13 that is a package of its own.
func TestEnsureInstallsTheClient(t *testing.T) {
	for name, test := range map[string]struct {
		host     string
		packages []string
		want     string
	}{
		"Debian 12, engine elsewhere": {"ssh://builder", nil, "--no-install-recommends docker.io ca-certificates\n"},
		"Debian 13, engine elsewhere": {"ssh://builder", []string{"docker-cli"}, "--no-install-recommends docker-cli docker-buildx ca-certificates\n"},
		"Debian 13":                   {"", []string{"docker-cli"}, "--no-install-recommends docker.io mmdebstrap docker-cli docker-buildx ca-certificates\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("dockerd"); err == nil && test.host == "" {
				t.Setenv("PATH", withoutDockerd(t))
			}
			asked := machine(t, privileged, test.packages...)
			t.Setenv("DOCKER_HOST", test.host)
			if err := Ensure(t.Context(), io.Discard); err != nil {
				t.Fatal(err)
			}
			if text, err := os.ReadFile(asked); err != nil || !strings.HasSuffix(string(text), test.want) {
				t.Errorf("apt-get was asked for %s (%v), want %s", text, err, test.want)
			}
		})
	}
}

// withoutDockerd is a PATH with what engine.sh calls, on a machine that has Docker.
func withoutDockerd(t *testing.T) string {
	t.Helper()
	bin := t.TempDir()
	for _, name := range []string{"sh", "timeout", "seq", "sleep", "chmod", "tail", "setsid"} {
		path, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(path, filepath.Join(bin, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return bin
}

// TestEnsureSaysWhereContextsCount: pulumi-docker builds images on the engine of DOCKER_HOST, not on that of a context.
func TestEnsureSaysWhereContextsCount(t *testing.T) {
	client := filepath.Join(t.TempDir(), "docker")
	t.Setenv("DOCKER", client)
	for _, test := range []struct{ host, endpoint, says string }{
		{"", "ssh://builder", "make up on AWS builds there only with DOCKER_HOST=ssh://builder\n"},
		{"", "unix:///var/run/docker.sock", ""},
		{"ssh://builder", "ssh://builder", ""},
	} {
		t.Setenv("DOCKER_HOST", test.host)
		writeFile(t, client, "#!/bin/sh\ncase $1 in version) echo 28.0;; context) echo "+test.endpoint+";; esac\n")
		var out bytes.Buffer
		if err := Ensure(t.Context(), &out); err != nil || !strings.HasSuffix(out.String(), test.says) || (test.says == "") != (out.Len() == 0) {
			t.Errorf("DOCKER_HOST=%s, the context has %s: %q (%v)", test.host, test.endpoint, &out, err)
		}
	}
}
