package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// onAurora is a stack with a cluster of Aurora, and keys of database.
func onAurora(t *testing.T, name string, keys map[string]any) map[string]string {
	t.Helper()
	config := stackConfig(t, name)
	delete(config, "laravel-ecs:database")
	config = with(config, "database", "engine", "aurora-mysql")
	for key, value := range keys {
		config = with(config, "database", key, value)
	}
	return config
}

func TestInventoryOfAurora(t *testing.T) {
	checkInventory(t, "staging-aurora", deploy(t, "staging", onAurora(t, "staging", map[string]any{
		"serverless": map[string]any{"minCapacity": 0}, "readers": 1, "performanceInsights": true, "logExports": []string{"audit", "error"}, "kmsKeyId": "arn:aws:kms:eu-west-1:123456789012:key/1234abcd",
	})))
}

// TestAurora: a private, encrypted cluster that pauses, with TLS, and no instance of RDS beside it.
func TestAurora(t *testing.T) {
	r := deploy(t, "staging", onAurora(t, "staging", map[string]any{"serverless": map[string]any{"minCapacity": 0, "pauseSeconds": 600}}))
	if made := r.OfType("aws:rds/instance:Instance"); len(made) > 0 {
		t.Errorf("there is an instance of RDS: %v", made)
	}
	cluster := one(t, r, "aws:rds/cluster:Cluster")
	for path, want := range map[string]string{"storageEncrypted": "true", "deletionProtection": "false", "copyTagsToSnapshot": "true", "engineVersion": "null", "skipFinalSnapshot": "false", "backupRetentionPeriod": "7",
		"serverlessv2ScalingConfiguration.minCapacity": "0", "serverlessv2ScalingConfiguration.maxCapacity": "4", "serverlessv2ScalingConfiguration.secondsUntilAutoPause": "600",
		"engineLifecycleSupport": `"open-source-rds-extended-support-disabled"`,
	} {
		value, _ := at(cluster, path)
		if got, _ := json.Marshal(value.Mappable()); string(got) != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	tagged := func(r *infratest.Recorder) (engines []string) { // what a later deployment knows it by
		for _, group := range each(t, r, "aws:ec2/securityGroup:SecurityGroup") {
			if engine := text(group, "tags.database-engine"); engine != "" {
				engines = append(engines, group.Name+" "+engine)
			}
		}
		return engines
	}
	if got, without := tagged(r), tagged(deploy(t, "staging", stackConfig(t, "staging"))); len(got) != 1 || !strings.HasSuffix(got[0], "-database aurora-mysql") || len(without) > 0 {
		t.Errorf("the groups have the tags %v, and with an instance %v", got, without)
	}
	instance := one(t, r, "aws:rds/clusterInstance:ClusterInstance")
	if text(instance, "instanceClass") != "db.serverless" || isTrue(instance, "publiclyAccessible") || !isTrue(instance, "autoMinorVersionUpgrade") {
		t.Errorf("the instance is %v", instance.Inputs)
	}
	if group := one(t, r, "aws:rds/clusterParameterGroup:ClusterParameterGroup"); text(group, "family") != "aurora-mysql8.0" || !strings.Contains(fmt.Sprint(group.Inputs), "require_secure_transport") || !strings.Contains(fmt.Sprint(group.Inputs), "{ON}") {
		t.Errorf("the parameters are %v", group.Inputs)
	}
	got := containerVariables(t, r, "DB_CONNECTION", "DB_HOST", "DB_PORT", "DB_READ_HOST", "MYSQL_ATTR_SSL_CA")
	if got["DB_CONNECTION"] != "mysql" || got["DB_HOST"] == "" || got["DB_PORT"] != "3306" || got["DB_READ_HOST"] != "" || got["MYSQL_ATTR_SSL_CA"] == "" {
		t.Errorf("the containers have %v", got)
	}
	if got, want := capacityAlarms(t, r), map[string]string{"WRITER": "Maximum notBreaching"}; !maps.Equal(got, want) {
		t.Errorf("alarms of the capacity: %v, want %v", got, want)
	}
	for _, a := range r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		if name := text(a, "metricName"); name == "FreeStorageSpace" || strings.Contains(a.Name, "db-backup") {
			t.Errorf("the alarm %s is of an instance", a.Name)
		}
	}
}

