package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

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
		"the default group":   {"review", with(config, "network", "emptyDefaultGroup", true), "network.emptyDefaultGroup: environment.class review requires false"},
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
		// The permissions of pipelines depend on this prefix (infra/pipeline/reach.go).
		if logical := one(t, r, token).Name; !strings.HasPrefix(logical, "laravel-review-") {
			t.Errorf("%s is called %s", token, logical)
		}
	}
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", name+"x", stackConfig(t, "review")); err == nil {
		t.Error("one more is accepted")
	}
}

const balancerARN = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/laravel-staging-lb/1"

// sharing is the template with environment.shares.
func sharing(t testing.TB) map[string]string {
	t.Helper()
	config := with(stackConfig(t, "review"), "environment", "shares", "staging")
	return with(config, "domain", "name", "login.review.example.com")
}

// stagingShares is what the recorder answers for staging, which a test may change.
func stagingShares() map[string]any {
	return map[string]any{
		"vpcId": "vpc-1", "loadBalancerArn": balancerARN, "hosts": []any{"staging.example.com", "*.review.example.com"}, "arm64": false,
		"listeners": map[string]any{"https": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/laravel-staging-lb/1/2"},
		"cluster":   map[string]any{"name": "laravel-staging-cluster", "arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/laravel-staging-cluster", "capacityProvider": "spot", "execLogArn": "arn:aws:logs:eu-west-1:123456789012:log-group:laravel-staging-logs-exec-0123456"},
		"database":  map[string]any{"host": "db.internal", "port": 3306, "username": "laravel", "requireTls": true, "passwordArn": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:laravel-staging-secrets-DB_MASTER_PASSWORD"},
		"cache":     map[string]any{"host": "cache.internal", "port": 6379, "engine": "valkey", "encryptTransit": true},
	}
}

func share(shared map[string]any, config map[string]string) (*infratest.Recorder, error) {
	recorder := &infratest.Recorder{Stacks: map[string]map[string]any{}}
	if shared != nil {
		recorder.Stacks["staging"] = map[string]any{"sharedWithReviews": shared}
	}
	return recorder, recorder.Run(stacks.Deploy, "laravel-ecs", "review-login", config)
}

func TestInventoryOfASharingReview(t *testing.T) {
	r, err := share(stagingShares(), sharing(t))
	if err != nil {
		t.Fatal(err)
	}
	checkInventory(t, "review-shared", r)
	for _, one := range r.All() {
		for _, kind := range []string{"aws:ec2/", "aws:vpc/", "aws:rds/", "aws:elasticache/", "aws:autoscaling/", "aws:ecs/cluster", "aws:lb/loadBalancer", "aws:lb/listener:", "aws:route53/", "aws:acm/"} {
			if strings.HasPrefix(one.Type, kind) {
				t.Errorf("%s belongs to staging: %s", one.Type, one.Name)
			}
		}
	}
}

// TestASharingReviewIsItsOwn: its own resources have its name, and it uses those of staging.
func TestASharingReviewIsItsOwn(t *testing.T) {
	r, err := share(stagingShares(), sharing(t))
	if err != nil {
		t.Fatal(err)
	}
	rule := one(t, r, "aws:lb/listenerRule:ListenerRule")
	if host := text(rule, "conditions[0].hostHeader.values[0]"); host != "login.review.example.com" || text(rule, "listenerArn") != "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/laravel-staging-lb/1/2" {
		t.Errorf("the rule is for %q of %s", host, text(rule, "listenerArn"))
	}
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if !strings.HasSuffix(text(service, "cluster"), "cluster/laravel-staging-cluster") || text(service, "capacityProviderStrategies[0].capacityProvider") != "spot" {
			t.Errorf("%s runs in %s", service.Name, text(service, "cluster"))
		}
	}
	var containers []struct {
		Name                 string
		Environment, Secrets []struct{ Name, Value, ValueFrom string }
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		var some []struct {
			Name                 string
			Environment, Secrets []struct{ Name, Value, ValueFrom string }
		}
		if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &some); err != nil {
			t.Fatal(err)
		}
		containers = append(containers, some...)
	}
	for _, c := range containers {
		environment := map[string]string{}
		for _, v := range append(slices.Clone(c.Environment), c.Secrets...) {
			environment[v.Name] = v.Value + v.ValueFrom
		}
		master, password := "", ""
		if c.Name == "migrate" {
			master, password = "laravel", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:laravel-staging-secrets-DB_MASTER_PASSWORD"
		}
		for variable, want := range map[string]string{
			"DB_HOST": "db.internal", "DB_DATABASE": "review_login", "DB_USERNAME": "review_login_a", "DB_MASTER_USERNAME": master, "DB_MASTER_PASSWORD": password, "REDIS_HOST": "tls://cache.internal",
			"CACHE_PREFIX": "review_login_cache_", "REDIS_PREFIX": "review_login_", "APP_URL": "https://login.review.example.com",
		} {
			if environment[variable] != want {
				t.Errorf("%s: %s is %q, want %q", c.Name, variable, environment[variable], want)
			}
		}
		for _, own := range []string{"APP_KEY", "DB_PASSWORD"} {
			if !strings.Contains(environment[own], "laravel-review-login-secrets-"+own) {
				t.Errorf("%s: %s is %s", c.Name, own, environment[own])
			}
		}
	}
	if len(containers) != 3 {
		t.Errorf("%d containers", len(containers))
	}
}

