package ecs

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// filledLists are lists of a container that ECS returns empty where they were left out.
var filledLists = []string{"environment", "mountPoints", "portMappings", "systemControls", "volumesFrom"}

// returned is what DescribeTaskDefinition returns for container definitions: empty lists and defaults are there, also inside of
// linuxParameters (capabilities.add, tmpfs.mountOptions), and variables come in an order of its own. The provider's comparison below
// exists because of it; TerraConstructs/base pull request 158 tells what a difference inside of linuxParameters does: a new revision
// with every plan, and with it a roll of all tasks.
func returned(text string) string {
	containers, err := decode(text)
	if err != nil {
		return text
	}
	for _, c := range containers {
		for _, list := range filledLists {
			account.SetDefault(c, list, []any{})
		}
		account.SetDefaults(c, account.Values{"essential": true, "cpu": 0.0})
		for _, port := range c.Blocks("portMappings") {
			account.SetDefaults(port, account.Values{"hostPort": 0.0, "protocol": "tcp"})
		}
		if capabilities := c.Map("linuxParameters.capabilities"); capabilities != nil {
			account.SetDefaults(capabilities, account.Values{"add": []any{}, "drop": []any{}})
		}
		for _, mount := range c.Blocks("linuxParameters.tmpfs") {
			account.SetDefaults(mount, account.Values{"mountOptions": []any{}})
		}
		if check := c.Map("healthCheck"); check != nil {
			account.SetDefaults(check, checkDefaults)
		}
		slices.Reverse(c.List("environment"))
		slices.Reverse(c.List("secrets"))
	}
	return encode(containers)
}

var checkDefaults = account.Values{"interval": 30.0, "timeout": 5.0, "retries": 3.0}

// normal is the form in which the provider compares container definitions (containerDefinitionsAreEquivalent in
// internal/service/ecs/container_definitions.go of hashicorp/terraform-provider-aws): the order of containers, variables and secrets,
// empty lists of a container and some defaults do not matter. Empty lists deeper inside do.
func normal(v account.Values) {
	if containers, err := decode(v.Text(definitions)); err == nil {
		v[definitions] = encode(reduced(containers))
	}
}

func reduced(containers []account.Values) []account.Values {
	byName := func(list []any) {
		slices.SortFunc(list, func(a, b any) int {
			return cmp.Compare(account.Values(a.(map[string]any)).Text("name"), account.Values(b.(map[string]any)).Text("name"))
		})
	}
	for _, c := range containers {
		byName(c.List("environment"))
		byName(c.List("secrets"))
		account.SetDefaults(c, account.Values{"essential": true})
		if check := c.Map("healthCheck"); check != nil {
			account.SetDefaults(check, checkDefaults)
		}
		for _, port := range c.Blocks("portMappings") {
			if port["protocol"] == "tcp" {
				delete(port, "protocol")
			}
			if port["hostPort"] == 0.0 {
				delete(port, "hostPort")
			}
		}
		for name, value := range c {
			if list, ok := value.([]any); ok && len(list) == 0 || value == 0.0 {
				delete(c, name)
			}
		}
	}
	slices.SortFunc(containers, func(a, b account.Values) int { return cmp.Compare(a.Text("name"), b.Text("name")) })
	return containers
}

func decode(text string) ([]account.Values, error) {
	var containers []account.Values
	err := json.Unmarshal([]byte(text), &containers)
	return containers, err
}

func encode(containers []account.Values) string {
	text, _ := json.Marshal(containers) // it was read from JSON
	return string(text)
}
