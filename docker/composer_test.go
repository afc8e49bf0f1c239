package docker_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// What Composer installs from, and what it asks of PHP. Only the stages that install are built.

// lock writes composer.json and composer.lock of an application.
func lock(t *testing.T, app string, manifest map[string]any, packages ...map[string]any) {
	t.Helper()
	files := map[string]any{"composer.json": manifest, "composer.lock": map[string]any{
		"content-hash": strings.Repeat("0", 32), "packages": packages, "packages-dev": []any{}, "aliases": []any{}, "minimum-stability": "stable",
		"stability-flags": map[string]any{}, "prefer-stable": true, "prefer-lowest": false, "platform": map[string]any{}, "platform-dev": map[string]any{},
		"plugin-api-version": "2.6.0",
	}}
	for name, content := range files {
		text, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(app, name), string(text))
	}
}

var stages atomic.Int32

// stage builds a stage of a tree and returns its tag and the builder's output.
func stage(t *testing.T, dir, name string, more ...string) (tag, progress string, err error) {
	t.Helper()
	tag = fmt.Sprintf("%s-stage-%d", image, stages.Add(1))
	progress, err = build(dir, tag, append([]string{"--target", name}, more...)...)
	if err == nil {
		t.Cleanup(func() {
			if _, err := docker("rmi", "--no-prune", tag); err != nil {
				t.Error(err)
			}
		})
	}
	return tag, progress, err
}

// in runs a shell command in an image or a stage, without its entrypoint.
func in(t *testing.T, tag, script string) string {
	t.Helper()
	out, err := docker("run", "--rm", "--label", label, "--network", "none", "--entrypoint", "sh", tag, "-c", script)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestPlatformRequirements: what the server lacks ends the build before anything is installed, with who asks for it and the line that mends it.
func TestPlatformRequirements(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app")
	app := filepath.Join(dir, "app")
	write(t, filepath.Join(app, "packages/images/composer.json"), `{"name": "acme/images"}`)
	lock(t, app,
		map[string]any{"require": map[string]any{"acme/images": "*", "ext-gmp": "*", "ext-soap": "*", "ext-gd-foo": "*", "ext-pdo_pgsql": "*", "php": "^8.1"}},
		map[string]any{
			"name": "acme/images", "version": "1.2.0", "dist": map[string]any{"type": "path", "url": "packages/images", "reference": "1"},
			"require": map[string]any{"ext-imagick": "*", "ext-dom": "*", "ext-apcu": "*", "ext-redis": ">=99", "php": ">=8.9", "ext-zend-opcache": "*"},
			"provide": map[string]any{"ext-apcu": "*"},
		})
	_, progress, err := stage(t, dir, "composer", "--build-arg", "APP=app")
	if err == nil {
		t.Fatal("it is built")
	}
	for _, want := range []string{
		"ext-imagick: asked for by acme/images 1.2.0\n",
		"ext-gmp: asked for by composer.json\n",
		"ext-gd-foo: asked for by composer.json; there is no package php8.4-gd-foo, so it cannot be in the image\n",
		"php >=8.9 is asked for by acme/images 1.2.0, and the server has 8.4.",
		"ext-redis >=99 is asked for by acme/images 1.2.0, and the server has ",
		"      extensions: bcmath gd gmp imagick intl mbstring memcached mysql opcache pgsql redis soap xml zip\n",
	} {
		if !strings.Contains(progress, want) {
			t.Errorf("it does not say %q", want)
		}
	}
	for _, not := range []string{"ext-dom", "ext-apcu", "ext-zend-opcache", "Package operations"} {
		if strings.Contains(progress, not) {
			t.Errorf("it says %q", not)
		}
	}
	if t.Failed() {
		t.Log(progress)
	}
}

// TestLockIsRequired: an application without composer.lock is not built from whatever is newest today.
func TestLockIsRequired(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app")
	_, progress, err := stage(t, dir, "composer", "--build-arg", "APP=app", "--build-arg", "UNLOCKED=")
	if want := "app/composer.lock is missing: run composer update in app, and commit the file"; err == nil || !strings.Contains(progress, want) {
		t.Errorf("%v; it does not say %q:\n%s", err, want, progress)
	}
}

// zipOf makes an archive of one package.
func zipOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	pack(t, files, func(name string, _ int) (io.Writer, error) { return w.Create(name) }, w)
	return archive.Bytes()
}

