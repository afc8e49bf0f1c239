package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// nightly is staging with nights off, and what these need.
func nightly(t testing.TB) map[string]string {
	t.Helper()
	schedule := map[string]string{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}
	return with(with(stackConfig(t, "staging"), "environment", "schedule", schedule), "cluster", "min", 0)
}

func TestInventoryOfNights(t *testing.T) {
	checkInventory(t, "staging-nights", deploy(t, "staging", nightly(t)))
}

// TestNights: each call of the evening has one of the morning, at its time; the database stops after the tasks and starts before them.
func TestNights(t *testing.T) {
	r := deploy(t, "staging", with(nightly(t), "worker", "queue", "sqs"))
	var found []string
	for _, s := range r.All() {
		if s.Type != "aws:scheduler/schedule:Schedule" {
			continue
		}
		target := s.Inputs["target"].ObjectValue()
		var input map[string]any
		if err := json.Unmarshal([]byte(target["input"].StringValue()), &input); err != nil {
			t.Fatal(err)
		}
		action, _ := strings.CutPrefix(target["arn"].StringValue(), "arn:aws:scheduler:::aws-sdk:")
		brief, _ := json.Marshal([]any{input["DesiredCount"], input["MinCapacity"], input["MaxCapacity"]})
		found = append(found, strings.TrimPrefix(s.Name, "laravel-staging-nights-")+" "+action+" "+text(s, "scheduleExpression")+" "+string(brief))
		if text(s, "scheduleExpressionTimezone") != "Europe/Paris" {
			t.Errorf("%s is in the zone %s", s.Name, text(s, "scheduleExpressionTimezone"))
		}
	}
	slices.Sort(found)
	const weekdays = " ? * MON,TUE,WED,THU,FRI *) "
	want := []string{
		"down-database rds:stopDBInstance cron(15 20 * * ? *) [null,null,null]",
		"down-page-http elasticloadbalancingv2:modifyRule cron(0 20 * * ? *) [null,null,null]",
		"down-scheduler ecs:updateService cron(0 20 * * ? *) [0,null,null]",
		"down-web applicationautoscaling:registerScalableTarget cron(0 20 * * ? *) [null,0,0]",
		"down-worker ecs:updateService cron(0 20 * * ? *) [0,null,null]",
		"up-database rds:startDBInstance cron(40 6" + weekdays + "[null,null,null]",
		"up-page-http elasticloadbalancingv2:modifyRule cron(0 7" + weekdays + "[null,null,null]",
		"up-scheduler ecs:updateService cron(50 6" + weekdays + "[1,null,null]",
		"up-web applicationautoscaling:registerScalableTarget cron(50 6" + weekdays + "[null,1,2]",
		"up-worker ecs:updateService cron(50 6" + weekdays + "[1,null,null]",
	}
	if !slices.Equal(found, want) {
		t.Errorf("the schedules are\n%s", strings.Join(found, "\n"))
	}
	for _, one := range r.All() {
		switch one.Type {
		case "aws:rds/instance:Instance":
			if got := text(one, "maintenanceWindow") + " " + text(one, "backupWindow"); got != "mon:06:00-mon:06:30 07:00-07:30" {
				t.Errorf("the windows of the database are %s", got)
			}
		case "aws:cloudwatch/metricAlarm:MetricAlarm":
			stays := slices.Contains([]string{"AWS/ElastiCache", "AWS/EC2"}, text(one, "namespace"))
			absence := text(one, "comparisonOperator") == "LessThanThreshold" && one.Inputs["threshold"].NumberValue() == 1
			if !stays && (text(one, "treatMissingData") == "breaching" || absence || text(one, "metricName") == "HTTPCode_ELB_5XX_Count" || text(one, "namespace") == "AWS/SQS" && strings.HasSuffix(one.Name, "queue-age")) {
				t.Errorf("%s tells of every night", one.Name)
			}
			if says := text(one, "alarmDescription"); !stays && strings.Contains(says, ", or ") {
				t.Errorf("%s says %q, and missing data is no alarm", one.Name, says)
			}
		case "aws:rds/eventSubscription:EventSubscription":
			for _, category := range one.Inputs["eventCategories"].ArrayValue() {
				if category.StringValue() == "availability" {
					t.Errorf("%s tells of every stop and start", one.Name)
				}
			}
		}
	}
}

