package stacks

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestConfigAndInfraAgree: package config may not import infra, so these values are in both.
func TestConfigAndInfraAgree(t *testing.T) {
	for name, values := range map[string][2]string{
		"blue":               {config.Blue, infra.Blue},
		"green":              {config.Green, infra.Green},
		"no NAT":             {config.NATNone, vpc.NATNone},
		"NAT instance":       {config.NATInstance, vpc.NATInstance},
		"NAT gateway":        {config.NATGateway, vpc.NATGateway},
		"NAT gateways":       {config.NATGatewayPerZone, vpc.NATGatewayPerZone},
		"memcached":          {config.Memcached, infra.Memcached},
		"valkey":             {config.Valkey, infra.Valkey},
		"redis":              {config.Redis, infra.Redis},
		"tags of releases":   {config.ReleaseTagPrefix, infra.ReleaseTagPrefix},
		"tags of reviews":    {config.ReviewTagPrefix, infra.ReviewTagPrefix},
		"policy of releases": {config.ReleaseTag("staging", "x"), infra.ReleaseTagPrefix + "x"},
		"policy of reviews":  {config.ReleaseTag(config.ClassReview, "x"), infra.ReviewTagPrefix + "x"},
	} {
		if values[0] != values[1] {
			t.Errorf("%s is %q in config and %q in infra", name, values[0], values[1])
		}
	}
}

// TestProviderVersion: plugin and SDK have the same version.
func TestProviderVersion(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "github.com/pulumi/pulumi-aws/sdk/v6 v" + providerVersion + "\n"; !strings.Contains(string(mod), want) {
		t.Errorf("go.mod does not have %s", want)
	}
}

// TestDotenv renders the values of testdata/dotenv.json, which are difficult in .env files. docker/dotenv_test.go reads the result with
// phpdotenv and Laravel.
func TestDotenv(t *testing.T) {
	folder := filepath.Join("stacks", "testdata")
	text, err := os.ReadFile(filepath.Join(folder, "dotenv.json"))
	if err != nil {
		t.Fatal(err)
	}
	var values map[string]string
	if err := json.Unmarshal(text, &values); err != nil {
		t.Fatal(err)
	}
	got, golden := dotenv(map[string]string{"APP_URL": "http://x"}, values), filepath.Join(folder, "dotenv.env")
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n(go test ./stacks -run Dotenv -update, then the container test, if it is meant)", got, want)
	}
}
