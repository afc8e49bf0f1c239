package doctor

import (
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

// sound is an application of which every check thinks well.
var sound = map[string]string{
	"artisan": "", "composer.json": `{"require": {"php": "^8.2", "laravel/framework": "^12.0"}}`,
	"composer.lock":       `{"packages": [{"name": "laravel/framework", "version": "v12.3.0", "require": {"php": "^8.2", "ext-mbstring": "*"}}]}`,
	"package.json":        `{"scripts": {"build": "vite build"}, "devDependencies": {"vite": "^7"}}`,
	"package-lock.json":   "{}",
	"config/database.php": "<?php return ['connections' => ['mysql' => []]];",
	"bootstrap/app.php":   "<?php ->withRouting(health: '/up')",
	"routes/web.php":      "<?php",
	".env.example":        "APP_KEY=\nDB_CONNECTION=sqlite\n",
}

// found are the lines of one check, or of all where it has no name.
func found(t *testing.T, root, check string, local bool) string {
	t.Helper()
	t.Chdir(root)
	a, err := Open(root, "staging")
	if err != nil {
		t.Fatal(err)
	}
	a.Local = local
	var lines []string
	ran := false
	for _, c := range checks {
		if c.name == check {
			ran = true
			c.run(t.Context(), a, func(level Level, format string, args ...any) {
				lines = append(lines, string(level)+" "+fmt.Sprintf(format, args...))
			})
		}
	}
	if !ran {
		t.Fatalf("there is no check %s", check)
	}
	return strings.Join(lines, "\n")
}

func git(t *testing.T, folder string, args ...string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "git", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com", "GIT_CONFIG_GLOBAL="+os.DevNull)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v: %s", args, err, out)
	}
}

