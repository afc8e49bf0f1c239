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

func (s *Server) taskARN(t state.Task) string {
	return ecsARN(s.account, "task/"+t.Cluster+"/"+t.ID)
}

// listTasks answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTasks.html: 100 a page, running tasks unless
// the stopped ones are asked for.
func (s *Server) listTasks(ctx context.Context, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	name := cluster.Outputs.Text("name")
	if in.ServiceName != nil {
		if _, ok := s.service(name, *in.ServiceName); !ok {
			return nil, refuse("ServiceNotFoundException", "Service not found.")
		}
	}
	tasks, err := s.runtime.Tasks(ctx, name)
	if err != nil {
		return nil, err
	}
	wanted := in.DesiredStatus
	if wanted == "" {
		wanted = types.DesiredStatusRunning
	}
	arns := []string{}
	for _, t := range tasks {
		family, _, _ := strings.Cut(lastPart(t.TaskDefinition), ":")
		switch {
		case t.DesiredStatus != string(wanted),
			in.ServiceName != nil && t.Service != lastPart(*in.ServiceName),
			in.Family != nil && family != *in.Family,
			in.StartedBy != nil && t.StartedBy != *in.StartedBy:
		default:
			arns = append(arns, s.taskARN(t))
		}
	}
	part, next, err := page(arns, in.NextToken, in.MaxResults, 100)
	return &ecs.ListTasksOutput{TaskArns: part, NextToken: next}, err
}

// tasksOf returns the name of a cluster and its tasks.
func (s *Server) tasksOf(ctx context.Context, reference *string) (name string, tasks []state.Task, err error) {
	cluster, err := s.cluster(reference)
	if err != nil {
		return "", nil, err
	}
	name = cluster.Outputs.Text("name")
	tasks, err = s.runtime.Tasks(ctx, name)
	return name, tasks, err
}

// describeTasks answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html: "up to 100 task IDs".
func (s *Server) describeTasks(ctx context.Context, in *ecs.DescribeTasksInput) (*ecs.DescribeTasksOutput, error) {
	if err := between1And(100, "Tasks", len(in.Tasks)); err != nil {
		return nil, err
	}
	name, tasks, err := s.tasksOf(ctx, in.Cluster)
	if err != nil {
		return nil, err
	}
	out := &ecs.DescribeTasksOutput{}
	for _, reference := range in.Tasks {
		i := slices.IndexFunc(tasks, func(t state.Task) bool { return t.ID == lastPart(reference) })
		if i < 0 {
			out.Failures = append(out.Failures, s.missing("task/"+name+"/"+lastPart(reference)))
			continue
		}
		one := s.describeTask(tasks[i])
		if !slices.Contains(in.Include, types.TaskFieldTags) {
			one.Tags = nil
		}
		out.Tasks = append(out.Tasks, one)
	}
	return out, nil
}

