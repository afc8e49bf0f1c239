package layers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestPlatformOfLayers: layers for another processor than the image's are of no use to it. A stack that shares has no instances.
func TestPlatformOfLayers(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"Pulumi.yaml":         "name: laravel-ecs\nruntime: go\n",
		"Pulumi.staging.yaml": "config:\n  laravel-ecs:cluster: {instanceTypes: [t4g.small]}\n",
		"Pulumi.review.yaml":  "config:\n  laravel-ecs:cluster: {instanceTypes: [t3.small]}\n",
		"Pulumi.sharing.yaml": "config:\n  laravel-ecs:environment: {shares: staging}\n  laravel-ecs:cluster: {instanceTypes: [t3.small]}\n",
		"Pulumi.lost.yaml":    "config:\n  laravel-ecs:environment: {shares: nowhere}\n",
		"Pulumi.wrong.yaml":   "config:\n  laravel-ecs:cluster: {instanceTypes: [x9.huge]}\n",
	} {
		writeFile(t, filepath.Join(root, name), text)
	}
	for stack, want := range map[string]string{
		"staging": "linux/arm64", "review": "linux/amd64", "sharing": "linux/arm64", "lost": "environment.shares: ", "wrong": "Pulumi.wrong.yaml: ",
	} {
		settings, err := config.ReadFile(root, stack)
		if err != nil {
			t.Fatal(err)
		}
		got, err := platformOf(root, settings)
		if err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", stack, got, want)
		}
	}
}

// TestOtherDockerfile: the stages of another Dockerfile have other names. Docker is not asked.
func TestOtherDockerfile(t *testing.T) {
	t.Setenv("DOCKER", filepath.Join(t.TempDir(), "missing"))
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	writeFile(t, filepath.Join(root, "Pulumi.staging.yaml"), "config:\n  laravel-ecs:image: {dockerfile: app/Dockerfile}\n")
	var out strings.Builder
	if err := Keep(t.Context(), root, "staging", false, &out); err != nil || !strings.Contains(out.String(), "image.dockerfile is app/Dockerfile") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

// TestPrebuild: with credentials in the shell, the stages that need them are built before a deployment; their values are on no command line.
// Without any, or where the image is looked up, Docker is not asked.
func TestPrebuild(t *testing.T) {
	for _, name := range []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "SSH_AUTH_SOCK", "COMPOSER_HOME", "XDG_CONFIG_HOME"} {
		t.Setenv(name, "")
	}
	root := t.TempDir()
	t.Setenv("HOME", root)
	asked := filepath.Join(root, "asked")
	client := filepath.Join(root, "docker")
	writeFile(t, client, "#!/bin/sh\necho \"$@\" >>"+asked+"\n")
	t.Setenv("DOCKER", client)
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	const image = "  laravel-ecs:image: {app: app, baseImage: debian, packages: [ffmpeg]}\n"
	writeFile(t, filepath.Join(root, "Pulumi.staging.yaml"), "config:\n"+image)
	writeFile(t, filepath.Join(root, "Pulumi.pinned.yaml"), "config:\n"+image+"  laravel-ecs:release: {build: false, name: r1}\n")
	prebuild := func(stack string) string {
		t.Helper()
		_ = os.Remove(asked)
		settings, err := config.ReadFile(root, stack)
		if err == nil {
			err = Prebuild(t.Context(), root, settings, false, &strings.Builder{})
		}
		if err != nil {
			t.Fatal(err)
		}
		text, _ := os.ReadFile(asked)
		return string(text)
	}
	t.Setenv("COMPOSER_AUTH", "")
	if got := prebuild("staging"); got != "" {
		t.Errorf("without credentials: %s", got)
	}
	t.Setenv("COMPOSER_AUTH", `{"bearer": {"host": "secret-value"}}`)
	t.Setenv("https_proxy", "http://user:secret-value@proxy:3128")
	got := prebuild("staging")
	for _, want := range []string{"--target assets ", "--target authorities ", "--platform linux/amd64 ", "--build-arg PACKAGES=ffmpeg ", "--secret id=COMPOSER_AUTH,env=COMPOSER_AUTH ", "--build-arg https_proxy "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in %s", want, got)
		}
	}
	if strings.Contains(got, "secret-value") || strings.Contains(got, "--tag") {
		t.Errorf("a value or a name is on the command line: %s", got)
	}
	if got := prebuild("pinned"); got != "" {
		t.Errorf("a release that is looked up: %s", got)
	}
}
