package preflight_test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
	"github.com/laravel-ecs/laravel-ecs/ops/preflight"
)

// planned is the preview of a stack with one VPC, two addresses and up to six instances, two of them on demand.
const planned = `{"config": {"aws:region": "eu-west-1"}, "steps": [
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ec2/vpc:Vpc::v", "newState": {"type": "aws:ec2/vpc:Vpc", "inputs": {}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ec2/eip:Eip::a", "newState": {"type": "aws:ec2/eip:Eip", "inputs": {}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ec2/eip:Eip::b", "newState": {"type": "aws:ec2/eip:Eip", "inputs": {}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:autoscaling/group:Group::g", "newState": {"type": "aws:autoscaling/group:Group", "inputs": {
		"minSize": 2, "maxSize": 6, "mixedInstancesPolicy": {"instancesDistribution": {"onDemandBaseCapacity": 2, "onDemandPercentageAboveBaseCapacity": 0},
		"launchTemplate": {"overrides": [{"instanceType": "m6i.large"}, {"instanceType": "m6i.xlarge"}]}}}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ecs/taskDefinition:TaskDefinition::x-web-task", "newState": {"type": "aws:ecs/taskDefinition:TaskDefinition", "inputs": {"cpu": "512"}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:appautoscaling/target:Target::x-web-scaling", "newState": {"type": "aws:appautoscaling/target:Target", "inputs": {"maxCapacity": 6}}},
	{"op": "create", "urn": "urn:pulumi:prod::p::aws:ecs/service:Service::x-web-service", "newState": {"type": "aws:ecs/service:Service", "inputs": {
		"desiredCount": 2, "deploymentMaximumPercent": 200, "capacityProviderStrategies": [{"capacityProvider": "FARGATE"}]}}}
]}`

// quotas answers GetServiceQuota with values by code, and GetAWSDefaultServiceQuota where there is none.
func quotas(values map[string]float64) (applied, fallback awstest.Operation) {
	answer := func(body map[string]any) any {
		return awstest.Map{"Quota": awstest.Map{"QuotaCode": body["QuotaCode"], "Value": values[body["QuotaCode"].(string)]}}
	}
	return func(body map[string]any, _ url.Values) any {
			if body["QuotaCode"] == "L-34B43A08" {
				return awstest.Error{Code: "NoSuchResourceException", Message: "no value but the default"}
			}
			return answer(body)
		}, func(body map[string]any, _ url.Values) any {
			return answer(body)
		}
}

// opened is a session on a stack that is not deployed, in an account with so many VPCs and addresses.
func opened(t *testing.T, values map[string]float64) *awstest.Cloud {
	t.Helper()
	applied, fallback := quotas(values)
	c := awstest.New(t, "", "{}", map[string]awstest.Operation{
		"GetServiceQuota": applied, "GetAWSDefaultServiceQuota": fallback,
		"ListResources": func(body map[string]any, _ url.Values) any {
			identifiers := map[any][]string{"AWS::EC2::VPC": {"vpc-1", "vpc-2"}, "AWS::EC2::EIP": {"a", "b", "c"}}[body["TypeName"]]
			var list awstest.List
			for _, id := range identifiers {
				list = append(list, awstest.Map{"Identifier": id, "Properties": "{}"})
			}
			return awstest.Map{"TypeName": body["TypeName"], "ResourceDescriptions": list}
		},
	})
	path := filepath.Join(c.Session.Root, "bin", "emulator")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncat <<'END'\n"+planned+"\nEND\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestEnough(t *testing.T) {
	c := opened(t, map[string]float64{"L-F678F1CE": 3, "L-0263D0A3": 5, "L-1216C47A": 8, "L-34B43A08": 16, "L-3032A538": 6})
	if err := preflight.Check(t.Context(), c.Session); err != nil {
		t.Fatalf("%v\n%s", err, c.Out)
	}
	for _, line := range []string{"VPCs per Region 1 2 3", "EC2-VPC Elastic IPs 2 3 5", "instances, vCPUs 8 - 8", "Spot Instance Requests, vCPUs 16 - 16", "Fargate On-Demand vCPU resource count 6 - 6", "the quotas of eu-west-1 are enough for prod"} {
		if !strings.Contains(strings.Join(strings.Fields(c.Out.String()), " "), line) {
			t.Errorf("%q is not in\n%s", line, c.Out)
		}
	}
}

func TestTooLow(t *testing.T) {
	c := opened(t, map[string]float64{"L-F678F1CE": 2, "L-0263D0A3": 4, "L-1216C47A": 8, "L-34B43A08": 16, "L-3032A538": 6})
	if err := preflight.Check(t.Context(), c.Session); err == nil {
		t.Errorf("quotas that are too low pass:\n%s", c.Out)
	}
	for _, text := range []string{"VPCs per Region", "too low", "--quota-code L-F678F1CE --desired-value 3 --region eu-west-1", "--quota-code L-0263D0A3 --desired-value 5"} {
		if !strings.Contains(c.Out.String(), text) {
			t.Errorf("%q is not in\n%s", text, c.Out)
		}
	}
	if strings.Count(c.Out.String(), "too low") != 2 {
		t.Errorf("not two are too low:\n%s", c.Out)
	}
}

// TestWithoutPermission: what cannot be counted is said, and the quotas are compared all the same. Without quotas there is nothing to compare.
func TestWithoutPermission(t *testing.T) {
	denied := func(map[string]any, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "not authorized to perform: cloudformation:ListResources"}
	}
	c := opened(t, map[string]float64{"L-F678F1CE": 5, "L-0263D0A3": 5, "L-1216C47A": 8, "L-34B43A08": 16, "L-3032A538": 6})
	c.Set("ListResources", denied)
	if err := preflight.Check(t.Context(), c.Session); err != nil || !strings.Contains(c.Out.String(), "not counted everywhere: AWS::EC2::EIP (not authorized to perform: cloudformation:ListResources)") {
		t.Errorf("%v\n%s", err, c.Out)
	}
	c.Set("GetServiceQuota", denied)
	awstest.Says(t, preflight.Check(t.Context(), c.Session), "reading the quota VPCs per Region", "AccessDenied")
}
