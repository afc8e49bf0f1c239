package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// keptTasks is how long ECS shows a stopped task: "at least one hour",
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html.
const keptTasks = time.Hour

// controlPlane stands in for a runtime: every deployment succeeds at once, every task of a service runs and is healthy,
// and a task that RunTask starts ends as Outcome says.
type controlPlane struct {
	account *account.Account
	store   *state.Store

	deploying sync.Mutex
	mu        sync.Mutex
	outcome   Outcome
	run       []*state.Task
	lines     map[string][]state.Line // by task
	unready   map[string]int          // tasks of a service that are not running yet
	reports   []Report
	stopped   map[string]int // how many tasks of a service were stopped, each of which was replaced
}

func newControlPlane(a *account.Account, dir string) *controlPlane {
	return &controlPlane{account: a, store: state.OpenStore(dir), lines: map[string][]state.Line{}, unready: map[string]int{}, stopped: map[string]int{}}
}

// Ensure records a deployment when a service's task definition, or what else makes one, changed.
func (c *controlPlane) Ensure(ctx context.Context, r account.Resource) error {
	if r.Type == account.TaskToken {
		return c.store.Register(r.Outputs.Text("arn"))
	}
	if r.Type != account.ServiceToken {
		return nil
	}
	c.deploying.Lock()
	defer c.deploying.Unlock()
	cluster, name := lastPart(r.Outputs.Text("cluster")), r.Outputs.Text("name")
	record, err := c.store.Load(cluster, name)
	if err != nil {
		return err
	}
	encoded, _ := json.Marshal([]any{r.Outputs["taskDefinition"], r.Outputs["loadBalancers"], r.Outputs["triggers"]}) // plain JSON values always encode
	settings := digest(string(encoded))
	record.Desired, _ = r.Outputs.Int("desiredCount")
	if last := record.Deployment(record.Primary); last == nil || last.Settings != settings {
		d := state.Deployment{ID: "ecs-svc/" + state.ID()[:19], TaskDefinition: c.definitionARN(r.Outputs.Text("taskDefinition")), Settings: settings}
		if err := c.begin(ctx, r, &record, d); err != nil {
			return err
		}
	}
	record.Running = record.Desired
	return c.store.Save(record)
}

// Remove forgets a service.
func (c *controlPlane) Remove(_ context.Context, r account.Resource) error {
	if r.Type != account.ServiceToken {
		return nil
	}
	return c.store.Remove(lastPart(r.Outputs.Text("cluster")), r.Outputs.Text("name"))
}

// Service returns the record; a service that was declared before anybody recorded it counts as deployed once.
func (c *controlPlane) Service(cluster, name string) (state.Service, bool) {
	record, err := c.store.Load(cluster, name)
	return record, err == nil && record.Primary != ""
}

// Revisions returns when the revisions were registered.
func (c *controlPlane) Revisions() (map[string]time.Time, error) { return c.store.Revisions() }

// Tasks makes up the tasks of the services and returns those of RunTask.
func (c *controlPlane) Tasks(_ context.Context, cluster string) ([]state.Task, error) {
	var all []state.Task
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.account.List(account.ServiceToken) {
		if lastPart(r.Outputs.Text("cluster")) != cluster {
			continue
		}
		record, known := c.Service(cluster, r.Outputs.Text("name"))
		if !known {
			continue
		}
		for i := range record.Desired {
			all = append(all, c.serviceTask(r, record, i))
		}
	}
	for _, t := range c.run {
		if t.Cluster == cluster && (t.Stopped.IsZero() || time.Since(t.Stopped) < keptTasks) {
			all = append(all, *t)
			c.advance(t)
		}
	}
	return all, nil
}

func (c *controlPlane) serviceTask(r account.Resource, record state.Service, i int) state.Task {
	deployment := record.Deployment(record.Primary)
	id := digest(fmt.Sprint(r.ID, deployment.ID, i+c.stopped[r.ID]))
	t := state.Task{
		ID: id, Cluster: record.Cluster, Service: record.Service, StartedBy: deployment.ID, Group: "service:" + record.Service,
		TaskDefinition: deployment.TaskDefinition, LastStatus: "RUNNING", DesiredStatus: "RUNNING", Health: "HEALTHY",
		Exec: r.Outputs.True("enableExecuteCommand"), Created: deployment.Created, Started: deployment.Created,
	}
	if i < c.unready[record.Service] {
		t.LastStatus, t.Health, t.Started = "PENDING", "UNKNOWN", time.Time{}
	}
	c.containers(&t)
	return t
}

// containers makes up a task's containers from its definition. Those that others wait for to end have ended.
func (c *controlPlane) containers(t *state.Task) {
	t.Containers = nil
	definition, ok := findDefinition(c.account, t.TaskDefinition)
	if !ok {
		return
	}
	containers, err := containerDefinitions(definition.Outputs)
	if err != nil {
		return
	}
	for _, one := range containers {
		image, digestOf := text(one.Image), ""
		if at := lastIndex(image, "@"); at >= 0 {
			digestOf = image[at+1:]
		}
		made := state.Container{
			Name: text(one.Name), Image: image, ImageDigest: digestOf, RuntimeID: digest(t.ID+text(one.Name)) + digest(text(one.Name)+t.ID),
			LastStatus: t.LastStatus, Health: "UNKNOWN", Address: addressOf(t.ID),
		}
		if one.HealthCheck != nil {
			made.Health = t.Health
		}
		if one.Essential != nil && !*one.Essential && t.LastStatus == "RUNNING" && awaited(containers, text(one.Name)) {
			made.LastStatus, made.ExitCode = "STOPPED", new(int)
		}
		t.Containers = append(t.Containers, made)
	}
}

