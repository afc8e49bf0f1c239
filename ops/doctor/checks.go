package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

// Level tells whether a finding stops `make up`.
type Level string

// The levels.
const (
	OK   Level = "ok"
	Warn Level = "warn"
	Fail Level = "FAIL"
)

// Finding is one line: what, where, and how to mend it.
type Finding struct {
	Level       Level
	Check, Text string
}

// say records a finding of the check that runs.
type say func(level Level, format string, args ...any)

// checks are what is looked at, in order. A check that says nothing has found nothing wrong.
var checks = []struct {
	name string
	run  func(context.Context, *Application, say)
}{
	{"application", laravel},
	{"Git", repository},
	{"builder", sent},
	{"composer.lock", composerLock},
	{"platform", platformRequirements},
	{"front end", frontEnd},
	{"rendering", rendering},
	{"Horizon", horizon},
	{"uploads", uploads},
	{"secrets", committed},
	{"database", database},
	{"health page", healthPage},
	{"left out", leftOut},
	{"Docker", engine},
	{"disk", disk},
	{"memory", memory},
	{"ports", ports},
}

// laravel: https://laravel.com/docs/releases#support-policy has the versions; docs/your-application.md says which are tested.
func laravel(_ context.Context, a *Application, say say) {
	const oldest, newest = 10, 13
	switch version := a.laravel(); {
	case !isDir(a.path()):
		say(Fail, "there is no folder %s: clone the application there, or set image.app in %s", a.Folder, a.Stack.Name())
	case !a.has("composer.json") || !a.has("artisan"):
		say(Fail, "%s has no composer.json and artisan, so it is no Laravel application: set image.app in %s", a.Folder, a.Stack.Name())
	case version == 0 && a.lockError == nil:
		say(Fail, "composer.lock of %s does not have laravel/framework", a.Folder)
	case version != 0 && (version < oldest || version > newest):
		say(Warn, "Laravel %s is not among the tested versions, %d to %d", a.locked("laravel/framework"), oldest, newest)
	case version != 0:
		say(OK, "%s: Laravel %s", a.Folder, a.locked("laravel/framework"))
	}
}

// repository: the release has the name of a commit (docs/adr/0007-release-name.md).
func repository(_ context.Context, a *Application, say say) {
	if name := a.Stack.Text("release.name"); name != "" {
		say(OK, "release.name is %s", name)
		return
	}
	release, err := a.Stack.TreeRelease()
	if err != nil {
		say(Fail, "%s; git init && git add . && git commit, or set release.name", firstLine(err.Error()))
		return
	}
	say(OK, "the release is %s", release)
}

// sent: the ignore file beside the Dockerfile is an allow-list.
func sent(_ context.Context, a *Application, say say) {
	file := cmp.Or(a.Stack.Text("image.dockerfile"), "docker/Dockerfile") + ".dockerignore"
	text, err := os.ReadFile(filepath.Join(a.Root, file))
	lines := strings.Split(string(text), "\n")
	if err != nil || !slices.Contains(lines, "*") {
		return
	}
	folder := cmp.Or(a.Stack.Text("image.context"), a.Folder)
	if !slices.ContainsFunc(lines, func(line string) bool {
		allowed, ok := strings.CutPrefix(strings.TrimSpace(line), "!")
		return ok && strings.HasPrefix(folder+"/", strings.Trim(allowed, "/")+"/")
	}) {
		say(Fail, "%s keeps %s from the builder: add the line !%[2]s", file, folder)
	}
}

func composerLock(_ context.Context, a *Application, say say) {
	switch {
	case !isDir(a.path()):
	case errors.Is(a.lockError, fs.ErrNotExist) && a.Folder == "examples/laravel":
		say(OK, "the example has none: its build decides the versions")
	case errors.Is(a.lockError, fs.ErrNotExist):
		say(Fail, "%s is missing: run composer update in %s, and commit the file", a.name("composer.lock"), a.Folder)
	case a.lockError != nil:
		say(Fail, "%v", a.lockError)
	default:
		if stale := a.unlocked(); len(stale) > 0 {
			say(Fail, "%s does not fit composer.json: %s; run composer update PACKAGE in %s, and commit the file", a.name("composer.lock"), strings.Join(stale, "; "), a.Folder)
		}
	}
}