// TestRepositoriesOfAMonorepo: path repositories in the application and above it, and an artifact repository. The checkout's own vendor/
// stays out, and another changed file installs nothing again.
func TestRepositoriesOfAMonorepo(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app/apps/shop")
	app := filepath.Join(dir, "app/apps/shop")
	write(t, filepath.Join(app, "packages/near/composer.json"), `{"name": "acme/near"}`)
	write(t, filepath.Join(app, "packages/near/Near.php"), "<?php // near")
	write(t, filepath.Join(dir, "app/packages/above/composer.json"), `{"name": "acme/above"}`)
	write(t, filepath.Join(dir, "app/packages/above/Above.php"), "<?php // above")
	write(t, filepath.Join(app, "artifacts/packed.zip"), string(zipOf(t, map[string]string{"composer.json": `{"name": "acme/packed", "version": "2.0.0"}`, "Packed.php": "<?php // packed"})))
	write(t, filepath.Join(app, "vendor/acme/near/Stale.php"), "<?php // of the checkout")
	path := func(name, url string) map[string]any {
		return map[string]any{"name": "acme/" + name, "version": "1.0.0", "dist": map[string]any{"type": "path", "url": url, "reference": "1"}, "transport-options": map[string]any{"symlink": true, "relative": true}}
	}
	lock(t, app, map[string]any{
		"require":      map[string]any{"acme/near": "*", "acme/above": "*", "acme/packed": "*"},
		"repositories": []any{map[string]any{"type": "path", "url": "packages/*"}, map[string]any{"type": "path", "url": "../../packages/*"}, map[string]any{"type": "artifact", "url": "artifacts"}},
	}, path("near", "packages/near"), path("above", "../../packages/above"),
		map[string]any{"name": "acme/packed", "version": "2.0.0", "dist": map[string]any{"type": "zip", "url": "artifacts/packed.zip"}})

	_, progress, err := stage(t, dir, "composer", "--build-arg", "APP=app/apps/shop")
	if want := "composer.lock has acme/above from ../../packages/above, and the builder gets no such file or folder.\n"; err == nil || !strings.Contains(progress, want) {
		t.Errorf("without a context: %v; it does not say %q:\n%s", err, want, progress)
	}
	args := []string{"--build-arg", "APP=app/apps/shop", "--build-arg", "CONTEXT=app"}
	// A package beside the application is in the image with all that it has, tests as well. Folders that Composer does not read are not.
	write(t, filepath.Join(dir, "app/packages/above/tests/.npmrc"), "//npm.example.com/:_authToken=npm_0123\n")
	write(t, filepath.Join(dir, "app/packages/above/bunfig.toml"), "[install.scopes]\nacme = { token = \"npm_0123\", url = \"https://npm.example.com/\" }\n")
	write(t, filepath.Join(dir, "app/elsewhere/.npmrc"), "//npm.example.com/:_authToken=npm_0123\n")
	_, progress, err = stage(t, dir, "composer", args...)
	if want := "    app/packages/above/bunfig.toml\n"; err == nil || !strings.Contains(progress, want) {
		t.Errorf("with a token in bunfig.toml: %v; it does not say %q:\n%s", err, want, progress)
	}
	if want := "    app/packages/above/tests/.npmrc\n"; err == nil || !strings.Contains(progress, want) || strings.Contains(progress, "elsewhere") {
		t.Errorf("with a token in a package: %v; it does not say %q:\n%s", err, want, progress)
	}
	write(t, filepath.Join(dir, "app/packages/above/tests/.npmrc"), "//npm.example.com/:_authToken=${NPM_TOKEN}\n")
	write(t, filepath.Join(dir, "app/packages/above/bunfig.toml"), "[install.scopes]\nacme = { token = \"$NPM_TOKEN\", url = \"https://npm.example.com/\" }\n")
	tag, _, err := stage(t, dir, "autoload", args...)
	if err != nil {
		t.Fatal(err)
	}
	found := in(t, tag, `cd /out && find . -type l; ls; ls var; cd var/www/vendor/acme && cat near/*.php above/*.php packed/*.php`)
	if want := "var\nwww\n<?php // near<?php // above<?php // packed"; found != want {
		t.Errorf("installed: %q, want %q", found, want)
	}
	write(t, filepath.Join(app, "routes/web.php"), "<?php // changed")
	if _, progress, err = stage(t, dir, "autoload", args...); err != nil || !cached(progress, "packages.sh install") {
		t.Errorf("another file installs again: %v\n%s", err, progress)
	}
}

// gateway is the address at which this machine is reached from a build.
func gateway(t *testing.T) string {
	t.Helper()
	out, err := docker("network", "inspect", "bridge", "--format", "{{with index .IPAM.Config 0}}{{or .Gateway .Subnet}}{{end}}")
	if err != nil {
		t.Fatal(err)
	}
	if subnet, err := netip.ParsePrefix(out); err == nil { // an engine that was just installed names no gateway: it is the first address
		return subnet.Addr().Next().String()
	}
	return out
}

