package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const (
	tracking   = "targetTrackingScalingPolicyConfiguration"
	predefined = tracking + ".predefinedMetricSpecification"
	customized = tracking + ".customizedMetricSpecification"
)

// scaled are the rules about what is scaled.
var scaled = []account.Rule{
	account.OneOf("serviceNamespace", "ecs"),
	account.Matches("resourceId", regexp.MustCompile(`^service/[0-9A-Za-z_-]+/[0-9A-Za-z_-]+$`), "for ECS it has the form service/CLUSTER/SERVICE"),
	account.OneOf("scalableDimension", "ecs:service:DesiredCount"),
}

var scalableTarget = account.Type{
	Token: account.ScalableTargetToken, Args: appautoscaling.TargetArgs{}, State: appautoscaling.Target{},
	ForceNew: []string{"resourceId", "scalableDimension", "serviceNamespace"},
	Defaults: account.Values{"suspendedState": map[string]any{
		"dynamicScalingInSuspended": false, "dynamicScalingOutSuspended": false, "scheduledScalingSuspended": false,
	}},
	Rules: append([]account.Rule{account.Between("minCapacity", 0, 1<<31-1), account.Between("maxCapacity", 0, 1<<31-1)}, scaled...),
	Check: func(r *account.Rules) {
		least, ok := r.In.Int("minCapacity")
		most, also := r.In.Int("maxCapacity")
		if ok && also && most < least {
			r.Refuse("maxCapacity", "maximum capacity (%d) cannot be less than minimum capacity (%d)", most, least)
		}
	},
	Identity: account.Identity{ID: "{resourceId}", ARN: "application-autoscaling:scalable-target/{hex:32}", Outputs: account.Values{
		"roleArn": "arn:aws:iam::{account}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService",
	}},
	Create: func(tx *account.Tx, r *account.Resource) error {
		if _, ok := tx.Get(account.ServiceToken, tx.ARN("ecs", r.ID)); !ok {
			return tx.Refuse("ValidationException", "ECS service doesn't exist: %s", r.ID)
		}
		return nil
	},
}

var scalingPolicy = account.Type{
	Token: account.ScalingPolicyToken, Args: appautoscaling.PolicyArgs{}, State: appautoscaling.Policy{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"name", "resourceId", "scalableDimension", "serviceNamespace"},
	Defaults: account.Values{"policyType": "StepScaling"},
	Rules: append([]account.Rule{
		account.Length("name", 1, 255),
		account.OneOf("policyType", "TargetTrackingScaling"),
		account.OneOf(predefined+".predefinedMetricType", "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"),
		account.Between(tracking+".scaleInCooldown", 0, 1<<31-1),
		account.Between(tracking+".scaleOutCooldown", 0, 1<<31-1),
	}, scaled...),
	Check:    checkScalingPolicy,
	Create:   createScalingPolicy,
	Complete: completeScalingPolicy,
}

func checkScalingPolicy(r *account.Rules) {
	if !r.In.Has(tracking) {
		r.Refuse(tracking, "is for policyType TargetTrackingScaling, which needs it")
		return
	}
	if r.In.Has(predefined) == r.In.Has(customized) {
		r.Refuse(tracking, "needs predefinedMetricSpecification or customizedMetricSpecification, and not both")
	}
	// "must eventually return a single time series" (Application Auto Scaling user guide, target tracking with metric math)
	returned, metrics := 0, r.In.Blocks(customized+".metrics[*]")
	for i, metric := range metrics {
		if metric.Has("expression") == metric.Has("metricStat") {
			r.Refuse(fmt.Sprintf("%s.metrics[%d]", customized, i), "needs expression or metricStat, and not both")
		}
		if value, given := metric["returnData"].(bool); value || !given {
			returned++
		}
	}
	if len(metrics) > 0 && returned != 1 {
		r.Refuse(customized+".metrics", "%d of them return data; exactly one does", returned)
	}
	metric := r.In.Text(predefined + ".predefinedMetricType")
	if labelled := r.In.Has(predefined + ".resourceLabel"); metric != "" && labelled != (metric == "ALBRequestCountPerTarget") {
		r.Refuse(predefined+".resourceLabel", "is for ALBRequestCountPerTarget, which needs it")
	}
	if value, ok := r.In.Map(tracking)["targetValue"].(float64); ok && value <= 0 {
		r.Refuse(tracking+".targetValue", "must be above 0")
	}
}

func createScalingPolicy(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	name, scaled := out.Text("name"), out.Text("resourceId")
	// The provider's id is the name alone, which two targets may share; the account needs ids that differ.
	r.ID = name
	if other, taken := tx.Get(account.ScalingPolicyToken, name); taken {
		if other.Outputs.Text("resourceId") == scaled {
			return fmt.Errorf("creating scaling policy %s: %s has a policy of that name already", name, scaled)
		}
		r.ID = scaled + "/" + name
	}
	out["arn"] = tx.ARN("autoscaling", fmt.Sprintf("scalingPolicy:%s:resource/ecs/%s:policyName/%s", tx.UUID(), scaled, name))
	var alarms []string
	for _, direction := range []string{"AlarmHigh", "AlarmLow"} {
		alarms = append(alarms, tx.ARN("cloudwatch", fmt.Sprintf("alarm:TargetTracking-%s-%s-%s", scaled, direction, tx.UUID())))
	}
	out["alarmArns"] = account.Texts(alarms...)
	return nil
}

// completeScalingPolicy refuses a policy for what is not scaled, or by requests to a target group that gets none.
func completeScalingPolicy(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	if _, ok := tx.Get(account.ScalableTargetToken, out.Text("resourceId")); !ok {
		return tx.Refuse("ObjectNotFoundException", "No scalable target registered for service namespace: ecs, resource ID: %s, scalable dimension: %s",
			out.Text("resourceId"), out.Text("scalableDimension"))
	}
	label := out.Text(predefined + ".resourceLabel")
	if label == "" {
		return nil
	}
	at := strings.Index(label, "/targetgroup/")
	if at < 0 {
		return tx.Refuse("ValidationException", "The resource label %s is invalid: it has the form app/NAME/ID/targetgroup/NAME/ID (arnSuffix of the load balancer, /, arnSuffix of the target group)", label)
	}
	balancer, found := tx.Find(account.BalancerToken, "arnSuffix", label[:at])
	group, also := tx.Find(account.TargetGroupToken, "arnSuffix", label[at+1:])
	if !found || !also || !slices.Contains(group.Outputs.Strings("loadBalancerArns"), balancer.ID) {
		return tx.Refuse("ValidationException", "The resource label %s is invalid: there is no such target group behind that load balancer", label)
	}
	return nil
}
