package api

import (
	"context"

	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/rds"

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
