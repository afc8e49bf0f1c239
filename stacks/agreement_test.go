package stacks

import (
	"os"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestConfigAndInfraAgree: package config may not import infra, so these values are in both.
func TestConfigAndInfraAgree(t *testing.T) {
	for name, values := range map[string][2]string{
		"blue":               {config.Blue, infra.Blue},
		"green":              {config.Green, infra.Green},
		"no NAT":             {config.NATNone, infra.NATNone},
		"NAT instance":       {config.NATInstance, infra.NATInstance},
		"NAT gateway":        {config.NATGateway, infra.NATGateway},
		"NAT gateways":       {config.NATGatewayPerZone, infra.NATGatewayPerZone},
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
