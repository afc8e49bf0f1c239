package docker_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestServerSideRendering: the role ssr runs Inertia's own server from its npm packages, on Node and packages that are in the image for this
// bundle alone, and a page in hand is rendered before it ends. The application is testdata/apps/front-ssr; inertia-laravel is not in it.
func TestServerSideRendering(t *testing.T) {
	t.Parallel()
	dir, own := frontEnd(t, "ssr")
	buildTree(t, dir, own, "--build-arg", "APP=app")
	c := start(t, options{image: own, env: []string{"APP_KEY="}, flags: []string{"--publish", "127.0.0.1::13714"}, args: []string{"ssr"}})
	c.waitWell()
	address, err := docker("port", c.id, "13714/tcp")
	if err != nil {
		t.Fatal(err)
	}
	render := func(seconds string) string {
		page := `{"component": "Page", "props": {"seconds": ` + seconds + `}, "url": "/", "version": ""}`
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Post("http://"+strings.TrimSpace(address)+"/render", "application/json", strings.NewReader(page))
		if err != nil {
			return err.Error()
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err.Error()
		}
		return string(body)
	}
	const want = `<p>rendered in production</p>`
	if got := render("0"); !strings.Contains(got, want) {
		t.Errorf("the page is %s", got)
	}
	slow := make(chan string)
	go func() { slow <- render("8") }()
	waitFor(t, 10*time.Second, "the slow page", func() bool {
		return c.exec("cat /proc/net/tcp /proc/net/tcp6 | grep ':3592 [0-9A-F:]* 01 ' || true") != ""
	})
	c.signal("QUIT")
	if got := <-slow; !strings.Contains(got, want) {
		t.Errorf("the page in hand is %s", got)
	}
	if log, status := c.wait(); status != 0 || !strings.Contains(log, "ssr: stopped") {
		t.Errorf("it exits %d:\n%s", status, log)
	}

	// Only what the bundle needs: Vue, not Vite. And the list of the image has it.
	if got := in(t, own, "cd /var/www && ls -d node_modules/vue node_modules/vite node_modules/rollup 2>/dev/null; ls *.json 2>/dev/null; true"); !strings.HasPrefix(got, "node_modules/vue\n") || strings.Contains(got, "vite") || strings.Contains(got, "package.json") {
		t.Errorf("in the image are %s", got)
	}
	if list := in(t, own, "cat /usr/share/laravel-ecs/sbom.cdx.json"); !strings.Contains(list, `"pkg:npm/node@24.`) {
		t.Error("the list of packages lacks Node")
	}
	// No bundle: neither Node nor packages, which TestImageHoldsNoSecretsAndNoTools sees, and no such role.
	if log, status := runOnce(t, options{args: []string{"ssr"}}); status != 78 || !strings.Contains(log, "the image has no bundle for server-side rendering") {
		t.Errorf("without a bundle it exits %d:\n%s", status, log)
	}
}

// TestBundleWithoutItsPackages: what could not be started says what to change.
func TestBundleWithoutItsPackages(t *testing.T) {
	t.Parallel()
	dir := tree(t, "docker/testdata/skeleton", "app")
	write(t, dir+"/app/package.json", `{"type": "module", "scripts": {"build": "mkdir -p bootstrap/ssr && echo 'import { h } from \"vue\"; import(\"./nothing\"); h()' > bootstrap/ssr/ssr.js"}}`)
	_, _, err := stage(t, dir, "ssr", "--build-arg", "APP=app")
	if want := "bootstrap/ssr/ssr.js imports vue, and it is not in node_modules: set ssr: { noExternal: true }"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("the build does not fail with %q: %v", want, err)
	}
}
