package stacks_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestRoleOfTheStackFile: the provider assumes the role that the operator's command assumes (ops/session). A list of roles, which is of another version
// of the provider, is refused before anything is made: the stack would land in the account of the caller.
func TestRoleOfTheStackFile(t *testing.T) {
	with := func(key, value string) (*infratest.Recorder, error) {
		config := maps.Clone(stackConfig(t, "staging"))
		config[key] = value
		return infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	}
	r, err := with("aws:assumeRole", `{"roleArn": "arn:aws:iam::210987654321:role/deploy", "externalId": "x", "duration": "1h"}`)
	if err != nil {
		t.Fatal(err)
	}
	role, ok := one(t, r, "pulumi:providers:aws").Inputs["assumeRole"].Mappable().(map[string]any)
	if !ok || role["roleArn"] != "arn:aws:iam::210987654321:role/deploy" || role["externalId"] != "x" || role["duration"] != "1h" {
		t.Errorf("the provider assumes %v", role)
	}
	r, err = with("aws:assumeRoles", `[{"roleArn": "arn:aws:iam::210987654321:role/deploy"}]`)
	if err == nil || !strings.Contains(err.Error(), "aws:assumeRoles: a list of roles is for version 7 of the AWS provider") || !strings.Contains(err.Error(), "write one role, aws:assumeRole") {
		t.Errorf("a list gives %v", err)
	}
	if made := r.All(); len(made) > 0 {
		t.Errorf("it made %d resources", len(made))
	}
}
