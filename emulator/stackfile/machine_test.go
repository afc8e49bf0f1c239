package stackfile

import (
	"path/filepath"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestFromAWS: what only AWS can give is replaced, and what people have written stays.
func TestFromAWS(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
	writeFile(t, filepath.Join(root, "Pulumi.prod.yaml"), "config:\n  laravel-ecs:environment: { class: production, protect: true }\n"+
		"  laravel-ecs:domain: { name: app.example.com }\n  laravel-ecs:image: { baseImage: own/base }\n")
	s, err := config.ReadFile(root, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if err := ForMachine(s, "prod", 9090); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]any{
		"app.url": "http://localhost:9090", "database.requireTls": false, "cache.encryptTransit": false, "environment.class": "local",
		"environment.protect": false, "loadBalancer.http": "forward", "image.baseImage": "own/base", "domain.name": "app.example.com",
	} {
		if got := s.Get(path); got != want {
			t.Errorf("%s is %v, not %v", path, got, want)
		}
	}
	if err := s.Set("environment.shares", "staging"); err != nil {
		t.Fatal(err)
	}
	if err := ForMachine(s, "prod", 9090); err != nil || s.Get("environment.shares") != nil {
		t.Errorf("an environment on this machine shares %v, %v", s.Get("environment.shares"), err)
	}
}
