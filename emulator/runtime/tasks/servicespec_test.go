package tasks

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

func TestReadServiceRefuses(t *testing.T) {
	for want, outputs := range map[string]account.Values{
		"FARGATE":     {"launchType": "FARGATE"},
		"CODE_DEPLOY": {"deploymentController": map[string]any{"type": "CODE_DEPLOY"}}, "classic": {"loadBalancers": []any{map[string]any{"elbName": "x"}}},
	} {
		if _, err := ReadService(account.Resource{Outputs: runtimetest.Plain(outputs)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
