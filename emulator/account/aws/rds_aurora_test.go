package aws

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var goodCluster = account.Values{
	"clusterIdentifier": "shop", "engine": "aurora-mysql", "engineVersion": "8.0", "masterUsername": "app", "masterPassword": "correct-horse-battery", "databaseName": "shop",
	"dbSubnetGroupName": "{data}", "vpcSecurityGroupIds": []any{"{web}"}, "skipFinalSnapshot": true, "storageEncrypted": true,
	"serverlessv2ScalingConfiguration": map[string]any{"minCapacity": 0.0, "maxCapacity": 4.0},
}

var goodMember = account.Values{"identifier": "shop-1", "clusterIdentifier": "shop", "engine": "aurora-mysql", "instanceClass": "db.serverless", "dbSubnetGroupName": "{data}"}

var goodClusterParameters = account.Values{"family": "aurora-mysql8.0", "parameters": []any{map[string]any{"name": "require_secure_transport", "value": "ON"}}}

// clustered is the furnished account with a cluster that has an instance.
func clustered(t *testing.T) *world {
	t.Helper()
	w := stored(t)
	w.make(account.DatabaseClusterToken, "shop", goodCluster)
	w.make(account.DatabaseClusterInstanceToken, "shop-1", goodMember)
	w.make(account.DatabaseSubnetGroupToken, "elsewhere", account.Values{"subnetIds": []any{"{a}", "{b}"}})
	return w
}

func TestAuroraRefusals(t *testing.T) {
	cluster, member, params := account.DatabaseClusterToken, account.DatabaseClusterInstanceToken, account.DatabaseClusterParametersToken
	new, second := with(goodCluster, account.Values{"clusterIdentifier": "new"}), with(goodMember, account.Values{"identifier": "shop-2"})
	scaling := func(low, high float64) account.Values {
		return account.Values{"serverlessv2ScalingConfiguration": map[string]any{"minCapacity": low, "maxCapacity": high}}
	}
	parameter := func(name, value string) account.Values {
		return account.Values{"parameters": []any{map[string]any{"name": name, "value": value}}}
	}
	testRefusals(t, clustered, []refusal{
		{"cluster in capitals", cluster, new, account.Values{"clusterIdentifier": "Shop"}, "clusterIdentifier", ""},
		{"cluster with two hyphens", cluster, new, account.Values{"clusterIdentifier": "my--shop"}, "clusterIdentifier", ""},
		{"cluster of another engine", cluster, new, account.Values{"engine": "neptune"}, "engine", ""},
		{"version of RDS", cluster, new, account.Values{"engineVersion": "8.4"}, "engineVersion", ""},
		{"no backups", cluster, new, account.Values{"backupRetentionPeriod": 0}, "backupRetentionPeriod", ""},
		{"backups too long", cluster, new, account.Values{"backupRetentionPeriod": 36}, "backupRetentionPeriod", ""},
		{"no password", cluster, new, account.Values{"masterPassword": nil}, "masterPassword", ""},
		{"short password", cluster, new, account.Values{"masterPassword": "short"}, "masterPassword", ""},
		{"no user", cluster, new, account.Values{"masterUsername": nil}, "masterUsername", ""},
		{"capacity between the steps", cluster, new, scaling(0.7, 4), "serverlessv2ScalingConfiguration.minCapacity", ""},
		{"too much capacity", cluster, new, scaling(0.5, 257), "serverlessv2ScalingConfiguration.maxCapacity", ""},
		{"hardly any capacity", cluster, new, scaling(0.5, 0.5), "serverlessv2ScalingConfiguration.maxCapacity", ""},
		{"capacity upside down", cluster, new, scaling(8, 4), "serverlessv2ScalingConfiguration.maxCapacity", ""},
		{"a pause in an old version", cluster, with(new, scaling(0, 4)), account.Values{"engineVersion": "8.0.mysql_aurora.3.07.1"}, "serverlessv2ScalingConfiguration.minCapacity", ""},
		{"a pause too soon", cluster, new, account.Values{"serverlessv2ScalingConfiguration": map[string]any{"minCapacity": 0.0, "maxCapacity": 4.0, "secondsUntilAutoPause": 60}},
			"serverlessv2ScalingConfiguration.secondsUntilAutoPause", ""},
		{"log of nothing", cluster, new, account.Values{"enabledCloudwatchLogsExports": []any{"postgresql"}}, "enabledCloudwatchLogsExports[0]", ""},
		{"windows that overlap", cluster, new, account.Values{"preferredBackupWindow": "03:00-04:00", "preferredMaintenanceWindow": "sun:03:30-sun:04:30"}, "preferredBackupWindow", ""},
		{"no life cycle", cluster, new, account.Values{"engineLifecycleSupport": "none"}, "engineLifecycleSupport", ""},
		{"lost subnet group", cluster, new, account.Values{"dbSubnetGroupName": "lost"}, "", "DBSubnetGroupNotFoundFault"},
		{"no subnet group", cluster, new, account.Values{"dbSubnetGroupName": nil}, "", "InvalidSubnet"},
		{"lost parameter group", cluster, new, account.Values{"dbClusterParameterGroupName": "lost"}, "", "DBClusterParameterGroupNotFound"},
		{"lost security group", cluster, new, account.Values{"vpcSecurityGroupIds": []any{"sg-0123456789abcdef0"}}, "", "InvalidParameterValue"},
		{"cluster twice", cluster, new, account.Values{"clusterIdentifier": "shop"}, "", "DBClusterAlreadyExistsFault"},

		{"instance of no cluster", member, second, account.Values{"clusterIdentifier": "lost"}, "", "DBClusterNotFoundFault"},
		{"instance of a class that is not serverless", member, second, account.Values{"instanceClass": "db.t4g.micro"}, "instanceClass", ""},
		{"instance in other subnets", member, second, account.Values{"dbSubnetGroupName": "{elsewhere}"}, "", "InvalidParameterCombination"},
		{"instance of no priority", member, second, account.Values{"promotionTier": 16}, "promotionTier", ""},
		{"instance twice", member, second, account.Values{"identifier": "shop-1"}, "", "DBInstanceAlreadyExists"},

		{"parameter group of RDS", params, goodClusterParameters, account.Values{"family": "mysql8.4"}, "family", ""},
		{"unknown parameter", params, goodClusterParameters, parameter("require_tls", "ON"), "parameters[0].name", ""},
		{"switch that is 1", params, goodClusterParameters, parameter("require_secure_transport", "1"), "parameters[0].value", ""},
	})
}

