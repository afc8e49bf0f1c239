package docker_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The front end of applications: testdata/apps/front-*, each over the skeleton, each made for one kind. Most tests build the stage "assets" only.

// frontEnd is a folder to build from with one of these applications, and a tag.
func frontEnd(t *testing.T, name string) (dir, tag string) {
	t.Helper()
	return appTree(t, "front-"+name), imageTag("front-" + name)
}

var assetsOnly = []string{"--build-arg", "APP=app", "--target", "assets"}

// TestPackageManagers: each one installs what its lock says, with its settings and patches, in the version that the repository asks for, on
// the Node that the repository asks for. Scripts of the repository run, and find its files. The bundle of each application prints what it saw.
func TestPackageManagers(t *testing.T) {
	t.Parallel()
	type facts struct {
		Manager, Node, UI, Installed string
		Patched                      bool
	}
	for name, want := range map[string]facts{
		"npm":   {`^npm/11\.21\.2$`, `^v22\.`, "a workspace", "after // the application", true},
		"pnpm":  {`^pnpm/10\.34\.8$`, `^v24\.21\.0$`, "a workspace", "", true},
		"yarn1": {`^yarn/1\.22\.`, `^v24\.21\.0$`, "", "", false},
		"yarn4": {`^yarn/4\.18\.1$`, `^v20\.`, "", "", true},
		"bun":   {`^bun/1\.`, `^v24\.21\.0$`, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, tag := frontEnd(t, name)
			write(t, filepath.Join(dir, "app/bootstrap/ssr/ssr.js"), "// of a developer's machine")
			// Manifests that are nobody's packages: a published asset, and an example.
			write(t, filepath.Join(dir, "app/public/vendor/pack/package.json"), "// no JSON")
			write(t, filepath.Join(dir, "app/resources/examples/package.json"), `{"dependencies": {"ui": "file:../../../ui"}}`)
			// Yarn 2 and later start with the variables only that .yarnrc.yml names, and the token is there for the installation alone.
			token := filepath.Join(t.TempDir(), "token")
			write(t, token, "npm_0123")
			buildTree(t, dir, tag, append([]string{"--secret", "id=NPM_TOKEN,src=" + token}, assetsOnly...)...)
			var got facts
			if out := in(t, tag, "ls bootstrap/ssr 2>/dev/null; true"); out != "" {
				t.Errorf("a bundle that this build did not make is there: %s", out)
			}
			out := in(t, tag, "cat public/build/facts.json")
			if err := json.Unmarshal([]byte(out), &got); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if !regexp.MustCompile(want.Manager).MatchString(got.Manager) || !regexp.MustCompile(want.Node).MatchString(got.Node) ||
				got.UI != want.UI || got.Installed != want.Installed || got.Patched != want.Patched {
				t.Errorf("the bundle saw %+v, not %+v", got, want)
			}
			if list := in(t, tag, "cat /out/sbom/package-lock.json"); !strings.Contains(list, `"name":"is-number","version":"7.0.0"`) {
				t.Errorf("the list of packages lacks is-number: %.300s", list)
			}
		})
	}
}

// TestFrontEndThatIsNotClear: a build that would have to guess says what to decide.
func TestFrontEndThatIsNotClear(t *testing.T) {
	t.Parallel()
	const one = `{"dependencies": {"is-number": "7.0.0"}, "scripts": {"build": "true"}`
	for name, test := range map[string]struct {
		files map[string]string // empty: the file is removed
		args  []string
		says  string
	}{
		"two locks": {nil, nil, "package-lock.json and yarn.lock are locks of different package managers"},
		"no lock": {map[string]string{"yarn.lock": "", "package-lock.json": ""}, nil,
			"commit package-lock.json, pnpm-lock.yaml, yarn.lock or bun.lock"},
		"another manager": {map[string]string{"yarn.lock": "", "package.json": one + `, "packageManager": "pnpm@10.34.8"}`}, nil,
			"packageManager in package.json is pnpm@10.34.8, but the lock file is package-lock.json"},
		"no exact version": {map[string]string{"yarn.lock": "", "package.json": one + `, "packageManager": "npm@11"}`}, nil,
			"packageManager in package.json is npm@11: use npm, pnpm, yarn or bun with an exact version"},
		"another hash": {map[string]string{"yarn.lock": "", "package.json": one + `, "packageManager": "npm@11.21.2+sha224.00"}`}, nil,
			"but packageManager in package.json says 00"},
		"no Node": {map[string]string{"yarn.lock": "", ".nvmrc": "lts/unobtainium\n"}, nil, ".nvmrc asks for Node lts/unobtainium"},
		"no script": {map[string]string{"yarn.lock": ""}, []string{"--build-arg", "ASSETS_SCRIPT=build:ssr"},
			"image.assets.script is build:ssr, which is no script of package.json"},
		"a package outside": {map[string]string{"yarn.lock": "", "package.json": `{"dependencies": {"ui": "file:../ui"}}`}, nil,
			"package.json needs ../ui, which is outside of the application's folder"},
		"PHP that was not seen": {map[string]string{"yarn.lock": "", "package.json": `{"scripts": {"build": "sh build.sh"}}`, "build.sh": "php -v\n"}, nil,
			"set image.assets.php: always"},
		"a bundle without its script": {map[string]string{"yarn.lock": "", "package.json": `{"dependencies": {"is-number": "7.0.0"}}`, "vite.config.js": "export default {};\n"}, nil,
			"package.json has no script build, production or prod, so nothing is bundled: name the script in image.assets.script"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, tag := frontEnd(t, "two-locks")
			for file, content := range test.files {
				path := filepath.Join(dir, "app", file)
				if content != "" {
					write(t, path, content)
				} else if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := build(dir, tag, append(test.args, assetsOnly...)...); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("the build does not fail with %q: %v", test.says, err)
			}
		})
	}
}

