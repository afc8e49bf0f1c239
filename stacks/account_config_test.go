package stacks_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

func TestBadAccountIsRefused(t *testing.T) {
	tests := []struct {
		section, key string
		value        any
		want         string
	}{
		{"account", "github.repository", "acme/*", `account.github.repository: "acme/*" has a wildcard`},
		{"account", "github.repository", "acme", `account.github.repository: "acme" is not ORG/REPO`},
		{"account", "github.repository", "acme/shop:environment:x/y", `account.github.repository: "acme/shop:environment:x/y" is not ORG/REPO`},
		{"account", "github.repository", "YOUR-ORG/YOUR-REPO", "account.github.repository: YOUR-ORG/YOUR-REPO is a placeholder"},
		{"account", "github.repository", "", "account.deploy.prod.github: needs account.github.repository"},
		{"account", "gitlab.project", "acme/**", `account.gitlab.project: "acme/**" has a wildcard`},
		{"account", "gitlab.project", "shop", `account.gitlab.project: "shop" is not GROUP/PROJECT`},
		{"account", "gitlab.project", "YOUR-GROUP/YOUR-PROJECT", "account.gitlab.project: YOUR-GROUP/YOUR-PROJECT is a placeholder"},
		{"account", "gitlab.project", "", "account.deploy.prod.gitlab: needs account.gitlab.project"},
		{"account", "gitlab.url", "http://gitlab.com", `account.gitlab.url: "http://gitlab.com" is not the address`},
		{"account", "gitlab.url", "https://gitlab.com/", `account.gitlab.url: "https://gitlab.com/" is not the address`},
		{"account", "gitlab.providerArn", "gitlab", `account.gitlab.providerArn: "gitlab" is not the ARN`},
		{"account", "gitlab.providerArn", "arn:aws:iam::123456789012:oidc-provider/evil.example", "account.gitlab.providerArn: the provider is for evil.example, the tokens are from gitlab.com"},
		{"account", "github.providerArn", "arn:aws:iam::123456789012:oidc-provider/gitlab.com", "account.github.providerArn: the provider is for gitlab.com"},
		{"account", "github.repositoryId", 5, "account.github.repositoryId: 5, and ownerId 0: set both, or none"},
		{"account", "github.ownerId", -1, "account.github.repositoryId: 0, and ownerId -1: set both, or none"},
		{"account", "gitlab.projectId", -1, "account.gitlab.projectId: -1 is not the id of a project"},
		{"account", "gitlab", map[string]any{"project": "acme/shop", "projectId": 5, "url": "https://git.acme.test"}, "account.gitlab.projectId: 5: AWS reads the id in tokens of https://gitlab.com only, not of https://git.acme.test"},
		{"account", "gitlab.branch", "*", `account.gitlab.branch: "*" has a wildcard`},
		{"account", "github.branch", "", `account.github.branch: "" is not the name of one`},
		{"account", "github.branch", "*", `account.github.branch: "*" has a wildcard`},
		{"account", "deploy.prod.from", "nowhere", `account.deploy.prod.from: "nowhere" is no other environment`},
		{"account", "deploy.prod.from", "prod", `account.deploy.prod.from: "prod" is no other environment`},
		{"account", "deploy.review.shares", "nowhere", `account.deploy.review.shares: "nowhere" is no other environment`},
		{"account", "deploy.review.shares", "review", `account.deploy.review.shares: "review" is no other environment`},
		{"account", "deploy.prod.shares", "staging", "account.deploy.prod.shares: only review environments share another one"},
		{"account", "stateDays", 0, "account.stateDays: 0 is outside 1-3650"},
		{"account", "deploy", map[string]any{}, "account.deploy: empty"},
		{"account", "deploy.stagin", map[string]any{"gitlab": map[string]any{"branch": "main"}}, "account.deploy.stagin: there is no Pulumi.stagin.yaml"},
		{"account", "deploy.prod.stack", "*", `account.deploy.prod.stack: "*" is neither the name of a stack nor NAME-*`},
		{"account", "deploy.prod.stack", "staging", "account.deploy.prod: the names of its stack begin with staging-, and so do those of staging (staging)"},
		{"account", "deploy.eu", map[string]any{"stack": "prod-eu-*", "gitlab": map[string]any{"branch": "main"}}, "account.deploy.prod: the names of its stack begin with prod-, and so do those of eu (prod-eu)"},
		{"account", "deploy.account", map[string]any{"gitlab": map[string]any{"branch": "main"}}, "account.deploy.account: a role for account could change the roles of this stack"},
		{"account", "deploy.prod.github", map[string]any{"environment": "*"}, `account.deploy.prod.github.environment: "*" has a wildcard`},
		{"account", "deploy.prod.github", map[string]any{"environment": "a:b"}, `account.deploy.prod.github.environment: "a:b" is not the name of one`},
		{"account", "deploy.prod.github", map[string]any{"environment": "prod", "branch": "main"}, "account.deploy.prod.github: environment and branch exclude each other"},
		{"account", "deploy.prod.gitlab", map[string]any{"branch": "*"}, `account.deploy.prod.gitlab.branch: "*" has a wildcard`},
		{"account", "deploy.prod.gitlab", map[string]any{"tag": "*"}, `account.deploy.prod.gitlab.tag: "*" is not the name of a tag`},
		{"account", "deploy.prod", map[string]any{"hosts": []string{"app.example.com"}}, "account.deploy.prod: github and gitlab are both missing"},
		{"account", "deploy.prod.hosts", []string{"*.example.com"}, `account.deploy.prod.hosts: "*.example.com" is not a host name`},
		{"account", "deploy.prod.copies", "mars-1", `account.deploy.prod.copies: "mars-1" is no other region of AWS`},
		{"account", "deploy.prod.copies", "eu-west-1", `account.deploy.prod.copies: "eu-west-1" is no other region of AWS`},
		{"account", "deploy.prod.hosts", []string{"example.org"}, "account.deploy.prod.hosts: Pulumi.prod.yaml publishes app.example.com"},
		{"account", "gitlab.group", "x", "account.gitlab.group: no such key; Pulumi.yaml lists them"},
		{"app", "name", "shop", "account.deploy.prod: the application of Pulumi.prod.yaml is laravel, of this stack shop"},
		{"app", "url", "http://x", "app: an account has a name only"},
		{"environment", "permissionsBoundary", "arn:aws:iam::123456789012:policy/x", "environment.permissionsBoundary: belongs to environments"},
		{"environment", "class", "production", `environment.class: "production": an account has none`},
	}
	for _, test := range tests {
		t.Run(test.key+" "+test.want, func(t *testing.T) {
			recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", with(accountConfig(t), test.section, test.key, test.value))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got  %v\nwant %s", err, test.want)
			}
			if n := len(recorder.All()); n != 0 {
				t.Errorf("%d resources were registered before the refusal", n)
			}
		})
	}
	t.Run("no job may deploy", func(t *testing.T) {
		config := accountConfig(t)
		config["laravel-ecs:account"] = `{"deploy": {}}`
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "account: github.repository and gitlab.project are both missing") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("copies in another region than the stack file's", func(t *testing.T) {
		config, files := accountConfig(t), t.TempDir()
		for _, stack := range []string{"prod", "staging"} {
			text, err := os.ReadFile("Pulumi." + stack + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			text = bytes.Replace(text, []byte("    finalSnapshot: true\n"), []byte("    finalSnapshot: true\n    copies: {region: eu-north-1}\n"), 1)
			if err := os.WriteFile(filepath.Join(files, "Pulumi."+stack+".yaml"), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(files)
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), `account.deploy.prod.copies: Pulumi.prod.yaml copies its database to eu-north-1, and this is "eu-central-1"`) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("another region", func(t *testing.T) {
		config := accountConfig(t)
		config["aws:region"] = "eu-central-1"
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "account.deploy.prod: Pulumi.prod.yaml is in eu-west-1, this stack in eu-central-1") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a section of environments", func(t *testing.T) {
		config := with(accountConfig(t), "web", "count", 2)
		raw, _ := json.Marshal(config)
		t.Setenv("PULUMI_CONFIG", string(raw))
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "account", config)
		if err == nil || !strings.Contains(err.Error(), "web: belongs to an environment") {
			t.Errorf("got %v", err)
		}
	})
}
