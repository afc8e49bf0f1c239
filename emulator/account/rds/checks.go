package rds

import (
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	databaseIdentifier = regexp.MustCompile(`^[a-z][0-9a-z-]*$`)
	databaseSnapshotID = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z-]*$`)
	databaseClass      = regexp.MustCompile(`^db\.[a-z][a-z0-9-]*\.[a-z0-9]+$`)
	databaseUsername   = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]*$`)
	databaseName       = regexp.MustCompile(`^[A-Za-z][0-9A-Za-z_]*$`)
	databasePassword   = regexp.MustCompile(`^[!#-&(-.0-?A-~]*$`) // printable ASCII without space " ' / @
	smallClasses       = regexp.MustCompile(`^db\.(t2\..+|(t3|t4g)\.(micro|small))$`)
)

func checkDatabase(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("identifier", "identifierPrefix")
	for _, path := range []string{"identifier", "identifierPrefix"} {
		r.Matches(path, databaseIdentifier, "it starts with a letter and has only lower case letters, digits and hyphens")
	}
	r.Length("identifier", 1, 63)
	r.Hyphens("identifier")
	r.OneOf("engine", "mysql", "mariadb")
	if engine, known := in.String("engine"); known {
		checkVersion(&r, "engineVersion", engine)
	}
	r.Matches("instanceClass", databaseClass, "Invalid DB Instance class; a class looks like db.t4g.micro")
	if in.True("performanceInsightsEnabled") {
		r.Each("instanceClass", func(place, text string) {
			if smallClasses.MatchString(text) {
				r.Refuse("performanceInsightsEnabled", "Performance Insights not supported for this configuration: %s is too small, db.t4g.medium is the smallest", text)
			}
		})
	}
	checkAccess(&r)
	checkStorage(&r)
	r.Between("backupRetentionPeriod", 0, 35)
	r.Between("port", 1150, 65535)
	r.DailyWindow("backupWindow", 30)
	r.WeeklyWindow("maintenanceWindow", 30)
	r.Apart("backupWindow", "maintenanceWindow")
	r.Member("monitoringInterval", 0, 1, 5, 10, 15, 30, 60)
	interval, _ := in.Int("monitoringInterval")
	if interval > 0 && !in.Has("monitoringRoleArn") {
		r.Refuse("monitoringRoleArn", "a MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0")
	}
	r.ARN("monitoringRoleArn")
	r.ARN("kmsKeyId")
	if in.Has("kmsKeyId") && !in.IsUnknown("storageEncrypted") && !in.True("storageEncrypted") {
		r.Refuse("storageEncrypted", "must be true when kmsKeyId is set")
	}
	if days, ok := in.Int("performanceInsightsRetentionPeriod"); ok && days != 7 && days != 731 && (days%31 != 0 || days < 31 || days > 713) {
		r.Refuse("performanceInsightsRetentionPeriod", "%d is not 7, 731 or a multiple of 31", days)
	}
	r.OneOf("enabledCloudwatchLogsExports[*]", "audit", "error", "general", "slowquery", "iam-db-auth-error")
	r.OneOf("caCertIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
	r.OneOf("networkType", "IPV4", "DUAL")
	r.OneOf("licenseModel", "general-public-license")
	r.Matches("finalSnapshotIdentifier", databaseSnapshotID, "it starts with a letter and has only letters, digits and hyphens")
	r.Length("finalSnapshotIdentifier", 1, 255)
	r.Hyphens("finalSnapshotIdentifier")
	if in.True("multiAz") && in.Has("availabilityZone") {
		r.Refuse("availabilityZone", "requesting a specific availability zone is not valid for Multi-AZ instances")
	}
	return r.Problems
}

// databaseAccess judges the administrator and the first schema.
func checkAccess(r *account.Rules) {
	restored := r.In.Has("replicateSourceDb") || r.In.Has("snapshotIdentifier") || r.In.Has("restoreToPointInTime")
	r.Conflict("password", "manageMasterUserPassword")
	if !restored {
		for _, name := range []string{"engine", "username", "allocatedStorage"} {
			if !r.In.Has(name) {
				r.Refuse(name, "is required for a new database")
			}
		}
		if !r.In.Has("password") && !r.In.Has("manageMasterUserPassword") {
			r.Refuse("password", "one of password, manageMasterUserPassword is required for a new database")
		}
	}
	r.Length("username", 1, 16)
	r.Matches("username", databaseUsername, "it starts with a letter and has only letters, digits and underscores")
	r.Length("dbName", 1, 64)
	r.Matches("dbName", databaseName, "it starts with a letter and has only letters, digits and underscores")
	for _, path := range []string{"username", "dbName"} {
		r.Each(path, func(place, text string) {
			if reservedWords[strings.ToLower(text)] {
				r.Refuse(place, "%q cannot be used as it is a reserved word used by the engine", text)
			}
		})
	}
	// The value itself is never part of the text: it is a secret.
	if password, known := r.In.String("password"); known {
		if len(password) < 8 || len(password) > 41 {
			r.Refuse("password", "has %d characters; AWS allows 8 to 41", len(password))
		}
		if !databasePassword.MatchString(password) {
			r.Refuse("password", `only printable ASCII characters besides '/', '@', '"', "'" and ' ' may be used`)
		}
	}
}

// databaseStorage judges the size of the disk and what it can do.
func checkStorage(r *account.Rules) {
	r.OneOf("storageType", "standard", "gp2", "gp3", "io1", "io2")
	kind := r.In.Text("storageType")
	if kind == "" && !r.In.Has("storageType") {
		kind = defaultStorage(r.In)
	}
	limits := map[string][2]int{"standard": {5, 3072}, "gp2": {20, 65536}, "gp3": {20, 65536}, "io1": {100, 65536}, "io2": {100, 65536}}
	size, sized := r.In.Int("allocatedStorage")
	if limit, ok := limits[kind]; ok && sized && (size < limit[0] || size > limit[1]) {
		r.Refuse("allocatedStorage", "invalid storage size for engine name %s and storage type %s: %d is outside %d-%d",
			r.In.Text("engine"), kind, size, limit[0], limit[1])
	}
	tuned := r.In.Has("iops") || r.In.Has("storageThroughput")
	switch {
	case kind == "gp3" && sized && size < 400 && tuned:
		r.Refuse("iops", "you can't specify IOPS or storage throughput for engine %s and a storage size less than 400", r.In.Text("engine"))
	case (kind == "gp2" || kind == "standard") && tuned:
		r.Refuse("iops", "you can't specify IOPS or storage throughput with storage type %s", kind)
	case (kind == "io1" || kind == "io2") && !r.In.Has("iops"):
		r.Refuse("iops", "is required with storage type %s", kind)
	case (kind == "io1" || kind == "io2") && r.In.Has("storageThroughput"):
		r.Refuse("storageThroughput", "can be specified only with storage type gp3")
	}
	if most, ok := r.In.Int("maxAllocatedStorage"); ok && most != 0 && sized {
		if most < size {
			r.Refuse("maxAllocatedStorage", "%d must not be below allocatedStorage %d", most, size)
		} else if most > size && most*10 < size*11 {
			r.Refuse("maxAllocatedStorage", "%d must be at least 10%% above allocatedStorage %d", most, size)
		}
	}
}

func defaultStorage(in account.Values) string {
	if in.Has("iops") {
		return "io1"
	}
	return "gp2"
}
