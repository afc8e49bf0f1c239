package aws

import (
	"regexp"
	"slices"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
)

var letters = regexp.MustCompile(`[^a-z]`)

// TestWhatAWSReturnsOtherwise: what AWS returns in a form of its own is a difference at every deployment, except where the provider knows it.
func TestWhatAWSReturnsOtherwise(t *testing.T) {
	w := fleeted(t)
	w.make(account.DatabaseSubnetGroupToken, "data", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	w.make(account.DatabaseParameterGroupToken, "params84", goodDatabaseParameters)
	w.make(account.CacheSubnetGroupToken, "cache", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	for name, test := range map[string]struct {
		token    string
		in       account.Values
		never    []string // the inputs that never settle
		replaces bool
	}{
		"an engine in capital letters": {account.CacheReplicationToken, with(goodValkey, account.Values{"engine": "Valkey"}), []string{"engine"}, false},
		"a window in capital letters":  {account.CacheReplicationToken, with(goodValkey, account.Values{"maintenanceWindow": "SUN:05:00-SUN:06:00"}), nil, false},
		"a database's window":          {account.DatabaseToken, with(goodDatabase, account.Values{"maintenanceWindow": "SUN:05:00-SUN:06:00"}), nil, false},
		"a database's line":            {account.DatabaseToken, with(goodDatabase, account.Values{"engineVersion": "8.4"}), nil, false},
		"a name with a trailing dot": {account.RecordToken, account.Values{
			"zoneId": zoneID, "name": "WWW.example.com.", "type": "CNAME", "ttl": 60, "records": []any{"b.example.org."}}, nil, false},
		"subnets in another order": {account.BalancerToken, with(goodBalancer, account.Values{"subnets": []any{"{b}", "{a}"}}), nil, false},
		"a certificate's own name": {account.CertificateToken, account.Values{
			"domainName": "example.com", "validationMethod": "DNS", "subjectAlternativeNames": []any{"www.example.com", "a.example.com"}}, nil, false},
		"an identity provider's scheme": {account.OpenIDProviderToken, account.Values{
			"url": "https://gitlab.example.com", "clientIdLists": []any{"two", "one"}}, nil, false},
		"tags in another order": {account.GroupToken, with(goodGroup, account.Values{"tags": []any{
			map[string]any{"key": "b", "value": "2", "propagateAtLaunch": true}, map[string]any{"key": "a", "value": "1", "propagateAtLaunch": true}}}), nil, false},
		"no empty lists in linuxParameters": {account.TaskToken, account.Values{"family": "never",
			"containerDefinitions": `[{"name":"web","image":"nginx","memory":64,"linuxParameters":{"capabilities":{"drop":["ALL"]}}}]`}, []string{"containerDefinitions"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			for _, drop := range []string{"name", "identifier", "replicationGroupId"} {
				delete(test.in, drop)
			}
			if test.token == account.RecordToken {
				test.in["name"] = "WWW.example.com."
			}
			r := w.make(test.token, letters.ReplaceAllString(name, ""), test.in)
			changed, replace := w.Diff(r.Type, r.ID, r.Inputs, r.Outputs, r.Inputs)
			if !slices.Equal(changed, test.never) || len(replace) > 0 != test.replaces {
				t.Errorf("never settle: %v, replaced %v", changed, replace)
			}
		})
	}
}

// TestOnlySetsHaveNoOrder: instance types are a list to the provider. AWS returns them as they were given; in another order they would differ.
func TestOnlySetsHaveNoOrder(t *testing.T) {
	w := fleeted(t)
	mixed := startsFrom("{ecs}")
	mixed["launchTemplate"].(map[string]any)["overrides"] = []any{map[string]any{"instanceType": "t4g.small"}, map[string]any{"instanceType": "t4g.medium"}}
	r := w.make(account.GroupToken, "listed", with(goodGroup, account.Values{"tags": []any{
		map[string]any{"key": "b", "value": "2", "propagateAtLaunch": true}, map[string]any{"key": "a", "value": "1", "propagateAtLaunch": true}},
		"mixedInstancesPolicy": mixed}))
	for path, want := range map[string]int{"tags": 0, "mixedInstancesPolicy.launchTemplate.overrides": 2} {
		other := r.Outputs.Clone()
		if list := other.List(path); len(list) > 1 {
			slices.Reverse(list)
		} else {
			t.Fatalf("%s: %v", path, list)
		}
		if changed, _ := w.Diff(r.Type, r.ID, r.Inputs, other, r.Inputs); len(changed) != want {
			t.Errorf("%s in another order: %v", path, changed)
		}
	}
}

// TestStorageThatGrew: RDS enlarges storage by itself, and no deployment takes it back.
func TestStorageThatGrew(t *testing.T) {
	w := stored(t)
	in := with(goodDatabase, account.Values{"allocatedStorage": 20, "maxAllocatedStorage": 100})
	r := w.make(account.DatabaseToken, "db", in)
	if err := rds.Age(t.Context(), w.Account); err != nil {
		t.Fatal(err)
	}
	size := func() int {
		now, _ := w.Read(r.Type, r.ID)
		if changed, _ := w.Diff(r.Type, r.ID, now.Inputs, now.Outputs, now.Inputs); len(changed) > 0 {
			t.Errorf("differs: %v", changed)
		}
		gb, _ := now.Outputs.Int("allocatedStorage")
		return gb
	}
	if got := size(); got != 30 {
		t.Errorf("it grew to %d GB", got)
	}
	if err := w.updating(r, in)(account.Values{"backupRetentionPeriod": 3}); err != nil || size() != 30 {
		t.Errorf("an update of something else: %d GB, %v", size(), err)
	}
	now, _ := w.Read(r.Type, r.ID)
	if changed, _ := w.Diff(r.Type, r.ID, now.Inputs, now.Outputs, with(now.Inputs, account.Values{"maxAllocatedStorage": 0.0})); !slices.Contains(changed, "allocatedStorage") {
		t.Errorf("without a limit: %v", changed)
	}
}

// TestComputedAlong: the provider names computed properties that change with an input, and not what AWS keeps of an input that is taken back.
func TestComputedAlong(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		token           string
		old, read, next account.Values
		want            []string
	}{
		{account.BalancerToken, account.Values{"subnets": []any{"a"}}, account.Values{"subnets": []any{"a"}, "subnetMappings": []any{map[string]any{"subnetId": "a"}}},
			account.Values{"subnets": []any{"b"}}, []string{"subnets[0]", "subnetMappings"}},
		{account.CacheReplicationToken, account.Values{"numCacheClusters": 1.0}, account.Values{"numCacheClusters": 1.0, "memberClusters": []any{"x-001"}},
			account.Values{"numCacheClusters": 2.0}, []string{"numCacheClusters", "memberClusters"}},
		{account.RouteToken, account.Values{"networkInterfaceId": "eni-1"}, account.Values{"networkInterfaceId": "eni-1", "instanceId": "i-1"},
			account.Values{"natGatewayId": "nat-1"}, []string{"natGatewayId"}},
		{account.GroupToken, account.Values{"vpcZoneIdentifiers": []any{"a"}}, account.Values{"vpcZoneIdentifiers": []any{"a"}},
			account.Values{"vpcZoneIdentifiers": []any{account.Unknown{}}}, []string{"vpcZoneIdentifiers[0]"}},
	} {
		if changed, _ := w.Diff(test.token, "id", test.old, test.read, test.next); !slices.Equal(changed, test.want) {
			t.Errorf("%s: changed %v, want %v", test.token, changed, test.want)
		}
	}
}
