package docker_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tgzOf makes an npm package.
func tgzOf(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var archive bytes.Buffer
	zipped := gzip.NewWriter(&archive)
	w := tar.NewWriter(zipped)
	pack(t, files, func(name string, size int) (io.Writer, error) {
		return w, w.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(size)})
	}, w, zipped)
	return archive.Bytes()
}

// pack writes files into an archive, and closes its writers. add begins a file.
func pack(t *testing.T, files map[string]string, add func(name string, size int) (io.Writer, error), writers ...io.Closer) {
	t.Helper()
	for name, content := range files {
		file, err := add(name, len(content))
		if err == nil {
			_, err = io.WriteString(file, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrivateRegistry: an npm package of a registry that wants a token, given as NPM_TOKEN, whose name .npmrc has, and as the login of a
// home's .npmrc, of which nothing else holds. The token is in no layer, and the builder does not print it. Without it the message says what to do.
func TestPrivateRegistry(t *testing.T) {
	const token = "npm_s3cretOfTheRegistry8461"
	once := time.Now().UnixNano() // so that nothing is found in the builder, nor in npm's cache, which goes by the hash of the archive
	archive := tgzOf(t, map[string]string{"package.json": `{"name": "@acme/ui", "version": "1.0.0"}`, "index.js": fmt.Sprintf("// the private package %d", once)})
	host := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			http.Error(w, `{"error": "no"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write(archive)
	}))

	dir := tree(t, "docker/testdata/skeleton", "app")
	app := filepath.Join(dir, "app")
	hash := sha512.Sum512(archive)
	write(t, filepath.Join(app, "package.json"), fmt.Sprintf(`{"dependencies": {"@acme/ui": "1.0.0"}, "scripts": {"build": "true"}, "description": "%d"}`, once))
	write(t, filepath.Join(app, "package-lock.json"), fmt.Sprintf(`{"lockfileVersion": 3, "requires": true, "packages": {
		"": {"dependencies": {"@acme/ui": "1.0.0"}},
		"node_modules/@acme/ui": {"version": "1.0.0", "resolved": "http://%s/@acme/ui/-/ui-1.0.0.tgz", "integrity": "sha512-%s"}}}`, host, base64.StdEncoding.EncodeToString(hash[:])))
	settings := filepath.Join(app, ".npmrc")
	scope := fmt.Sprintf("@acme:registry=http://%s/\n", host)
	refuses := func(lines, want string) {
		t.Helper()
		write(t, settings, scope+lines)
		if _, progress, err := stage(t, dir, "node", "--build-arg", "APP=app"); err == nil || !strings.Contains(progress, want) {
			t.Errorf("without a token: %v; it does not say %q:\n%s", err, want, progress)
		}
	}
	refuses("", "For a private one, write //HOST/:_authToken=${NPM_TOKEN} in .npmrc, have NPM_TOKEN in the shell, and build with make up")
	refuses(fmt.Sprintf("//%s/:_authToken=${ACME_TOKEN}\n", host), "the settings name ACME_TOKEN, but the build gets NPM_TOKEN and NODE_AUTH_TOKEN only")
	named := fmt.Sprintf("//%s/:_authToken=${NPM_TOKEN}\n", host)
	refuses(named, "NPM_TOKEN, which the settings name, is not set")

	login := filepath.Join(t.TempDir(), ".npmrc")
	write(t, login, fmt.Sprintf("registry=http://127.0.0.1:1/\nignore-scripts=true\n//%s/:_authToken=%s\n", host, token))
	// A login with a variable that is not there is left out: npm would send its name.
	unset := filepath.Join(t.TempDir(), ".npmrc")
	write(t, unset, fmt.Sprintf("//%s/:_authToken=${NPM_TOKEN}\n", host))
	write(t, settings, scope)
	_, progress, err := stage(t, dir, "node", "--build-arg", "APP=app", "--secret", "id=npmrc,src="+unset)
	for _, want := range []string{".npmrc of your home logs in with NPM_TOKEN, which the build was not given", "NPM_TOKEN, which the settings name, is not set"} {
		if err == nil || !strings.Contains(progress, want) {
			t.Errorf("with a home's login and no token: %v; it does not say %q:\n%s", err, want, progress)
		}
	}
	t.Setenv("NPM_TOKEN", token)
	for name, test := range map[string]struct{ settings, secret string }{
		"NPM_TOKEN":       {scope + named, "id=NPM_TOKEN,env=NPM_TOKEN"},
		"a home's .npmrc": {scope, "id=npmrc,src=" + login},
	} {
		t.Run(name, func(t *testing.T) {
			write(t, settings, test.settings)
			tag, progress, err := stage(t, dir, "node", "--build-arg", "APP=app", "--secret", test.secret)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(progress, token) {
				t.Errorf("the builder prints the token:\n%s", progress)
			}
			inLayers(t, tag, "// the private package", token)
			// What uses these layers needs no token: pulumi-docker gives the builder none.
			if _, progress, err := stage(t, dir, "node", "--build-arg", "APP=app"); err != nil || !cached(progress, "install.mjs") {
				t.Errorf("a build without a token does not use the layers of the one before: %v\n%s", err, progress)
			}
		})
	}
}