func (s *Server) describeTask(t state.Task) types.Task {
	definition, _ := findDefinition(s.account, t.TaskDefinition)
	one := types.Task{
		TaskArn: ptr(s.taskARN(t)), ClusterArn: ptr(ecsARN(s.account, "cluster/"+t.Cluster)), TaskDefinitionArn: ptr(t.TaskDefinition),
		LastStatus: ptr(t.LastStatus), DesiredStatus: ptr(t.DesiredStatus), HealthStatus: types.HealthStatus(t.Health), Group: ptr(t.Group),
		StartedBy: optional(t.StartedBy), CreatedAt: moment(t.Created), StartedAt: moment(t.Started), StoppingAt: moment(t.Stopping), StoppedAt: moment(t.Stopped),
		StopCode: types.TaskStopCode(t.StopCode), StoppedReason: optional(t.StoppedReason), EnableExecuteCommand: t.Exec, LaunchType: types.LaunchTypeEc2,
		Cpu: optional(definition.Outputs.Text("cpu")), Memory: optional(definition.Outputs.Text("memory")), Version: 1,
		Overrides: overridesOf(t), Connectivity: types.ConnectivityConnected, ConnectivityAt: moment(t.Created), PullStartedAt: moment(t.Created), PullStoppedAt: moment(t.Started),
	}
	own := definition.Outputs.Text("networkMode") == "awsvpc" // on Fargate, which is the only place that the program has such tasks in
	if instances := s.instances(t.Cluster); own {
		one.LaunchType = types.LaunchTypeFargate
	} else if len(instances) > 0 {
		one.ContainerInstanceArn, one.CapacityProviderName = ptr(s.instanceARN(t.Cluster, instances[0].id)), ptr(instances[0].provider)
	}
	for key, value := range t.Tags {
		one.Tags = append(one.Tags, types.Tag{Key: ptr(key), Value: ptr(value)})
	}
	slices.SortFunc(one.Tags, func(a, b types.Tag) int { return strings.Compare(*a.Key, *b.Key) })
	for _, c := range t.Containers {
		shown := types.Container{
			ContainerArn: ptr(ecsARN(s.account, "container/"+t.Cluster+"/"+t.ID+"/"+digest(t.ID+c.Name))), TaskArn: one.TaskArn, Name: ptr(c.Name), Image: ptr(c.Image),
			ImageDigest: optional(c.ImageDigest), RuntimeId: optional(c.RuntimeID), LastStatus: ptr(c.LastStatus), HealthStatus: types.HealthStatus(c.Health), Reason: optional(c.Reason),
		}
		if own && c.Address != "" {
			shown.NetworkInterfaces = []types.NetworkInterface{{PrivateIpv4Address: ptr(c.Address)}}
		} else {
			shown.NetworkBindings = bindings(c, definition)
		}
		if c.ExitCode != nil {
			shown.ExitCode = ptr(int32(*c.ExitCode)) //nolint:gosec // an exit code
		}
		if t.Exec {
			shown.ManagedAgents = []types.ManagedAgent{{Name: types.ManagedAgentNameExecuteCommandAgent, LastStatus: ptr(c.LastStatus), LastStartedAt: moment(t.Started)}}
		}
		one.Containers = append(one.Containers, shown)
	}
	return one
}

func overridesOf(t state.Task) *types.TaskOverride {
	all := &types.TaskOverride{}
	for _, c := range t.Containers {
		o, changed := t.Overrides[c.Name]
		if !changed {
			continue
		}
		shown := types.ContainerOverride{Name: ptr(c.Name), Command: o.Command}
		for key, value := range o.Environment {
			shown.Environment = append(shown.Environment, types.KeyValuePair{Name: ptr(key), Value: ptr(value)})
		}
		slices.SortFunc(shown.Environment, func(a, b types.KeyValuePair) int { return strings.Compare(*a.Name, *b.Name) })
		all.ContainerOverrides = append(all.ContainerOverrides, shown)
	}
	return all
}

// runTask answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html: up to ten tasks a call.
func (s *Server) runTask(ctx context.Context, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	r, ok := findDefinition(s.account, text(in.TaskDefinition))
	if !ok {
		return nil, refuse("ClientException", "TaskDefinition not found.")
	}
	if definitionStatus(r) != "ACTIVE" {
		return nil, refuse("ClientException", "TaskDefinition is inactive")
	}
	run := state.Run{
		Cluster: cluster.Outputs.Text("name"), TaskDefinition: r.Outputs.Text("arn"), Group: text(in.Group), StartedBy: text(in.StartedBy),
		Exec: in.EnableExecuteCommand, Tags: map[string]string{}, Overrides: map[string]state.Override{},
	}
	if run.Group == "" {
		run.Group = "family:" + r.Outputs.Text("family")
	}
	if err := s.checkRun(in, r, &run); err != nil {
		return nil, err
	}
	out := &ecs.RunTaskOutput{}
	for range max(1, count32(in.Count)) {
		task, err := s.runtime.Run(ctx, run)
		if err != nil {
			return nil, err
		}
		out.Tasks = append(out.Tasks, s.describeTask(task))
	}
	return out, nil
}

