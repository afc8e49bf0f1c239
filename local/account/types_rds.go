package account

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
)

const (
	databaseToken               = "aws:rds/instance:Instance"
	databaseSubnetGroupToken    = "aws:rds/subnetGroup:SubnetGroup"
	databaseParameterGroupToken = "aws:rds/parameterGroup:ParameterGroup"
	databaseSnapshotToken       = "aws:rds/snapshot:Snapshot"
)

var rdsTypes = []Type{
	{
		Token: databaseSubnetGroupToken, Args: rds.SubnetGroupArgs{}, State: rds.SubnetGroup{},
		Required: []string{"subnetIds"},
		Name:     Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: Values{"description": "Managed by Pulumi"},
		Refs:     []Ref{{Path: "subnetIds[*]", Type: subnetToken, By: "id", Missing: "InvalidSubnet"}},
		Check:    checkDatabaseSubnetGroup,
		Create:   createDatabaseSubnetGroup,
		Update: func(tx *Tx, _, next *Resource) error {
			return tx.coverZones(next)
		},
	},
	{
		Token: databaseParameterGroupToken, Args: rds.ParameterGroupArgs{}, State: rds.ParameterGroup{},
		Name:     Name{Property: "name", Max: 255, Lower: true},
		ForceNew: []string{"name", "namePrefix", "family", "description"},
		Defaults: Values{"description": "Managed by Pulumi", "skipDestroy": false},
		Check:    checkDatabaseParameterGroup,
		Create: func(tx *Tx, r *Resource) error {
			name := r.Outputs.Text("name")
			if _, taken := tx.Get(databaseParameterGroupToken, name); taken {
				return tx.Refuse("DBParameterGroupAlreadyExists", "Parameter group %s already exists; choose another name", name)
			}
			r.ID = name
			r.Outputs["arn"] = tx.ARN("rds", "pg:"+name)
			completeParameters(r)
			return nil
		},
		Update: func(_ *Tx, _, next *Resource) error {
			completeParameters(next)
			return nil
		},
	},
	{
		Token: databaseToken, Args: rds.InstanceArgs{}, State: rds.Instance{},
		Name: Name{Property: "identifier", Max: 63, Lower: true},
		ForceNew: []string{
			"availabilityZone", "backupTarget", "characterSetName", "customIamInstanceProfile", "dbName", "engine", "kmsKeyId",
			"ncharCharacterSetName", "restoreToPointInTime", "s3Import", "snapshotIdentifier", "storageEncrypted", "timezone", "username",
		},
		Defaults: Values{
			"applyImmediately": false, "autoMinorVersionUpgrade": true, "backupRetentionPeriod": 0.0, "backupTarget": "region",
			"copyTagsToSnapshot": false, "deleteAutomatedBackups": true, "deletionProtection": false,
			"iamDatabaseAuthenticationEnabled": false, "monitoringInterval": 0.0, "multiAz": false, "networkType": "IPV4",
			"performanceInsightsEnabled": false, "publiclyAccessible": false, "skipFinalSnapshot": false, "storageEncrypted": false,
		},
		Refs: []Ref{
			{Path: "dbSubnetGroupName", Type: databaseSubnetGroupToken, By: "id", Missing: "DBSubnetGroupNotFoundFault", InUse: "InvalidDBSubnetGroupStateFault"},
			{Path: "parameterGroupName", Type: databaseParameterGroupToken, By: "id", InUse: "InvalidDBParameterGroupState", Optional: true},
			{Path: "vpcSecurityGroupIds[*]", Type: securityGroupToken, By: "id", Missing: "InvalidParameterValue", InUse: "DependencyViolation"},
			{Path: "monitoringRoleArn", Type: roleToken, By: "arn", Missing: "InvalidParameterValue"},
		},
		Recomputed: []string{"endpoint", "engineVersionActual"},
		Check:      checkDatabase,
		Create:     createDatabase,
		Update:     updateDatabase,
		Delete:     deleteDatabase,
	},
}

var databaseSubnetGroupName = regexp.MustCompile(`^[0-9a-z_ .-]+$`)

func checkDatabaseSubnetGroup(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.matches("name", databaseSubnetGroupName, "only lower case letters, digits, hyphens, underscores, periods and spaces are allowed")
	r.each("name", func(place, text string) {
		if text == "default" {
			r.refuse(place, "%q is reserved", text)
		}
	})
	if !in.IsUnknown("subnetIds") && len(in.List("subnetIds")) == 0 {
		r.refuse("subnetIds", "at least one subnet is required")
	}
	return r.problems
}