// Run records a task. It runs at the first look and has ended at the second.
func (c *controlPlane) Run(_ context.Context, run state.Run) (state.Task, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &state.Task{
		ID: state.ID(), Cluster: run.Cluster, StartedBy: run.StartedBy, Group: run.Group, TaskDefinition: run.TaskDefinition, LastStatus: "PROVISIONING",
		DesiredStatus: "RUNNING", Health: "UNKNOWN", Exec: run.Exec, Overrides: run.Overrides, Tags: run.Tags, Created: time.Now(),
	}
	c.containers(t)
	c.run = append(c.run, t)
	first := *t
	t.LastStatus = "RUNNING"
	t.Started = t.Created
	c.containers(t)
	return first, nil
}

// advance moves a task on after somebody looked at it.
func (c *controlPlane) advance(t *state.Task) {
	if t.LastStatus != "RUNNING" || c.outcome.Stays {
		return
	}
	exit := c.outcome.ExitCode
	c.end(t, "EssentialContainerExited", "Essential container in task exited", exit)
	for i, one := range t.Containers {
		if failing := c.outcome.Container; failing == one.Name {
			t.Containers[i].ExitCode = &exit
		} else if failing != "" {
			t.Containers[i].ExitCode = nil
		}
	}
	for _, text := range c.outcome.Output {
		c.lines[t.ID] = append(c.lines[t.ID], state.Line{At: time.Now(), Text: text})
	}
}

func (c *controlPlane) end(t *state.Task, code, reason string, exit int) {
	t.LastStatus, t.DesiredStatus, t.StopCode, t.StoppedReason = "STOPPED", "STOPPED", code, reason
	t.Stopping, t.Stopped = time.Now(), time.Now()
	t.Containers = slices.Clone(t.Containers)
	for i := range t.Containers {
		if t.Containers[i].LastStatus != "STOPPED" {
			t.Containers[i].LastStatus, t.Containers[i].ExitCode = "STOPPED", &exit
		}
	}
}

// Stop ends a task; that of a service is replaced.
func (c *controlPlane) Stop(ctx context.Context, cluster, id, reason string) error {
	tasks, err := c.Tasks(ctx, cluster)
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.run {
		if t.ID == id && t.LastStatus != "STOPPED" {
			c.end(t, "UserInitiated", reason, 143) // 128 and SIGTERM
		}
	}
	for _, t := range tasks {
		if t.ID == id && t.Service != "" {
			c.stopped[ecsARN(c.account, "service/"+cluster+"/"+t.Service)]++
			c.end(&t, "UserInitiated", reason, 143)
			c.run = append(c.run, &t)
		}
	}
	return err
}

// addressOf is the address of a task, made from its id.
func addressOf(task string) string {
	sum := sha256.Sum256([]byte(task))
	return fmt.Sprintf("10.0.%d.%d", sum[0], sum[1])
}

// Targets are the tasks of the services that are attached to the group.
func (c *controlPlane) Targets(ctx context.Context, groupARN string) ([]state.Target, error) {
	var all []state.Target
	for _, r := range c.account.List(account.ServiceToken) {
		for _, lb := range r.Outputs.Blocks("loadBalancers[*]") {
			if lb.Text("targetGroupArn") != groupARN {
				continue
			}
			tasks, err := c.Tasks(ctx, lastPart(r.Outputs.Text("cluster")))
			if err != nil {
				return nil, err
			}
			port, _ := lb.Int("containerPort")
			for _, t := range tasks {
				if t.Service == r.Outputs.Text("name") && t.LastStatus == "RUNNING" {
					all = append(all, state.Target{ID: addressOf(t.ID), Port: port, State: "healthy"})
				}
			}
		}
	}
	return all, nil
}

// Lines are the output of the tasks that RunTask started.
func (c *controlPlane) Lines(_ context.Context, logGroup string, _ time.Time) ([]state.Line, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []state.Line
	for _, t := range c.run {
		definition, _ := findDefinition(c.account, t.TaskDefinition)
		containers, err := containerDefinitions(definition.Outputs)
		if err != nil {
			return nil, err
		}
		if writes := c.outcome.Container; writes != "" {
			containers = slices.DeleteFunc(containers, func(one types.ContainerDefinition) bool { return text(one.Name) != writes })
		}
		group, stream := logStream(containers, t.ID)
		for _, line := range c.lines[t.ID] {
			if group == logGroup {
				line.Stream = stream
				all = append(all, line)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b state.Line) int { return a.At.Compare(b.At) })
	return all, nil
}

// Registry names the registry's own host: there is none to push to.
func (c *controlPlane) Registry(context.Context) (string, error) {
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com", c.account.ID(), c.account.Region()), nil
}

// RecordImages has nothing to record.
func (c *controlPlane) RecordImages(context.Context, string) error { return nil }

// Reach returns the address as it is: a session can be opened, and its connections fail.
func (c *controlPlane) Reach(_ context.Context, host string, port int) (string, error) {
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

func (c *controlPlane) definitionARN(reference string) string {
	if r, ok := findDefinition(c.account, reference); ok {
		return r.Outputs.Text("arn")
	}
	return reference
}
