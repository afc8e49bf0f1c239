package aws

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// The files in testdata are read from the schema of the Terraform AWS provider 5.46 (hashicorp/terraform-provider-aws,
// April 2024), which pulumi-aws bridges: ForceNew and Default of each property.

// newer are differences on purpose: pulumi-aws 6.83 follows provider 5.100, and some replacements are decided in code.
var newer = map[string][]string{
	"aws:elasticache/replicationGroup:ReplicationGroup":   {"engine", "transitEncryptionEnabled"}, // updatable since 5.83
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"clientIdLists"},                      // updatable since 5.50
	"aws:ecs/capacityProvider:CapacityProvider":           {"autoScalingGroupProvider"},           // only its ARN replaces
}

func lines(t *testing.T, file string) [][]string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		rows = append(rows, strings.SplitN(line, " ", 3))
	}
	return rows
}

func TestReplaceKeysAreTheProviders(t *testing.T) {
	w := newWorld(t)
	rows := lines(t, "replaces.txt")
	if len(rows) < 50 {
		t.Fatalf("there are only %d types", len(rows))
	}
	for _, row := range rows {
		known, ok := w.Lookup(row[0])
		for _, property := range strings.Fields(strings.Join(row[1:], " ")) {
			if ok && !slices.Contains(newer[row[0]], property) && !slices.Contains(known.ForceNew, property) {
				t.Errorf("a change of %s replaces a %s on AWS", property, row[0])
			}
		}
	}
}

func TestDefaultsAreTheProviders(t *testing.T) {
	w := newWorld(t)
	rows := lines(t, "defaults.txt")
	if len(rows) < 40 {
		t.Fatalf("there are only %d defaults", len(rows))
	}
	for _, row := range rows {
		known, ok := w.Lookup(row[0])
		var want any
		if err := json.Unmarshal([]byte(row[2]), &want); err != nil {
			t.Fatal(err)
		}
		if got, set := known.Defaults[row[1]]; ok && set && !reflect.DeepEqual(got, want) {
			t.Errorf("the default of %s of a %s is %v on AWS, not %v", row[1], row[0], want, got)
		}
	}
}

// AWS changes the tenancy of a VPC in one case only.
func TestTenancyReplaces(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		old, next string
		replaces  bool
	}{{"default", "dedicated", true}, {"dedicated", "default", false}} {
		_, replace := w.Diff(account.VPCToken, "", account.Values{"instanceTenancy": test.old}, nil, account.Values{"instanceTenancy": test.next})
		if got := len(replace) > 0; got != test.replaces {
			t.Errorf("%s to %s replaces: %v", test.old, test.next, got)
		}
	}
	if !w.typeOf(account.AttachmentToken).DeleteBeforeReplace {
		t.Error("the provider deletes an attachment of a policy before it creates its replacement")
	}
}
