package watch

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/scheduler"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	scheduleName = regexp.MustCompile(`^[0-9A-Za-z_.-]+$`)
	cronForm     = regexp.MustCompile(`^cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)$`)
)

// schedule is one of EventBridge Scheduler: its API reference, CreateSchedule, and terraform-provider-aws, internal/service/scheduler/schedule.go.
// Nothing calls its target here.
var schedule = account.Type{
	Token: "aws:scheduler/schedule:Schedule", Args: scheduler.ScheduleArgs{}, State: scheduler.Schedule{},
	Name:     account.Name{Property: "name", Max: 64},
	ForceNew: []string{"groupName", "name", "namePrefix"},
	Defaults: account.Values{"groupName": "default", "scheduleExpressionTimezone": "UTC", "state": "ENABLED"},
	Rules: []account.Rule{
		account.Length("name", 1, 64), account.Matches("name", scheduleName, "only letters, digits, hyphens, underscores and periods are allowed"),
		account.Text("scheduleExpression", expressionFault),
		account.OneOf("flexibleTimeWindow.mode", "OFF"),
		account.ARN("target.arn"), account.ARN("target.roleArn"), account.JSON("target.input"),
		account.Between("target.retryPolicy.maximumEventAgeInSeconds", 60, 86400), account.Between("target.retryPolicy.maximumRetryAttempts", 0, 185),
	},
	Refs:     []account.Ref{{Path: "target.roleArn", Type: account.RoleToken, By: "arn", Missing: "ValidationException"}},
	Identity: account.Identity{ID: "{groupName}/{name}", ARN: "scheduler:schedule/{groupName}/{name}", Taken: "ConflictException: Schedule {name} already exists."},
	Complete: completeSchedule,
}

// expressionFault: of the day of the month and the day of the week, one is a question mark
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html).
func expressionFault(text string) string {
	fields := cronForm.FindStringSubmatch(text)
	if fields == nil || (fields[3] == "?") == (fields[5] == "?") {
		return "Invalid Schedule Expression " + text + ": it is cron(minutes hours day-of-month month day-of-week year), with one ? for a day"
	}
	return ""
}

// universal are the operations that the program has called, with the members that Scheduler asks for, in the SDK's spelling of them: with
// DBInstanceIdentifier it refuses the schedule (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html).
var universal = map[string][]string{
	"rds:stopDBInstance": {"DbInstanceIdentifier"}, "rds:startDBInstance": {"DbInstanceIdentifier"}, "ecs:updateService": {"Service"},
	"elasticloadbalancingv2:modifyRule":             {"RuleArn"},
	"applicationautoscaling:registerScalableTarget": {"ResourceId", "ScalableDimension", "ServiceNamespace"},
}

func completeSchedule(tx *account.Tx, r *account.Resource) error {
	action, _ := strings.CutPrefix(r.Outputs.Text("target.arn"), "arn:aws:scheduler:::aws-sdk:")
	needed, known := universal[action]
	if !known {
		return tx.Refuse("ValidationException", "Provided Arn is not in correct format: %s", r.Outputs.Text("target.arn"))
	}
	input, _ := account.ParseJSON(r.Outputs.Text("target.input"))
	for _, member := range needed {
		if !input.Has(member) {
			return tx.Refuse("ValidationException", "Invalid RequestJson provided. Reason The field %s is required but was missing", member)
		}
	}
	role, _ := tx.Find(account.RoleToken, "arn", r.Outputs.Text("target.roleArn"))
	if !strings.Contains(role.Outputs.Text("assumeRolePolicy"), "scheduler.amazonaws.com") {
		return tx.Refuse("ValidationException", "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.")
	}
	return nil
}
