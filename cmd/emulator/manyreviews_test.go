package main_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/review"
	"github.com/laravel-ecs/laravel-ecs/ops/run"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// branches are names as teams give them. The first is as long as a stack's name may be.
var branches = []string{
	"a-branch-with-a-long-na", "cart", "checkout", "coupons", "dark-mode", "exports", "fix-login", "fix-mail", "gift-cards", "horizon", "invoices", "login",
	"mobile-menu", "newsletter", "orders-api", "php-85", "refunds", "search", "two-factor", "wishlist",
}

// TestTwentyReviewsShareStaging: twenty branches on one environment, in one account and one backend. None meets another one's names, staging
// stays as it is, and each goes with its database.
func TestTwentyReviewsShareStaging(t *testing.T) {
	staging := sharedStaging(t)
	before := staging.resources()
	var err error
	for i, slug := range branches {
		l := newLife(t, config.ReviewPrefix+slug, staging, func(f *config.File) error {
			if err := shareStaging(slug)(f); err != nil || slug == "cart" { // which has time left
				return err
			}
			return setAll(f, map[string]any{"environment.expiresAt": "2026-01-01T00:00:00Z", "worker.queue": "sqs"})
		})
		var report engine.Report
		if i < 2 { // the others differ in names only: one run instead of three
			report = l.deploy(slug)
		} else if report, err = l.Up(t.Context()); err != nil {
			t.Fatalf("%s: %v", slug, err)
		}
		if url := report.Outputs["url"]; url != "https://"+slug+".review.example.com" {
			t.Errorf("%s answers at %v", slug, url)
		}
		if n := report.Count("create"); n > 45 {
			t.Errorf("%s made %d resources: it shares little", slug, n)
		}
	}
	if lost := missing(before, staging.resources()); len(before) == 0 || len(lost) > 0 {
		t.Errorf("the reviews removed from staging: %v", lost)
	}
	if report, err := staging.Up(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("the reviews change what staging declares: %v, %v", report.Changes, err)
	}
	own := owned(t, staging)
	for what, want := range map[string]int{
		"priority": len(branches), "host": len(branches), "target group": len(branches), "DB_DATABASE": len(branches), "DB_USERNAME": len(branches),
		"CACHE_PREFIX": len(branches), "REDIS_PREFIX": len(branches), "SQS_QUEUE": len(branches) - 1,
	} {
		if len(own[what]) != want {
			t.Errorf("%s: %d of %d environments have their own: %v", what, len(own[what]), want, own[what])
		}
	}
	for user := range own["DB_USERNAME"] {
		if len(user) > 32 { // https://dev.mysql.com/doc/refman/8.4/en/user-names.html
			t.Errorf("MySQL takes users of 32 characters: %s", user)
		}
	}

	review.Every = 20 * time.Millisecond
	reviews, server, out := operated(t, staging)
	if err := reviews.Reap(t.Context(), false); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	for _, want := range []string{"review-login expired", "review-cart expires in", fmt.Sprintf("%d destroyed, 0 failed", len(branches)-1)} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if left := string(staging.pulumi("stack", "ls", "--json")); strings.Contains(left, "review-login") || !strings.Contains(left, "review-cart") || !strings.Contains(left, "staging") {
		t.Errorf("these stacks are left: %s", left)
	}
	if dropped := droppedSchemas(t, staging); len(dropped) != len(branches)-1 || dropped["review_cart"] || strings.Contains(out.String(), "left:") {
		t.Errorf("dropped are %v:\n%s", dropped, out)
	}

	// A task that fails says so, and keeps nothing from being removed; what is gone can be removed again.
	if err := server.SetOutcome(api.Outcome{ExitCode: 1, Container: "migrate", Output: []string{"users: no connection to the database"}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := reviews.Down(t.Context(), "cart"); err != nil {
			t.Error(err)
		}
	}
	for _, want := range []string{
		"users: no connection to the database", "left: the database review_cart and its users on the server of staging",
		"drop database if exists review_cart; drop user if exists review_cart_a, review_cart_b", "exits with 1", "cart has no environment (review-cart)",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out)
		}
	}
	if after := staging.resources(); !maps.Equal(before, after) {
		t.Errorf("staging lost %v, and has in addition %v", missing(before, after), missing(after, before))
	}
	if report, err := staging.Refresh(t.Context()); err != nil || len(report.Changes) > 0 {
		t.Errorf("staging was changed: %v, %v", report.Changes, err)
	}
	if _, err := staging.Destroy(t.Context()); err != nil || len(staging.Left()) > 0 {
		t.Errorf("staging stays: %v, %v", staging.Left(), err)
	}
}