// TestBundle: variables of the build are in both bundles of Vite, and both bundles are in the image, without what a developer's machine has
// of an earlier one. The lock is one of npm 10, without the optional packages of other platforms. A changed line of PHP bundles nothing again, another variable installs nothing again.
func TestBundle(t *testing.T) {
	t.Parallel()
	dir, tag := frontEnd(t, "vite")
	write(t, filepath.Join(dir, "app/public/build/assets/old.js"), "// of yesterday")
	with := func(variables string, more ...string) []string {
		return append([]string{"--build-arg", "APP=app", "--build-arg", "BUILD_ENV=" + variables}, more...)
	}
	// Another value in each run, so that the bundle is made.
	name := fmt.Sprintf(`It's shop & more, %d`, time.Now().UnixNano())
	variables := fmt.Sprintf(`{"VITE_APP_NAME":%q}`, name)
	progress := buildTree(t, dir, tag, with(variables)...)
	if want := "and 0 packages are in the image"; !strings.Contains(progress, want) {
		t.Errorf("the build does not say %q", want)
	}
	got := in(t, tag, "cat public/build/assets/app-*.js bootstrap/ssr/ssr.js; ls public/build/assets bootstrap/ssr/*.js; ls -d public/hot package.json package-lock.json vite.config.js 2>/dev/null; true")
	if n := strings.Count(got, name); n != 2 || strings.Contains(got, "old.js") || strings.Contains(got, "package") {
		t.Errorf("the image has %d of 2 bundles with the variable, or old files:\n%s", n, got)
	}

	// Inertia would look for a server for this bundle at each page.
	for env, want := range map[string]string{"INERTIA_SSR_URL=": "false", "INERTIA_SSR_URL=http://ssr.internal:13714": ""} {
		log, status := runOnce(t, options{image: tag, env: []string{env, "CACHE_STORE=array"}, args: []string{"artisan", "inertia:shown"}})
		if got := strings.TrimSpace(log); status != 0 || got != "INERTIA_SSR_ENABLED="+want {
			t.Errorf("with %s: %d %q", env, status, got)
		}
	}

	routes := filepath.Join(dir, "app/routes/web.php")
	write(t, routes, "<?php // another line\n")
	progress = buildTree(t, dir, tag+"-php", with(variables, "--target", "assets")...)
	for _, step := range []string{"install.mjs", "bundle.mjs"} {
		if !cached(progress, step) {
			t.Errorf("a changed line of PHP runs %s again", step)
		}
	}
	if got := in(t, tag+"-php", "PATH=/opt/app/bin:/opt/node/bin:$PATH npm --version"); !strings.HasPrefix(got, "10.") {
		t.Errorf("the lock of npm 10 was installed with npm %s", got)
	}
	progress = buildTree(t, dir, tag+"-other", with(strings.Replace(variables, "shop", "Other", 1), "--target", "assets")...)
	if !cached(progress, "install.mjs") || cached(progress, "bundle.mjs") {
		t.Error("another variable installs again, or bundles nothing")
	}
	if got := in(t, tag+"-other", "cat public/build/assets/app-*.js"); !strings.Contains(got, "Other") {
		t.Errorf("the other bundle is %s", got)
	}
}

// TestBundleThatRunsPHP: Laravel Wayfinder's plugin runs artisan, with the packages and the application there, and a changed route is in the
// next bundle.
func TestBundleThatRunsPHP(t *testing.T) {
	t.Parallel()
	dir, tag := frontEnd(t, "wayfinder")
	buildTree(t, dir, tag, assetsOnly...)
	if got := in(t, tag, "cat public/build/assets/app-*.js"); !strings.Contains(got, "health") {
		t.Fatalf("the bundle has no routes: %s", got)
	}
	routes := filepath.Join(dir, "app/routes/web.php")
	content, err := os.ReadFile(routes)
	if err != nil {
		t.Fatal(err)
	}
	write(t, routes, string(content)+"\nRoute::get('/a-new-route', fn () => 'new');\n")
	progress := buildTree(t, dir, tag+"-changed", assetsOnly...)
	if got := in(t, tag+"-changed", "cat public/build/assets/app-*.js"); !strings.Contains(got, "a-new-route") || !cached(progress, "install.mjs") {
		t.Errorf("the bundle is not made again, or the packages are: %s", got)
	}
}

// TestBundleThatIsCommitted: without package.json, public/build is part of the sources, and is served.
func TestBundleThatIsCommitted(t *testing.T) {
	t.Parallel()
	dir, tag := frontEnd(t, "committed")
	buildTree(t, dir, tag, "--build-arg", "APP=app")
	c := startWeb(t, options{image: tag, env: []string{"HEALTH_PATH=/health"}})
	for path, want := range map[string]string{"/build/assets/app.js": "// made elsewhere\n", "/build/manifest.json": `"assets/app.js"`} {
		if status, body, _ := c.get(path); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s is %d %q, not %q", path, status, body, fmt.Sprint(want))
		}
	}
}