// capacityAlarms are the statistic, and what no data means, by role.
func capacityAlarms(t *testing.T, r *infratest.Recorder) map[string]string {
	t.Helper()
	alarms := map[string]string{}
	for _, a := range each(t, r, "aws:cloudwatch/metricAlarm:MetricAlarm") {
		if text(a, "metricName") == "ACUUtilization" && text(a, "dimensions.DBClusterIdentifier") != "" {
			alarms[text(a, "dimensions.Role")] = text(a, "statistic") + " " + text(a, "treatMissingData")
		}
	}
	return alarms
}

// TestProtectedAurora: neither Pulumi nor AWS deletes the cluster of production, and a reader takes over.
func TestProtectedAurora(t *testing.T) {
	r := deploy(t, "prod", onAurora(t, "prod", map[string]any{"readers": 1, "version": "8.0.mysql_aurora.3.10.1"}))
	cluster := one(t, r, "aws:rds/cluster:Cluster")
	if !cluster.Protect || !isTrue(cluster, "deletionProtection") || text(cluster, "finalSnapshotIdentifier") == "" {
		t.Error("the cluster is not protected")
	}
	if version := text(cluster, "engineVersion"); version != "8.0.mysql_aurora.3.10.1" {
		t.Errorf("the version is %q", version)
	}
	if got, want := capacityAlarms(t, r), map[string]string{"WRITER": "Maximum breaching", "READER": "Maximum breaching"}; !maps.Equal(got, want) {
		t.Errorf("alarms of the capacity: %v, want %v", got, want)
	}
	for _, instance := range each(t, r, "aws:rds/clusterInstance:ClusterInstance") {
		if writer := strings.HasSuffix(instance.Name, "-writer"); instance.Protect != writer || isTrue(instance, "autoMinorVersionUpgrade") {
			t.Errorf("%s is protected: %v, and AWS upgrades it: %v", instance.Name, instance.Protect, isTrue(instance, "autoMinorVersionUpgrade"))
		}
	}
	if got := containerVariables(t, r, "DB_HOST", "DB_READ_HOST", "DB_WRITE_HOST"); got["DB_READ_HOST"] == "" || got["DB_READ_HOST"] == got["DB_HOST"] || got["DB_WRITE_HOST"] != got["DB_HOST"] {
		t.Errorf("the containers have %v", got)
	}
	var sources []string
	for _, e := range each(t, r, "aws:rds/eventSubscription:EventSubscription") {
		sources = append(sources, text(e, "sourceType"))
	}
	if slices.Sort(sources); !slices.Equal(sources, []string{"db-cluster", "db-instance"}) {
		t.Errorf("events are of %v", sources)
	}
}

// TestAuroraSleeps: the nights stop and start the cluster, and their role may do that only.
func TestAuroraSleeps(t *testing.T) {
	config := nightly(t)
	config["laravel-ecs:database"] = onAurora(t, "staging", nil)["laravel-ecs:database"]
	r := deploy(t, "staging", config)
	calls := map[string]bool{}
	for _, s := range each(t, r, "aws:scheduler/schedule:Schedule") {
		if strings.HasSuffix(s.Name, "-database") {
			_, action, _ := strings.Cut(text(s, "target.arn"), "aws-sdk:")
			calls[action] = strings.Contains(text(s, "target.input"), "DbClusterIdentifier")
		}
	}
	if want := map[string]bool{"rds:stopDBCluster": true, "rds:startDBCluster": true}; fmt.Sprint(calls) != fmt.Sprint(want) {
		t.Errorf("the calls are %v", calls)
	}
	if !slices.ContainsFunc(each(t, r, "aws:iam/rolePolicy:RolePolicy"), func(p infratest.Resource) bool {
		return strings.Contains(text(p, "policy"), "rds:StopDBCluster") && !strings.Contains(text(p, "policy"), "rds:StopDBInstance")
	}) {
		t.Error("no role may stop the cluster")
	}
}

