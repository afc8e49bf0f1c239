package aws

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
)

// TestDatabaseUpgradeWaits: without applyImmediately the old version and its parameter group stay until the maintenance window.
func TestDatabaseUpgradeWaits(t *testing.T) {
	w := stored(t)
	good := with(goodDatabase, account.Values{"engineVersion": "8.0", "parameterGroupName": "{params80}"})
	r := w.make(account.DatabaseToken, "db", good)
	upgrade := account.Values{"engineVersion": "8.4", "parameterGroupName": "{params84}", "allowMajorVersionUpgrade": true, "instanceClass": "db.m7g.large"}
	if err := w.updating(r, good)(upgrade); err != nil {
		t.Fatal(err)
	}
	state := func() string {
		now, _ := w.Read(account.DatabaseToken, r.ID)
		actual, _, _ := strings.Cut(now.Outputs.Text("engineVersionActual"), ".")
		return strings.Join([]string{actual, now.Outputs.Text("engineVersionActual")[:3], now.Outputs.Text("parameterGroupName"), now.Outputs.Text("instanceClass")}, " ")
	}
	if want := "8 8.0 " + w.ids["params80"] + " db.t4g.medium"; state() != want {
		t.Errorf("before the window: %s, want %s", state(), want)
	}
	wantCode(t, w.Delete(t.Context(), account.DatabaseParameterGroupToken, w.ids["params80"]), "InvalidDBParameterGroupState")
	if err := rds.Maintain(t.Context(), w.Account); err != nil {
		t.Fatal(err)
	}
	if want := "8 8.4 " + w.ids["params84"] + " db.m7g.large"; state() != want {
		t.Errorf("after the window: %s, want %s", state(), want)
	}
	if err := w.Delete(t.Context(), account.DatabaseParameterGroupToken, w.ids["params80"]); err != nil {
		t.Error(err)
	}
}

// TestDatabaseKeepsNewerMinor: a line alone does not take back a minor version that AWS brought.
func TestDatabaseKeepsNewerMinor(t *testing.T) {
	w := stored(t)
	r := w.make(account.DatabaseToken, "db", goodDatabase)
	if err := w.Tamper(account.DatabaseToken, r.ID, "engineVersionActual", "8.4.9"); err != nil {
		t.Fatal(err)
	}
	if err := w.updating(r, goodDatabase)(account.Values{"backupRetentionPeriod": 3}); err != nil {
		t.Fatal(err)
	}
	if now, _ := w.Read(account.DatabaseToken, r.ID); now.Outputs.Text("engineVersionActual") != "8.4.9" {
		t.Errorf("the version is %s", now.Outputs.Text("engineVersionActual"))
	}
}

// TestExtendedSupport: only a new or restored instance gets a life cycle; a later change is ignored, and planned again every time.
func TestExtendedSupport(t *testing.T) {
	w := stored(t)
	off := account.Values{"engineLifecycleSupport": "open-source-rds-extended-support-disabled"}
	r := w.make(account.DatabaseToken, "db", goodDatabase)
	if err := w.updating(r, goodDatabase)(off); err != nil {
		t.Fatal(err)
	}
	now, _ := w.Read(account.DatabaseToken, r.ID)
	if got := now.Outputs.Text("engineLifecycleSupport"); got != "open-source-rds-extended-support" {
		t.Errorf("the life cycle is %s", got)
	}
	if changed, _ := w.Diff(account.DatabaseToken, r.ID, now.Inputs, now.Outputs, now.Inputs); len(changed) != 1 || changed[0] != "engineLifecycleSupport" {
		t.Errorf("planned again: %v", changed)
	}
	old := w.checked(account.DatabaseToken, "old", with(with(goodDatabase, account.Values{"identifier": "old", "engineVersion": "8.0"}), off))
	_, err := w.Create(t.Context(), account.DatabaseToken, "old", old)
	wantCode(t, err, "InvalidParameterCombination")
}

// TestDatabaseRestores: a restored instance has the user, the databases and the version of its source.
func TestDatabaseRestores(t *testing.T) {
	w := stored(t)
	final := with(goodDatabase, account.Values{"identifier": "old", "finalSnapshotIdentifier": "shop-final", "skipFinalSnapshot": false, "parameterGroupName": "{params84}", "backupRetentionPeriod": 7, "allocatedStorage": 100})
	if err := w.Delete(t.Context(), account.DatabaseToken, w.make(account.DatabaseToken, "old", final).ID); err != nil {
		t.Fatal(err)
	}
	w.make(account.DatabaseToken, "live", with(final, account.Values{"identifier": "live"}))
	bare := with(goodDatabase, account.Values{"username": nil, "dbName": nil, "parameterGroupName": "{params84}", "allocatedStorage": 100})
	restored := w.make(account.DatabaseToken, "db", with(bare, account.Values{"snapshotIdentifier": "shop-final"}))
	if got := restored.Outputs.Text("username") + " " + restored.Outputs.Text("dbName"); got != "app shop" {
		t.Errorf("user and database are %s", got)
	}
	at := func(more account.Values) account.Values {
		return account.Values{"restoreToPointInTime": map[string]any(with(account.Values{"sourceDbInstanceIdentifier": "live"}, more))}
	}
	w.make(account.DatabaseToken, "then", with(bare, with(at(account.Values{"useLatestRestorableTime": true}), account.Values{"identifier": "then"})))
	for name, test := range map[string]struct {
		change account.Values
		code   string
	}{
		"of no snapshot":   {account.Values{"snapshotIdentifier": "lost"}, "DBSnapshotNotFound"},
		"another version":  {account.Values{"snapshotIdentifier": "shop-final", "engineVersion": "8.0", "parameterGroupName": "{params80}"}, "InvalidParameterCombination"},
		"another engine":   {account.Values{"snapshotIdentifier": "shop-final", "engine": "mariadb", "engineVersion": "11.8", "parameterGroupName": nil}, "InvalidParameterCombination"},
		"in the future":    {at(account.Values{"restoreTime": "2999-01-01T00:00:00Z"}), "InvalidRestoreFault"},
		"of nothing":       {account.Values{"restoreToPointInTime": map[string]any{"sourceDbInstanceIdentifier": "gone", "useLatestRestorableTime": true}}, "DBInstanceNotFound"},
		"that was too big": {account.Values{"snapshotIdentifier": "shop-final", "allocatedStorage": 50}, "InvalidParameterCombination"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Create(t.Context(), account.DatabaseToken, "next", w.checked(account.DatabaseToken, "next", with(with(bare, account.Values{"identifier": "next"}), test.change)))
			wantCode(t, err, test.code)
		})
	}
	// The provider reads the user back: another one in the program replaces what was restored.
	if _, replace := w.Diff(account.DatabaseToken, restored.ID, restored.Inputs, restored.Outputs, with(restored.Inputs, account.Values{"username": "other"})); len(replace) != 1 {
		t.Errorf("replaced for %v", replace)
	}
}
