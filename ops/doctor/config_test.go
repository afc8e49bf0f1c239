package doctor

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/laravel-ecs/laravel-ecs/ops/exit"
)

// project is a folder with the stack staging, whose application is in app/.
func project(t *testing.T, stackFile string, files map[string]string) (root string) {
	t.Helper()
	root = t.TempDir()
	write(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
	write(t, filepath.Join(root, "Pulumi.staging.yaml"), "config:\n  laravel-ecs:image: {app: app"+stackFile+"}\n")
	for name, text := range files {
		write(t, filepath.Join(root, "app", name), text)
	}
	return root
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// judged are the variables of an application, as "state NAME".
func judged(t *testing.T, root string, e Environment) (list []string, notes map[string]string) {
	t.Helper()
	t.Chdir(root)
	a, err := Open(root, "staging")
	if err != nil {
		t.Fatal(err)
	}
	notes = map[string]string{}
	for _, v := range a.Variables(e) {
		list = append(list, v.State.String()+" "+v.Name)
		notes[v.Name] = v.Note
	}
	return list, notes
}

// staging is what a stack provides without keys of its own.
func staging() Environment {
	values := map[string]string{"SESSION_DRIVER": "redis", "CACHE_DRIVER": "redis", "CACHE_STORE": "redis", "QUEUE_CONNECTION": "database", "DB_CONNECTION": "mysql",
		"LOG_CHANNEL": "stderr", "APP_DEBUG": "false", "APP_ENV": "staging", "APP_URL": "http://x", "APP_NAME": "shop", "DB_HOST": "db", "REDIS_HOST": "tls://x"}
	return Environment{Values: values, Secrets: map[string]any{"APP_KEY": "arn", "DB_PASSWORD": "arn"}, Class: "staging"}
}

// TestSkeletons: the untouched application of each version lacks nothing.
func TestSkeletons(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(here, "testdata", "laravel-*.txtar"))
	if err != nil || len(files) != 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		fixture := map[string]string{}
		for _, f := range archive.Files {
			fixture[f.Name] = string(f.Data)
		}
		list, notes := judged(t, project(t, "", fixture), staging())
		of := func(state State) (names []string) {
			for _, entry := range list {
				if name, ok := strings.CutPrefix(entry, state.String()+" "); ok {
					names = append(names, name)
				}
			}
			return names
		}
		if missing := of(Missing); missing != nil {
			t.Errorf("%s: %q are missing", file, missing)
		}
		dangerous := []string{"FILESYSTEM_DISK", "MAIL_MAILER"}
		if strings.Contains(file, "-10") { // sends mail by SMTP, to a host that exists
			dangerous = dangerous[:1]
		}
		if got := of(Dangerous); !slices.Equal(got, dangerous) {
			t.Errorf("%s: %q are dangerous", file, got)
		}
		if unknown := of(Unknown); unknown != nil {
			t.Errorf("%s: nothing reads %q", file, unknown)
		}
		for name, want := range map[string]string{"SESSION_LIFETIME": "120 (config/session.php:", "AWS_BUCKET": "null (config/filesystems.php:", "VITE_APP_NAME": "undefined in the bundle"} {
			if !strings.HasPrefix(notes[name], want) {
				t.Errorf("%s: %s: %q", file, name, notes[name])
			}
		}
	}
}

// tablesOf is an application whose only migration has this name, and which reads the session's driver.
func tablesOf(migration string) map[string]string {
	table := strings.TrimSuffix(strings.TrimPrefix(migration, "create_"), "_table")
	return map[string]string{"config/session.php": "<?php return ['driver' => env('SESSION_DRIVER', 'file')];",
		"database/migrations/2025_01_01_000000_" + migration + ".php": "<?php Schema::create('" + table + "', function (Blueprint $table) {});"}
}

