package account

import (
	"regexp"
	"strings"
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

func checkDatabase(in Values) []Problem {
	r := rules{in: in}
	r.conflict("identifier", "identifierPrefix")
	for _, path := range []string{"identifier", "identifierPrefix"} {
		r.matches(path, databaseIdentifier, "it starts with a letter and has only lower case letters, digits and hyphens")
	}
	r.length("identifier", 1, 63)
	r.hyphens("identifier")
	r.oneOf("engine", "mysql", "mariadb")
	if engine, known := in.String("engine"); known {
		r.databaseVersion("engineVersion", engine)
	}
	r.matches("instanceClass", databaseClass, "Invalid DB Instance class; a class looks like db.t4g.micro")
	if in.True("performanceInsightsEnabled") {
		r.each("instanceClass", func(place, text string) {
			if smallClasses.MatchString(text) {
				r.refuse("performanceInsightsEnabled", "Performance Insights not supported for this configuration: %s is too small, db.t4g.medium is the smallest", text)
			}
		})
	}
	r.databaseAccess()
	r.databaseStorage()
	r.between("backupRetentionPeriod", 0, 35)
	r.between("port", 1150, 65535)
	r.dailyWindow("backupWindow", 30)
	r.weeklyWindow("maintenanceWindow", 30)
	r.apart("backupWindow", "maintenanceWindow")
	r.member("monitoringInterval", 0, 1, 5, 10, 15, 30, 60)
	interval, _ := in.Int("monitoringInterval")
	if interval > 0 && !in.Has("monitoringRoleArn") {
		r.refuse("monitoringRoleArn", "a MonitoringRoleARN value is required if you specify a MonitoringInterval value other than 0")
	}
	r.arn("monitoringRoleArn")
	r.arn("kmsKeyId")
	if in.Has("kmsKeyId") && !in.IsUnknown("storageEncrypted") && !in.True("storageEncrypted") {
		r.refuse("storageEncrypted", "must be true when kmsKeyId is set")
	}
	if days, ok := in.Int("performanceInsightsRetentionPeriod"); ok && days != 7 && days != 731 && (days%31 != 0 || days < 31 || days > 713) {
		r.refuse("performanceInsightsRetentionPeriod", "%d is not 7, 731 or a multiple of 31", days)
	}
	r.oneOf("enabledCloudwatchLogsExports[*]", "audit", "error", "general", "slowquery", "iam-db-auth-error")
	r.oneOf("caCertIdentifier", "rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1")
	r.oneOf("networkType", "IPV4", "DUAL")
	r.oneOf("licenseModel", "general-public-license")
	r.matches("finalSnapshotIdentifier", databaseSnapshotID, "it starts with a letter and has only letters, digits and hyphens")
	r.length("finalSnapshotIdentifier", 1, 255)
	r.hyphens("finalSnapshotIdentifier")
	if in.True("multiAz") && in.Has("availabilityZone") {
		r.refuse("availabilityZone", "requesting a specific availability zone is not valid for Multi-AZ instances")
	}
	return r.problems
}

// databaseAccess judges the administrator and the first schema.
func (r *rules) databaseAccess() {
	restored := r.in.Has("replicateSourceDb") || r.in.Has("snapshotIdentifier") || r.in.Has("restoreToPointInTime")
	r.conflict("password", "manageMasterUserPassword")
	if !restored {
		for _, name := range []string{"engine", "username", "allocatedStorage"} {
			if !r.in.Has(name) {
				r.refuse(name, "is required for a new database")
			}
		}
		if !r.in.Has("password") && !r.in.Has("manageMasterUserPassword") {
			r.refuse("password", "one of password, manageMasterUserPassword is required for a new database")
		}
	}
	r.length("username", 1, 16)
	r.matches("username", databaseUsername, "it starts with a letter and has only letters, digits and underscores")
	r.length("dbName", 1, 64)
	r.matches("dbName", databaseName, "it starts with a letter and has only letters, digits and underscores")
	for _, path := range []string{"username", "dbName"} {
		r.each(path, func(place, text string) {
			if reservedWords[strings.ToLower(text)] {
				r.refuse(place, "%q cannot be used as it is a reserved word used by the engine", text)
			}
		})
	}
	// The value itself is never part of the text: it is a secret.
	if password, known := r.in.String("password"); known {
		if len(password) < 8 || len(password) > 41 {
			r.refuse("password", "has %d characters; AWS allows 8 to 41", len(password))
		}
		if !databasePassword.MatchString(password) {
			r.refuse("password", `only printable ASCII characters besides '/', '@', '"', "'" and ' ' may be used`)
		}
	}
}

// databaseStorage judges the size of the disk and what it can do.
func (r *rules) databaseStorage() {
	r.oneOf("storageType", "standard", "gp2", "gp3", "io1", "io2")
	kind := r.in.Text("storageType")
	if kind == "" && !r.in.Has("storageType") {
		kind = defaultStorage(r.in)
	}
	limits := map[string][2]int{"standard": {5, 3072}, "gp2": {20, 65536}, "gp3": {20, 65536}, "io1": {100, 65536}, "io2": {100, 65536}}
	size, sized := r.in.Int("allocatedStorage")
	if limit, ok := limits[kind]; ok && sized && (size < limit[0] || size > limit[1]) {
		r.refuse("allocatedStorage", "invalid storage size for engine name %s and storage type %s: %d is outside %d-%d",
			r.in.Text("engine"), kind, size, limit[0], limit[1])
	}
	tuned := r.in.Has("iops") || r.in.Has("storageThroughput")
	switch {
	case kind == "gp3" && sized && size < 400 && tuned:
		r.refuse("iops", "you can't specify IOPS or storage throughput for engine %s and a storage size less than 400", r.in.Text("engine"))
	case (kind == "gp2" || kind == "standard") && tuned:
		r.refuse("iops", "you can't specify IOPS or storage throughput with storage type %s", kind)
	case (kind == "io1" || kind == "io2") && !r.in.Has("iops"):
		r.refuse("iops", "is required with storage type %s", kind)
	case (kind == "io1" || kind == "io2") && r.in.Has("storageThroughput"):
		r.refuse("storageThroughput", "can be specified only with storage type gp3")
	}
	if most, ok := r.in.Int("maxAllocatedStorage"); ok && most != 0 && sized {
		if most < size {
			r.refuse("maxAllocatedStorage", "%d must not be below allocatedStorage %d", most, size)
		} else if most > size && most*10 < size*11 {
			r.refuse("maxAllocatedStorage", "%d must be at least 10%% above allocatedStorage %d", most, size)
		}
	}
}

func defaultStorage(in Values) string {
	if in.Has("iops") {
		return "io1"
	}
	return "gp2"
}