func platformRequirements(_ context.Context, a *Application, say say) {
	words := strings.Fields(cmp.Or(a.Stack.Text("image.extensions"), a.engine().Words()))
	wrong, add := a.platform(cmp.Or(a.Stack.Text("image.php"), config.DebianPHP), words)
	fix := ""
	if len(add) > 0 {
		fix = "; set in " + a.Stack.Name() + ": image: {extensions: " + strings.Join(slices.Sorted(slices.Values(append(words, add...))), " ") + "}"
	}
	if len(wrong) > 0 {
		say(Fail, "%s%s", strings.Join(wrong, "; "), fix)
	}
}

// locks are the files of docker/build/frontend/managers.mjs.
var locks = [][]string{{"npm-shrinkwrap.json", "package-lock.json"}, {"pnpm-lock.yaml"}, {"yarn.lock"}, {"bun.lock", "bun.lockb"}}

func frontEnd(_ context.Context, a *Application, say say) {
	var manifest struct {
		Scripts, Dependencies, DevDependencies map[string]string
		PackageManager                         string
		Engines                                struct{ Node string }
	}
	if err := a.json("package.json", &manifest); errors.Is(err, fs.ErrNotExist) {
		return
	} else if err != nil {
		var kind *json.UnmarshalTypeError
		if !errors.As(err, &kind) {
			say(Fail, "%v", err)
		}
		return
	}
	var found []string
	for _, manager := range locks {
		if i := slices.IndexFunc(manager, a.has); i >= 0 {
			found = append(found, manager[i])
		}
	}
	wanted, _, _ := strings.Cut(manifest.PackageManager, "@")
	switch {
	case len(found) > 1:
		say(Fail, "%s has %s, of different package managers: keep the one that is used", a.Folder, strings.Join(found, " and "))
	case len(found) == 0 && len(manifest.Dependencies)+len(manifest.DevDependencies) > 0:
		say(Fail, "%s has no lock: run npm install (or pnpm, yarn, bun install) and commit its lock file", a.name("package.json"))
	case len(found) == 1 && wanted != "" && !strings.HasPrefix(strings.Replace(found[0], "package-lock", "npm-", 1), wanted):
		say(Fail, "packageManager in %s is %s, but the lock is %s: remove one of them", a.name("package.json"), manifest.PackageManager, found[0])
	case len(found) == 1:
		node := "Node 24 LTS"
		for _, file := range []string{".nvmrc", ".node-version"} {
			if a.has(file) {
				node = "Node " + strings.TrimSpace(a.text(file)) + " (" + file + ")"
				break
			}
		}
		if node == "Node 24 LTS" && manifest.Engines.Node != "" {
			node += ", or one that is " + manifest.Engines.Node + " (engines)"
		}
		say(OK, "%s, %s", found[0], node)
	}
	script := a.Stack.Text("image.assets.script")
	switch usual := cmp.Or(manifest.Scripts["build"], manifest.Scripts["production"], manifest.Scripts["prod"]); {
	case script != "" && manifest.Scripts[script] == "":
		say(Fail, "image.assets.script is %s, which is no script of %s", script, a.name("package.json"))
	case script == "" && usual == "" && len(found) > 0:
		say(Warn, "%s has no script build, so no bundle is made: image.assets.script names another one", a.name("package.json"))
	}
}

// npmToken is a secret in the settings of a package manager: docker/build/secrets.sh ends the build for it.
var npmToken = regexp.MustCompile(`(?m)(_authToken|_auth|_password|npmAuthToken|npmAuthIdent|token)["']?\s*[=:]\s*["']?[^\s"'$]`)