func createDatabaseSubnetGroup(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(databaseSubnetGroupToken, name); taken {
		return tx.Refuse("DBSubnetGroupAlreadyExists", "The DB subnet group '%s' already exists; choose another name", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("rds", "subgrp:"+name)
	r.Outputs["supportedNetworkTypes"] = list("IPV4")
	return tx.coverZones(r)
}

// coverZones refuses a DB subnet group in fewer than two availability zones, or in several VPCs.
func (tx *Tx) coverZones(r *Resource) error {
	zones, vpc, mixed := tx.zones(r.Outputs.Strings("subnetIds"))
	if mixed {
		return tx.Refuse("InvalidSubnet", "The subnets of DB subnet group %s are not all in the same VPC", r.ID)
	}
	if len(zones) < 2 {
		return tx.Refuse("DBSubnetGroupDoesNotCoverEnoughAZs",
			"The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: %s. Add subnets to cover at least 2 AZs.",
			strings.Join(zones, ", "))
	}
	r.Outputs["vpcId"] = vpc
	return nil
}

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

func createDatabase(tx *Tx, r *Resource) error {
	identifier := r.Outputs.Text("identifier")
	if _, taken := tx.Find(databaseToken, "identifier", identifier); taken {
		return tx.Refuse("DBInstanceAlreadyExists", "DB instance %s already exists; choose another identifier", identifier)
	}
	if r.Inputs.Has("replicateSourceDb") || r.Inputs.Has("restoreToPointInTime") || r.Inputs.Has("s3Import") {
		return fmt.Errorf("creating DB instance %s: the embedded cloud has no replicas, restores to a point in time and imports from S3", identifier)
	}
	if snapshot := r.Inputs.Text("snapshotIdentifier"); snapshot != "" {
		source, ok := tx.Get(databaseSnapshotToken, snapshot)
		if !ok {
			return tx.Refuse("DBSnapshotNotFound", "DBSnapshot %s not found", snapshot)
		}
		for _, name := range []string{"engine", "username", "allocatedStorage", "engineVersion", "dbName"} {
			if !r.Outputs.Has(name) {
				r.Outputs[name] = source.Outputs[name]
			}
		}
	}
	r.ID = "db-" + strings.ToUpper(tx.Letters(26))
	r.Outputs["resourceId"] = r.ID
	r.Outputs["arn"] = tx.ARN("rds", "db:"+identifier)
	r.Outputs["hostedZoneId"] = "Z" + strings.ToUpper(stableLetters("rds zone "+tx.Region(), 13))
	r.Outputs["status"] = "available"
	r.Outputs["engineLifecycleSupport"] = "open-source-rds-extended-support"
	r.Outputs["databaseInsightsMode"] = "standard"
	r.Outputs["licenseModel"] = "general-public-license"
	setDefault(r.Outputs, "storageType", defaultStorage(r.Inputs))
	setDefault(r.Outputs, "caCertIdentifier", "rds-ca-rsa2048-g1")
	setDefault(r.Outputs, "port", 3306.0)
	setDefault(r.Outputs, "backupWindow", "07:12-07:42")
	setDefault(r.Outputs, "maintenanceWindow", "sat:09:30-sat:10:00")
	if err := tx.placeDatabase(r); err != nil {
		return err
	}
	if r.Outputs.True("storageEncrypted") {
		setDefault(r.Outputs, "kmsKeyId", tx.defaultKey("rds"))
	}
	if r.Outputs.True("manageMasterUserPassword") {
		r.Outputs["masterUserSecrets"] = []any{map[string]any{
			"kmsKeyId":     tx.defaultKey("secretsmanager"),
			"secretArn":    tx.ARN("secretsmanager", "secret:rds!"+strings.ToLower(r.ID)+"-"+tx.Letters(6)),
			"secretStatus": "active",
		}}
	}
	return tx.completeDatabase(r)
}

// placeDatabase finds the VPC and zone of a database.
func (tx *Tx) placeDatabase(r *Resource) error {
	group, ok := tx.Get(databaseSubnetGroupToken, r.Outputs.Text("dbSubnetGroupName"))
	if !ok {
		return tx.Refuse("InvalidSubnet", "No default subnet detected in VPC: this account has no default VPC; set dbSubnetGroupName")
	}
	vpc := group.Outputs.Text("vpcId")
	zones, _, _ := tx.zones(group.Outputs.Strings("subnetIds"))
	if zone := r.Inputs.Text("availabilityZone"); zone != "" && !slices.Contains(zones, zone) {
		return tx.Refuse("InvalidVPCNetworkStateFault", "DB subnet group %s has no subnet in %s; its zones are %s", group.ID, zone, strings.Join(zones, ", "))
	}
	setDefault(r.Outputs, "availabilityZone", zones[0])
	if len(r.Outputs.Strings("vpcSecurityGroupIds")) == 0 {
		if network, ok := tx.Get(vpcToken, vpc); ok {
			r.Outputs["vpcSecurityGroupIds"] = list(network.Outputs.Text("defaultSecurityGroupId"))
		}
	}
	return nil
}

// completeDatabase applies the rules that need the account and computes what follows from the inputs.
func (tx *Tx) completeDatabase(r *Resource) error {
	out := r.Outputs
	engine := out.Text("engine")
	version, ok := databaseVersion(engine, out.Text("engineVersion"))
	if !ok {
		return tx.Refuse("InvalidParameterCombination", "Cannot find version %s for %s", out.Text("engineVersion"), engine)
	}
	setDefault(out, "engineVersion", version.full())
	out["engineVersionActual"] = version.full()
	family := engine + version.line
	setDefault(out, "parameterGroupName", "default."+family)
	setDefault(out, "optionGroupName", "default:"+engine+"-"+strings.ReplaceAll(version.line, ".", "-"))
	name := out.Text("parameterGroupName")
	group, exists := tx.Get(databaseParameterGroupToken, name)
	switch {
	case exists && group.Outputs.Text("family") != family:
		return tx.Refuse("InvalidParameterCombination",
			"The parameter group %s with DBParameterGroupFamily %s can't be used for this instance. Please use a parameter group with DBParameterGroupFamily %s.",
			name, group.Outputs.Text("family"), family)
	case !exists && name != "default."+family:
		return tx.Refuse("DBParameterGroupNotFound", "DBParameterGroup not found: %s; for %s %s use default.%s or create one", name, engine, version.line, family)
	}
	subnets, _ := tx.Get(databaseSubnetGroupToken, out.Text("dbSubnetGroupName"))
	vpc := subnets.Outputs.Text("vpcId")
	if other, found := tx.stranger(out.Strings("vpcSecurityGroupIds"), vpc); found {
		return tx.Refuse("InvalidParameterCombination",
			"The DB instance and EC2 security group are in different VPCs. The DB instance is in %s and the EC2 security group %s is in %s",
			vpc, other.ID, other.Outputs.Text("vpcId"))
	}
	if out.True("publiclyAccessible") {
		if err := tx.reachable(vpc); err != nil {
			return err
		}
	}
	if out.Text("storageType") == "gp3" {
		setDefault(out, "iops", 3000.0)
		setDefault(out, "storageThroughput", 125.0)
	}
	if out.True("performanceInsightsEnabled") {
		setDefault(out, "performanceInsightsRetentionPeriod", 7.0)
		setDefault(out, "performanceInsightsKmsKeyId", tx.defaultKey("rds"))
	}
	if days, _ := out.Int("backupRetentionPeriod"); days > 0 {
		setDefault(out, "latestRestorableTime", tx.Now())
	}
	out["maintenanceWindow"] = strings.ToLower(out.Text("maintenanceWindow"))
	address := fmt.Sprintf("%s.c%s.%s.rds.amazonaws.com", out.Text("identifier"), stableLetters("rds "+tx.Region(), 11), tx.Region())
	port, _ := out.Int("port")
	out["address"] = address
	out["endpoint"] = fmt.Sprintf("%s:%d", address, port)
	return nil
}

// reachable refuses a public database in a VPC that nobody outside can reach.
func (tx *Tx) reachable(vpc string) error {
	network, _ := tx.Get(vpcToken, vpc)
	if !network.Outputs.True("enableDnsSupport") || !network.Outputs.True("enableDnsHostnames") {
		return tx.Refuse("InvalidVPCNetworkStateFault",
			"Cannot create a publicly accessible DBInstance. The specified VPC %s does not support DNS resolution, DNS hostnames, or both. Update the VPC and then try again", vpc)
	}
	if _, ok := tx.Find(internetGatewayToken, "vpcId", vpc); !ok {
		return tx.Refuse("InvalidVPCNetworkStateFault",
			"Cannot create a publicly accessible DBInstance. The specified VPC %s has no internet gateway attached. Update the VPC and then try again", vpc)
	}
	return nil
}

func updateDatabase(tx *Tx, old, next *Resource) error {
	before, _ := old.Outputs.Int("allocatedStorage")
	after, _ := next.Outputs.Int("allocatedStorage")
	if after < before {
		return tx.Refuse("InvalidParameterCombination", "Requested size (%d) should be greater than current size (%d): storage cannot shrink", after, before)
	}
	if name := next.Outputs.Text("identifier"); name != old.Outputs.Text("identifier") {
		if _, taken := tx.Find(databaseToken, "identifier", name); taken {
			return tx.Refuse("DBInstanceAlreadyExists", "DB instance %s already exists; choose another identifier", name)
		}
		next.Outputs["arn"] = tx.ARN("rds", "db:"+name)
	}
	engine := next.Outputs.Text("engine")
	current, _ := databaseVersion(engine, old.Outputs.Text("engineVersionActual"))
	wanted, ok := databaseVersion(engine, next.Outputs.Text("engineVersion"))
	switch {
	case !ok:
		return tx.Refuse("InvalidParameterCombination", "Cannot find version %s for %s", next.Outputs.Text("engineVersion"), engine)
	case wanted.before(current):
		return tx.Refuse("InvalidParameterCombination", "Cannot upgrade %s from %s to %s: a database never goes back to an older version", engine, current.full(), wanted.full())
	case wanted.line != current.line && !next.Outputs.True("allowMajorVersionUpgrade"):
		return tx.Refuse("InvalidParameterCombination",
			"The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version (%s to %s): set allowMajorVersionUpgrade", current.full(), wanted.full())
	case wanted.line != current.line && !next.Inputs.Has("parameterGroupName"):
		delete(next.Outputs, "parameterGroupName")
		delete(next.Outputs, "optionGroupName")
	}
	return tx.completeDatabase(next)
}

func deleteDatabase(tx *Tx, r *Resource) error {
	if r.Outputs.True("deletionProtection") {
		return tx.Refuse("InvalidParameterCombination",
			"Cannot delete protected DB Instance, please disable deletion protection and try again: deploy with deletionProtection false first")
	}
	if r.Outputs.True("skipFinalSnapshot") {
		return nil
	}
	snapshot := r.Outputs.Text("finalSnapshotIdentifier")
	if snapshot == "" {
		return tx.Refuse("InvalidParameterCombination",
			"FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified: deploy with finalSnapshotIdentifier or skipFinalSnapshot first")
	}
	id := strings.ToLower(snapshot)
	if _, taken := tx.Get(databaseSnapshotToken, id); taken {
		return tx.Refuse("DBSnapshotAlreadyExists",
			"Cannot create the snapshot because a snapshot with the identifier %s already exists: deploy with another finalSnapshotIdentifier first", id)
	}
	kept := Values{"dbInstanceIdentifier": r.Outputs["identifier"], "snapshotCreateTime": tx.Now(), "dbSnapshotArn": tx.ARN("rds", "snapshot:"+id)}
	for _, name := range []string{"engine", "engineVersion", "username", "allocatedStorage", "dbName"} {
		kept[name] = r.Outputs[name]
	}
	tx.Put("", Resource{Type: databaseSnapshotToken, ID: id, Inputs: Values{}, Outputs: kept})
	return nil
}

// setDefault sets what AWS fills in for an input that was left out.
func setDefault(out Values, name string, value any) {
	if current, ok := out[name]; !ok || current == nil || current == "" || current == 0.0 {
		out[name] = value
	}
}

// stableHex makes digits that are the same whenever they are asked for.
func stableHex(seed string, n int) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])[:n]
}

// stableLetters is stableHex with lower case letters and digits.
func stableLetters(seed string, n int) string {
	value, _ := new(big.Int).SetString(stableHex(seed, 64), 16)
	return value.Text(36)[:n]
}

// now is the time of the operation for dates that are compared.
func (tx *Tx) now() time.Time {
	moment, _ := time.Parse(time.RFC3339, tx.Now())
	return moment
}
