package rds

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Life cycles of an instance. Only its creation or its restore sets one: "Once set it's permanent", and ModifyDBInstance ignores
// another value without an error (hashicorp/terraform-provider-aws#40870; extended-support-creating-db-instance.html).
const (
	extendedSupport   = "open-source-rds-extended-support"
	noExtendedSupport = extendedSupport + "-disabled"
)

// pendingToken is the type of what waits for an instance's maintenance window (PendingModifiedValues).
const pendingToken = "aws:rds/pendingModification:PendingModification"

// windowed are the changes that wait for the maintenance window without applyImmediately (USER_ModifyInstance.Settings.html). A new
// parameter group is among them where it comes with a new major version, which cannot run with the old one.
var windowed = []string{"engineVersion", "instanceClass", "multiAz", "allocatedStorage"}

// updateDatabase is ModifyDBInstance.
func updateDatabase(tx *account.Tx, old, next *account.Resource) error {
	if old.Outputs.Text("status") == "stopped" {
		return tx.Refuse("InvalidDBInstanceState", "Database instance is not in available state: %s is stopped, and only a running one is modified", old.Outputs.Text("identifier"))
	}
	for _, name := range grown(old.Outputs, next.Outputs) {
		next.Outputs[name] = old.Outputs[name]
	}
	before, _ := old.Outputs.Int("allocatedStorage")
	if after, _ := next.Outputs.Int("allocatedStorage"); after < before {
		return tx.Refuse("InvalidParameterCombination", "Requested size (%d) should be greater than current size (%d): storage cannot shrink", after, before)
	}
	if name := next.Outputs.Text("identifier"); name != old.Outputs.Text("identifier") {
		if _, taken := tx.Find(account.DatabaseToken, "identifier", name); taken {
			return tx.Refuse("DBInstanceAlreadyExists", "DB instance %s already exists; choose another identifier", name)
		}
		next.Outputs["arn"] = tx.ARN("rds", "db:"+name)
	}
	if err := checkPlace(tx, old, next); err != nil {
		return err
	}
	next.Outputs["engineLifecycleSupport"] = old.Outputs["engineLifecycleSupport"]
	major, err := checkUpgrade(tx, old, next)
	if err != nil {
		return err
	}
	if replaced(old, next) {
		return blueGreen(tx, old, next)
	}
	pending := account.Resource{Type: pendingToken, ID: old.ID, Outputs: account.Values{}}
	if !next.Outputs.True("applyImmediately") {
		held := windowed
		if major {
			held = append(held, "parameterGroupName")
		}
		for _, name := range held {
			if was, is := old.Outputs[name], next.Outputs[name]; was != is || name == "engineVersion" && major {
				pending.Outputs[name] = is
				if name != "engineVersion" { // the provider returns the pending version
					next.Outputs[name] = was
				}
			}
		}
	}
	if len(pending.Outputs) > 0 {
		tx.Put(old.ID, pending)
	} else if next.Outputs.True("applyImmediately") {
		tx.Remove(pending)
	}
	return nil
}

// checkUpgrade refuses versions that an instance cannot change to. It tells whether the change is one of the major version.
func checkUpgrade(tx *account.Tx, old, next *account.Resource) (major bool, err error) {
	if err := checkVersion(tx, next); err != nil {
		return false, err
	}
	engine := next.Outputs.Text("engine")
	current, _ := version(engine, old.Outputs.Text("engineVersionActual"))
	to := wanted(engine, next.Outputs.Text("engineVersion"), current)
	switch {
	case to.before(current):
		return false, tx.Refuse("InvalidParameterCombination", "Cannot upgrade %s from %s to %s: a database never goes back to an older version", engine, current.full(), to.full())
	case to.line == current.line:
		return false, nil
	case !next.Outputs.True("allowMajorVersionUpgrade"):
		return false, tx.Refuse("InvalidParameterCombination",
			"The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version (%s to %s): set allowMajorVersionUpgrade", current.full(), to.full())
	case !upgrades(engine, current.line, to.line):
		return false, tx.Refuse("InvalidParameterCombination", "Cannot upgrade %s from %s to %s: RDS upgrades it by one major version at a time", engine, current.full(), to.full())
	}
	if !next.Inputs.Has("parameterGroupName") {
		next.Outputs["parameterGroupName"], next.Outputs["optionGroupName"] = "default."+engine+to.line, nil
	}
	// "A new DB parameter group in the DB parameter group family for the new engine version must be specified" (ModifyDBInstance).
	return true, checkFamily(tx, next.Outputs.Text("parameterGroupName"), engine, to.line)
}

// running is the version that an instance has or gets at once.
func running(tx *account.Tx, r account.Resource) release {
	engine, text := r.Outputs.Text("engine"), r.Outputs.Text("engineVersion")
	current, exists := version(engine, r.Outputs.Text("engineVersionActual"))
	if !exists || r.Outputs.Text("engineVersionActual") == "" {
		v, _ := version(engine, text)
		return v
	}
	if waiting, ok := tx.Get(pendingToken, r.ID); ok && waiting.Outputs.Has("engineVersion") {
		return current
	}
	return wanted(engine, text, current)
}

// Maintain is the maintenance window of every instance: what waits for it is applied.
func Maintain(ctx context.Context, a *account.Account) error {
	return a.Change(ctx, func(tx *account.Tx) error {
		for _, waiting := range tx.List(pendingToken) {
			tx.Remove(waiting)
			r, ok := tx.Get(account.DatabaseToken, waiting.ID)
			if !ok {
				continue
			}
			for name, value := range waiting.Outputs {
				r.Outputs[name] = value
			}
			if err := completeDatabase(tx, &r); err != nil {
				return err
			}
			tx.Save(r)
		}
		return nil
	})
}
