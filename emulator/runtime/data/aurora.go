package data

import (
	"context"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// asInstance gives a cluster of Aurora the names that an instance of RDS has: one MariaDB server stands for the cluster, whatever its instances.
// Its reader endpoint leads to the same server, so what was written is read at once. A replica of Aurora is some milliseconds late
// (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html). Nothing scales or pauses.
func (r *Servers) asInstance(cluster account.Resource) account.Resource {
	v := cluster.Outputs.Clone()
	for name, of := range map[string]string{
		"identifier": "clusterIdentifier", "username": "masterUsername", "password": "masterPassword", "dbName": "databaseName", "address": "endpoint", "parameterGroupName": "dbClusterParameterGroupName",
	} {
		v[name] = v[of]
	}
	v["engine"] = "mysql"
	if _, stopped := r.Account.Find(account.DatabaseClusterStoppedToken, "clusterIdentifier", cluster.ID); stopped {
		v["status"] = "stopped"
	}
	cluster.Outputs = v
	return cluster
}

// EnsureCluster runs MariaDB for a cluster of Aurora.
func (r *Servers) EnsureCluster(ctx context.Context, cluster account.Resource) error {
	return r.EnsureDatabase(ctx, r.asInstance(cluster))
}

// RemoveCluster takes it away, and keeps the final snapshot.
func (r *Servers) RemoveCluster(ctx context.Context, cluster account.Resource) error {
	return r.RemoveDatabase(ctx, r.asInstance(cluster))
}