// TestAuroraCluster: the first instance writes, a cluster goes after its instances and leaves a snapshot, and a protected one stays.
func TestAuroraCluster(t *testing.T) {
	w := clustered(t)
	reader := w.make(account.DatabaseClusterInstanceToken, "shop-2", with(goodMember, account.Values{"identifier": "shop-2", "promotionTier": 1}))
	writer := mustRead(w, account.DatabaseClusterInstanceToken, "shop-1")
	if !writer.Outputs.True("writer") || reader.Outputs.True("writer") || writer.Outputs.Text("availabilityZone") == reader.Outputs.Text("availabilityZone") {
		t.Errorf("the instances are %v and %v", writer.Outputs, reader.Outputs)
	}
	cluster := mustRead(w, account.DatabaseClusterToken, "shop")
	checkOutputs(t, w.typeOf(account.DatabaseClusterToken), cluster)
	checkOutputs(t, w.typeOf(account.DatabaseClusterInstanceToken), reader)
	if members := cluster.Outputs.Strings("clusterMembers"); len(members) != 2 || cluster.Outputs.Text("endpoint") == cluster.Outputs.Text("readerEndpoint") {
		t.Errorf("the cluster is %v", cluster.Outputs)
	}
	wantCode(t, w.Delete(t.Context(), account.DatabaseClusterToken, "shop"), "InvalidDBClusterStateFault")
	for _, id := range []string{"shop-1", "shop-2"} {
		if err := w.Delete(t.Context(), account.DatabaseClusterInstanceToken, id); err != nil {
			t.Fatal(err)
		}
	}
	change := w.updating(cluster, goodCluster)
	if err := change(account.Values{"deletionProtection": true}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Delete(t.Context(), account.DatabaseClusterToken, "shop"), "InvalidParameterCombination")
	if err := change(account.Values{"skipFinalSnapshot": false}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, w.Delete(t.Context(), account.DatabaseClusterToken, "shop"), "InvalidParameterCombination") // which name?
	if err := change(account.Values{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "shop-final"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, change(account.Values{"engineVersion": "8.0.mysql_aurora.3.08.0"}), "InvalidParameterCombination") // it runs 3.10
	final := account.Values{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "shop-final"}
	const newer = "8.0.mysql_aurora.3.11.0"
	if err := change(with(final, account.Values{"engineVersion": newer})); err != nil {
		t.Fatal(err)
	}
	wantCode(t, change(with(final, account.Values{"engineVersion": "8.0"})), "InvalidParameterCombination") // the default version is older
	if err := change(account.Values{"skipFinalSnapshot": false, "finalSnapshotIdentifier": "shop-final", "engineVersion": nil}); err != nil {
		t.Fatal(err)
	}
	if now := mustRead(w, account.DatabaseClusterToken, "shop").Outputs; now.Text("engineVersionActual") != newer || now.Text("engineVersion") != newer {
		t.Errorf("without a version it runs %s, %s", now.Text("engineVersion"), now.Text("engineVersionActual"))
	}
	if err := w.Delete(t.Context(), account.DatabaseClusterToken, "shop"); err != nil {
		t.Fatal(err)
	}
	if _, kept := w.Read(account.DatabaseClusterSnapshotToken, "shop-final"); !kept {
		t.Error("the cluster left no snapshot")
	}
}