// TestAuroraRefusals: what Aurora does not have or take is an error, and so is what only Aurora has.
func TestAuroraRefusals(t *testing.T) {
	aurora := func(key string, value any) map[string]string {
		return onAurora(t, "staging", map[string]any{key: value})
	}
	staging := stackConfig(t, "staging")
	for want, config := range map[string]map[string]string{
		`database.version: "8.4" is no version of aurora-mysql`:                aurora("version", "8.4"),
		"database.instanceClass: not with aurora-mysql, because its instances": aurora("instanceClass", "db.r6g.large"),
		"database.storageGb: not with aurora-mysql, because its storage grows": aurora("storageGb", 100),
		"database.multiAz: not with aurora-mysql":                              aurora("multiAz", true),
		"database.version: 3.01.1 has no Serverless v2":                        aurora("version", "8.0.mysql_aurora.3.01.1"),
		"database.serverless.maxCapacity: 128.5 needs Aurora MySQL 3.06.0": with(aurora("version", "8.0.mysql_aurora.3.04.4"),
			"database", "serverless", map[string]any{"maxCapacity": 128.5}),
		"database.restore: not with aurora-mysql, because the program cannot restore it yet: docs/restore.md": aurora("restore", map[string]any{"snapshot": "shop-final", "generation": 2, "keepOldUntil": "2030-01-01"}),
		"database.copies: not with aurora-mysql":                                 aurora("copies", map[string]any{"region": "eu-central-1"}),
		"database.serverless.minCapacity: 0.7 is not a number of capacity units": aurora("serverless", map[string]any{"minCapacity": 0.7}),
		"database.serverless.maxCapacity: 257 is not a number":                   aurora("serverless", map[string]any{"maxCapacity": 257}),
		"database.serverless.maxCapacity: 4 is below minCapacity, 8":             aurora("serverless", map[string]any{"minCapacity": 8}),
		"database.serverless.pauseSeconds: 60 is outside 300-86400":              aurora("serverless", map[string]any{"minCapacity": 0, "pauseSeconds": 60}),
		"database.serverless.pauseSeconds: has no effect with minCapacity 0.5":   aurora("serverless", map[string]any{"pauseSeconds": 600}),
		"database.serverless.minCapacity: 0 needs Aurora MySQL 3.08.0 or later, and version is 3.07.1": with(aurora("version", "8.0.mysql_aurora.3.07.1"),
			"database", "serverless", map[string]any{"minCapacity": 0}),
		`database.engine: "aurora-mysql": the server of database.endpoint is MySQL`:  with(existingDatabase(t, "staging", masterSecret), "database", "engine", "aurora-mysql"),
		"database.readers: 16 is outside 0-15":                                       aurora("readers", 16),
		"database.readers: only Aurora has readers, and the engine is mysql":         with(staging, "database", "readers", 1),
		"database.serverless: only Aurora has a capacity, and the engine is mysql":   with(staging, "database", "serverless", map[string]any{"minCapacity": 1}),
		"database.readers: environment.class production requires 1 or more":          onAurora(t, "prod", nil),
		"database.serverless.minCapacity: environment.class production requires 0.5": onAurora(t, "prod", map[string]any{"readers": 1, "serverless": map[string]any{"minCapacity": 0}}),
	} {
		stack := "staging"
		if strings.Contains(want, "production") {
			stack = "prod"
		}
		if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", stack, config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, %s expected", err, want)
		}
	}
}
