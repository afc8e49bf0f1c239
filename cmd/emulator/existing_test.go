package main_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestExistingCacheMoves takes an environment from its own cache to one that exists in its network, and back. Nothing of the existing one
// changes but the rule that lets the application in, which goes with the way back.
func TestExistingCacheMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error { return f.Set("release.name", "r1") })
	l.deploy("its own cache")
	theirs := func(token, name string, inputs account.Values) account.Resource {
		made, err := l.Account().Create(context.Background(), token, name, inputs)
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	network := l.Account().List(account.VPCToken)[0].ID
	group := theirs(account.SecurityGroupToken, "theirs", account.Values{"vpcId": network, "name": "theirs", "description": "Cache of the team"})
	secret := theirs(account.SecretToken, "theirs", account.Values{"name": "shop/redis", "recoveryWindowInDays": 0})
	theirs(account.SecretVersionToken, "theirs", account.Values{"secretId": secret.ID, "secretString": "a-password-of-theirs"})
	for _, step := range []struct {
		name   string
		set    map[string]any
		caches int
		rules  []string
	}{
		{"an existing one", map[string]any{"cache": map[string]any{"endpoint": "redis.shop.internal", "securityGroupId": group.ID, "passwordSecretArn": secret.ID}}, 0,
			[]string{"SecurityGroupEgressRule App to cache", "SecurityGroupIngressRule App to cache"}},
		{"its own again", map[string]any{"cache": map[string]any{}}, 1, nil},
	} {
		l.set(step.set)
		l.deploy(step.name)
		if there := len(l.Account().List(account.CacheReplicationToken)); there != step.caches {
			t.Errorf("%s: %d caches, want %d", step.name, there, step.caches)
		}
		if got := l.rulesOf(group.ID); !slices.Equal(got, step.rules) {
			t.Errorf("%s: rules of the group: %q, want %q", step.name, got, step.rules)
		}
		for _, before := range []account.Resource{group, secret} {
			if now, there := l.Account().Read(before.Type, before.ID); !there || now.Outputs.Text("description") != before.Outputs.Text("description") || now.Outputs.Text("name") != before.Outputs.Text("name") {
				t.Errorf("%s: %s was changed: %v", step.name, before.ID, now.Outputs)
			}
		}
	}
	existing := map[string]any{"endpoint": "redis.shop.internal", "securityGroupId": group.ID, "passwordSecretArn": secret.ID}
	l.set(map[string]any{"cache": existing})
	l.deploy("the existing one again")
	// The network is the environment's, and AWS deletes none that has a group.
	if _, err := l.Destroy(t.Context()); err == nil || !strings.Contains(err.Error(), "DependencyViolation") {
		t.Errorf("a destroy of the network of somebody's group: %v", err)
	}
	if _, there := l.Account().Read(group.Type, group.ID); !there || len(l.rulesOf(group.ID)) > 0 {
		t.Errorf("after the destroy the group is there: %v, with rules %v", there, l.rulesOf(group.ID))
	}
	if err := l.Account().Delete(t.Context(), group.Type, group.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Errorf("a destroy once the group is gone: %v", err)
	}
	if _, there := l.Account().Read(secret.Type, secret.ID); !there {
		t.Error("the destroy took the secret")
	}
}

// rulesOf are all rules of a security group, or for it.
func (l *life) rulesOf(group string) (names []string) {
	for _, token := range []string{account.IngressRuleToken, account.EgressRuleToken} {
		for _, rule := range l.Account().List(token) {
			if rule.Outputs.Text("securityGroupId") == group || rule.Outputs.Text("referencedSecurityGroupId") == group {
				names = append(names, strings.TrimSpace(token[strings.LastIndex(token, ":")+1:]+" "+rule.Outputs.Text("description")))
			}
		}
	}
	slices.Sort(names)
	return names
}
