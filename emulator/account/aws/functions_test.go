package aws

import (
	"context"
	"errors"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func ask(t *testing.T, w *world, token string, args account.Values) account.Values {
	t.Helper()
	result, err := w.Invoke(context.Background(), token, w.fill(args))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestWhereWeAre(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		token    string
		args     account.Values
		property string
		want     any
	}{
		{"aws:index/getCallerIdentity:getCallerIdentity", nil, "accountId", "123456789012"},
		{"aws:index/getPartition:getPartition", nil, "partition", "aws"},
		{"aws:index/getPartition:getPartition", nil, "dnsSuffix", "amazonaws.com"},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", account.Values{"state": "available"}, "names", []any{"eu-central-1a", "eu-central-1b", "eu-central-1c"}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", nil, "zoneIds", []any{"euc1-az1", "euc1-az2", "euc1-az3"}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", account.Values{"state": "impaired"}, "names", []any{}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", account.Values{"filters": []any{map[string]any{"name": "opt-in-status", "values": []any{"opted-in"}}}}, "names", []any{}},
	} {
		if got := ask(t, w, test.token, test.args)[test.property]; !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %v: %s is %v, want %v", test.token, test.args, test.property, got, test.want)
		}
	}
}

// TestZoneInAnEvent: the zone is missing where the available ones are asked for, and listed where all are.
func TestZoneInAnEvent(t *testing.T) {
	w := newWorld(t)
	w.SetFaults(account.Faults{Unavailable: []string{"eu-central-1a"}})
	for state, want := range map[string][]any{
		"": {"eu-central-1a", "eu-central-1b", "eu-central-1c"}, "available": {"eu-central-1b", "eu-central-1c"}, "unavailable": {"eu-central-1a"},
	} {
		args := account.Values{}
		if state != "" {
			args["state"] = state
		}
		if got := ask(t, w, "aws:index/getAvailabilityZones:getAvailabilityZones", args)["names"]; !reflect.DeepEqual(got, want) {
			t.Errorf("state %q: %v", state, got)
		}
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	const parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"
	id := ask(t, w, "aws:ssm/getParameter:getParameter", account.Values{"name": parameter + "/image_id"}).Text("value")
	if !regexp.MustCompile(`^ami-[0-9a-f]{17}$`).MatchString(id) {
		t.Errorf("image id is %q", id)
	}
	arm := ask(t, w, "aws:ssm/getParameter:getParameter", account.Values{"name": "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"})
	if arm["value"] == id {
		t.Error("both architectures have the same image")
	}
}

func TestFunctionRefusals(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token string
		args        account.Values
		code, says  string
	}{
		{"unknown function", "aws:index/getCallerIdentities:getCallerIdentities", nil, "", "did you mean aws:index/getCallerIdentity:getCallerIdentity"},
		{"unknown argument", "aws:ssm/getParameter:getParameter", account.Values{"name": "/x", "decrypt": true}, "", "decrypt is not an input"},
		{"missing argument", "aws:ssm/getParameter:getParameter", nil, "", "name is required"},
		{"wrong kind", "aws:ssm/getParameter:getParameter", account.Values{"name": 1}, "", "name must be a string"},
		{"unknown parameter", "aws:ssm/getParameter:getParameter", account.Values{"name": "/app/key"}, "ParameterNotFound", "/app/key"},
		{"unknown image", "aws:ssm/getParameter:getParameter", account.Values{"name": "/aws/service/ecs/optimized-ami/amazon-linux-2024/recommended/image_id"}, "ParameterNotFound", "2024"},
		{"unknown filter", "aws:index/getAvailabilityZones:getAvailabilityZones", account.Values{"filters": []any{map[string]any{"name": "size", "values": []any{"1"}}}}, "InvalidParameterValue", "size"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.Invoke(context.Background(), test.token, w.fill(test.args))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error is %v, want one that says %q", err, test.says)
			}
			var refused *account.Error
			if test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code) {
				t.Errorf("error is %v, want the code %s", err, test.code)
			}
		})
	}
}
