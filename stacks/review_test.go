package stacks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestAReviewMustBeAbleToVanish has a refused value for each rule of the class. TestInventory deploys the template, which is accepted.
func TestAReviewMustBeAbleToVanish(t *testing.T) {
	config := stackConfig(t, "review")
	for name, test := range map[string]struct {
		stack  string
		config map[string]string
		want   string
	}{
		"no expiry":           {"review", with(config, "environment", "expiresAt", ""), "environment.expiresAt: missing, or environment.branch is missing: make review-up BRANCH=... writes both"},
		"no branch":           {"review", with(config, "environment", "branch", ""), "environment.expiresAt: missing, or environment.branch is missing"},
		"no time":             {"review", with(config, "environment", "expiresAt", "tomorrow"), `environment.expiresAt: "tomorrow" is not a time such as`},
		"forever":             {"review", with(config, "environment", "ttlHours", 1000), "environment.ttlHours: 1000 is outside 1-720"},
		"protected":           {"review", with(config, "environment", "protect", true), "environment.protect: environment.class review requires false"},
		"a final snapshot":    {"review", with(config, "database", "finalSnapshot", true), "database.finalSnapshot: environment.class review requires false"},
		"many backups":        {"review", with(config, "database", "backupDays", 7), "database.backupDays: environment.class review requires 0 or 1"},
		"snapshots":           {"review", with(config, "cache", "snapshotDays", 1), "cache.snapshotDays: environment.class review requires 0"},
		"mail":                {"review", with(config, "observability", "emails", []string{"a@b.example"}), "observability.emails: environment.class review requires none"},
		"mail without alarm":  {"staging", with(with(stackConfig(t, "staging"), "observability", "alarms", false), "observability", "dashboard", true), "observability.alarms: false, but emails and dashboard need them"},
		"another name":        {"staging", config, "environment.class: review is for stacks with names review-NAME, and this is staging"},
		"a long application":  {"review", with(config, "app", "name", "storefronts"), `app.name: "storefronts" is 11 characters long; names of review environments have room for 9`},
		"a long stack":        {"review-" + strings.Repeat("x", 25), config, "is 40 characters long, at most 39 fit AWS's names"},
		"staging expires":     {"staging", with(stackConfig(t, "staging"), "environment", "expiresAt", "2026-01-31T18:00:00Z"), "environment.expiresAt: only environment.class review has expiresAt"},
		"staging of a branch": {"staging", with(stackConfig(t, "staging"), "environment", "branch", "x"), "environment.expiresAt: only environment.class review has expiresAt and branch"},
		"staging shares":      {"staging", with(stackConfig(t, "staging"), "environment", "shares", "prod"), "environment.shares: only environment.class review shares another environment"},
		"production is deaf":  {"prod", with(stackConfig(t, "prod"), "observability", "alarms", false), "observability.alarms: environment.class production requires true"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := infratest.Run(stacks.Deploy, "laravel-ecs", test.stack, test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if n := len(r.All()); n > 0 {
				t.Errorf("%d resources were registered", n)
			}
		})
	}
}

// TestReviewsAreMarked: the resources of review environments have tags with class and expiry, which the section tags cannot change.
func TestReviewsAreMarked(t *testing.T) {
	config := with(with(stackConfig(t, "review"), "tags", "expires-at", "never"), "tags", "team", "shop")
	tagsOf := func(stack string, config map[string]string) string {
		tags, err := json.Marshal(one(t, deploy(t, stack, config), "pulumi:providers:aws").Inputs["defaultTags"].Mappable())
		if err != nil {
			t.Fatal(err)
		}
		return string(tags)
	}
	tags := tagsOf("review", config)
	for _, want := range []string{`"Class":"review"`, `"expires-at":"2026-01-31T18:00:00Z"`, `"team":"shop"`, `"Environment":"review"`} {
		if !strings.Contains(tags, want) {
			t.Errorf("%s is not in %s", want, tags)
		}
	}
	if tags := tagsOf("staging", stackConfig(t, "staging")); strings.Contains(tags, "expires-at") {
		t.Errorf("staging expires: %s", tags)
	}
}

// TestLongestReviewStack: the longest name is accepted, and one more character is not. The emulator checks AWS's limits (TestLongestReview
// in cmd/emulator).
func TestLongestReviewStack(t *testing.T) {
	longest := config.LongestReviewStack("laravel")
	if longest != 31 {
		t.Errorf("the longest name has %d characters", longest)
	}
	name := "review-" + strings.Repeat("x", longest-len("review-"))
	r := deploy(t, name, stackConfig(t, "review"))
	for _, token := range []string{"aws:lb/targetGroup:TargetGroup", "aws:lb/loadBalancer:LoadBalancer", "aws:elasticache/replicationGroup:ReplicationGroup"} {
		// The permissions of pipelines depend on this prefix (infra/reach.go).
		if logical := one(t, r, token).Name; !strings.HasPrefix(logical, "laravel-review-") {
			t.Errorf("%s is called %s", token, logical)
		}
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", name+"x", stackConfig(t, "review")); err == nil {
		t.Error("one more is accepted")
	}
}
