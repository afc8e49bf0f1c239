package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

// TestReviewsOnAWS goes the way to AWS with a stand-in for pulumi that remembers one stack: what it is asked, in which order.
func TestReviewsOnAWS(t *testing.T) {
	root := reviewRoot(t)
	template, err := reviewTemplate(options{root: root})
	if err != nil {
		t.Fatal(err)
	}
	template.SetSecretsProvider("awskms://alias/k?context_stack=review-NAME")
	if err := template.Save(root); err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	t.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("AWS_PROFILE", "some")
	t.Setenv("CLOUD", "")
	t.Setenv("CI", "") // where pulumi is told not to ask
	t.Setenv("TTL", "")
	writeFile(t, filepath.Join(bin, "pulumi-language-go"), "#!/bin/sh\n")
	asked, made := filepath.Join(bin, "asked"), filepath.Join(bin, "made")
	writeFile(t, filepath.Join(bin, "pulumi"), `#!/bin/sh
case "$1 $2" in
"version "*) echo v`+engine.CLIVersion+`; exit;;
"whoami "*) echo me; exit;;
"stack ls") if [ -e `+made+` ]; then echo '[{"name": "organization/laravel-ecs/review-login"}, {"name": "prod"}]'; else echo '[]'; fi;;
"stack init") touch `+made+`;;
"stack rm") rm `+made+`;;
"stack export") echo '{"deployment": {"resources": [{"type": "pulumi:pulumi:Stack", "outputs": {"class": "review", "branch": "login", "url": "http://login"}}]}}';;
esac
echo "$@" >> `+asked+"\n")
	command := func(name string, want ...string) string {
		t.Helper()
		t.Chdir(root)
		_ = os.Remove(asked)
		var out strings.Builder
		if err := run(t.Context(), []string{name, "--root", root, "--branch", "login"}, &out); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, out.String())
		}
		line, err := os.ReadFile(asked)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(line)); got != strings.Join(want, "\n") {
			t.Errorf("%s asks pulumi:\n%s\nwant:\n%s", name, got, strings.Join(want, "\n"))
		}
		return out.String()
	}
	posted := inMergeRequest(t, "secret")
	const ls, look, up = "stack ls --json --non-interactive", "stack export --stack review-login --non-interactive", "up --yes --stack review-login"
	if out := command("review-up", ls, "stack init review-login --no-select --non-interactive --secrets-provider awskms://alias/k?context_stack=review-login", up, look); !strings.HasSuffix(out, "\nhttp://login\n") {
		t.Errorf("the URL is not the last line:\n%s", out)
	}
	if note := posted(); !strings.HasPrefix(note, "<!-- laravel-ecs note: review-login -->\nReview environment: <http://login>, until") {
		t.Errorf("the merge request is told %q", note)
	}
	command("review-up", ls, look, up, look)
	if out := command("reviews", ls, look); !strings.Contains(out, "review-login  login") || strings.Contains(out, "prod") {
		t.Errorf("%s", out)
	}
	command("review-down", ls, look, "destroy --yes --stack review-login", "stack rm --yes --stack review-login", ls)
	if note := posted(); note != "<!-- laravel-ecs note: review-login -->\nThe review environment is gone.\n" {
		t.Errorf("the merge request is told %q", note)
	}
	if _, err := os.Stat(filepath.Join(root, "Pulumi.review-login.yaml")); err == nil {
		t.Error("the stack's file is still there")
	}
	if out := command("review-down", ls, ls); !strings.Contains(out, "login has no environment (review-login)") {
		t.Errorf("%s", out)
	}
}
