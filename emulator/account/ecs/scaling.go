package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/appautoscaling"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var scalingTypes = []account.Type{
	{
		Token: account.ScalableTargetToken, Args: appautoscaling.TargetArgs{}, State: appautoscaling.Target{},
		ForceNew: []string{"resourceId", "scalableDimension", "serviceNamespace"},
		Defaults: account.Values{"suspendedState": map[string]any{
			"dynamicScalingInSuspended": false, "dynamicScalingOutSuspended": false, "scheduledScalingSuspended": false,
		}},
		Check:  checkScalableTarget,
		Create: createScalableTarget,
	},
	{
		Token: account.ScalingPolicyToken, Args: appautoscaling.PolicyArgs{}, State: appautoscaling.Policy{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name", "resourceId", "scalableDimension", "serviceNamespace"},
		Defaults: account.Values{"policyType": "StepScaling"},
		Check:    checkScalingPolicy,
		Create:   createScalingPolicy,
		Update: func(tx *account.Tx, _, next *account.Resource) error {
			return judgePolicy(tx, next)
		},
	},
}

var scaledService = regexp.MustCompile(`^service/[0-9A-Za-z_-]+/[0-9A-Za-z_-]+$`)

// scaled judges what is scaled.
func checkScaled(r *account.Rules) {
	r.Length("resourceId", 1, 1600)
	if r.In.Text("serviceNamespace") != "ecs" {
		return
	}
	r.Matches("resourceId", scaledService, "for ECS it has the form service/CLUSTER/SERVICE")
	r.OneOf("scalableDimension", "ecs:service:DesiredCount")
}

func checkScalableTarget(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	checkScaled(&r)
	r.Between("minCapacity", 0, 1<<31-1)
	r.Between("maxCapacity", 0, 1<<31-1)
	least, ok := in.Int("minCapacity")
	most, also := in.Int("maxCapacity")
	if ok && also && most < least {
		r.Refuse("maxCapacity", "maximum capacity (%d) cannot be less than minimum capacity (%d)", most, least)
	}
	r.ARN("roleArn")
	return r.Problems
}

func createScalableTarget(tx *account.Tx, r *account.Resource) error {
	if namespace := r.Outputs.Text("serviceNamespace"); namespace != "ecs" {
		return fmt.Errorf("creating scalable target %s: the embedded cloud scales ECS services only, not %s", r.Outputs.Text("resourceId"), namespace)
	}
	r.ID = r.Outputs.Text("resourceId")
	if _, ok := tx.Get(account.ServiceToken, tx.ARN("ecs", r.ID)); !ok {
		return tx.Refuse("ValidationException", "ECS service doesn't exist: %s", r.ID)
	}
	r.Outputs["arn"] = tx.ARN("application-autoscaling", "scalable-target/"+tx.Hex(32))
	// AWS takes its own role for services of ECS, whatever the program says.
	r.Outputs["roleArn"] = tx.GlobalARN("iam", "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService")
	return nil
}

func checkScalingPolicy(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	checkScaled(&r)
	r.Length("name", 1, 255)
	r.OneOf("policyType", "StepScaling", "TargetTrackingScaling", "PredictiveScaling")
	kind, known := in.String("policyType")
	if !in.Has("policyType") {
		kind, known = "StepScaling", true
	}
	const tracking, steps = "targetTrackingScalingPolicyConfiguration", "stepScalingPolicyConfiguration"
	if known && (kind == "TargetTrackingScaling") != in.Has(tracking) {
		r.Refuse(tracking, "is for policyType TargetTrackingScaling, which needs it")
	}
	if known && kind != "StepScaling" && in.Has(steps) || known && kind == "StepScaling" && !in.Has(steps) {
		r.Refuse(steps, "is for policyType StepScaling, which needs it")
	}
	if block := in.Map(tracking); block != nil {
		if block.Has("predefinedMetricSpecification") == block.Has("customizedMetricSpecification") {
			r.Refuse(tracking, "needs predefinedMetricSpecification or customizedMetricSpecification, one of them")
		}
		metric := tracking + ".predefinedMetricSpecification.predefinedMetricType"
		if in.Text("serviceNamespace") == "ecs" {
			r.OneOf(metric, "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget")
		}
		labelled := in.Text(metric) == "ALBRequestCountPerTarget"
		if has := in.Has(tracking + ".predefinedMetricSpecification.resourceLabel"); labelled != has && in.Text(metric) != "" {
			r.Refuse(tracking+".predefinedMetricSpecification.resourceLabel", "is for ALBRequestCountPerTarget, which needs it")
		}
		if value, ok := block["targetValue"].(float64); ok && value <= 0 {
			r.Refuse(tracking+".targetValue", "must be above 0")
		}
		r.Between(tracking+".scaleInCooldown", 0, 1<<31-1)
		r.Between(tracking+".scaleOutCooldown", 0, 1<<31-1)
	}
	r.OneOf(steps+".adjustmentType", "ChangeInCapacity", "ExactCapacity", "PercentChangeInCapacity")
	r.OneOf(steps+".metricAggregationType", "Average", "Minimum", "Maximum")
	return r.Problems
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
	out["arn"] = tx.ARN("autoscaling", fmt.Sprintf("scalingPolicy:%s:resource/%s/%s:policyName/%s", tx.UUID(), out.Text("serviceNamespace"), scaled, name))
	if out.Text("policyType") == "TargetTrackingScaling" {
		var alarms []string
		for _, direction := range []string{"AlarmHigh", "AlarmLow"} {
			alarms = append(alarms, tx.ARN("cloudwatch", fmt.Sprintf("alarm:TargetTracking-%s-%s-%s", scaled, direction, tx.UUID())))
		}
		out["alarmArns"] = account.Texts(alarms...)
	}
	return judgePolicy(tx, r)
}

// judgePolicy refuses a policy for what is not scaled, or by requests to a target group that gets none.
func judgePolicy(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	if !slices.ContainsFunc(tx.List(account.ScalableTargetToken), func(target account.Resource) bool {
		return target.Outputs.Text("resourceId") == out.Text("resourceId") && target.Outputs.Text("scalableDimension") == out.Text("scalableDimension")
	}) {
		return tx.Refuse("ObjectNotFoundException", "No scalable target registered for service namespace: %s, resource ID: %s, scalable dimension: %s",
			out.Text("serviceNamespace"), out.Text("resourceId"), out.Text("scalableDimension"))
	}
	label, labelled := out.String("targetTrackingScalingPolicyConfiguration.predefinedMetricSpecification.resourceLabel")
	if !labelled || label == "" {
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
