package main

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

func TestDrifted(t *testing.T) {
	step := func(op, token string, paths ...string) preview.Step {
		return preview.Step{Op: op, URN: "urn:pulumi:prod::laravel-ecs::" + token + "::thing", Old: &preview.State{Type: token, Custom: true}, Paths: paths}
	}
	for name, test := range map[string]struct {
		step preview.Step
		want string
	}{
		"nothing":                 {step("same", "aws:ec2/vpc:Vpc"), ""},
		"tasks by autoscaling":    {step("update", "aws:ecs/service:Service", "desiredCount"), ""},
		"a revision":              {step("update", "aws:ecs/service:Service", "desiredCount", "taskDefinition"), ""},
		"instances":               {step("update", "aws:autoscaling/group:Group", "desiredCapacity"), ""},
		"the image":               {step("delete", "docker:index/image:Image"), ""},
		"more than the count":     {step("update", "aws:ecs/service:Service", "desiredCount", "healthCheckGracePeriodSeconds"), "update aws:ecs:Service thing: healthCheckGracePeriodSeconds"},
		"the size of the group":   {step("update", "aws:autoscaling/group:Group", "desiredCapacity", "maxSize"), "update aws:autoscaling:Group thing: maxSize"},
		"another's count":         {step("update", "aws:rds/instance:Instance", "desiredCount"), "update aws:rds:Instance thing: desiredCount"},
		"a service that is gone":  {step("create", "aws:ecs/service:Service"), "create aws:ecs:Service thing"},
		"an update of no path":    {step("update", "aws:ecs/service:Service"), "update aws:ecs:Service thing"},
		"a rule that was changed": {step("replace", "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "cidrIpv4"), "replace aws:vpc:SecurityGroupIngressRule thing: cidrIpv4"},
	} {
		if got := strings.Join(drifted(preview.Preview{Steps: []preview.Step{test.step}}), "\n"); got != test.want {
			t.Errorf("%s: %q, %q expected", name, got, test.want)
		}
	}
}

// TestSecretsAreNotCompared: what somebody changed by hand is found, except for the value of a secret, which nobody reads.
func TestSecretsAreNotCompared(t *testing.T) {
	e, done, err := openInMemory(t.Context(), options{root: atRoot(t), stack: "staging"})
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	mustUp(t, e)
	for token, change := range map[string]map[string]any{
		"aws:secretsmanager/secretVersion:SecretVersion": {"secretString": "changed by hand"},
		"aws:autoscaling/group:Group":                    {"maxSize": 9},
	} {
		for property, value := range change {
			if err := e.Account().Tamper(token, e.Account().List(token)[0].ID, property, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	found := func(arguments ...string) string {
		text, err := e.PreviewJSON(t.Context(), append(arguments, "--refresh")...)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := preview.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(drifted(changes), "\n")
	}
	const group = "update aws:autoscaling:Group laravel-staging-cluster-group: maxSize"
	if got := found("--exclude", notCompared[0]); got != group {
		t.Errorf("the comparison finds\n%s", got)
	}
	if got := found(); !strings.Contains(got, "aws:secretsmanager:SecretVersion") {
		t.Errorf("with the secrets it finds\n%s", got)
	}
}