func TestChecks(t *testing.T) {
	const none = "-" // removes a file
	const pgsql = "}\n  laravel-ecs:database: {engine: postgres"
	const ssr, horizonRuns = "}\n  laravel-ecs:processes: {ssr: {}", "}\n  laravel-ecs:processes: {jobs: {role: horizon}"
	// As in laravel/react-starter-kit.
	kit := map[string]string{"package.json": `{"scripts": {"build": "vite build", "build:ssr": "vite build && vite build --ssr"}}`,
		"config/inertia.php": "<?php return ['ssr' => ['enabled' => true, 'url' => 'http://127.0.0.1:13714']];"}
	for _, test := range []struct {
		check, stack string
		files        map[string]string
		want         string // the beginning of each line
	}{
		{"application", "", nil, "ok app: Laravel 12.3.0"},
		{"application", "", map[string]string{"artisan": none}, "FAIL app has no composer.json and artisan"},
		{"application", "", map[string]string{"composer.lock": `{"packages": []}`}, "FAIL composer.lock of app does not have laravel/framework"},
		{"application", "", map[string]string{"composer.lock": `{"packages": [{"name": "laravel/framework", "version": "v9.52.0"}]}`}, "warn Laravel 9.52.0 is not among the tested versions, 10 to 13"},
		{"composer.lock", "", nil, ""},
		{"composer.lock", "", map[string]string{"composer.lock": none}, "FAIL app/composer.lock is missing: run composer update in app"},
		{"composer.lock", "", map[string]string{"composer.lock": "{"}, "FAIL app/composer.lock is not valid JSON"},
		{"composer.lock", "", map[string]string{"composer.json": `{"require": {"laravel/framework": "^13.0", "a/b": "*"}}`}, "FAIL app/composer.lock does not fit composer.json: a/b is not in it; laravel/framework is v12.3.0, and composer.json asks for ^13.0; run composer update"},
		{"platform", "", nil, ""},
		{"platform", "", map[string]string{"composer.json": `{"require": {"php": "^8.2", "ext-gmp": "*"}}`}, "FAIL ext-gmp is asked for by composer.json, and is not in the image; set in Pulumi.staging.yaml: image: {extensions: bcmath gd gmp intl "},
		{"platform", ", extensions: mysql gmp mbstring", map[string]string{"composer.json": `{"require": {"php": "^8.2", "ext-gmp": "*"}}`}, ""},
		{"front end", "", nil, "ok package-lock.json, Node 24 LTS"},
		{"front end", "", map[string]string{".nvmrc": "v22\n"}, "ok package-lock.json, Node v22 (.nvmrc)"},
		{"front end", "", map[string]string{"package.json": none}, ""},
		{"front end", "", map[string]string{"package-lock.json": none}, "FAIL app/package.json has no lock: run npm install"},
		{"front end", "", map[string]string{"yarn.lock": ""}, "FAIL app has package-lock.json and yarn.lock, of different package managers"},
		{"front end", "", map[string]string{"package.json": `{"packageManager": "pnpm@10.1.0", "scripts": {"build": "x"}}`}, "FAIL packageManager in app/package.json is pnpm@10.1.0, but the lock is package-lock.json"},
		{"front end", "", map[string]string{"package.json": `{"packageManager": "npm@11.1.0", "scripts": {"build": "x"}}`}, "ok package-lock.json"},
		{"front end", ", assets: {script: x}", nil, "ok package-lock.json\nFAIL image.assets.script is x, which is no script of app/package.json"},
		{"front end", "", map[string]string{"package.json": `{"devDependencies": {"vite": "^7"}}`}, "ok package-lock.json\nwarn app/package.json has no script build"},
		{"rendering", "", kit, ""},
		{"rendering", ssr, kit, "FAIL processes has ssr, and the script build of app/package.json makes no bundle for a server (vite build --ssr): set in Pulumi.staging.yaml: image: {assets: {script: \"build:ssr\"}}\nwarn app/config/inertia.php does not read INERTIA_SSR_URL"},
		{"rendering", ", assets: {script: \"build:ssr\"}" + ssr, kit, "warn app/config/inertia.php does not read INERTIA_SSR_URL"},
		{"rendering", ssr, map[string]string{"package.json": `{"scripts": {"build": "npm run 'client' && npm-run-all server:*", "client": "vite build", "server:a": "vite build --ssr"}}`, "config/inertia.php": "<?php ['ssr' => ['url' => env('INERTIA_SSR_URL')]];"}, ""},
		{"rendering", ssr, map[string]string{"package.json": `{"scripts": {"build": "vite build", "postbuild": "vite build --ssr"}}`, "config/inertia.php": "<?php ['history' => []];"}, ""},
		{"rendering", ssr, map[string]string{"package.json": `{"scripts": {"production": "node bundle.mjs"}}`}, "warn processes has ssr, and the script production"},
		{"rendering", ssr, map[string]string{"bootstrap/ssr/ssr.js": ""}, "warn processes has ssr, and the script build"},
		{"rendering", ssr, map[string]string{"package.json": none}, "FAIL processes has ssr, and the script build"},
		{"Horizon", "", map[string]string{"config/horizon.php": none}, ""},
		{"Horizon", horizonRuns, nil, "FAIL environments of app/config/horizon.php has production, local, and none for APP_ENV staging, so the migration would refuse it: add 'staging' or '*' there, or set app.env: production in Pulumi.staging.yaml"},
		{"Horizon", horizonRuns + "}\n  laravel-ecs:app: {env: production", nil, ""},
		{"Horizon", horizonRuns, map[string]string{"config/horizon.php": "<?php return ['defaults' => ['staging' => []], 'environments' => ['production' => ['a' => ['maxProcesses' => 10]], \"local\" => []]];"}, "FAIL environments of app/config/horizon.php has production, local, and none"},
		{"Horizon", horizonRuns, map[string]string{"config/horizon.php": "<?php return ['environments' => ['production' => [], 'staging' => []]];"}, ""},
		{"Horizon", horizonRuns, map[string]string{"config/horizon.php": "<?php return ['environments' => ['stag*' => []]];"}, ""},
		{"Horizon", horizonRuns, map[string]string{"config/horizon.php": "<?php return ['environments' => [env('APP_ENV') => []]];"}, ""},
		{"Horizon", horizonRuns, map[string]string{"config/horizon.php": "<?php return ['env' => 'production', 'environments' => ['production' => []]];"}, ""},
		{"secrets", "", map[string]string{".npmrc": "//registry.example/:_authToken=abc\n"}, "FAIL app/.npmrc has a token"},
		{"secrets", "", map[string]string{".npmrc": "//registry.example/:_authToken=${NPM_TOKEN}\n"}, ""},
		{"database", "", nil, ""},
		{"database", "", map[string]string{"config/database.php": "<?php return ['connections' => ['pgsql' => []]];"}, "FAIL config/database.php of app has no connection mysql"},
		{"database", "", map[string]string{".env.example": "DB_CONNECTION=pgsql\n"}, "warn app/.env.example has DB_CONNECTION=pgsql, and the database here is MySQL or MariaDB"},
		{"database", "", map[string]string{"database/schema/pgsql-schema.sql": ""}, "warn app/database/schema has pgsql-schema.sql and no mysql-schema.sql"},
		{"database", "", map[string]string{"database/schema/mysql-schema.sql": ""}, ""},
		{"database", pgsql, nil, "FAIL config/database.php of app has no connection pgsql"},
		{"database", pgsql, map[string]string{"config/database.php": "<?php return ['pgsql' => ['sslmode' => 'prefer']];"}, "FAIL config/database.php of app does not read DB_SSLMODE"},
		{"database", pgsql + ", requireTls: false", map[string]string{"config/database.php": "<?php return ['pgsql' => ['sslmode' => 'prefer']];"}, ""},
		{"database", pgsql, map[string]string{"config/database.php": "<?php return ['pgsql' => ['sslmode' => env('DB_SSLMODE')]];", ".env.example": "DB_CONNECTION=mysql\n"}, "warn app/.env.example has DB_CONNECTION=mysql, and the database here is PostgreSQL"},
		{"database", pgsql, map[string]string{"config/database.php": none, "database/schema/mysql-schema.sql": ""}, "warn app/database/schema has mysql-schema.sql and no pgsql-schema.sql: on PostgreSQL"},
		{"platform", pgsql, map[string]string{"composer.json": `{"require": {"php": "^8.2", "ext-pdo_pgsql": "*"}}`}, ""},
		{"health page", "", nil, ""},
		{"health page", "", map[string]string{"bootstrap/app.php": "<?php"}, "warn no route /up in routes/ or bootstrap/app.php of app"},
		{"health page", "", map[string]string{"bootstrap/app.php": none, "routes/web.php": "<?php Route::get('up', fn () => 'ok');"}, ""},
		{"health page", "}\n  laravel-ecs:loadBalancer: {healthCheck: {path: /health/ready}", nil, "warn no route /health/ready in routes/"},
		{"left out", "", nil, ""},
		{"left out", "", map[string]string{"Dockerfile": "", "storage/oauth-private.key": ""}, "warn app/storage/oauth-private.key: not in the image\nwarn app/Dockerfile: not used"},
		{"builder", "", nil, ""},
	} {
		files := maps.Clone(sound)
		maps.Copy(files, test.files)
		maps.DeleteFunc(files, func(_, text string) bool { return text == none })
		got := strings.Split(found(t, project(t, test.stack, files), test.check, false), "\n")
		want := strings.Split(test.want, "\n")
		bad := len(got) != len(want)
		for i := 0; i < len(got) && !bad; i++ {
			bad = !strings.HasPrefix(got[i], want[i]) || want[i] == "" && got[i] != ""
		}
		if bad {
			t.Errorf("%s, %s: %q\n not %q", test.check, test.files, got, want)
		}
	}
}

