package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// repository is found before a test goes anywhere.
var repository, _ = filepath.Abs(filepath.Join("..", ".."))

// atRoot makes the repository's root the working directory, where all commands run.
func atRoot(t *testing.T) string {
	t.Helper()
	t.Chdir(repository)
	return repository
}

func TestParse(t *testing.T) {
	root := t.TempDir()
	for name, test := range map[string]struct {
		command string
		args    []string
		env     map[string]string
		check   func(options) bool
		refused string
	}{
		"defaults":        {"up", nil, nil, func(o options) bool { return o.stack == "local" && o.state == filepath.Join(root, ".local", "local") }, ""},
		"rehearsal":       {"rehearse", []string{"--stack", "prod"}, nil, func(o options) bool { return o.state == filepath.Join(root, ".local", "rehearse-prod") }, ""},
		"variables":       {"up", nil, map[string]string{"HTTP_PORT": "9090", "STATE": "/elsewhere"}, func(o options) bool { return o.httpPort == 9090 && o.state == "/elsewhere" }, ""},
		"for pulumi":      {"aws", []string{"up", "--stack", "prod", "--yes"}, nil, func(o options) bool { return len(o.args) == 4 }, ""},
		"another stack":   {"up", []string{"--stack", "staging"}, nil, func(o options) bool { return !o.onThisMachine() }, ""},
		"brought here":    {"up", []string{"--stack", "staging"}, map[string]string{"CLOUD": "local"}, options.onThisMachine, ""},
		"some cloud":      {"up", nil, map[string]string{"CLOUD": "gcp"}, nil, `CLOUD="gcp"`},
		"no number":       {"up", nil, map[string]string{"HTTP_PORT": "http"}, nil, `HTTP_PORT="http"`},
		"no port":         {"up", nil, map[string]string{"HTTPS_PORT": "70000"}, nil, `HTTPS_PORT="70000"`},
		"the same port":   {"up", nil, map[string]string{"HTTP_PORT": "8443"}, nil, "both 8443"},
		"an unknown flag": {"up", []string{"--stak", "prod"}, nil, nil, "-stak"},
		"too many":        {"up", []string{"prod"}, nil, nil, `takes no argument "prod"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(root)
			for _, variable := range []string{"HTTP_PORT", "HTTPS_PORT", "STATE", "CLOUD"} {
				t.Setenv(variable, test.env[variable])
			}
			o, err := parse(test.command, test.args, io.Discard)
			switch {
			case test.refused != "":
				if err == nil || !strings.Contains(err.Error(), test.refused) {
					t.Errorf("the error is %v", err)
				}
			case err != nil:
				t.Error(err)
			case !test.check(o):
				t.Errorf("the options are %+v", o)
			}
		})
	}
}

func TestPortsAreRemembered(t *testing.T) {
	t.Setenv("HTTP_PORT", "")
	t.Setenv("HTTPS_PORT", "")
	o := options{state: t.TempDir(), httpPort: 9090, httpsPort: 9443}
	if err := rememberPorts(o); err != nil {
		t.Fatal(err)
	}
	got, err := parse("status", []string{"--state", o.state}, io.Discard)
	if err != nil || got.httpPort != 9090 || got.httpsPort != 9443 {
		t.Errorf("the options are %+v, %v", got, err)
	}
	t.Setenv("HTTP_PORT", "7070")
	if got, err = parse("up", []string{"--state", o.state}, io.Discard); err != nil || got.httpPort != 7070 || got.httpsPort != 9443 {
		t.Errorf("the options are %+v, %v", got, err)
	}
}

func TestUnknownCommand(t *testing.T) {
	if err := run(t.Context(), []string{"launch"}, io.Discard); err == nil || !strings.Contains(err.Error(), `no command "launch"`) {
		t.Errorf("the error is %v", err)
	}
	var help strings.Builder
	if err := run(t.Context(), nil, &help); err != nil || !strings.Contains(help.String(), "rehearse") {
		t.Errorf("help is %q, %v", help.String(), err)
	}
}

func TestNothingIsDeployed(t *testing.T) {
	atRoot(t)
	dir := filepath.Join(t.TempDir(), "none")
	for _, command := range []string{"status", "logs"} {
		if err := run(t.Context(), []string{command, "--state", dir}, io.Discard); err == nil || !strings.Contains(err.Error(), "nothing is deployed in "+dir) {
			t.Errorf("%s says %v", command, err)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("asking made a folder: %v", err)
	}
}

// testLog shows progress in the test's log.
type testLog struct{ t *testing.T }

// Write writes one line.
func (l testLog) Write(line []byte) (int, error) {
	l.t.Log(strings.TrimSuffix(string(line), "\n"))
	return len(line), nil
}
