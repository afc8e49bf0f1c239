package docker

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

const (
	certificate = "-----BEGIN CERTIFICATE-----\nMII\n"
	privateKey  = "-----BEGIN RSA PRIVATE KEY-----\nMII\n"
)

// sources are files of an application: whether the ignore file keeps one from the builder, and whether the build fails if it gets there.
var sources = []struct {
	file, content  string
	ignored, fails bool
}{
	{".npmrc", "//registry.npmjs.org/:_authToken=npm_0123\n", false, true},
	{".npmrc", "registry=https://npm.example.com\n//npm.example.com/:_authToken=${NPM_TOKEN}\n", false, false},
	{"front/.npmrc", "_auth = dXNlcg==\n", false, true},
	{".yarnrc.yml", "npmAuthToken: \"0123\"\n", false, true},
	{".netrc", "", true, true}, {"a/.git-credentials", "", true, true}, {".pgpass", "", true, true}, {".envrc", "", true, true},
	{".env", "", true, true}, {".env.production", "", true, true}, {"auth.json", "", true, true}, {"config/credentials.json", "", true, true},
	{"service-account.json", "", true, true}, {"storage-app/service-account-prod.json", "", true, true},
	{".aws/credentials", "", true, true}, {".ssh/config", "", true, true}, {".docker/config.json", "", true, true}, {".kube/config", "", true, true},
	{"id_rsa", "", true, true}, {"deploy/id_ed25519", "", true, true}, {"a.p12", "", true, true}, {"a.pfx", "", true, true},
	{"dump.sql", "", true, true}, {"database/dump.sql", "", true, true}, {"backup.sql.gz", "", true, true},
	{"database/schema/mysql-schema.sql", "", false, false},
	{"database/database.sqlite", "", true, true}, {"a.sqlite3", "", true, true}, {"terraform.tfstate", "", true, true},
	{"server.key", privateKey, true, true}, {"server.pem", certificate + privateKey, true, true}, {"raw.key", "0123", true, true},
	{"ca.pem", certificate, true, false}, {"public.key", "-----BEGIN PUBLIC KEY-----\n", true, false},
	{"tests/fixtures/private.pem", privateKey, false, false},
	{"config/app.php", "", false, false}, {"app/Models/Key.php", "", false, false}, {"resources/lang/en/auth.php", "", false, false},
	{"public/key.svg", "", false, false}, {"composer.lock", "", false, false},
}

func ignoreFile(t *testing.T, more string) *patternmatcher.PatternMatcher {
	t.Helper()
	text, err := os.ReadFile("../../docker/Dockerfile.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	patterns, err := ignorefile.ReadAll(strings.NewReader(string(text) + more))
	if err != nil {
		t.Fatal(err)
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return matcher
}

// checked runs the check of the build on a folder with one file and returns what it says.
func checked(t *testing.T, file, content, ignore string) (string, error) {
	t.Helper()
	folder, list := t.TempDir(), filepath.Join(t.TempDir(), "Dockerfile.dockerignore")
	path := filepath.Join(folder, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{path: content, list: ignore} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command := exec.Command("bash", "../../docker/build/secrets.sh", folder, "app", list)
	out, err := command.CombinedOutput()
	return string(out), err
}

// TestSecretsStayOut: no file that holds secrets reaches the builder, and if one does, because a list was changed, the build fails and names it.
func TestSecretsStayOut(t *testing.T) {
	matcher := ignoreFile(t, "")
	for _, s := range sources {
		for _, app := range []string{"app/", "examples/laravel/"} {
			if ignored, err := matcher.MatchesOrParentMatches(app + s.file); err != nil || ignored != s.ignored {
				t.Errorf("%s%s is ignored: %v, %v", app, s.file, ignored, err)
			}
		}
		said, err := checked(t, s.file, s.content, "")
		if s.fails != (err != nil) || s.fails && !strings.Contains(said, "\n    app/"+s.file+"\n") {
			t.Errorf("with %s (%q) the build fails: %v\n%s", s.file, s.content, err, said)
		}
	}
}

// TestNoSecret: a file that looks like one passes with a reason, and the reason is not optional.
func TestNoSecret(t *testing.T) {
	const reasoned, bare = "\n# The demo's rows are public.\n!app/database/demo.sqlite\n", "\n\n!app/database/demo.sqlite\n"
	for ignore, passes := range map[string]bool{reasoned: true, bare: false, "# Why.\n!app/database\n": false} {
		if said, err := checked(t, "database/demo.sqlite", "", ignore); passes != (err == nil) {
			t.Errorf("with %q: %v\n%s", ignore, err, said)
		}
	}
	if ignored, err := ignoreFile(t, reasoned).MatchesOrParentMatches("app/database/demo.sqlite"); err != nil || ignored {
		t.Errorf("the builder does not get it: %v", err)
	}
}

// TestBuildChecksForSecrets: the check comes first in its instruction, its failure ends the build (the shell has -e), and what is deployed depends
// on its stage.
func TestBuildChecksForSecrets(t *testing.T) {
	text, err := os.ReadFile("../../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	const check = "/usr/local/lib/build/secrets.sh . \"${APP}\" /usr/local/lib/build/Dockerfile.dockerignore"
	stages := map[string]string{}
	for _, stage := range strings.Split(string(text), "\nFROM ")[1:] {
		head, body, _ := strings.Cut(stage, "\n")
		_, name, _ := strings.Cut(head, " AS ")
		stages[name] = body
	}
	for stage, has := range map[string]string{
		"sources": "COPY ${APP}/ ./\n", "asset-sources": "COPY --from=sources /sources/ ./\n", "node": "COPY --from=asset-sources", "assets": "COPY --from=asset-sources",
		"app": "COPY --from=assets", "runtime": "COPY --from=app",
	} {
		if !strings.Contains(stages[stage], has) {
			t.Errorf("the stage %s has no %q", stage, has)
		}
	}
	first := regexp.MustCompile(`RUN (--mount=\S+ \\\n +)*` + regexp.QuoteMeta(check) + ` \\\n +&& `)
	if !first.MatchString(stages["asset-sources"]) {
		t.Errorf("the stage asset-sources does not begin with %s:\n%s", check, stages["asset-sources"])
	}
}
