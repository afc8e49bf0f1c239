package api

import (
	"context"

	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// updateService answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html for the number of tasks. AWS does not
// wait for them, as is done here.
func (s *Server) updateService(ctx context.Context, in *ecs.UpdateServiceInput) (*ecs.UpdateServiceOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	r, ok := s.service(cluster.Outputs.Text("name"), text(in.Service))
	switch {
	case !ok:
		return nil, refuse("ServiceNotFoundException", "Service not found.")
	case in.DesiredCount == nil:
		return nil, refuse("InvalidParameterException", "the emulator changes the desired count only")
	}
	return &ecs.UpdateServiceOutput{}, s.setCount(ctx, r, *in.DesiredCount)
}

func (s *Server) setCount(ctx context.Context, service account.Resource, count int32) error {
	service.Inputs["desiredCount"] = float64(count)
	_, err := s.account.Update(ctx, account.ServiceToken, service.ID, service.Inputs)
	return err
}

// registerScalableTarget answers https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html for a target
// that exists. "If it falls outside of the minimum-maximum range, then the capacity is updated to comply"
// (https://docs.aws.amazon.com/autoscaling/application/userguide/getting-started.html).
func (s *Server) registerScalableTarget(ctx context.Context, in *scaling.RegisterScalableTargetInput) (*scaling.RegisterScalableTargetOutput, error) {
	target, ok := s.account.Read(account.ScalableTargetToken, text(in.ResourceId))
	if !ok || in.MinCapacity == nil || in.MaxCapacity == nil {
		return nil, refuse("ValidationException", "the emulator changes both limits of a scalable target that exists")
	}
	target.Inputs["minCapacity"], target.Inputs["maxCapacity"] = float64(*in.MinCapacity), float64(*in.MaxCapacity)
	if _, err := s.account.Update(ctx, account.ScalableTargetToken, target.ID, target.Inputs); err != nil {
		return nil, err
	}
	out := &scaling.RegisterScalableTargetOutput{ScalableTargetARN: ptr(target.Outputs.Text("arn"))}
	for _, service := range s.account.List(account.ServiceToken) {
		count := int32Of(service.Outputs, "desiredCount")
		if within := min(max(count, *in.MinCapacity), *in.MaxCapacity); within != count &&
			"service/"+lastPart(service.Outputs.Text("cluster"))+"/"+service.Outputs.Text("name") == target.ID {
			return out, s.setCount(ctx, service, within)
		}
	}
	return out, nil
}

// stopDBInstance answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBInstance.html.
func (s *Server) stopDBInstance(ctx context.Context, in *rds.StopDBInstanceInput) (*rds.StopDBInstanceOutput, error) {
	return &rds.StopDBInstanceOutput{}, s.setStatus(ctx, text(in.DBInstanceIdentifier), "available", "stopped")
}

// startDBInstance answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBInstance.html.
func (s *Server) startDBInstance(ctx context.Context, in *rds.StartDBInstanceInput) (*rds.StartDBInstanceOutput, error) {
	return &rds.StartDBInstanceOutput{}, s.setStatus(ctx, text(in.DBInstanceIdentifier), "stopped", "available")
}

func (s *Server) setStatus(ctx context.Context, identifier, from, to string) error {
	r, ok := s.account.Find(account.DatabaseToken, "identifier", identifier)
	if !ok {
		return refuse("DBInstanceNotFound", "DBInstance %s not found.", identifier)
	}
	if status := r.Outputs.Text("status"); status != from {
		return refuse("InvalidDBInstanceState", "Instance %s is not in %s state.", identifier, from)
	}
	return s.account.Turn(ctx, r, "status", to)
}

// stopDBCluster answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StopDBCluster.html.
func (s *Server) stopDBCluster(ctx context.Context, in *rds.StopDBClusterInput) (*rds.StopDBClusterOutput, error) {
	return &rds.StopDBClusterOutput{}, s.setClusterStatus(ctx, text(in.DBClusterIdentifier), "available", "stopped")
}

// startDBCluster answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartDBCluster.html.
func (s *Server) startDBCluster(ctx context.Context, in *rds.StartDBClusterInput) (*rds.StartDBClusterOutput, error) {
	return &rds.StartDBClusterOutput{}, s.setClusterStatus(ctx, text(in.DBClusterIdentifier), "stopped", "available")
}

// clusterStatus is that of a cluster. Pulumi's type has no such property, so a mark beside the cluster says that it is stopped.
func (s *Server) clusterStatus(id string) string {
	if _, stopped := s.account.Read(account.DatabaseClusterStoppedToken, id); stopped {
		return "stopped"
	}
	return "available"
}

func (s *Server) setClusterStatus(ctx context.Context, identifier, from, to string) error {
	r, ok := s.account.Read(account.DatabaseClusterToken, identifier)
	if !ok {
		return refuse("DBClusterNotFoundFault", "DBCluster %s not found.", identifier)
	}
	if s.clusterStatus(r.ID) != from {
		return refuse("InvalidDBClusterStateFault", "DbCluster %s is in %s state but expected it to be one of %s.", identifier, s.clusterStatus(r.ID), from)
	}
	mark := account.Resource{Type: account.DatabaseClusterStoppedToken, ID: r.ID, Inputs: account.Values{}, Outputs: account.Values{"clusterIdentifier": r.ID}}
	if err := s.account.Change(ctx, func(tx *account.Tx) error {
		if to == "stopped" {
			tx.Put(r.ID, mark)
		} else {
			tx.Remove(mark)
		}
		return nil
	}); err != nil {
		return err
	}
	return s.account.Turn(ctx, r, "endpoint", r.Outputs["endpoint"]) // its server stops or starts
}

// describeDBClusters answers https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBClusters.html: 100 records a page.
func (s *Server) describeDBClusters(_ context.Context, in *rds.DescribeDBClustersInput) (*rds.DescribeDBClustersOutput, error) {
	if len(in.Filters) > 0 {
		return nil, refuse("InvalidParameterValue", "the emulator has no filters of DescribeDBClusters")
	}
	var all []types.DBCluster
	for _, r := range s.account.List(account.DatabaseClusterToken) {
		v := r.Outputs
		if in.DBClusterIdentifier != nil && *in.DBClusterIdentifier != r.ID && *in.DBClusterIdentifier != v.Text("arn") {
			continue
		}
		all = append(all, types.DBCluster{
			DBClusterIdentifier: ptr(r.ID), DBClusterArn: ptr(v.Text("arn")), Status: ptr(s.clusterStatus(r.ID)), Engine: ptr(v.Text("engine")), EngineVersion: ptr(v.Text("engineVersionActual")),
			Endpoint: ptr(v.Text("endpoint")), ReaderEndpoint: ptr(v.Text("readerEndpoint")), Port: optionalInt32(v, "port"),
			DeletionProtection: ptr(v.True("deletionProtection")), StorageEncrypted: ptr(v.True("storageEncrypted")), BackupRetentionPeriod: optionalInt32(v, "backupRetentionPeriod"),
		})
	}
	if in.DBClusterIdentifier != nil && len(all) == 0 {
		return nil, refuse("DBClusterNotFoundFault", "DBCluster %s not found.", *in.DBClusterIdentifier)
	}
	part, next, err := page(all, in.Marker, in.MaxRecords, 100)
	return &rds.DescribeDBClustersOutput{DBClusters: part, Marker: next}, err
}
