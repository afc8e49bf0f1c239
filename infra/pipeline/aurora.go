package pipeline

import "maps"

// clusterSnapshots have the name of their cluster, and at its deletion no tags yet
// (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html: DeleteDBCluster names the final one).
var clusterSnapshots = scope{"rds:{region}:{account}:cluster-snapshot:{name}", always}

// withAurora adds what Aurora needs: reading is internal/service/rds/cluster.go, cluster_instance.go and cluster_parameter_group.go of
// hashicorp/terraform-provider-aws.
func withAurora(table map[string][]permission) map[string][]permission {
	maps.Copy(table, map[string][]permission{
		"aws:rds/cluster:Cluster": {
			reading("rds:DescribeDBClusters rds:DescribeGlobalClusters rds:ListTagsForResource"),
			{"rds:AddTagsToResource rds:CreateDBCluster rds:CreateDBClusterSnapshot rds:DeleteDBCluster rds:ModifyDBCluster rds:RemoveTagsFromResource", databases},
			{"rds:CreateDBCluster rds:ModifyDBCluster", optionGroups},
			{"rds:CreateDBClusterSnapshot rds:DeleteDBCluster", clusterSnapshots}, // the final one
			{"iam:CreateServiceLinkedRole", rolesLinked},
		},
		"aws:rds/clusterInstance:ClusterInstance": {
			reading("rds:DescribeDBClusters rds:DescribeDBInstances rds:ListTagsForResource"),
			{"rds:AddTagsToResource rds:CreateDBInstance rds:DeleteDBInstance rds:ModifyDBInstance rds:RemoveTagsFromResource", databases},
			{"rds:CreateDBInstance rds:ModifyDBInstance", optionGroups},
		},
		"aws:rds/clusterParameterGroup:ClusterParameterGroup": {
			reading("rds:DescribeDBClusterParameterGroups rds:DescribeDBClusterParameters rds:ListTagsForResource"),
			{"rds:AddTagsToResource rds:CreateDBClusterParameterGroup rds:DeleteDBClusterParameterGroup rds:ModifyDBClusterParameterGroup rds:RemoveTagsFromResource rds:ResetDBClusterParameterGroup", databases},
		},
	})
	const schedule = "aws:scheduler/schedule:Schedule" // as with an instance: a deployment wakes what sleeps
	table[schedule] = append(table[schedule], permission{"rds:StartDBCluster rds:StopDBCluster", databases})
	return table
}
