package api

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestServices(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	listed := must(client.ListServices(ctx, &ecs.ListServicesInput{Cluster: aws.String("shop")}))(t)
	if len(listed.ServiceArns) != 1 || listed.ServiceArns[0] != prefix+"service/shop/web" {
		t.Errorf("services: %v", listed.ServiceArns)
	}
	out := must(client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("shop"), Services: []string{"web", "worker"}, Include: []types.ServiceField{types.ServiceFieldTags}}))(t)
	if len(out.Services) != 1 || len(out.Failures) != 1 || *out.Failures[0].Reason != "MISSING" || *out.Failures[0].Arn != prefix+"service/shop/worker" {
		t.Fatalf("services %v, failures %v", out.Services, out.Failures)
	}
	s := out.Services[0]
	if *s.ServiceName != "web" || s.DesiredCount != 2 || s.RunningCount != 2 || s.PendingCount != 0 || *s.TaskDefinition != definition+"1" || !s.EnableExecuteCommand || len(s.Tags) != 1 {
		t.Errorf("service: %+v", s)
	}
	if len(s.Deployments) != 1 || s.Deployments[0].RolloutState != types.DeploymentRolloutStateCompleted || *s.Deployments[0].Status != "PRIMARY" || s.Deployments[0].CreatedAt.IsZero() {
		t.Errorf("deployments: %+v", s.Deployments)
	}
	if len(s.Events) == 0 || *s.Events[0].Message != "(service web) has reached a steady state." {
		t.Errorf("events: %+v", s.Events)
	}
}

func TestTasks(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	listed := must(client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("shop"), ServiceName: aws.String("web")}))(t)
	if len(listed.TaskArns) != 2 {
		t.Fatalf("tasks: %v", listed.TaskArns)
	}
	task := must(client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: listed.TaskArns}))(t).Tasks[0]
	if *task.LastStatus != "RUNNING" || task.HealthStatus != types.HealthStatusHealthy || *task.Group != "service:web" || task.StartedAt == nil {
		t.Errorf("task: %+v", task)
	}
	if len(task.Containers) != 2 || *task.Containers[0].LastStatus != "STOPPED" || *task.Containers[0].ExitCode != 0 || *task.Containers[1].LastStatus != "RUNNING" {
		t.Errorf("containers: %+v", task.Containers)
	}
	if d := *task.Containers[1].ImageDigest; len(d) != 71 {
		t.Errorf("digest: %q", d)
	}
	d := must(client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: task.TaskDefinitionArn}))(t).TaskDefinition
	if len(d.ContainerDefinitions) != 2 || *d.ContainerDefinitions[1].Environment[0].Value != "r1" || d.RegisteredAt == nil || d.Revision != 1 ||
		d.ContainerDefinitions[1].LogConfiguration.Options["awslogs-group"] != "/shop/web" || *d.ContainerDefinitions[1].HealthCheck.Interval != 10 {
		t.Errorf("definition: %+v", d)
	}
}

func TestPages(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	for i := range 25 {
		arn := fmt.Sprintf("%sservice/shop/other-%02d", prefix, i)
		w.seed(account.ServiceToken, arn, account.Values{"arn": arn, "name": fmt.Sprintf("other-%02d", i), "cluster": "shop", "desiredCount": 10.0, "taskDefinition": definition + "1"})
	}
	first := must(client.ListServices(ctx, &ecs.ListServicesInput{Cluster: aws.String("shop")}))(t)
	if len(first.ServiceArns) != 10 || first.NextToken == nil {
		t.Errorf("the first page has %d services", len(first.ServiceArns))
	}
	var all []string
	for pages := ecs.NewListServicesPaginator(client, &ecs.ListServicesInput{Cluster: aws.String("shop")}); pages.HasMorePages(); {
		all = append(all, must(pages.NextPage(ctx))(t).ServiceArns...)
	}
	if len(all) != 26 {
		t.Errorf("%d services", len(all))
	}
	if tasks := must(client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("shop")}))(t); len(tasks.TaskArns) != 100 || tasks.NextToken == nil {
		t.Errorf("the first page has %d tasks", len(tasks.TaskArns))
	}
	if _, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: aws.String("shop"), Services: all[:11]}); code(err) != "InvalidParameterException" {
		t.Errorf("11 services give %v", err)
	}
}

func TestHistory(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	w.revision(2)
	w.deploy(2)
	list := must(client.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String("shop"), Service: aws.String("web")}))(t).ServiceDeployments
	if len(list) != 2 || list[0].Status != types.ServiceDeploymentStatusSuccessful || list[1].FinishedAt == nil {
		t.Fatalf("deployments: %+v", list)
	}
	full := must(client.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{*list[0].ServiceDeploymentArn}}))(t).ServiceDeployments
	if len(full) != 1 || len(full[0].SourceServiceRevisions) != 1 || *full[0].SourceServiceRevisions[0].Arn != *list[1].TargetServiceRevisionArn {
		t.Errorf("deployment: %+v", full)
	}
	revisions := must(client.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: []string{*list[1].TargetServiceRevisionArn, *list[0].TargetServiceRevisionArn}}))(t)
	if r := revisions.ServiceRevisions; len(r) != 2 || *r[0].TaskDefinition != definition+"1" || *r[1].TaskDefinition != definition+"2" || len(r[1].ContainerImages) != 2 {
		t.Errorf("revisions: %+v", revisions)
	}
	definitions := must(client.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{FamilyPrefix: aws.String("shop-web"), Sort: types.SortOrderDesc}))(t)
	if len(definitions.TaskDefinitionArns) != 2 || definitions.TaskDefinitionArns[0] != definition+"2" {
		t.Errorf("definitions: %v", definitions.TaskDefinitionArns)
	}
}

