package aws

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
)

// TestBlueGreenUpdate: the copy takes over under the same name, and the source is gone with its backups, protected or not.
func TestBlueGreenUpdate(t *testing.T) {
	w := stored(t)
	good := with(goodDatabase, account.Values{"engineVersion": "8.0", "parameterGroupName": "{params80}", "identifier": "shop", "backupRetentionPeriod": 7,
		"deletionProtection": true, "applyImmediately": true})
	upgrade := account.Values{"engineVersion": "8.4", "parameterGroupName": "{params84}", "allowMajorVersionUpgrade": true, "blueGreenUpdate": map[string]any{"enabled": true}}
	r := w.make(account.DatabaseToken, "db", good)
	if err := w.updating(r, good)(upgrade); err != nil {
		t.Fatal(err)
	}
	now, _ := w.Read(account.DatabaseToken, r.ID)
	if was := r.Outputs.Text("resourceId"); now.Outputs.Text("resourceId") == was || now.Outputs.Text("identifier") != "shop" || now.Outputs.Text("endpoint") != r.Outputs.Text("endpoint") {
		t.Errorf("the copy is %s at %s, the source was %s", now.Outputs.Text("resourceId"), now.Outputs.Text("endpoint"), was)
	}
	if !strings.HasPrefix(now.Outputs.Text("engineVersionActual"), "8.4.") || now.Outputs.Text("parameterGroupName") != w.ids["params84"] || !now.Outputs.True("deletionProtection") {
		t.Errorf("the copy has %v", now.Outputs)
	}
	if err := w.Delete(t.Context(), account.DatabaseParameterGroupToken, w.ids["params80"]); err != nil {
		t.Errorf("the source keeps its group: %v", err)
	}
	if changed, _ := w.Diff(r.Type, r.ID, now.Inputs, now.Outputs, now.Inputs); len(changed) > 0 {
		t.Errorf("planned again: %v", changed)
	}
	updates := w.List(rds.BlueGreenToken)
	if len(updates) != 1 {
		t.Fatalf("%d blue/green updates", len(updates))
	}
	var order []string
	for _, call := range updates[0].Outputs.Strings("calls") {
		action, resource, _ := strings.Cut(call, " ")
		if strings.HasSuffix(resource, ":db:shop-old1") || strings.Contains(action, "BlueGreen") && action != "rds:DescribeBlueGreenDeployments" {
			order = append(order, strings.TrimPrefix(action, "rds:"))
		}
	}
	if want := []string{"CreateBlueGreenDeployment", "SwitchoverBlueGreenDeployment", "ModifyDBInstance", "DeleteDBInstance", "DeleteBlueGreenDeployment"}; !slices.Equal(slices.Compact(order), want) {
		t.Errorf("the order is %v", order)
	}
}

// TestBlueGreenConditions: some changes are made in place, and a copy needs backups and a short name.
func TestBlueGreenConditions(t *testing.T) {
	on := map[string]any{"enabled": true}
	for name, test := range map[string]struct {
		base, change account.Values
		code         string
		copies       int
	}{
		"a password":             {nil, account.Values{"password": "another-password"}, "", 0},
		"protection":             {nil, account.Values{"deletionProtection": true}, "", 0},
		"a class":                {nil, account.Values{"instanceClass": "db.t4g.large"}, "", 1},
		"without backups":        {account.Values{"backupRetentionPeriod": 0}, account.Values{"instanceClass": "db.t4g.large"}, "SourceDatabaseNotSupportedFault", 0},
		"backups are turned on":  {account.Values{"backupRetentionPeriod": 0}, account.Values{"instanceClass": "db.t4g.large", "backupRetentionPeriod": 7}, "", 1},
		"a name of 61 letters":   {account.Values{"identifier": strings.Repeat("a", 61)}, account.Values{"instanceClass": "db.t4g.large"}, "InvalidParameterValue", 0},
		"a class, not in a copy": {account.Values{"blueGreenUpdate": nil}, account.Values{"instanceClass": "db.t4g.large"}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := stored(t)
			base := with(with(goodDatabase, account.Values{"backupRetentionPeriod": 1, "applyImmediately": true, "blueGreenUpdate": on}), test.base)
			r := w.make(account.DatabaseToken, "db", base)
			err := w.updating(r, base)(test.change)
			if test.code != "" {
				wantCode(t, err, test.code)
			} else if err != nil {
				t.Fatal(err)
			}
			if got := len(w.List(rds.BlueGreenToken)); got != test.copies {
				t.Errorf("%d copies", got)
			}
		})
	}
}
