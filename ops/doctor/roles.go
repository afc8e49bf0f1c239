package doctor

import (
	"cmp"
	"context"
	"path"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// runs tells whether the stack has a process with a role, which is its name if it has none (stacks/config/processes.go).
func (a *Application) runs(role string) bool {
	processes, _ := a.Stack.Get("processes").(map[string]any)
	for name, value := range processes {
		process, _ := value.(map[string]any)
		if stated, _ := process["role"].(string); cmp.Or(stated, name) == role {
			return true
		}
	}
	return false
}

// rendering: a process that renders needs a bundle, and pages that ask it. Laravel's starter kits have `vite build` as build and the server's
// bundle in build:ssr only, and a config/inertia.php whose address is no variable (laravel/react-starter-kit, package.json and
// config/inertia.php); the one of inertiajs/inertia-laravel reads INERTIA_SSR_URL.
func rendering(_ context.Context, a *Application, say say) {
	if !a.runs("ssr") {
		return
	}
	if script, commands := a.bundleScript(); !strings.Contains(commands, "ssr") {
		// Only Vite is known to make no server's bundle unless it is asked to (https://vite.dev/guide/ssr.html#building-for-production). One that
		// is there may be committed.
		level := Fail
		if script != "" && !strings.Contains(commands, "vite build") || strings.Contains(commands, "--app") || a.has("bootstrap/ssr") {
			level = Warn
		}
		say(level, "processes has ssr, and the script %s of %s makes no bundle for a server (vite build --ssr): set in %s: image: {assets: {script: \"build:ssr\"}}, with \"build:ssr\": \"vite build && vite build --ssr\" there",
			cmp.Or(script, "build"), a.name("package.json"), a.Stack.Name())
	}
	// A file with ssr replaces all of the package's own (Illuminate\Support\ServiceProvider::mergeConfigFrom merges the first level only).
	const file, variable = "config/inertia.php", "INERTIA_SSR_URL"
	published := strings.Contains(a.text(file), "ssr")
	if published && !strings.Contains(a.text(file), variable) || !published && a.vendor && a.reads[variable] == nil {
		say(Warn, "%s does not read %s, so no page asks the process ssr, and all are rendered in the browser: write in its ssr: "+
			"'enabled' => (bool) env('INERTIA_SSR_ENABLED', true), 'url' => env('%[2]s', 'http://127.0.0.1:13714')", a.name(file), variable)
	}
}

// bundleScript is the script that docker/build/frontend/common.mjs chooses, and all that it runs: the text of each script that it names.
func (a *Application) bundleScript() (script, commands string) {
	var manifest struct{ Scripts map[string]string }
	_ = a.json("package.json", &manifest) // the check of the front end says so
	chosen := append([]string{a.Stack.Text("image.assets.script")}, "build", "production", "prod")
	if chosen[0] != "" {
		chosen = chosen[:1]
	}
	at := slices.IndexFunc(chosen, func(name string) bool { return manifest.Scripts[name] != "" })
	if at < 0 {
		return "", ""
	}
	// npm runs prebuild and postbuild besides build: https://docs.npmjs.com/cli/v11/using-npm/scripts#pre--post-scripts.
	todo, seen := []string{chosen[at], "pre" + chosen[at], "post" + chosen[at]}, map[string]bool{}
	for ; len(todo) > 0; todo = todo[1:] {
		for name, text := range manifest.Scripts {
			// npm-run-all and its kind take patterns: build:*.
			if named, _ := path.Match(todo[0], name); named && !seen[name] {
				seen[name] = true
				commands += text + "\n"
				todo = append(todo, strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" \t\"';&|()", r) })...)
			}
		}
	}
	return chosen[at], commands
}

// horizon: the migration refuses what docker/lib/retry.php refuses, when the network and the database exist already. Horizon takes the first
// of horizon.environments that is like the name of the environment (Laravel\Horizon\ProvisioningPlan::deploy).
func horizon(_ context.Context, a *Application, say say) {
	const file = "config/horizon.php"
	if !a.runs("horizon") {
		return
	}
	env := cmp.Or(a.Stack.Text("app.env"), a.Name) // stacks/config/load.go
	names, known := environments(a.text(file))
	if !a.has(file) {
		names, known = []string{"production", "local"}, true // of the package's own config/horizon.php
	}
	if known && !slices.ContainsFunc(names, func(name string) bool { return like(name, env) }) {
		say(Fail, "environments of %s has %s, and none for APP_ENV %s, so the migration would refuse it: add '%[3]s' or '*' there, or set app.env: production in %s",
			a.name(file), cmp.Or(strings.Join(names, ", "), "nothing"), env, a.Stack.Name())
	}
}

// like is Illuminate\Support\Str::is.
func like(pattern, name string) bool {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + "$").MatchString(name)
}

// environments are the keys below environments of config/horizon.php; not known where one is computed, or env has the name of another one.
func environments(source string) (names []string, known bool) {
	list := tokens(source)
	key := func(i int, name string) bool {
		return list[i].kind == text && list[i].value == name && list[i+1].value == "=" && list[i+2].value == ">"
	}
	for i := range max(0, len(list)-3) {
		switch {
		case key(i, "env"):
			return nil, false
		case key(i, "environments") && list[i+3].value == "[":
			args, _ := arguments(list, i+4)
			for _, arg := range args {
				if len(arg) < 3 || arg[0].kind != text || arg[1].value != "=" {
					return nil, false
				}
				names = append(names, arg[0].value)
			}
			known = true
		}
	}
	return names, known
}

// system is where the browser is that opens the local stack.
var system = runtime.GOOS

// uploads: the browser sends to the bucket by itself, and on the emulator the bucket has an address in Docker's network. Docker
// Desktop on macOS and Windows has no route to it: https://github.com/docker/docs/issues/3922, https://github.com/moby/vpnkit/issues/564.
func uploads(_ context.Context, a *Application, say say) {
	if a.Local && system != "linux" && a.Stack.Get("storage.bucket") == true && a.locked("livewire/livewire") != "" {
		say(Warn, "Livewire's uploads do not work on this machine while the default disk is s3 (storage.bucket): the browser sends them to the bucket, whose address is in Docker's network, which it reaches on Linux only; "+
			"leave out storage.bucket of %s, or set 'disk' => 'local' of temporary_file_upload in config/livewire.php while you try them", a.Stack.Name())
	}
}
