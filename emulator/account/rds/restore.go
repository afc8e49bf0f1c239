package rds

import (
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// checkRestore applies the rules about where a restored instance comes from (conflictsWith of the provider's schema, and
// RestoreDBInstanceToPointInTime).
func checkRestore(r *account.Rules) {
	if !r.In.Has("restoreToPointInTime") {
		return
	}
	if r.In.Has("snapshotIdentifier") {
		r.Refuse("restoreToPointInTime", "conflicts with snapshotIdentifier")
	}
	latest, at := r.In.True("restoreToPointInTime.useLatestRestorableTime"), r.In.Has("restoreToPointInTime.restoreTime")
	if latest == at {
		r.Refuse("restoreToPointInTime", "one of restoreTime and useLatestRestorableTime is needed")
	}
	if moment, ok := r.In.String("restoreToPointInTime.restoreTime"); ok {
		if _, err := time.Parse(time.RFC3339, moment); err != nil || !strings.HasSuffix(moment, "Z") {
			r.Refuse("restoreToPointInTime.restoreTime", "%q is not a time in UTC such as 2026-11-26T18:00:00Z", moment)
		}
	}
	if !r.In.Has("restoreToPointInTime.sourceDbInstanceIdentifier") {
		r.Refuse("restoreToPointInTime", "sourceDbInstanceIdentifier is needed")
	}
}

// restoreDatabase makes an instance what its snapshot, or another instance at a time, was. The provider calls
// RestoreDBInstanceFromDBSnapshot or RestoreDBInstanceToPointInTime with the parameter group, and ModifyDBInstance with the version
// afterwards (internal/service/rds/instance.go): hence the group must be one of the source's version. The name of the master user, the
// databases and the encryption are the source's; the provider reads them back, so that another username in the program replaces the
// instance that was restored.
func restoreDatabase(tx *account.Tx, r *account.Resource) error {
	source, err := restoreSource(tx, r.Outputs)
	if err != nil || source == nil {
		return err
	}
	if engine := r.Outputs.Text("engine"); engine != "" && engine != source.Text("engine") {
		return tx.Refuse("InvalidParameterCombination", "The engine %s is not that of the source, %s", engine, source.Text("engine"))
	}
	r.Outputs["engine"] = source["engine"]
	engine := source.Text("engine")
	was, _ := version(engine, source.Text("engineVersion"))
	if group := r.Outputs.Text("parameterGroupName"); group != "" {
		if err := checkFamily(tx, group, engine, was.line); err != nil {
			return err
		}
	}
	to := wanted(engine, r.Outputs.Text("engineVersion"), was)
	if r.Outputs.Text("engineVersion") == "" {
		r.Outputs["engineVersion"], to = was.full(), was
	}
	if to.line != was.line || to.before(was) {
		return tx.Refuse("InvalidParameterCombination", "Cannot restore %s %s as %s: restore it with its own version and upgrade it then", engine, was.full(), to.full())
	}
	before, _ := source.Int("allocatedStorage")
	if after, given := r.Outputs.Int("allocatedStorage"); given && after < before {
		return tx.Refuse("InvalidParameterCombination", "Requested size (%d) should be greater than current size (%d): the source is larger", after, before)
	}
	for _, name := range []string{"username", "dbName", "storageEncrypted"} {
		r.Outputs[name] = source[name]
	}
	if key := source.Text("kmsKeyId"); key != "" { // neither call of a restore has a parameter for another one
		r.Outputs["kmsKeyId"] = key
	}
	account.SetDefault(r.Outputs, "allocatedStorage", source["allocatedStorage"])
	return nil
}

// restoreSource is the snapshot or the instance that a new instance is made from; nil where it is made empty.
func restoreSource(tx *account.Tx, out account.Values) (account.Values, error) {
	if id := out.Text("snapshotIdentifier"); id != "" {
		id = strings.ToLower(strings.TrimPrefix(id, tx.ARN("rds", "snapshot:")))
		snapshot, ok := tx.Get(account.DatabaseSnapshotToken, id)
		if !ok {
			return nil, tx.Refuse("DBSnapshotNotFound", "DBSnapshot not found: %s; aws rds describe-db-snapshots lists them", id)
		}
		return snapshot.Outputs, nil
	}
	from := out.Map("restoreToPointInTime")
	if from == nil {
		return nil, nil
	}
	id := from.Text("sourceDbInstanceIdentifier")
	source, ok := tx.Find(account.DatabaseToken, "identifier", id)
	if !ok {
		return nil, tx.Refuse("DBInstanceNotFound", "DBInstance %s not found: a time can be restored only of an instance that exists, or from its retained backups", id)
	}
	if days, _ := source.Outputs.Int("backupRetentionPeriod"); days == 0 {
		return nil, tx.Refuse("PointInTimeRestoreNotEnabled", "%s has no automated backups: its backupRetentionPeriod is 0", id)
	}
	if at, given := from.String("restoreTime"); given && at > tx.Now() {
		return nil, tx.Refuse("InvalidRestoreFault", "The restore time %s is after the latest restorable time, %s", at, tx.Now())
	}
	values := source.Outputs.Clone()
	values["engineVersion"] = values["engineVersionActual"]
	return values, nil
}
