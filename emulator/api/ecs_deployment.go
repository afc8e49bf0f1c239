package api

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// short is what follows ecs-svc/ in the id of a deployment, which names the service deployment and its revision.
func (s *Server) deploymentARN(record state.Service, id string) string {
	return ecsARN(s.account, "service-deployment/"+record.Cluster+"/"+record.Service+"/"+lastPart(id))
}

func (s *Server) revisionARN(record state.Service, id string) string {
	return ecsARN(s.account, "service-revision/"+record.Cluster+"/"+record.Service+"/"+lastPart(id))
}

// deploymentStatus is how a service deployment ended, or is under way. Source of the values:
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html.
func deploymentStatus(d state.Deployment) types.ServiceDeploymentStatus {
	switch {
	case d.Rollback != nil && d.Rollback.Failed:
		return types.ServiceDeploymentStatusRollbackFailed
	case d.Rollback != nil && d.Rollback.Finished.IsZero():
		return types.ServiceDeploymentStatusRollbackInProgress
	case d.Rollback != nil:
		return types.ServiceDeploymentStatusRollbackSuccessful
	case !d.Served.IsZero():
		return types.ServiceDeploymentStatusSuccessful // whatever came after
	case d.Stopped || d.RolloutState == state.Failed:
		return types.ServiceDeploymentStatusStopped
	default:
		return types.ServiceDeploymentStatusInProgress
	}
}

// listServiceDeployments answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html: 20 a page.
func (s *Server) listServiceDeployments(_ context.Context, in *ecs.ListServiceDeploymentsInput) (*ecs.ListServiceDeploymentsOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	r, ok := s.service(cluster.Outputs.Text("name"), text(in.Service))
	if !ok {
		return nil, refuse("ServiceNotFoundException", "Service not found.")
	}
	record, _ := s.runtime.Service(cluster.Outputs.Text("name"), r.Outputs.Text("name"))
	var all []types.ServiceDeploymentBrief
	for _, d := range record.Deployments {
		status := deploymentStatus(d)
		if len(in.Status) > 0 && !slices.Contains(in.Status, status) || in.CreatedAt != nil &&
			(in.CreatedAt.After != nil && d.Created.Before(*in.CreatedAt.After) || in.CreatedAt.Before != nil && d.Created.After(*in.CreatedAt.Before)) {
			continue
		}
		full := s.describeServiceDeployment(record, r, d)
		all = append(all, types.ServiceDeploymentBrief{
			ServiceDeploymentArn: full.ServiceDeploymentArn, ServiceArn: full.ServiceArn, ClusterArn: full.ClusterArn, CreatedAt: full.CreatedAt, StartedAt: full.StartedAt,
			FinishedAt: full.FinishedAt, Status: status, StatusReason: full.StatusReason, TargetServiceRevisionArn: full.TargetServiceRevision.Arn,
		})
	}
	part, next, err := page(all, in.NextToken, in.MaxResults, 20)
	return &ecs.ListServiceDeploymentsOutput{ServiceDeployments: part, NextToken: next}, err
}

// describeServiceDeployments answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html: 20 ARNs at most.
func (s *Server) describeServiceDeployments(_ context.Context, in *ecs.DescribeServiceDeploymentsInput) (*ecs.DescribeServiceDeploymentsOutput, error) {
	if err := between1And(20, "Service deployment ARNs", len(in.ServiceDeploymentArns)); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServiceDeploymentsOutput{}
	for _, arn := range in.ServiceDeploymentArns {
		record, r, d, ok := s.findDeployment(arn, ":service-deployment/")
		if !ok {
			out.Failures = append(out.Failures, types.Failure{Arn: ptr(arn), Reason: ptr("MISSING")})
			continue
		}
		out.ServiceDeployments = append(out.ServiceDeployments, s.describeServiceDeployment(record, r, d))
	}
	return out, nil
}

// findDeployment takes an ARN apart: ...KIND CLUSTER/SERVICE/ID.
func (s *Server) findDeployment(arn, kind string) (record state.Service, r account.Resource, d state.Deployment, ok bool) {
	_, path, _ := strings.Cut(arn, kind)
	parts := strings.Split(path, "/")
	if len(parts) != 3 {
		return record, r, d, false
	}
	if r, ok = s.service(parts[0], parts[1]); !ok {
		return record, r, d, false
	}
	record, _ = s.runtime.Service(parts[0], parts[1])
	found := record.Deployment("ecs-svc/" + parts[2])
	if found == nil {
		return record, r, d, false
	}
	return record, r, *found, true
}

