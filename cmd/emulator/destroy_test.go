package main_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestDestroyStopsTasksFirst: the agents keep their way to ECS until the last task is stopped and the last instance is gone, for each
// kind of way, and a destroy that broke off can be run again.
func TestDestroyStopsTasksFirst(t *testing.T) {
	t.Parallel()
	endpoints := []string{"ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "secretsmanager"}
	for name, network := range map[string]map[string]any{
		"endpoints only":        {"network.nat": config.NATNone, "network.endpoints": endpoints},
		"instance":              {"network.nat": config.NATInstance},
		"gateway and endpoints": {"network.nat": config.NATGateway, "network.endpoints": endpoints},
		"gateway per zone":      {"network.nat": config.NATGatewayPerZone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLife(t, "staging", nil, func(f *config.File) error {
				return setAll(f, map[string]any{"release.name": "r1", "worker.jobSeconds": 3600})
			})
			l.set(network)
			if _, err := l.Up(t.Context()); err != nil {
				t.Fatal(err)
			}
			var broken []string
			if name == "gateway per zone" {
				broken = []string{account.ServiceToken, account.GroupToken, account.ClusterToken}
			}
			for _, token := range broken {
				l.Account().SetFaults(account.Faults{Fail: []account.Fault{{Operation: "delete", Type: token, Nth: 1}}})
				if _, err := l.Destroy(t.Context()); err == nil || !strings.Contains(err.Error(), "InternalFailure") {
					t.Fatalf("a destroy that breaks off at a %s: %v", token, err)
				}
			}
			if _, err := l.Destroy(t.Context()); err != nil {
				t.Fatal(err)
			}
			if left := l.Left(); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}