// owned are the values that review environments have, each for itself, in the account of l.
func owned(t *testing.T, l *life) map[string]map[string]bool {
	t.Helper()
	all := map[string]map[string]bool{}
	add := func(what, value string) {
		if all[what] == nil {
			all[what] = map[string]bool{}
		}
		all[what][value] = true
	}
	for _, rule := range l.Account().List(account.ListenerRuleToken) {
		for _, host := range rule.Outputs.Strings("conditions[*].hostHeader.values[*]") {
			if strings.HasSuffix(host, ".review.example.com") {
				add("host", host)
				add("priority", fmt.Sprint(rule.Outputs["priority"]))
			}
		}
	}
	for _, group := range l.Account().List(account.TargetGroupToken) {
		if name := group.Outputs.Text("name"); strings.HasPrefix(name, "laravel-review-") {
			add("target group", name)
		}
	}
	for _, task := range l.Account().List(account.TaskToken) {
		var containers []struct {
			Environment []struct{ Name, Value string }
		}
		if err := json.Unmarshal([]byte(task.Outputs.Text("containerDefinitions")), &containers); err != nil {
			t.Fatal(err)
		}
		for _, container := range containers {
			for _, v := range container.Environment {
				if strings.Contains(v.Value, "review_") || strings.Contains(v.Value, "review-") {
					add(v.Name, v.Value)
				}
			}
		}
	}
	return all
}

// operated are the review environments of a backend as the operator's command sees them, over the API of the account.
func operated(t *testing.T, l *life) (*review.Environments, *api.Server, *strings.Builder) {
	t.Helper()
	server := api.New(api.Config{Account: l.Account()})
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	for _, variable := range append(l.Environment(), "AWS_ENDPOINT_URL="+web.URL, "AWS_ACCESS_KEY_ID="+api.AccessKey, "AWS_SECRET_ACCESS_KEY="+api.SecretKey, "AWS_PROFILE=", "AWS_WEB_IDENTITY_TOKEN_FILE=") {
		name, value, _ := strings.Cut(variable, "=")
		t.Setenv(name, value)
	}
	out := &strings.Builder{}
	environments, err := review.Open(repository(t), out, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return environments, server, out
}

// droppedSchemas are the databases that one-off tasks dropped, each as its own environment's definition.
func droppedSchemas(t *testing.T, l *life) map[string]bool {
	t.Helper()
	configuration, err := awsconfig.LoadDefaultConfig(t.Context(), awsconfig.WithRegion("eu-west-1"))
	if err != nil {
		t.Fatal(err)
	}
	client, cluster := ecs.NewFromConfig(configuration), l.Account().List(account.ClusterToken)[0].Outputs.Text("name")
	list, err := client.ListTasks(t.Context(), &ecs.ListTasksInput{Cluster: &cluster, DesiredStatus: types.DesiredStatusStopped, StartedBy: aws.String(run.StartedBy)})
	if err != nil || len(list.TaskArns) == 0 {
		t.Fatalf("%v, %v", list, err)
	}
	found, err := client.DescribeTasks(t.Context(), &ecs.DescribeTasksInput{Cluster: &cluster, Tasks: list.TaskArns})
	if err != nil {
		t.Fatal(err)
	}
	dropped := map[string]bool{}
	for _, task := range found.Tasks {
		for _, container := range task.Overrides.ContainerOverrides {
			if command := container.Command; len(command) == 2 && command[0] == "drop" {
				if of := strings.ReplaceAll(command[1], "_", "-"); !strings.Contains(aws.ToString(task.TaskDefinitionArn), "task-definition/laravel-"+of+"-web") {
					t.Errorf("%v in %s", command, aws.ToString(task.TaskDefinitionArn))
				}
				dropped[command[1]] = true
			}
		}
	}
	return dropped
}