func (s *Server) describeServiceDeployment(record state.Service, r account.Resource, d state.Deployment) types.ServiceDeployment {
	one := types.ServiceDeployment{
		ServiceDeploymentArn: ptr(s.deploymentARN(record, d.ID)), ServiceArn: ptr(r.ID), ClusterArn: ptr(ecsARN(s.account, "cluster/"+record.Cluster)),
		CreatedAt: moment(d.Created), StartedAt: moment(d.Created), UpdatedAt: moment(d.Updated), FinishedAt: moment(d.Finished), Status: deploymentStatus(d),
		StatusReason: optional(d.Reason), DeploymentConfiguration: deploymentConfiguration(r.Outputs),
		TargetServiceRevision: &types.ServiceRevisionSummary{Arn: ptr(s.revisionARN(record, d.ID)), RequestedTaskCount: int32(record.Desired)}, //nolint:gosec // few
		DeploymentCircuitBreaker: &types.ServiceDeploymentCircuitBreaker{
			FailureCount: int32(d.FailedTasks), Status: types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete, //nolint:gosec // few
			Threshold: int32(min(max((record.Desired+1)/2, 3), 200)), //nolint:gosec // 200 at most
		},
	}
	if one.Status == types.ServiceDeploymentStatusStopped {
		one.StoppedAt = one.FinishedAt
	}
	if d.ID == record.Primary {
		one.TargetServiceRevision.RunningTaskCount = int32(record.Running) //nolint:gosec // few
	}
	if d.Before != "" {
		one.SourceServiceRevisions = []types.ServiceRevisionSummary{{Arn: ptr(s.revisionARN(record, d.Before))}}
	}
	if r.Outputs.True("alarms.enable") {
		one.Alarms = &types.ServiceDeploymentAlarms{AlarmNames: r.Outputs.Strings("alarms.alarmNames"), Status: types.ServiceDeploymentRollbackMonitorsStatusMonitoringComplete}
		if !d.Bakes.IsZero() && one.Status == types.ServiceDeploymentStatusInProgress {
			one.Alarms.Status = types.ServiceDeploymentRollbackMonitorsStatusMonitoring
		}
		for _, name := range one.Alarms.AlarmNames {
			if strings.HasPrefix(d.Reason, "ECS deployment alarms: "+name+" ") {
				one.Alarms.Status, one.Alarms.TriggeredAlarmNames = types.ServiceDeploymentRollbackMonitorsStatusTriggered, []string{name}
			}
		}
	}
	switch {
	case d.Rollback != nil:
		one.Rollback = &types.Rollback{Reason: ptr(d.Rollback.Reason), StartedAt: moment(d.Rollback.Started), ServiceRevisionArn: ptr(s.revisionARN(record, d.Rollback.To))}
		if one.Alarms == nil || one.Alarms.TriggeredAlarmNames == nil {
			one.DeploymentCircuitBreaker.Status = types.ServiceDeploymentRollbackMonitorsStatusTriggered
		}
		one.FinishedAt = moment(d.Rollback.Finished)
	case one.Status == types.ServiceDeploymentStatusInProgress:
		one.DeploymentCircuitBreaker.Status = types.ServiceDeploymentRollbackMonitorsStatusMonitoring
	}
	return one
}

// describeServiceRevisions answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html: 20 ARNs at most.
func (s *Server) describeServiceRevisions(_ context.Context, in *ecs.DescribeServiceRevisionsInput) (*ecs.DescribeServiceRevisionsOutput, error) {
	if err := between1And(20, "Service revision ARNs", len(in.ServiceRevisionArns)); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServiceRevisionsOutput{}
	for _, arn := range in.ServiceRevisionArns {
		record, r, d, ok := s.findDeployment(arn, ":service-revision/")
		if !ok {
			out.Failures = append(out.Failures, types.Failure{Arn: ptr(arn), Reason: ptr("MISSING")})
			continue
		}
		one := types.ServiceRevision{
			ServiceRevisionArn: ptr(arn), ServiceArn: ptr(r.ID), ClusterArn: ptr(ecsARN(s.account, "cluster/"+record.Cluster)),
			TaskDefinition: ptr(d.TaskDefinition), CreatedAt: moment(d.Created), CapacityProviderStrategy: strategy(r.Outputs, "capacityProviderStrategies"),
			LaunchType: types.LaunchType(r.Outputs.Text("launchType")), LoadBalancers: loadBalancers(r.Outputs), NetworkConfiguration: networkConfiguration(r.Outputs),
		}
		definition, _ := findDefinition(s.account, d.TaskDefinition)
		containers, err := containerDefinitions(definition.Outputs)
		if err != nil {
			return nil, err
		}
		for _, c := range containers {
			image := types.ContainerImage{ContainerName: c.Name, Image: c.Image}
			if _, sum, pinned := strings.Cut(text(c.Image), "@"); pinned {
				image.ImageDigest = ptr(sum)
			}
			one.ContainerImages = append(one.ContainerImages, image)
		}
		out.ServiceRevisions = append(out.ServiceRevisions, one)
	}
	return out, nil
}