// TestASharingReviewFollowsRotations: tasks get the version of the cache's password that staging uses, so a new one replaces them. An environment that
// was deployed before has only the ARN.
func TestASharingReviewFollowsRotations(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:laravel-staging-secrets-REDIS_PASSWORD-Ab12Cd"
	for reference, want := range map[string]string{"": arn, arn + ":::v2": arn + ":::v2"} {
		shared := stagingShares()
		cache := shared["cache"].(map[string]any)
		cache["passwordArn"], cache["password"] = arn, reference
		r, err := share(shared, sharing(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
			if !strings.Contains(text(definition, "containerDefinitions"), `{"name":"REDIS_PASSWORD","valueFrom":"`+want+`"}`) {
				t.Errorf("%s does not use %s: %s", definition.Name, want, text(definition, "containerDefinitions"))
			}
		}
		for _, policy := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
			if strings.Contains(text(policy, "policy"), arn+":::") {
				t.Errorf("%s names a version, and IAM knows secrets: %s", policy.Name, text(policy, "policy"))
			}
		}
	}
}

// TestSharingIsRefused has each reason for a refusal. Nothing is registered then but the provider.
func TestSharingIsRefused(t *testing.T) {
	without := func(key string) map[string]any {
		shared := stagingShares()
		delete(shared, key)
		return shared
	}
	for name, test := range map[string]struct {
		shared map[string]any
		config map[string]string
		want   string
	}{
		"not deployed":        {nil, sharing(t), "environment.shares: staging has no output sharedWithReviews: it must be an environment of class staging or local, deployed with this version of the program (make up STACK=staging)"},
		"without a domain":    {stagingShares(), with(sharing(t), "domain", "name", ""), "domain.name: missing: the load balancer of staging sends requests by host name"},
		"no way for the host": {without("hosts"), sharing(t), "add *.review.example.com to domain.aliases of Pulumi.staging.yaml"},
		"two levels below":    {stagingShares(), with(sharing(t), "domain", "name", "a.b.review.example.com"), "add *.b.review.example.com to domain.aliases"},
		"an odd name":         {stagingShares(), with(sharing(t), "environment", "shares", "Staging!"), `environment.shares: "Staging!" is not the name of another stack`},
		"itself":              {stagingShares(), with(sharing(t), "environment", "shares", "review-login"), `environment.shares: "review-login" is not the name of another stack`},
		"no migration":        {stagingShares(), with(sharing(t), "release", "migrate", false), "release.migrate: false: with environment.shares"},
		"of another format":   {map[string]any{"vpcId": 7}, sharing(t), "environment.shares: reading the output sharedWithReviews of staging"},
		"a master password":   {stagingShares(), with(sharing(t), "secrets", "DB_MASTER_PASSWORD", "long-enough"), "secrets.DB_MASTER_PASSWORD: with environment.shares the master password is that of staging"},
		"blue/green":          {stagingShares(), with(sharing(t), "release", "strategy", "blueGreen"), "release.strategy: blueGreen: with environment.shares it must be rolling"},
		"scaling by requests": {stagingShares(), with(with(with(sharing(t), "web", "scaling.max", 1), "web", "scaling.min", 1), "web", "scaling.requestsPerTask", 100), "web.scaling.requestsPerTask: not with environment.shares"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := share(test.shared, test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			for _, one := range r.All() {
				if one.Type != "pulumi:providers:aws" {
					t.Errorf("%s was made", one.Name)
				}
			}
		})
	}
}

// TestWhoShares: production does not, and a review environment does not either.
func TestWhoShares(t *testing.T) {
	for stack, want := range map[string]bool{"local": true, "staging": true, "prod": false, "review": false} {
		outputs := map[string]pulumi.Input{}
		if _, err := infratest.Run(func(ctx *pulumi.Context) error {
			defer func() { outputs = ctx.GetCurrentExportMap() }()
			return stacks.Deploy(ctx)
		}, "laravel-ecs", stack, stackConfig(t, stack)); err != nil {
			t.Fatal(err)
		}
		if _, shares := outputs["sharedWithReviews"]; shares != want {
			t.Errorf("%s shares: %v", stack, shares)
		}
	}
}

// TestReviewsLeaveTheDefaultGroup: also those whose stack file has no network.emptyDefaultGroup, because their pipeline may not empty it.
func TestReviewsLeaveTheDefaultGroup(t *testing.T) {
	for stack, want := range map[string]bool{"review": false, "staging": true} {
		r := deploy(t, stack, with(stackConfig(t, stack), "network", "emptyDefaultGroup", nil))
		got := len(r.OfType("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup")) > 0
		if got != want {
			t.Errorf("%s: changes the default group: %v, want %v", stack, got, want)
		}
	}
}