// TestUploads: the bucket of the emulator, from a browser.
func TestUploads(t *testing.T) {
	defer func(was string) { system = was }(system)
	livewire := map[string]string{"composer.lock": `{"packages": [{"name": "livewire/livewire", "version": "v3.6.4"}]}`}
	const bucket = "}\n  laravel-ecs:storage: {bucket: true"
	for _, test := range []struct {
		system, stack string
		local, warns  bool
	}{{"darwin", bucket, true, true}, {"linux", bucket, true, false}, {"darwin", "", true, false}, {"darwin", bucket, false, false}} {
		system = test.system
		got := found(t, project(t, test.stack, livewire), "uploads", test.local)
		if test.warns != strings.HasPrefix(got, "warn Livewire's uploads do not work on this machine") || !test.warns && got != "" {
			t.Errorf("%+v: %q", test, got)
		}
	}
}

func TestNoApplication(t *testing.T) {
	root := project(t, "", nil)
	if got := found(t, root, "application", false); !strings.HasPrefix(got, "FAIL there is no folder app: clone the application there") {
		t.Error(got)
	}
	if got := found(t, root, "composer.lock", false); got != "" {
		t.Error(got)
	}
}

func TestBuilderGetsTheFolder(t *testing.T) {
	root := project(t, "", sound)
	ignore := filepath.Join(root, "docker", "Dockerfile.dockerignore")
	for text, want := range map[string]string{
		"*\n!app\n": "", "*\n!app/\n!docker\n": "", "**/.env\n": "", "# x\n*\n!apps\n!docker\n": "FAIL docker/Dockerfile.dockerignore keeps app from the builder: add the line !app",
	} {
		write(t, ignore, text)
		if got := found(t, root, "builder", false); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestRepository(t *testing.T) {
	root := project(t, "", sound)
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(root))
	if got := found(t, root, "Git", false); !strings.HasPrefix(got, "FAIL release.name: not set, and Git has no commit to name the release after") || !strings.Contains(got, "git init") {
		t.Error(got)
	}
	write(t, filepath.Join(root, "app", ".env"), "APP_KEY=x\n")
	git(t, root, "init", "-q")
	git(t, root, "add", "-A")
	git(t, root, "commit", "-q", "-m", "x")
	if got := found(t, root, "Git", false); !strings.HasPrefix(got, "ok the release is ") {
		t.Error(got)
	}
	if got := found(t, root, "secrets", false); !strings.HasPrefix(got, "warn app/.env is committed") || strings.Contains(got, ".env.example") {
		t.Error(got)
	}
}

// fakeDocker is a client that prints versions, and has the plugin buildx or not.
func fakeDocker(t *testing.T, versions, buildx string) {
	t.Helper()
	client := filepath.Join(t.TempDir(), "docker")
	write(t, client, "#!/bin/sh\ncase $1 in version) "+versions+";; buildx) "+buildx+";; esac\n")
	t.Setenv("DOCKER", client)
	t.Setenv("DOCKER_HOST", "tcp://127.0.0.1:1") // so that it is not installed here
}

func TestEngine(t *testing.T) {
	for _, test := range []struct{ versions, buildx, stack, want string }{
		{"echo 29.0.1 28.1.0", "exit 0", "", "ok 28.1.0 with BuildKit (client 29.0.1)"},
		{"echo 20.10.24 20.10.24", "exit 1", "", "ok 20.10.24 with BuildKit"},
		{"echo 29.0.1 29.0.1", "exit 1", "", "FAIL Docker 29.0.1 lacks its builder, BuildKit: install docker-buildx"},
		{"echo 20.10.1 19.03.1", "exit 0", "", "FAIL Docker 19.03.1 is too old"},
		{"echo Cannot connect >&2; exit 1", "exit 1", "", "FAIL docker version: exit status 1: Cannot connect; install it"},
		{"exit 1", "exit 1", "}\n  laravel-ecs:release: {build: false", ""},
	} {
		fakeDocker(t, test.versions, test.buildx)
		if got := found(t, project(t, test.stack, nil), "Docker", false); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
			t.Errorf("%s: %q", test.versions, got)
		}
	}
}