func count32(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// checkRun reads tags and overrides, and refuses what ECS refuses.
func (s *Server) checkRun(in *ecs.RunTaskInput, r account.Resource, run *state.Run) error {
	switch {
	case count32(in.Count) > 10:
		return refuse("InvalidParameterException", "count cannot be greater than 10.")
	case in.LaunchType != "" && len(in.CapacityProviderStrategy) > 0:
		return refuse("InvalidParameterException", "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.")
	case len(run.StartedBy) > 128:
		return refuse("InvalidParameterException", "startedBy must be shorter than 129 characters.")
	case r.Outputs.Text("networkMode") != "awsvpc" && in.NetworkConfiguration != nil:
		return refuse("InvalidParameterException", "Network Configuration is not valid for the given networkMode of this task definition.")
	case r.Outputs.Text("networkMode") == "awsvpc" && in.NetworkConfiguration == nil:
		return refuse("InvalidParameterException", "Network Configuration must be provided when networkMode 'awsvpc' is specified.")
	}
	instances := s.instances(run.Cluster)
	for _, item := range in.CapacityProviderStrategy {
		if !slices.ContainsFunc(s.providers(run.Cluster), func(name string) bool { return name == text(item.CapacityProvider) }) {
			return refuse("InvalidParameterException", "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", text(item.CapacityProvider))
		}
	}
	onFargate := func(item types.CapacityProviderStrategyItem) bool {
		return strings.HasPrefix(text(item.CapacityProvider), "FARGATE")
	}
	if len(instances) == 0 && !slices.ContainsFunc(in.CapacityProviderStrategy, onFargate) {
		return refuse("InvalidParameterException", "No Container Instances were found in your cluster.")
	}
	for _, tag := range in.Tags {
		run.Tags[text(tag.Key)] = text(tag.Value)
	}
	if in.Overrides == nil {
		return nil
	}
	containers, err := containerDefinitions(r.Outputs)
	if err != nil {
		return err
	}
	for _, o := range in.Overrides.ContainerOverrides {
		if !slices.ContainsFunc(containers, func(c types.ContainerDefinition) bool { return text(c.Name) == text(o.Name) }) {
			return refuse("InvalidParameterException", "Override for container named %s is not a container in the TaskDefinition.", text(o.Name))
		}
		changed := state.Override{Command: o.Command, Environment: map[string]string{}}
		for _, pair := range o.Environment {
			changed.Environment[text(pair.Name)] = text(pair.Value)
		}
		run.Overrides[text(o.Name)] = changed
	}
	return nil
}

func (s *Server) providers(cluster string) []string {
	providers, _ := s.account.Read(account.ClusterProvidersToken, cluster)
	return providers.Outputs.Strings("capacityProviders")
}

// stopTask answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StopTask.html.
func (s *Server) stopTask(ctx context.Context, in *ecs.StopTaskInput) (*ecs.StopTaskOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	name := cluster.Outputs.Text("name")
	t, err := s.task(ctx, name, text(in.Task))
	if err != nil {
		return nil, err
	}
	reason := text(in.Reason)
	if reason == "" {
		reason = "Task stopped by user"
	}
	if err := s.runtime.Stop(ctx, name, t.ID, reason); err != nil {
		return nil, err
	}
	if after, err := s.task(ctx, name, t.ID); err == nil {
		t = after
	}
	return &ecs.StopTaskOutput{Task: ptr(s.describeTask(t))}, nil
}

func (s *Server) task(ctx context.Context, cluster, reference string) (state.Task, error) {
	tasks, err := s.runtime.Tasks(ctx, cluster)
	if err != nil {
		return state.Task{}, err
	}
	i := slices.IndexFunc(tasks, func(t state.Task) bool { return t.ID == lastPart(reference) })
	if i < 0 {
		return state.Task{}, refuse("InvalidParameterException", "The referenced task was not found.")
	}
	return tasks[i], nil
}
