package rds

import (
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var (
	identifier   = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	restoredID   = regexp.MustCompile(`^(arn:.+|(rds:|awsbackup:)?[A-Za-z][0-9A-Za-z-]*)$`)
	snapshotID   = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]*$`)
	simpleName   = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]*$`)
	password     = regexp.MustCompile(`^[!#-&(-.0-?A-~]*$`) // printable ASCII without space " ' / @
	smallClasses = regexp.MustCompile(`^db\.(t2\..+|(t3|t4g)\.(micro|small))$`)
)

// databaseRules are the rules about single inputs.
var databaseRules = []account.Rule{
	account.Matches("identifier", identifier, "it starts with a letter and has only lower case letters, digits and hyphens"),
	account.Length("identifier", 1, 63),
	account.Hyphens("identifier"),
	account.OneOf("engine", "mysql", "mariadb", "postgres"),
	account.Known("instanceClass", known.RDS.Check),
	account.OneOf("engineLifecycleSupport", extendedSupport, noExtendedSupport),
	account.Member("monitoringInterval", 0, 1, 5, 10, 15, 30, 60),
	account.ARN("monitoringRoleArn"),
	account.Matches("snapshotIdentifier", restoredID, "it is the name or the ARN of a DB snapshot"),
	account.Length("username", 1, 16),
	account.Matches("username", simpleName, "it starts with a letter and has only letters, digits and underscores"),
	account.Matches("dbName", simpleName, "it starts with a letter and has only letters, digits and underscores"),
	account.OneOf("storageType", "gp2", "gp3"),
	account.Between("allocatedStorage", 20, 65536),
	account.Between("backupRetentionPeriod", 0, 35),
	account.Between("port", 1150, 65535),
	account.DailyWindow("backupWindow", 30),
	account.WeeklyWindow("maintenanceWindow", 30),
	account.Apart("backupWindow", "maintenanceWindow"),
	account.Matches("finalSnapshotIdentifier", snapshotID, "it starts with a letter and has only letters, digits and hyphens"),
	account.Length("finalSnapshotIdentifier", 1, 255),
	account.Hyphens("finalSnapshotIdentifier"),
}

func checkDatabase(r *account.Rules) {
	// Only the creation asks for them (resourceInstanceCreate in internal/service/rds/instance.go of terraform-provider-aws).
	there := r.Exists || r.In.Has("snapshotIdentifier") || r.In.Has("restoreToPointInTime")
	for _, name := range []string{"engine", "username", "allocatedStorage", "password"} {
		if !there && !r.In.Has(name) {
			r.Refuse(name, "is required for a new database")
		}
	}
	checkEngine(r)
	// The password itself is never part of the text: it is a secret.
	if text, known := r.In.String("password"); known {
		if !password.MatchString(text) {
			r.Refuse("password", `only printable ASCII characters besides '/', '@', '"', "'" and ' ' may be used`)
		}
	}
	if engine := r.In.Text("engine"); lines[engine] != nil {
		r.Apply(account.Text("engineVersion", func(text string) string {
			if _, ok := version(engine, text); !ok && !elsewhere(engine, text) {
				return "cannot find version " + text + " for " + engine + "; it comes in " + strings.Join(account.SortedKeys(lines[engine]), ", ")
			}
			return ""
		}))
	}
	// USER_DatabaseInsights.Engines.html in the guide restricts the classes of MySQL and MariaDB alone.
	if class := r.In.Text("instanceClass"); r.In.True("performanceInsightsEnabled") && r.In.Text("engine") != "postgres" && smallClasses.MatchString(class) {
		r.Refuse("performanceInsightsEnabled", "Performance Insights not supported for this configuration: %s is too small, db.t4g.medium is the smallest", class)
	}
	if days, ok := r.In.Int("performanceInsightsRetentionPeriod"); ok && days != 7 && days != 731 && (days%31 != 0 || days < 31 || days > 713) {
		r.Refuse("performanceInsightsRetentionPeriod", "%d is not 7, 731 or a multiple of 31", days)
	}
	// CreateDBInstance: "This setting applies only to RDS for MySQL and RDS for PostgreSQL."
	if r.In.Has("engineLifecycleSupport") && r.In.Text("engine") == "mariadb" {
		r.Refuse("engineLifecycleSupport", "applies only to RDS for MySQL and RDS for PostgreSQL")
	}
	interval, known := r.In.Int("monitoringInterval")
	if has := r.In.Has("monitoringRoleArn"); known && (interval > 0) != has {
		r.Refuse("monitoringRoleArn", "a MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0, and only then")
	}
	checkRestore(r)
	size, sized := r.In.Int("allocatedStorage")
	if most, ok := r.In.Int("maxAllocatedStorage"); ok && most != 0 && sized {
		if most < size {
			r.Refuse("maxAllocatedStorage", "%d must not be below allocatedStorage %d", most, size)
		} else if most > size && most*10 < size*11 {
			r.Refuse("maxAllocatedStorage", "%d must be at least 10%% above allocatedStorage %d", most, size)
		}
	}
}

// checkEngine applies the rules that differ between engines.
func checkEngine(r *account.Rules) {
	engine, known := engines[r.In.Text("engine")]
	if !known {
		return
	}
	reserved := func(name string) string {
		if engine.reserved.Has(strings.ToLower(name)) {
			return name + " cannot be used as it is a reserved word used by the engine"
		}
		return ""
	}
	r.Apply(account.Text("username", reserved), account.Length("dbName", 1, engine.name), account.Text("dbName", reserved),
		account.OneOf("enabledCloudwatchLogsExports[*]", engine.logs...))
	if text, known := r.In.String("password"); known && (len(text) < 8 || len(text) > engine.password) {
		r.Refuse("password", "has %d characters; AWS allows 8 to %d", len(text), engine.password)
	}
}
