package watch

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var alarm = account.Type{
	Token: account.AlarmToken, Args: cloudwatch.MetricAlarmArgs{}, State: cloudwatch.MetricAlarm{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"name"},
	Defaults: account.Values{"actionsEnabled": true, "treatMissingData": "missing"},
	Rules: []account.Rule{
		account.Length("name", 1, 255),
		account.Length("alarmDescription", 0, 1024),
		account.OneOf("comparisonOperator", "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"),
		account.OneOf("statistic", "SampleCount", "Average", "Sum", "Minimum", "Maximum"),
		account.OneOf("treatMissingData", "missing", "ignore", "breaching", "notBreaching"),
		account.Between("evaluationPeriods", 1, 1<<31-1),
		account.AtMost("alarmActions", 5), account.ARN("alarmActions[*]"),
		account.AtMost("okActions", 5), account.ARN("okActions[*]"),
	},
	Check: func(r *account.Rules) {
		for _, name := range []string{"metricName", "namespace", "period", "statistic", "threshold"} {
			if !r.In.Has(name) {
				r.Refuse(name, "is required for an alarm on a metric")
			}
		}
		seconds, ok := r.In.Int("period")
		if !ok {
			return
		}
		if seconds != 10 && seconds != 20 && seconds != 30 && (seconds < 60 || seconds%60 != 0) {
			r.Refuse("period", "%d is not 10, 20, 30 or a multiple of 60", seconds)
		}
		longest := 86400
		if seconds >= 3600 {
			longest = 7 * 86400
		}
		if periods, _ := r.In.Int("evaluationPeriods"); periods*seconds > longest {
			r.Refuse("evaluationPeriods", "metrics cannot be checked across more than %d seconds (evaluationPeriods * period is %d)", longest, periods*seconds)
		}
	},
	Identity: account.Identity{ID: "{name}", ARN: "cloudwatch:alarm:{name}"},
	Complete: func(tx *account.Tx, r *account.Resource) error {
		for _, path := range []string{"alarmActions", "okActions"} {
			for _, arn := range r.Outputs.Strings(path) {
				if parts := strings.Split(arn, ":"); len(parts) > 3 && parts[3] != "" && parts[3] != tx.Region() {
					return tx.Refuse("ValidationError", "Invalid region %s specified. Only %s is supported: %s of alarm %s", parts[3], tx.Region(), path, r.ID)
				}
			}
		}
		return nil
	},
}
