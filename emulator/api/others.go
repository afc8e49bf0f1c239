package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// describeDBInstances answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBInstances.html: 100 records a page.
func (s *Server) describeDBInstances(_ context.Context, in *rds.DescribeDBInstancesInput) (*rds.DescribeDBInstancesOutput, error) {
	if len(in.Filters) > 0 {
		return nil, refuse("InvalidParameterValue", "the emulator has no filters of DescribeDBInstances")
	}
	var all []types.DBInstance
	for _, r := range append(s.account.List(account.DatabaseToken), s.account.List(account.DatabaseClusterInstanceToken)...) {
		v := r.Outputs
		if v.Has("clusterIdentifier") {
			v["status"] = s.clusterStatus(v.Text("clusterIdentifier"))
		}
		name := v.Text("identifier")
		if in.DBInstanceIdentifier != nil && *in.DBInstanceIdentifier != name && *in.DBInstanceIdentifier != v.Text("arn") {
			continue
		}
		host, _, _ := strings.Cut(cmp.Or(v.Text("address"), v.Text("endpoint")), ":")
		all = append(all, types.DBInstance{
			DBInstanceIdentifier: ptr(name), DBClusterIdentifier: optional(v.Text("clusterIdentifier")), DBInstanceArn: ptr(v.Text("arn")), DBInstanceStatus: ptr(v.Text("status")), DBInstanceClass: ptr(v.Text("instanceClass")),
			Engine: ptr(v.Text("engine")), EngineVersion: ptr(cmp.Or(v.Text("engineVersionActual"), v.Text("engineVersion"))), MasterUsername: optional(v.Text("username")),
			DBName: optional(v.Text("dbName")), AllocatedStorage: optionalInt32(v, "allocatedStorage"), MultiAZ: ptr(v.True("multiAz")),
			PubliclyAccessible: ptr(v.True("publiclyAccessible")), StorageEncrypted: ptr(v.True("storageEncrypted")), DeletionProtection: ptr(v.True("deletionProtection")),
			BackupRetentionPeriod: optionalInt32(v, "backupRetentionPeriod"), Endpoint: &types.Endpoint{Address: ptr(host), Port: optionalInt32(v, "port")},
		})
	}
	if in.DBInstanceIdentifier != nil && len(all) == 0 {
		return nil, refuse("DBInstanceNotFound", "DBInstance %s not found.", *in.DBInstanceIdentifier)
	}
	part, next, err := page(all, in.Marker, in.MaxRecords, 100)
	return &rds.DescribeDBInstancesOutput{DBInstances: part, Marker: next}, err
}

// getCallerIdentity answers https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html.
func (s *Server) getCallerIdentity(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	id := s.account.ID()
	return &sts.GetCallerIdentityOutput{Account: ptr(id), Arn: ptr(callerARN(id)), UserId: ptr("AIDAEMULATEDACCOUNT00")}, nil
}

// getSecretValue answers https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html.
func (s *Server) getSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput) (*secretsmanager.GetSecretValueOutput, error) {
	id, stage := text(in.SecretId), text(in.VersionStage)
	secret, there := s.account.Find(account.SecretToken, "arn", id)
	if !there {
		secret, there = s.account.Find(account.SecretToken, "name", id)
	}
	if text(in.VersionId) == "" {
		stage = cmp.Or(stage, "AWSCURRENT")
	}
	for _, version := range s.account.List(account.SecretVersionToken) {
		v := version.Outputs
		if !there || v.Text("arn") != secret.Outputs.Text("arn") || in.VersionId != nil && v.Text("versionId") != *in.VersionId || stage != "" && !slices.Contains(v.Strings("versionStages"), stage) {
			continue
		}
		return &secretsmanager.GetSecretValueOutput{ARN: ptr(v.Text("arn")), Name: optional(secret.Outputs.Text("name")), VersionId: optional(v.Text("versionId")), SecretString: ptr(v.Text("secretString")), VersionStages: v.Strings("versionStages")}, nil
	}
	return nil, refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