func TestVariables(t *testing.T) {
	const services = "<?php return ['a' => env('A_KEY'), 'b' => env('B_KEY', 'x'), 'c' => env('C_KEY', env('A_KEY')), 'd' => env('D_KEY', env('B_KEY'))];"
	e := staging()
	for name, test := range map[string]struct {
		stack, example, want string
		files                map[string]string
		set                  map[string]string
	}{
		"without a default":     {example: "A_KEY=", want: "missing A_KEY"},
		"with one":              {example: "B_KEY=", want: "default B_KEY"},
		"another's that is not": {example: "C_KEY=", want: "missing C_KEY"},
		"another's that is":     {example: "D_KEY=", want: "default D_KEY"},
		"another's is set":      {example: "C_KEY=", set: map[string]string{"A_KEY": "1"}, want: "default C_KEY, provided A_KEY"},
		"null is a value":       {example: "A_KEY=null", want: "default A_KEY"},
		"optional":              {example: "#A_KEY=", want: ""},
		"provided":              {example: "A_KEY=", set: map[string]string{"A_KEY": "1"}, want: "provided A_KEY"},
		"nothing reads it":      {example: "X=1", want: "not read here X"},
		"with the packages":     {example: "X=1\nY=\nZ=", files: map[string]string{"vendor/composer/x": "", "vendor/a/b/config/y.php": "<?php return [env('Y'), env('Z', 1)];"}, want: "missing Y, no effect X, default Z"},
		"outside of config":     {example: "X=1", files: map[string]string{"app/X.php": "<?php getenv('X');", "tests/X.php": "<?php env('X', 1);"}, want: "missing X"},
		"of a tool":             {example: "PHP_CLI_SERVER_WORKERS=4\nBCRYPT_ROUNDS=12\nFORWARD_DB_PORT=1", want: "no effect FORWARD_DB_PORT, no effect PHP_CLI_SERVER_WORKERS, default BCRYPT_ROUNDS"},
		"of the bundle":         {stack: ", buildEnv: {VITE_A: x}", example: "VITE_A=\nVITE_B=\nMIX_C=", want: "no effect MIX_C, no effect VITE_B, provided VITE_A"},
		"of the bundle, in env": {example: "", set: map[string]string{"VITE_B": "x"}, want: "no effect VITE_B"},
		"also of the server":    {example: "VITE_B=", files: map[string]string{"config/x.php": "<?php env('VITE_B');"}, want: "missing VITE_B"},
		"a bucket":              {files: map[string]string{"config/filesystems.php": "<?php return [\n'default' => env('FILESYSTEM_DISK', 's3'), env('AWS_BUCKET'), env('AWS_DEFAULT_REGION', 'x')];"}, want: "missing AWS_BUCKET"},
		"a disk":                {files: map[string]string{"config/f.php": "<?php [env('FILESYSTEM_DISK', 'public'), env('MEDIA_DISK', 's3')];"}, want: "dangerous FILESYSTEM_DISK"},
		"the bucket's package":  {stack: "}\n  laravel-ecs:storage: {bucket: true", set: map[string]string{"AWS_BUCKET": "x"}, files: map[string]string{"config/f.php": "<?php env('FILESYSTEM_DISK', 'local');", "composer.lock": "{}"}, want: "dangerous FILESYSTEM_DISK, provided AWS_BUCKET"},
		"debug":                 {set: map[string]string{"APP_DEBUG": "true"}, want: "dangerous APP_DEBUG"},
		"no table":              {files: tablesOf("create_users_table"), set: map[string]string{"SESSION_DRIVER": "database"}, want: "dangerous SESSION_DRIVER"},
		"a table":               {files: tablesOf("create_sessions_table"), set: map[string]string{"SESSION_DRIVER": "database"}, want: ""},
		"a table in the dump":   {files: map[string]string{"config/s.php": "<?php env('CACHE_STORE');", "database/migrations/1.php": "<?php", "database/schema/mysql-schema.sql": "CREATE TABLE `cache` (\n"}, set: map[string]string{"CACHE_STORE": "database"}, want: ""},
		"sync":                  {set: map[string]string{"QUEUE_CONNECTION": "sync"}, want: "dangerous QUEUE_CONNECTION"},
		"logs in files":         {set: map[string]string{"LOG_CHANNEL": "stack"}, files: map[string]string{"config/l.php": "<?php env('LOG_STACK', 'single');"}, want: "dangerous LOG_STACK"},
		"mail to nobody":        {files: map[string]string{"config/m.php": "<?php [env('MAIL_MAILER', 'smtp'), env('MAIL_HOST', '127.0.0.1')];"}, want: "dangerous MAIL_HOST"},
		"another database":      {set: map[string]string{"DB_CONNECTION": "sqlsrv"}, want: "dangerous DB_CONNECTION"},
		"Reverb":                {set: map[string]string{"BROADCAST_CONNECTION": "reverb"}, files: map[string]string{"config/r.php": "<?php [env('REVERB_APP_KEY'), env('REVERB_HOST')];"}, want: "missing REVERB_APP_KEY, missing REVERB_HOST, provided BROADCAST_CONNECTION"},
	} {
		files := map[string]string{".env.example": test.example, "config/services.php": services}
		maps.Copy(files, test.files)
		given := Environment{Values: maps.Clone(e.Values), Class: e.Class}
		maps.Copy(given.Values, test.set)
		list, _ := judged(t, project(t, test.stack, files), given)
		list = slices.DeleteFunc(list, func(entry string) bool { // what is as always
			name := strings.TrimPrefix(entry, "provided ")
			return e.Values[name] != "" && name != entry
		})
		if got := strings.Join(list, ", "); got != test.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestLocalIsLenient: a developer's machine may show errors and write mail to the log.
func TestLocalIsLenient(t *testing.T) {
	root := project(t, "", map[string]string{"config/m.php": "<?php [env('MAIL_MAILER', 'log'), env('FILESYSTEM_DISK', 'local')];"})
	e := staging()
	e.Class, e.Values["APP_DEBUG"] = "local", "true"
	list, _ := judged(t, root, e)
	if !slices.Contains(list, "provided APP_DEBUG") || list[0] != "dangerous FILESYSTEM_DISK" || slices.Contains(list, "dangerous MAIL_MAILER") {
		t.Errorf("%q", list)
	}
}

// TestCheckConfig: what the emulator prints is compared with the folder. The program itself runs in the scripts of cmd/emulator.
func TestCheckConfig(t *testing.T) {
	root := project(t, "", nil)
	checked := func() (string, error) {
		var out strings.Builder
		err := CheckConfig(t.Context(), root, "staging", &out)
		return out.String(), err
	}
	if _, err := checked(); err == nil || !strings.Contains(err.Error(), "app/.env.example is missing") {
		t.Errorf("without a .env.example: %v", err)
	}
	write(t, filepath.Join(root, "app", ".env.example"), "APP_KEY=\nPAYMENT_KEY=\n")
	write(t, filepath.Join(root, "app", "config", "services.php"), "<?php\nreturn ['key' => env('PAYMENT_KEY')];")
	write(t, filepath.Join(root, "app", "composer.lock"), `{"packages": [{"name": "laravel/passport", "version": "v13.0.1"}]}`)
	if _, err := checked(); err == nil || !strings.Contains(err.Error(), "make bin/emulator") {
		t.Errorf("without the emulator: %v", err)
	}
	emulator := filepath.Join(root, "bin", "emulator")
	prints := `{"appConfig": {"LOG_LEVEL": "info"}, "secretArns": {"APP_KEY": "arn"}, "class": "staging"}`
	write(t, emulator, "#!/bin/sh\n[ \"$*\" = 'outputs --stack staging --json' ] && echo '"+prints+"'\n")
	said, err := checked()
	want := `missing   PAYMENT_KEY              config/services.php:2 has no default: set env.PAYMENT_KEY in Pulumi.staging.yaml, or pulumi config set --secret --path laravel-ecs:secrets.PAYMENT_KEY
provided  APP_KEY                  secret
provided  LOG_LEVEL                info
package   laravel/passport 13.0.1  secrets.PASSPORT_PRIVATE_KEY`
	if exit.Code(err) != 1 || !exit.Printed(err) || !strings.HasPrefix(said, want) || !strings.HasSuffix(said, "Pulumi.staging.yaml: 1 missing, 0 dangerous, 0 without effect, 0 by default, 2 provided, 1 of them secret\n") {
		t.Errorf("%v:\n%s", err, said)
	}
	write(t, filepath.Join(root, "app", ".env.example"), "APP_KEY=\n")
	if said, err = checked(); err != nil || !strings.Contains(said, ": 0 missing,") {
		t.Errorf("%v:\n%s", err, said)
	}
	write(t, emulator, "#!/bin/sh\necho 'error: database.backupDays: 99 is outside 1-35' >&2; exit 1\n")
	if _, err = checked(); err == nil || !strings.Contains(err.Error(), "Pulumi.staging.yaml: emulator outputs: exit status 1: database.backupDays: 99") {
		t.Errorf("a stack file that is refused: %v", err)
	}
}

// TestRules: one rule per package, in order, each with where it is from, and with keys that a stack file has.
func TestRules(t *testing.T) {
	for i, r := range rules {
		if i > 0 && rules[i-1].pkg >= r.pkg {
			t.Errorf("%s is not behind %s", r.pkg, rules[i-1].pkg)
		}
		if r.source == "" || r.advice == "" || strings.HasSuffix(r.advice, ".") {
			t.Errorf("%s: %q", r.pkg, r.advice)
		}
	}
	lock := `{"packages": [{"name": "livewire/livewire", "version": "v3.6.4"}, {"name": "inertiajs/inertia-laravel", "version": "v2.0.0"}], "packages-dev": [{"name": "laravel/telescope", "version": "v5.0.0"}]}`
	root := project(t, "", map[string]string{"composer.lock": lock})
	said := func() string {
		a, err := Open(root, "staging")
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, line := range a.Advice() {
			names = append(names, line[0])
			if strings.HasPrefix(line[0], "livewire") && (!strings.Contains(line[1], "<input multiple> throws S3DoesntSupportMultipleFileUploads") || !strings.Contains(line[1], "on Linux only")) {
				t.Errorf("%s: %s", line[0], line[1])
			}
		}
		return fmt.Sprint(names)
	}
	if got := said(); got != "[livewire/livewire 3.6.4]" { // Telescope is not installed, and nothing renders on a server
		t.Error(got)
	}
	write(t, filepath.Join(root, "app", "package.json"), `{"scripts": {"build:ssr": "vite build && vite build --ssr"}}`)
	if got := said(); got != "[inertiajs/inertia-laravel 2.0.0 livewire/livewire 3.6.4]" {
		t.Error(got)
	}
}
