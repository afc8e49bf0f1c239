package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// cluster finds a cluster by name or ARN; none means "default".
func (s *Server) cluster(reference *string) (account.Resource, error) {
	name := lastPart(text(reference))
	if name == "" {
		name = "default"
	}
	r, ok := s.account.Find(account.ClusterToken, "name", name)
	if !ok {
		return r, refuse("ClusterNotFoundException", "Cluster not found.")
	}
	return r, nil
}

// describeClusters answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeClusters.html.
func (s *Server) describeClusters(ctx context.Context, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	out := &ecs.DescribeClustersOutput{}
	references := in.Clusters
	if len(references) == 0 {
		references = []string{"default"}
	}
	if len(references) > 100 {
		return nil, refuse("InvalidParameterException", "Clusters cannot have more than 100 elements")
	}
	for _, reference := range references {
		r, err := s.cluster(&reference)
		if err != nil {
			out.Failures = append(out.Failures, s.missing("cluster/"+lastPart(reference)))
			continue
		}
		one, err := s.describeCluster(ctx, r, in.Include)
		if err != nil {
			return nil, err
		}
		out.Clusters = append(out.Clusters, one)
	}
	return out, nil
}

func (s *Server) describeCluster(ctx context.Context, r account.Resource, include []types.ClusterField) (types.Cluster, error) {
	name := r.Outputs.Text("name")
	tasks, err := s.runtime.Tasks(ctx, name)
	if err != nil {
		return types.Cluster{}, err
	}
	running, pending := count(tasks)
	providers, _ := s.account.Read(account.ClusterProvidersToken, name)
	one := types.Cluster{
		ClusterArn: ptr(r.ID), ClusterName: ptr(name), Status: ptr("ACTIVE"), RunningTasksCount: running, PendingTasksCount: pending,
		ActiveServicesCount: int32(len(s.services(name))), RegisteredContainerInstancesCount: int32(len(s.instances(name))), //nolint:gosec // few
		CapacityProviders:               providers.Outputs.Strings("capacityProviders"),
		DefaultCapacityProviderStrategy: strategy(providers.Outputs, "defaultCapacityProviderStrategies"),
	}
	if slices.Contains(include, types.ClusterFieldTags) {
		one.Tags = ecsTags(r.Outputs)
	}
	if slices.Contains(include, types.ClusterFieldSettings) {
		one.Settings = convert(r.Outputs.Blocks("settings[*]"), func(v account.Values) types.ClusterSetting {
			return types.ClusterSetting{Name: types.ClusterSettingName(v.Text("name")), Value: ptr(v.Text("value"))}
		})
	}
	return one, nil
}

func strategy(v account.Values, path string) []types.CapacityProviderStrategyItem {
	return convert(v.Blocks(path+"[*]"), func(v account.Values) types.CapacityProviderStrategyItem {
		return types.CapacityProviderStrategyItem{CapacityProvider: ptr(v.Text("capacityProvider")), Base: int32Of(v, "base"), Weight: int32Of(v, "weight")}
	})
}

// ecsTags are a resource's tags, those of the provider included.
func ecsTags(v account.Values) []types.Tag {
	return convert(tags(v), func(t [2]string) types.Tag { return types.Tag{Key: ptr(t[0]), Value: ptr(t[1])} })
}

// missing is how ECS reports a name that it does not know.
func (s *Server) missing(resource string) types.Failure {
	return types.Failure{Arn: ptr(ecsARN(s.account, resource)), Reason: ptr("MISSING")}
}

// instance is a container instance: those that the Auto Scaling groups behind the cluster's capacity providers should have.
type instance struct{ id, provider string }

// instances lists a cluster's container instances. The emulator runs tasks on this machine; the instances are as many as
// the groups want. Of managed scaling there is only that it starts the first one for a task.
func (s *Server) instances(cluster string) []instance {
	providers, _ := s.account.Read(account.ClusterProvidersToken, cluster)
	var all []instance
	for _, name := range providers.Outputs.Strings("capacityProviders") {
		provider, ok := s.account.Find(account.CapacityProviderToken, "name", name)
		if !ok {
			continue
		}
		group, ok := s.account.Find(account.GroupToken, "arn", provider.Outputs.Text("autoScalingGroupProvider.autoScalingGroupArn"))
		if !ok {
			continue
		}
		wanted := max(int32Of(group.Outputs, "minSize"), int32Of(group.Outputs, "desiredCapacity"))
		if wants := func(r account.Resource) bool { return int32Of(r.Outputs, "desiredCount") > 0 }; slices.ContainsFunc(s.services(cluster), wants) {
			wanted = max(wanted, 1)
		}
		for i := range wanted {
			all = append(all, instance{digest(fmt.Sprint(group.ID, i)), name})
		}
	}
	return all
}

func (s *Server) instanceARN(cluster, id string) string {
	return ecsARN(s.account, "container-instance/"+cluster+"/"+id)
}

// listContainerInstances answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListContainerInstances.html.
func (s *Server) listContainerInstances(_ context.Context, in *ecs.ListContainerInstancesInput) (*ecs.ListContainerInstancesOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if in.Filter != nil {
		return nil, refuse("InvalidParameterException", "the emulator has no cluster query language")
	}
	name := cluster.Outputs.Text("name")
	arns := []string{}
	for _, one := range s.instances(name) {
		if in.Status == "" || in.Status == types.ContainerInstanceStatusActive {
			arns = append(arns, s.instanceARN(name, one.id))
		}
	}
	part, next, err := page(arns, in.NextToken, in.MaxResults, 100)
	return &ecs.ListContainerInstancesOutput{ContainerInstanceArns: part, NextToken: next}, err
}

// describeContainerInstances answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeContainerInstances.html.
func (s *Server) describeContainerInstances(_ context.Context, in *ecs.DescribeContainerInstancesInput) (*ecs.DescribeContainerInstancesOutput, error) {
	cluster, err := s.cluster(in.Cluster)
	if err != nil {
		return nil, err
	}
	if len(in.ContainerInstances) == 0 {
		return nil, refuse("InvalidParameterException", "Container instance cannot be empty.")
	}
	if len(in.ContainerInstances) > 100 {
		return nil, refuse("InvalidParameterException", "Container instances cannot have more than 100 elements")
	}
	name, out := cluster.Outputs.Text("name"), &ecs.DescribeContainerInstancesOutput{}
	known := s.instances(name)
	for _, reference := range in.ContainerInstances {
		i := slices.IndexFunc(known, func(one instance) bool { return one.id == lastPart(reference) })
		if i < 0 {
			out.Failures = append(out.Failures, s.missing("container-instance/"+name+"/"+lastPart(reference)))
			continue
		}
		registered, _ := time.Parse(time.RFC3339, cluster.Outputs.Text("createdAt")) // zero where it is not known
		out.ContainerInstances = append(out.ContainerInstances, types.ContainerInstance{
			ContainerInstanceArn: ptr(s.instanceARN(name, known[i].id)), Ec2InstanceId: ptr("i-0" + known[i].id[:16]), Status: ptr("ACTIVE"),
			AgentConnected: true, CapacityProviderName: ptr(known[i].provider), RegisteredAt: moment(registered),
		})
	}
	return out, nil
}

// between1And refuses a list of names that is empty or longer than the operation takes.
func between1And(most int, list string, length int) error {
	switch {
	case length == 0:
		return refuse("InvalidParameterException", "%s cannot be empty.", list)
	case length > most:
		return refuse("InvalidParameterException", "%s cannot have more than %d elements", list, most)
	}
	return nil
}
