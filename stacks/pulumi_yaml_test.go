package stacks_test

import (
	"encoding/json"
	"testing"
)

// TestSectionsOfPulumiYaml: the engine gives every stack all sections of Pulumi.yaml, as empty ones where its file has none.
func TestSectionsOfPulumiYaml(t *testing.T) {
	for stack, config := range map[string]map[string]string{"account": accountConfig(t), "staging": stackConfig(t, "staging")} {
		for _, section := range []string{"account", "web", "network", "database", "tags"} {
			if config["laravel-ecs:"+section] == "" {
				config["laravel-ecs:"+section] = "{}"
			}
		}
		raw, err := json.Marshal(config)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("PULUMI_CONFIG", string(raw))
		if n := len(deploy(t, stack, config).OfType("aws:ec2/vpc:Vpc")); (n == 1) != (stack == "staging") {
			t.Errorf("%s declares %d networks", stack, n)
		}
	}
}
