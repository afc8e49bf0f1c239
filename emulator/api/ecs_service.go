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

// services lists the services of a cluster.
func (s *Server) services(cluster string) []account.Resource {
	return slices.DeleteFunc(s.account.List(account.ServiceToken), func(r account.Resource) bool { return lastPart(r.Outputs.Text("cluster")) != cluster })
}

// service finds a service of a cluster by name or ARN.
func (s *Server) service(cluster, reference string) (account.Resource, bool) {
	for _, r := range s.services(cluster) {
		if r.ID == reference || r.Outputs.Text("name") == lastPart(reference) {
			return r, true
		}
	}
	return account.Resource{}, false
}

// listServices answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServices.html: ten a page, 100 at most.
func (s *Server) listServices(_ context.Context, in *ecs.ListServicesInput) (*ecs.ListServicesOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	arns := []string{}
	for _, r := range s.services(cluster.Outputs.Text("name")) {
		arns = append(arns, r.ID)
	}
	limit := in.MaxResults
	if limit == nil {
		limit = ptr(int32(10))
	}
	part, next, err := page(arns, in.NextToken, limit, 100)
	return &ecs.ListServicesOutput{ServiceArns: part, NextToken: next}, err
}

// describeServices answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html: "up to 10 services".
func (s *Server) describeServices(ctx context.Context, in *ecs.DescribeServicesInput) (*ecs.DescribeServicesOutput, error) {
	if err := between1And(10, "Services", len(in.Services)); err != nil {
		return nil, err
	}
	name, tasks, err := s.tasksOf(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeServicesOutput{}
	for _, reference := range in.Services {
		r, ok := s.service(name, reference)
		if !ok {
			out.Failures = append(out.Failures, s.missing("service/"+name+"/"+lastPart(reference)))
			continue
		}
		one := s.describeService(r, tasks)
		if slices.Contains(in.Include, types.ServiceFieldTags) {
			one.Tags = ecsTags(r.Outputs)
		}
		out.Services = append(out.Services, one)
	}
	return out, nil
}

func (s *Server) describeService(r account.Resource, tasks []state.Task) types.Service {
	v, cluster := r.Outputs, lastPart(r.Outputs.Text("cluster"))
	own := slices.DeleteFunc(slices.Clone(tasks), func(t state.Task) bool { return t.Service != v.Text("name") })
	running, pending := count(own)
	record, _ := s.runtime.Service(cluster, v.Text("name"))
	one := types.Service{
		ServiceArn: ptr(r.ID), ServiceName: ptr(v.Text("name")), ClusterArn: ptr(ecsARN(s.account, "cluster/"+cluster)), Status: ptr("ACTIVE"),
		TaskDefinition: ptr(v.Text("taskDefinition")), DesiredCount: int32Of(v, "desiredCount"), RunningCount: running, PendingCount: pending,
		EnableExecuteCommand: v.True("enableExecuteCommand"), EnableECSManagedTags: v.True("enableEcsManagedTags"),
		HealthCheckGracePeriodSeconds: optionalInt32(v, "healthCheckGracePeriodSeconds"), LaunchType: types.LaunchType(v.Text("launchType")),
		SchedulingStrategy: types.SchedulingStrategy(v.Text("schedulingStrategy")), PropagateTags: types.PropagateTags(v.Text("propagateTags")),
		RoleArn: optional(v.Text("iamRole")), CapacityProviderStrategy: strategy(v, "capacityProviderStrategies"),
		DeploymentController:    &types.DeploymentController{Type: types.DeploymentControllerTypeEcs},
		DeploymentConfiguration: deploymentConfiguration(v), LoadBalancers: loadBalancers(v), NetworkConfiguration: networkConfiguration(v),
		Events: convert(record.Events, func(e state.Event) types.ServiceEvent {
			return types.ServiceEvent{Id: ptr(e.ID), CreatedAt: moment(e.Created), Message: ptr(e.Message)}
		}),
	}
	if n := len(record.Deployments); n > 0 {
		one.CreatedAt = moment(record.Deployments[n-1].Created)
	}
	if record.Primary != "" {
		one.TaskDefinition = ptr(record.TaskDefinition)
		primary := record.Deployment(record.Primary)
		one.CurrentServiceDeployment = ptr(s.deploymentARN(record, record.Primary))
		if primary.RolloutState == state.Completed {
			one.CurrentServiceDeployment = nil // it is set while one is in progress
		}
		one.CurrentServiceRevisions = []types.ServiceCurrentRevisionSummary{{
			Arn: ptr(s.revisionARN(record, record.Primary)), RequestedTaskCount: one.DesiredCount, RunningTaskCount: running, PendingTaskCount: pending,
		}}
	}
	for _, d := range record.Deployments {
		if shown, ok := describeDeployment(d, record, own, v); ok {
			one.Deployments = append(one.Deployments, shown)
		}
	}
	slices.SortStableFunc(one.Deployments, func(a, b types.Deployment) int { return strings.Compare(*b.Status, *a.Status) }) // PRIMARY first
	return one
}

// describeDeployment shows the primary deployment, and older ones as long as they have tasks.
func describeDeployment(d state.Deployment, record state.Service, tasks []state.Task, v account.Values) (types.Deployment, bool) {
	own := slices.DeleteFunc(slices.Clone(tasks), func(t state.Task) bool { return t.StartedBy != d.ID })
	running, pending := count(own)
	shown := types.Deployment{
		Id: ptr(d.ID), Status: ptr("ACTIVE"), TaskDefinition: ptr(d.TaskDefinition), RunningCount: running, PendingCount: pending, FailedTasks: int32(d.FailedTasks), //nolint:gosec // few
		CreatedAt: moment(d.Created), UpdatedAt: moment(d.Updated), RolloutState: types.DeploymentRolloutState(d.RolloutState), RolloutStateReason: ptr(d.Reason),
		CapacityProviderStrategy: strategy(v, "capacityProviderStrategies"), LaunchType: types.LaunchType(v.Text("launchType")),
	}
	if d.ID == record.Primary {
		shown.Status, shown.DesiredCount = ptr("PRIMARY"), int32Of(v, "desiredCount")
	}
	return shown, d.ID == record.Primary || running+pending > 0
}

// count counts tasks as services and clusters do.
func count(tasks []state.Task) (running, pending int32) {
	for _, t := range tasks {
		switch t.LastStatus {
		case "RUNNING":
			running++
		case "PENDING", "PROVISIONING", "ACTIVATING":
			pending++
		}
	}
	return running, pending
}

func deploymentConfiguration(v account.Values) *types.DeploymentConfiguration {
	c := &types.DeploymentConfiguration{
		MaximumPercent: optionalInt32(v, "deploymentMaximumPercent"), MinimumHealthyPercent: optionalInt32(v, "deploymentMinimumHealthyPercent"),
		DeploymentCircuitBreaker: &types.DeploymentCircuitBreaker{
			Enable: v.True("deploymentCircuitBreaker.enable"), Rollback: v.True("deploymentCircuitBreaker.rollback"),
		},
	}
	if v.Has("alarms") {
		c.Alarms = &types.DeploymentAlarms{AlarmNames: v.Strings("alarms.alarmNames"), Enable: v.True("alarms.enable"), Rollback: v.True("alarms.rollback")}
	}
	return c
}

func loadBalancers(v account.Values) []types.LoadBalancer {
	return convert(v.Blocks("loadBalancers[*]"), func(v account.Values) types.LoadBalancer {
		return types.LoadBalancer{
			TargetGroupArn: ptr(v.Text("targetGroupArn")), ContainerName: ptr(v.Text("containerName")), ContainerPort: optionalInt32(v, "containerPort"),
		}
	})
}

func networkConfiguration(v account.Values) *types.NetworkConfiguration {
	n := v.Map("networkConfiguration")
	if n == nil {
		return nil
	}
	assign := types.AssignPublicIpDisabled
	if n.True("assignPublicIp") {
		assign = types.AssignPublicIpEnabled
	}
	return &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
		Subnets: n.Strings("subnets"), SecurityGroups: n.Strings("securityGroups"), AssignPublicIp: assign,
	}}
}
