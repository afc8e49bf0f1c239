package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/api/wire"
)

// definitions lists every revision, those that were deregistered included, by family and revision.
func definitions(a *account.Account) []account.Resource {
	all := append(a.List(account.TaskToken), a.List(account.RetiredTaskToken)...)
	slices.SortStableFunc(all, func(x, y account.Resource) int {
		return cmp.Or(strings.Compare(x.Outputs.Text("family"), y.Outputs.Text("family")), int(int32Of(x.Outputs, "revision")-int32Of(y.Outputs, "revision")))
	})
	return all
}

func definitionStatus(r account.Resource) string { return cmp.Or(r.Outputs.Text("status"), "ACTIVE") }

// findDefinition finds a revision by ARN or family:revision, or the newest active one of a family.
func findDefinition(a *account.Account, reference string) (account.Resource, bool) {
	family, revision, exact := strings.Cut(lastPart(reference), ":")
	for _, r := range slices.Backward(definitions(a)) {
		if r.Outputs.Text("family") != family {
			continue
		}
		if exact && strconv.Itoa(int(int32Of(r.Outputs, "revision"))) == revision || !exact && definitionStatus(r) == "ACTIVE" {
			return r, true
		}
	}
	return account.Resource{}, false
}

// containerDefinitions reads the JSON of a revision into the SDK's type.
func containerDefinitions(v account.Values) ([]types.ContainerDefinition, error) {
	decoder := json.NewDecoder(strings.NewReader(cmp.Or(v.Text("containerDefinitions"), "[]")))
	decoder.UseNumber()
	var tree any
	if err := decoder.Decode(&tree); err != nil {
		return nil, fmt.Errorf("reading container definitions: %w", err)
	}
	var all []types.ContainerDefinition
	err := wire.Fill(reflect.ValueOf(&all).Elem(), tree)
	return all, err
}

// awaited tells whether another container of the task starts only after this one has ended.
func awaited(containers []types.ContainerDefinition, name string) bool {
	return slices.ContainsFunc(containers, func(c types.ContainerDefinition) bool {
		return slices.ContainsFunc(c.DependsOn, func(d types.ContainerDependency) bool {
			return text(d.ContainerName) == name && (d.Condition == types.ContainerConditionSuccess || d.Condition == types.ContainerConditionComplete)
		})
	})
}

// logStream is the group of a task's main container, which is its last, and its stream: prefix/container/task.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html.
func logStream(containers []types.ContainerDefinition, task string) (group, stream string) {
	for _, c := range slices.Backward(containers) {
		if l := c.LogConfiguration; l != nil && l.LogDriver == types.LogDriverAwslogs {
			return l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"] + "/" + text(c.Name) + "/" + task
		}
	}
	return "", ""
}

// describeTaskDefinition answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html.
func (s *Server) describeTaskDefinition(_ context.Context, in *ecs.DescribeTaskDefinitionInput) (*ecs.DescribeTaskDefinitionOutput, error) {
	r, ok := findDefinition(s.account, text(in.TaskDefinition))
	if !ok {
		return nil, refuse("ClientException", "Unable to describe task definition.")
	}
	containers, err := containerDefinitions(r.Outputs)
	if err != nil {
		return nil, err
	}
	for i := range containers { // as ECS fills them in
		if containers[i].Essential == nil {
			containers[i].Essential = ptr(true)
		}
	}
	registered, err := s.runtime.Revisions()
	if err != nil {
		return nil, err
	}
	v := r.Outputs
	out := &ecs.DescribeTaskDefinitionOutput{TaskDefinition: &types.TaskDefinition{
		TaskDefinitionArn: ptr(v.Text("arn")), Family: ptr(v.Text("family")), Revision: int32Of(v, "revision"), Status: types.TaskDefinitionStatus(definitionStatus(r)),
		ContainerDefinitions: containers, Cpu: optional(v.Text("cpu")), Memory: optional(v.Text("memory")), NetworkMode: types.NetworkMode(v.Text("networkMode")),
		ExecutionRoleArn: optional(v.Text("executionRoleArn")), TaskRoleArn: optional(v.Text("taskRoleArn")), RegisteredBy: ptr(callerARN(s.account.ID())),
		Compatibilities: compatibilities(v), RegisteredAt: moment(registered[v.Text("arn")]),
		RequiresCompatibilities: convert(v.Strings("requiresCompatibilities"), func(c string) types.Compatibility { return types.Compatibility(c) }),
	}}
	if platform := v.Map("runtimePlatform"); platform != nil {
		out.TaskDefinition.RuntimePlatform = &types.RuntimePlatform{
			CpuArchitecture: types.CPUArchitecture(platform.Text("cpuArchitecture")), OperatingSystemFamily: types.OSFamily(platform.Text("operatingSystemFamily")),
		}
	}
	if slices.Contains(in.Include, types.TaskDefinitionFieldTags) {
		out.Tags = ecsTags(v)
	}
	return out, nil
}

// compatibilities are what a revision was validated against; one in mode bridge is for instances only.
func compatibilities(v account.Values) []types.Compatibility {
	if v.Text("networkMode") == "awsvpc" {
		return []types.Compatibility{types.CompatibilityEc2, types.CompatibilityFargate}
	}
	return []types.Compatibility{types.CompatibilityEc2}
}

// listTaskDefinitions answers https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListTaskDefinitions.html.
func (s *Server) listTaskDefinitions(_ context.Context, in *ecs.ListTaskDefinitionsInput) (*ecs.ListTaskDefinitionsOutput, error) {
	status := cmp.Or(string(in.Status), "ACTIVE")
	arns := []string{}
	for _, r := range definitions(s.account) {
		if strings.HasPrefix(r.Outputs.Text("family"), text(in.FamilyPrefix)) && definitionStatus(r) == status {
			arns = append(arns, r.Outputs.Text("arn"))
		}
	}
	if in.Sort == types.SortOrderDesc {
		slices.Reverse(arns)
	}
	part, next, err := page(arns, in.NextToken, in.MaxResults, 100)
	return &ecs.ListTaskDefinitionsOutput{TaskDefinitionArns: part, NextToken: next}, err
}