// TestSchedulesMay: the role of the schedules may make their calls, on what is the environment's, and nothing else.
func TestSchedulesMay(t *testing.T) {
	r := deploy(t, "staging", nightly(t))
	var documents []string
	for _, one := range r.All() {
		if one.Type == "aws:iam/rolePolicy:RolePolicy" && strings.Contains(one.Name, "nights") {
			documents = append(documents, text(one, "policy"))
		}
	}
	var actions []string
	for _, s := range infratest.ParsePolicies(t, documents...).Statement {
		actions = append(actions, s.Action...)
		for _, resource := range s.Resource {
			if strings.Contains(resource, "*") || resource == "" {
				t.Errorf("%v on %q", s.Action, resource)
			}
		}
	}
	slices.Sort(actions)
	want := []string{"application-autoscaling:RegisterScalableTarget", "ecs:UpdateService", "elasticloadbalancing:ModifyRule", "rds:StartDBInstance", "rds:StopDBInstance"}
	if !slices.Equal(actions, want) {
		t.Errorf("the schedules may %v", actions)
	}
}

// TestNightsOfALongBranch: a review environment has the longest name; that of a schedule has at most 64 characters, 8 of them for autonaming.
func TestNightsOfALongBranch(t *testing.T) {
	schedule := map[string]string{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}
	stack := "review-" + strings.Repeat("a", config.LongestReviewStack("laravel")-len("review-"))
	schedules := deploy(t, stack, with(with(stackConfig(t, "review"), "environment", "schedule", schedule), "cluster", "min", 0)).OfType("aws:scheduler/schedule:Schedule")
	if len(schedules) < 6 {
		t.Errorf("%d schedules", len(schedules))
	}
	for _, s := range schedules {
		if len(s.Name)+8 > 64 || !strings.HasPrefix(s.Name, "laravel-review-") {
			t.Errorf("%s has %d characters", s.Name, len(s.Name))
		}
	}
}

func TestNightsThatAreRefused(t *testing.T) {
	schedule := map[string]string{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}
	prod := with(stackConfig(t, "prod"), "environment", "schedule", schedule)
	review := with(stackConfig(t, "review"), "environment", "schedule", schedule)
	for want, config := range map[string]map[string]string{
		"environment.schedule: environment.class production never sleeps: remove it":                           prod,
		"cluster.min: 1, and with environment.schedule it must be 0":                                           with(nightly(t), "cluster", "min", 1),
		"release.strategy: blueGreen: with environment.schedule it must be rolling":                            with(nightly(t), "release", "strategy", "blueGreen"),
		"database.copies: not with environment.schedule":                                                       with(nightly(t), "database", "copies.region", "eu-central-1"),
		`environment.schedule.zone: "Paris" is no time zone: a name of the IANA database such as Europe/Paris`: with(nightly(t), "environment", "schedule.zone", "Paris"),
		"environment.schedule.down: \"\": not five fields of cron such as 0 7 * * 1-5":                         with(nightly(t), "environment", "schedule.down", ""),
		"environment.schedule.open: no such key":                                                               with(nightly(t), "environment", "schedule.open", "x"),
		"environment.schedule: with environment.shares it is that of staging":                                  with(with(review, "environment", "shares", "staging"), "domain", "name", "review.example.com"),
	} {
		stack := "staging"
		switch {
		case strings.Contains(want, "production"):
			stack = "prod"
		case strings.Contains(want, "shares"):
			stack = "review"
		}
		recorder, err := infratest.Run(stacks.Deploy, "laravel-ecs", stack, config)
		if n := len(recorder.All()); n != 0 {
			t.Errorf("%s: %d resources were registered before the refusal", want, n)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestSharingReviewsSleepToo: the tasks of a review environment go with the database and the instances that it uses, at the same times.
func TestSharingReviewsSleepToo(t *testing.T) {
	shared := stagingShares()
	shared["schedule"] = map[string]any{"up": "0 7 * * 1-5", "down": "0 20 * * *", "zone": "Europe/Paris"}
	r, err := share(shared, sharing(t))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, one := range r.All() {
		switch one.Type {
		case "aws:scheduler/schedule:Schedule":
			_, call, _ := strings.Cut(one.Name, "-nights-")
			found = append(found, call+" "+text(one, "scheduleExpression"))
		case "aws:ecs/service:Service":
			if !slices.Contains(one.IgnoreChanges, "desiredCount") {
				t.Errorf("an update of %s sets the number of its tasks", one.Name)
			}
		}
	}
	slices.Sort(found)
	for direction, at := range map[string]string{"down-": "cron(0 20 * * ? *)", "up-": "cron(50 6 ? * MON,TUE,WED,THU,FRI *)"} {
		if !slices.Contains(found, direction+"web "+at) {
			t.Errorf("there is no %sweb at %s: %v", direction, at, found)
		}
	}
	if slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, "database") || strings.Contains(s, "page") }) {
		t.Errorf("what is staging's sleeps twice: %v", found)
	}
}