// serve starts a server that containers and the builder reach, and returns its address.
func serve(t *testing.T, handler http.Handler) (host string) {
	t.Helper()
	listener, err := net.Listen("tcp", gateway(t)+":0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

// inLayers searches all layers of an image for what was installed, which has to be there, and for a secret, which must not be.
func inLayers(t *testing.T, tag, installed, secret string) {
	t.Helper()
	archive := filepath.Join(t.TempDir(), "image.tar")
	if _, err := docker("save", "--output", archive, tag); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"the package": installed, "the secret": secret} {
		if found := bytes.Contains(content, []byte(text)); found != (what == "the package") {
			t.Errorf("%s in the layers: %t", what, found)
		}
	}
}

// TestPrivateRepositories: packages of two servers that want a password, given as auth.json of the application and of Composer's home, and as
// COMPOSER_AUTH, and one that is a Git repository only. The password is in no layer, and the builder does not print it. Without it the message says what to do.
func TestPrivateRepositories(t *testing.T) {
	const user, password = "deploy", "s3cret-of-the-registry-8461"
	archive := zipOf(t, map[string]string{"composer.json": `{"name": "acme/private"}`, "Private.php": "<?php // private"})
	source := t.TempDir()
	for _, command := range []string{
		"git init -q work && cd work && echo '<?php // source' > Source.php && echo '{\"name\": \"acme/source\"}' > composer.json",
		"cd work && git add . && git -c user.name=t -c user.email=t@example.com commit -qm 1 && git tag 1.0.0",
		"git clone -q --bare work source.git && cd source.git && git update-server-info",
	} {
		run := exec.Command("sh", "-ec", command)
		run.Dir = source
		if out, err := run.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	hash, err := exec.Command("git", "-C", filepath.Join(source, "work"), "rev-parse", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/source.git/", http.FileServer(http.Dir(source)))
	mux.HandleFunc("/private.zip", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(archive) })
	guarded := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); !ok || u != user || p != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="packages"`)
			http.Error(w, "no", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	})
	host, home := serve(t, guarded), serve(t, guarded)

	dir := tree(t, "docker/testdata/skeleton", "app")
	app := filepath.Join(dir, "app")
	lock(t, app, map[string]any{"require": map[string]any{"acme/private": "*", "acme/source": "*"}, "config": map[string]any{"secure-http": false}},
		map[string]any{"name": "acme/private", "version": "1.0.0", "dist": map[string]any{"type": "zip", "url": "http://" + host + "/private.zip"}},
		map[string]any{"name": "acme/source", "version": "1.0.0", "source": map[string]any{"type": "git", "url": "http://" + home + "/source.git", "reference": strings.TrimSpace(string(hash))}})
	login := func(host, password string) string {
		return fmt.Sprintf(`%q: {"username": %q, "password": %q}`, host, user, password)
	}
	auth := func(logins ...string) string { return `{"http-basic": {` + strings.Join(logins, ", ") + `}}` }

	_, progress, err := stage(t, dir, "composer", "--build-arg", "APP=app")
	if want := "composer install failed: a server refused the request. Have auth.json in app"; err == nil || !strings.Contains(progress, want) {
		t.Errorf("without credentials: %v; it does not say %q:\n%s", err, want, progress)
	}
	file, ofHome := filepath.Join(t.TempDir(), "auth.json"), filepath.Join(t.TempDir(), "auth.json")
	write(t, file, auth(login(host, password)))
	write(t, ofHome, auth(login(host, "an-older-password"), login(home, password)))
	t.Setenv("COMPOSER_AUTH", auth(login(host, password), login(home, password)))
	for name, flags := range map[string][]string{
		"auth.json":     {"--secret", "id=auth.json,src=" + file, "--secret", "id=home-auth.json,src=" + ofHome},
		"COMPOSER_AUTH": {"--secret", "id=COMPOSER_AUTH,env=COMPOSER_AUTH"},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, filepath.Join(app, "composer.json"), fmt.Sprintf(`{"require": {"acme/private": "*", "acme/source": "*"}, "config": {"secure-http": false}, "description": %q}`, name+host))
			tag, progress, err := stage(t, dir, "autoload", append([]string{"--build-arg", "APP=app"}, flags...)...)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(progress, password) {
				t.Errorf("the builder prints the password:\n%s", progress)
			}
			if found := in(t, tag, `cd /out/var/www/vendor/acme && cat private/*.php source/*.php && find . -name .git; cd ../.. && find . -maxdepth 1 -name auth.json`); found != "<?php // private<?php // source" {
				t.Errorf("installed: %q", found)
			}
			inLayers(t, tag, "<?php // private", password)
			// What uses these layers needs no credentials: pulumi-docker gives the builder none.
			if _, progress, err := stage(t, dir, "autoload", "--build-arg", "APP=app"); err != nil || !cached(progress, "packages.sh install") {
				t.Errorf("a build without credentials does not use the layers of the one before: %v\n%s", err, progress)
			}
		})
	}
}
