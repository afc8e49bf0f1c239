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
