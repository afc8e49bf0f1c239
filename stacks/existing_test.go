package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const (
	existingGroup  = "sg-0123456789abcdef0"
	existingSecret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/redis-AbCdEf"
	ingressToken   = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressToken    = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
)

// existingCache is staging with a cache that the program does not make.
func existingCache(t *testing.T) map[string]string {
	t.Helper()
	config := with(stackConfig(t, "staging"), "cache", "endpoint", "redis.shop.internal")
	config = with(config, "cache", "applyNow", false) // of the stack file, for a cache of its own
	config = with(with(config, "cache", "port", 6380), "cache", "securityGroupId", existingGroup)
	return with(config, "cache", "passwordSecretArn", existingSecret)
}

// TestExistingCache: the application knows it, may reach it and may read its password, and the program makes and watches none.
func TestExistingCache(t *testing.T) {
	r := deploy(t, "staging", existingCache(t))
	got := containerVariables(t, r, "REDIS_HOST", "REDIS_PORT", "CACHE_STORE", "SESSION_DRIVER")
	if got["REDIS_HOST"] != "tls://redis.shop.internal" || got["REDIS_PORT"] != "6380" || got["CACHE_STORE"] != "redis" || got["SESSION_DRIVER"] != "redis" {
		t.Errorf("the containers have %v", got)
	}
	for _, one := range r.All() {
		if strings.Contains(one.Type, "elasticache") || strings.Contains(one.Name, "watch-cache") || one.Name == "laravel-staging-firewall-cache" || strings.Contains(one.Name, "redis-password") {
			t.Errorf("%s %s is registered", one.Type, one.Name)
		}
	}
	rules := rulesOf(t, r, existingGroup)
	if want := []string{"laravel-staging-firewall-in-app-cache-6380", "laravel-staging-firewall-out-app-cache-6380"}; !slices.Equal(rules, want) {
		t.Errorf("rules with the existing group: %v, want %v", rules, want)
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		for _, container := range secretsOf(t, definition) {
			if !slices.ContainsFunc(container.Secrets, func(s containerSecret) bool {
				return s.Name == "REDIS_PASSWORD" && s.ValueFrom == existingSecret
			}) {
				t.Errorf("%s: a container without the password: %v", definition.Name, container.Secrets)
			}
		}
	}
	readers := 0
	for _, policy := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
		if strings.Contains(text(policy, "policy"), existingSecret) {
			readers++
		}
	}
	if readers == 0 {
		t.Error("no role may read the password")
	}
}

// TestExistingCacheInProduction: the number of nodes is somebody else's decision, and a password and TLS are required.
func TestExistingCacheInProduction(t *testing.T) {
	prod := stackConfig(t, "prod")
	delete(prod, "laravel-ecs:cache")
	prod = with(with(prod, "cache", "endpoint", "redis.shop.internal"), "cache", "securityGroupId", existingGroup)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "prod", prod)
	if err == nil || !strings.Contains(err.Error(), "cache.passwordSecretArn: environment.class production requires") || !strings.Contains(err.Error(), "has 1 problem(s)") {
		t.Errorf("without a password: %v", err)
	}
	prod = with(prod, "cache", "passwordSecretArn", strings.Replace(existingSecret, "shop/redis", "laravel-prod-redis", 1))
	deploy(t, "prod", prod)
}

// wrongKey is a key of staging that must be refused, with a part of the error.
type wrongKey struct {
	section, key string
	value        any
	want         string
}

// wrongKeys checks that each wrong key of a configuration has its error, which comes before anything is registered.
func wrongKeys(t *testing.T, config map[string]string, keys []wrongKey) {
	t.Helper()
	for _, one := range keys {
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(config, one.section, one.key, one.value))
		if err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s.%s %v: got %v", one.section, one.key, one.value, err)
		}
	}
}

// TestExistingCacheProblems: the errors name the key and the fix.
func TestExistingCacheProblems(t *testing.T) {
	wrongKeys(t, existingCache(t), []wrongKey{
		{"cache", "endpoint", "tls://redis.shop.internal:6379", `cache.endpoint: "tls://redis.shop.internal:6379" is not a host name`},
		{"cache", "endpoint", "", "cache.securityGroupId: only for a cache that exists: set cache.endpoint"},
		{"cache", "securityGroupId", "", `cache.securityGroupId: "" is not the id of the security group`},
		{"cache", "port", 70000, "cache.port: 70000 is outside 0-65535"},
		{"cache", "engine", "none", "cache.engine: none, and cache.endpoint is a server"},
		{"cache", "upgrade", true, "cache.upgrade: the program does not change the server of cache.endpoint"},
		{"cache", "auth", "set", "cache.auth: the program does not change the server of cache.endpoint"},
		{"cache", "passwordSecretArn", "shop/redis", `cache.passwordSecretArn: "shop/redis" is not the whole ARN`},
		{"secrets", "REDIS_PASSWORD", "x", "cache.passwordSecretArn: secrets.REDIS_PASSWORD is the password, too"},
		{"rotation", "REDIS_PASSWORD", 1, "rotation.REDIS_PASSWORD: this stack has no cache with a password of its own"},
		{"environment", "permissionsBoundary", "arn:aws:iam::123456789012:policy/b", "allows secrets that begin with laravel-staging-"},
	})
}

type (
	containerSecret struct{ Name, ValueFrom string }
	withSecrets     struct {
		Name    string
		Secrets []containerSecret
	}
)

func secretsOf(t *testing.T, definition infratest.Resource) (containers []withSecrets) {
	t.Helper()
	if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
		t.Fatal(err)
	}
	return containers
}

// rulesOf are the rules of a group, or for it. Each opens the port that its name ends with.
func rulesOf(t *testing.T, r *infratest.Recorder, group string) (rules []string) {
	t.Helper()
	for _, token := range []string{ingressToken, egressToken} {
		for _, rule := range each(t, r, token) {
			if text(rule, "securityGroupId") != group && text(rule, "referencedSecurityGroupId") != group {
				continue
			}
			rules = append(rules, rule.Name)
			if port := rule.Inputs["fromPort"].NumberValue(); !strings.HasSuffix(rule.Name, fmt.Sprintf("-%v", port)) || rule.Inputs["toPort"].NumberValue() != port {
				t.Errorf("%s opens port %v", rule.Name, port)
			}
		}
	}
	slices.Sort(rules)
	return rules
}