func TestPorts(t *testing.T) {
	root := project(t, "", nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	t.Setenv("STATE", "")
	t.Setenv("HTTP_PORT", fmt.Sprint(port))
	t.Setenv("HTTPS_PORT", "http")
	want := fmt.Sprintf("FAIL %d is taken: stop what listens there, or choose another port with HTTP_PORT=%d\nFAIL HTTPS_PORT=http: a port from 1 to 65535 is expected", port, port+1000)
	if got := found(t, root, "ports", true); got != want {
		t.Error(got)
	}
	if got := found(t, root, "ports", false); got != "" {
		t.Errorf("on AWS: %s", got)
	}
	write(t, filepath.Join(root, ".local", "staging", "version"), "1")
	if got := found(t, root, "ports", true); got != "" {
		t.Errorf("a stack that is up: %s", got)
	}
}

// TestRun: the exit code, and what is said with and without the emulator.
func TestRun(t *testing.T) {
	fakeDocker(t, "echo 29.0.1 29.0.1", "exit 0")
	root := project(t, "}\n  laravel-ecs:release: {name: v1", sound)
	t.Chdir(root)
	run := func(build bool) (string, error) {
		var out, log strings.Builder
		err := Run(t.Context(), Options{Root: root, Stack: "staging", Build: build, Out: &out, Log: &log})
		return out.String() + log.String(), err
	}
	said, err := run(false)
	if err != nil || !strings.Contains(said, "ok    Git            release.name is v1\n") || !strings.Contains(said, "warn  variables      not compared with the stack file yet") {
		t.Errorf("%v\n%s", err, said)
	}
	write(t, filepath.Join(root, "Makefile"), "bin/emulator bin/pulumi:\n\t@mkdir -p bin && echo '#!/bin/sh' > $@ && echo 'echo \"{}\"' >> $@ && chmod +x $@ && echo made $@\n")
	if said, err = run(true); err != nil || !strings.Contains(said, "made bin/emulator\n") || !strings.Contains(said, "ok    variables      0 are provided") || !strings.Contains(said, "Pulumi.staging.yaml: 0 will stop make up, ") {
		t.Errorf("%v\n%s", err, said)
	}
	write(t, filepath.Join(root, "Makefile"), "bin/emulator bin/pulumi: again\n\t@echo made $@ again\nagain:\n.PHONY: again\n")
	if said, err = run(true); err != nil || !strings.Contains(said, "made bin/emulator again\n") || strings.Contains(said, "which make up does as well") {
		t.Errorf("an emulator of another revision: %v\n%s", err, said)
	}
	write(t, filepath.Join(root, "bin", "emulator"), "#!/bin/sh\necho 'error: database.backupDays: 99 is outside 1-35' >&2; exit 1\n")
	said, err = run(true)
	if exit.Code(err) != 1 || !exit.Printed(err) || !strings.Contains(said, "FAIL  stack file     Pulumi.staging.yaml: emulator outputs: exit status 1: database.backupDays: 99") || !strings.Contains(said, ": 1 will stop make up, ") {
		t.Errorf("%v\n%s", err, said)
	}
	if _, err := os.Stat(filepath.Join(root, "bin", "pulumi")); err != nil {
		t.Error(err)
	}
}
