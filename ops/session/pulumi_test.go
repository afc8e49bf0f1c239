package session

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEverythingMissingIsSaidAtOnce(t *testing.T) {
	s := opened(t, "config: {}\n")
	t.Setenv("PATH", t.TempDir())
	t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
	_, err := s.Pulumi(t.Context())
	says(t, err, "Pulumi CLI v"+CLIVersion, "AWS_ROLE_ARN is not set", "make rehearse")

	s = opened(t, "config: {}\n")
	t.Setenv("LOGGED_OUT", "1")
	_, err = s.Pulumi(t.Context())
	says(t, err, "pulumi login s3://", "no AWS credentials")
}

func TestCLIVersions(t *testing.T) {
	for version, fine := range map[string]bool{"v3.274.1": true, "3.280.0": true, "v3.274.0": false, "v4.0.0": false, "nonsense": false} {
		s := opened(t, "config:\n  aws:profile: deploy\n")
		t.Setenv("VERSION", version)
		_, err := s.Pulumi(t.Context())
		if fine && err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if !fine {
			says(t, err, version+"; v"+CLIVersion+" or a newer v3 is needed")
		}
	}
}

func TestBuiltCLI(t *testing.T) {
	s := opened(t, "config:\n  aws:profile: deploy\n")
	t.Setenv("PATH", t.TempDir()+":/bin:/usr/bin")
	_ = os.Mkdir(filepath.Join(s.Root, "bin"), 0o755)
	write(t, filepath.Join(s.Root, "bin", "pulumi"), pulumiScript)
	if p, err := s.Pulumi(t.Context()); err != nil || p.Path != filepath.Join(s.Root, "bin", "pulumi") {
		t.Errorf("%v, %v", p, err)
	}
}

func TestCredentials(t *testing.T) {
	if opened(t, "config: {}\n").hasCredentials() {
		t.Error("there are none")
	}
	if !opened(t, "config:\n  aws:profile: deploy\n").hasCredentials() {
		t.Error("aws:profile of the stack file does not count")
	}
	s := opened(t, "config: {}\n")
	t.Setenv("AWS_PROFILE", "deploy")
	if !s.hasCredentials() {
		t.Error("AWS_PROFILE does not count")
	}
}

func TestOutputAndRun(t *testing.T) {
	s := opened(t, "config:\n  aws:profile: deploy\n")
	p, err := s.Pulumi(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.Output(t.Context(), "preview", "--json")
	says(t, err, "pulumi preview", "exit status 3", "error: preview went wrong")
	if string(out) != "printed\n" {
		t.Errorf("beside the error: %q", out)
	}
	t.Setenv("CI", "true")
	says(t, p.Run(t.Context(), "up", "--stack", "prod"), "pulumi up: exit status 3")
	calls, _ := os.ReadFile(os.Getenv("CALLS"))
	if !slices.Contains(strings.Split(string(calls), "\n"), "up --stack prod --yes --non-interactive") {
		t.Errorf("called were:\n%s", calls)
	}
	t.Setenv("LOCKED", "1")
	locked := p.Run(t.Context(), "destroy", "--stack", "prod")
	says(t, locked, "pulumi destroy: exit status 3: the stack is locked", "pulumi cancel --stack prod")
	if !errors.Is(locked, ErrLocked) {
		t.Error("the lock is not told from other failures")
	}
	for args, want := range map[string]string{"preview": "--non-interactive", "destroy --yes": "--non-interactive"} {
		if got := strings.Join(unattended(strings.Fields(args)), " "); got != want {
			t.Errorf("%s gets %q", args, got)
		}
	}
}

func TestOutputs(t *testing.T) {
	s := opened(t, "config:\n  aws:profile: deploy\n")
	t.Setenv("OUTPUTS", `{"url": "https://app.example.com", "release": "r2", "clusterName": "c", "serviceNames": {"web": "web-1"},
		"traffic": {"blue": {"release": "r2", "percent": 90}}, "dotenv": "[secret]", "appConfig": "[secret]"}`)
	for range 2 {
		o, err := s.Outputs(t.Context())
		if err != nil || o.URL != "https://app.example.com" || o.ServiceNames["web"] != "web-1" || o.Traffic["blue"].Percent != 90 {
			t.Errorf("%+v, %v", o, err)
		}
	}
	calls, _ := os.ReadFile(os.Getenv("CALLS"))
	if n := strings.Count(string(calls), "stack output"); n != 1 {
		t.Errorf("read %d times", n)
	}
}

func TestOutputsOfNothing(t *testing.T) {
	for _, state := range []string{"NO_STACK", "EMPTY"} {
		s := opened(t, "config:\n  aws:profile: deploy\n")
		t.Setenv(state, "1")
		_, err := s.Outputs(t.Context())
		says(t, err, "nothing is deployed in the stack prod: make up STACK=prod")
		os.Unsetenv(state)
	}
	s := opened(t, "config:\n  aws:profile: deploy\n")
	t.Setenv("OUTPUTS", "not JSON")
	_, err := s.Outputs(t.Context())
	says(t, err, "pulumi stack output")
}