func TestRunTask(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	if err := w.SetOutcome(Outcome{ExitCode: 3, Output: []string{"no such command"}}); err != nil {
		t.Fatal(err)
	}
	in := &ecs.RunTaskInput{Cluster: aws.String("shop"), TaskDefinition: aws.String("shop-web:1"), StartedBy: aws.String("ops"),
		CapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("fleet"), Weight: 1}},
		Overrides:                &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("web"), Command: []string{"php", "artisan", "x"}}}}}
	task := must(client.RunTask(ctx, in))(t).Tasks[0]
	if *task.LastStatus != "PROVISIONING" || *task.StartedBy != "ops" || task.Overrides.ContainerOverrides[0].Command[2] != "x" {
		t.Errorf("started: %+v", task)
	}
	describe := func() types.Task {
		return must(client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: aws.String("shop"), Tasks: []string{*task.TaskArn}}))(t).Tasks[0]
	}
	describe()
	ended := describe()
	if *ended.LastStatus != "STOPPED" || *ended.Containers[1].ExitCode != 3 || ended.StopCode != types.TaskStopCodeEssentialContainerExited {
		t.Errorf("ended: %+v", ended)
	}
	in.Overrides.ContainerOverrides[0].Name = aws.String("nobody")
	if _, err := client.RunTask(ctx, in); code(err) != "InvalidParameterException" {
		t.Errorf("an override of no container gives %v", err)
	}
	if err := w.SetOutcome(Outcome{Stays: true}); err != nil {
		t.Fatal(err)
	}
	in.Overrides = nil
	stays := must(client.RunTask(ctx, in))(t).Tasks[0]
	stopped := must(client.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String("shop"), Task: stays.TaskArn, Reason: aws.String("enough")}))(t).Task
	if *stopped.LastStatus != "STOPPED" || *stopped.StoppedReason != "enough" || *stopped.Containers[1].ExitCode != 143 {
		t.Errorf("stopped: %+v", stopped)
	}
}

func TestUnknownNames(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client := ecs.NewFromConfig(w.config)
	_, noCluster := client.ListServices(ctx, &ecs.ListServicesInput{Cluster: aws.String("nowhere")})
	_, noService := client.ListTasks(ctx, &ecs.ListTasksInput{Cluster: aws.String("shop"), ServiceName: aws.String("nobody")})
	_, noTask := client.StopTask(ctx, &ecs.StopTaskInput{Cluster: aws.String("shop"), Task: aws.String("nothing")})
	_, noDefinition := client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("other")})
	for want, err := range map[string]error{
		"ClusterNotFoundException": noCluster, "ServiceNotFoundException": noService, "InvalidParameterException": noTask, "ClientException": noDefinition,
	} {
		if code(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	out := must(client.DescribeClusters(ctx, &ecs.DescribeClustersInput{Clusters: []string{"shop", "nowhere"}}))(t)
	if len(out.Clusters) != 1 || out.Clusters[0].RunningTasksCount != 2 || out.Clusters[0].RegisteredContainerInstancesCount != 2 || len(out.Failures) != 1 {
		t.Errorf("clusters: %+v", out)
	}
	instances := must(client.ListContainerInstances(ctx, &ecs.ListContainerInstancesInput{Cluster: aws.String("shop")}))(t)
	described := must(client.DescribeContainerInstances(ctx, &ecs.DescribeContainerInstancesInput{Cluster: aws.String("shop"), ContainerInstances: instances.ContainerInstanceArns}))(t)
	if len(described.ContainerInstances) != 2 || !described.ContainerInstances[0].AgentConnected {
		t.Errorf("instances: %+v", described)
	}
}

// TestHowManyNames: a client that forgets to ask in parts fails here, too.
func TestHowManyNames(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	client, cluster := ecs.NewFromConfig(w.config), aws.String("shop")
	for _, test := range []struct {
		most int
		ask  func(names []string) error
	}{
		{10, func(names []string) error {
			_, err := client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: cluster, Services: names})
			return err
		}},
		{100, func(names []string) error {
			_, err := client.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: cluster, Tasks: names})
			return err
		}},
	} {
		names := make([]string, test.most+1)
		for i := range names {
			names[i] = fmt.Sprint("name", i)
		}
		if err := test.ask(names[:test.most]); err != nil {
			t.Errorf("%d names: %v", test.most, err)
		}
		for _, refused := range [][]string{names, {}} {
			if err := test.ask(refused); code(err) != "InvalidParameterException" {
				t.Errorf("%d names of at most %d: %v", len(refused), test.most, err)
			}
		}
	}
}