func committed(ctx context.Context, a *Application, say say) {
	for _, file := range []string{".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml"} {
		if npmToken.MatchString(a.text(file)) {
			say(Fail, "%s has a token, and would be part of the image: write ${NPM_TOKEN} instead", a.name(file))
		}
	}
	git := exec.CommandContext(ctx, "git", "-C", a.path(), "ls-files", ".env", ".env.*", "auth.json", "storage/oauth-*.key")
	out, err := git.Output()
	if err != nil {
		return // no repository: another check says so
	}
	for name := range strings.FieldsSeq(string(out)) {
		if !strings.HasSuffix(name, ".example") && !strings.HasSuffix(name, ".encrypted") {
			say(Warn, "%s is committed, so everybody with the repository can read it: git rm --cached %[1]s, and give its secrets new values", a.name(name))
		}
	}
}

// engine is that of the stack's database. A review environment that shares a server has the key as well.
func (a *Application) engine() engines.Engine {
	e, ok := engines.Of(cmp.Or(a.Stack.Text("database.engine"), engines.MySQL))
	if !ok {
		e, _ = engines.Of(engines.MySQL) // the program refuses it
	}
	return e
}

// database compares the connections and dumps of the application with the engine. Laravel's driver mysql is for MySQL and MariaDB.
func database(_ context.Context, a *Application, say say) {
	e := a.engine()
	text := a.text("config/database.php")
	switch {
	case text == "":
	case !strings.Contains(text, "'"+e.Driver+"'") && !strings.Contains(text, `"`+e.Driver+`"`):
		say(Fail, "config/database.php of %s has no connection %s, which DB_CONNECTION names here: add Laravel's own", a.Folder, e.Driver)
	case e.Name == engines.Postgres && a.Stack.Get("database.requireTls") != false && !strings.Contains(text, "DB_SSLMODE"):
		say(Fail, "config/database.php of %s does not read DB_SSLMODE: nobody verifies whose certificate the server has, which the container refuses; write 'sslmode' => env('DB_SSLMODE', 'prefer')", a.Folder)
	}
	other := map[string]string{"mysql": "pgsql", "pgsql": "mysql"}[e.Driver]
	for _, line := range a.Example {
		if line.Name == "DB_CONNECTION" && slices.Contains([]string{other, "sqlsrv"}, line.Value) {
			say(Warn, "%s has DB_CONNECTION=%s, and the database here is %s: raw SQL and migrations of %[2]s may fail", a.name(".env.example"), line.Value, e.Family)
		}
	}
	var dumps []string
	for _, pattern := range []string{"database/schema/*.sql", "database/schema/*.dump"} {
		found, _ := filepath.Glob(a.path(filepath.FromSlash(pattern))) // the pattern is well formed
		for _, file := range found {
			dumps = append(dumps, filepath.Base(file))
		}
	}
	if len(dumps) > 0 && !slices.ContainsFunc(dumps, func(name string) bool { return strings.HasPrefix(name, e.Driver+"-") }) {
		say(Warn, "%s has %s and no %s-schema.sql: on %s the tables of squashed migrations are missing; run php artisan schema:dump there", a.name("database/schema"), strings.Join(dumps, ", "), e.Driver, e.Title)
	}
}

// healthPage looks for the route of loadBalancer.healthCheck.path, as far as text tells.
func healthPage(_ context.Context, a *Application, say say) {
	page := cmp.Or(a.Stack.Text("loadBalancer.healthCheck.path"), "/up")
	files, _ := filepath.Glob(a.path("routes", "*.php")) // the pattern is well formed
	last := regexp.MustCompile(`['"/]` + regexp.QuoteMeta(page[strings.LastIndex(page, "/")+1:]) + `['"]`)
	for _, file := range append(files, a.path("bootstrap", "app.php")) {
		if text, err := os.ReadFile(file); err == nil && last.Match(text) {
			return
		}
	}
	if len(files) > 0 {
		say(Warn, "no route %s in routes/ or bootstrap/app.php of %s: the load balancer asks for it (docs/your-application.md, The health page), or set loadBalancer.healthCheck.path", page, a.Folder)
	}
}

func leftOut(_ context.Context, a *Application, say say) {
	for _, line := range a.Stack.LeftOut() {
		say(Warn, "%s", line)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
