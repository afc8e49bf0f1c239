package config

import (
	"os"
	"testing"
)

// TestAccountReadsAStackFile: sections with any namespace, and the region of AWS only: other providers have one, too.
func TestAccountReadsAStackFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, namespace := range []string{"laravel-ecs:", "shop:", ""} {
		text := "config:\n  aws:region: eu-west-1\n  aws-native:region: us-east-1\n  " + namespace + "app: {name: blog}\n  " + namespace + "domain: {name: app.example.com}\n"
		if err := os.WriteFile("Pulumi.prod.yaml", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for range 20 { // a map has another order each time
			file, err := readStackFile("prod")
			if c := file.Config; err != nil || c.Region != "eu-west-1" || c.App.Name != "blog" || c.Domain.Name != "app.example.com" {
				t.Fatalf("%q: %+v, %v", namespace, c, err)
			}
		}
	}
}
