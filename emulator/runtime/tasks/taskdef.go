package tasks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecs"
)

// taskDefinition is one revision. The account keeps those that were deregistered too, so a rollback finds its own.
type taskDefinition struct {
	ARN        string
	Containers []containerSpec // in an order that satisfies dependsOn and links
}

type containerSpec struct {
	ecs.Container
	TaskRole string // of the task definition
}

// ParseTaskDefinition reads a task definition, which the account has accepted, and refuses what cannot be run here.
func ParseTaskDefinition(res account.Resource) (taskDefinition, error) {
	v := res.Outputs
	def := taskDefinition{ARN: cmp.Or(v.Text("arn"), res.ID)}
	refuse := func(format string, args ...any) (taskDefinition, error) {
		return def, fmt.Errorf("task definition %s: %s", v.Text("family"), fmt.Sprintf(format, args...))
	}
	if len(v.Blocks("proxyConfiguration")) > 0 {
		return refuse("proxyConfiguration is not emulated")
	}
	for _, volume := range v.Blocks("volumes[*]") {
		for _, key := range []string{"hostPath", "dockerVolumeConfiguration", "efsVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"} {
			if volume.Has(key) {
				return refuse("volume %s: %s is not emulated, only empty volumes", volume.Text("name"), key)
			}
		}
	}
	containers, err := ecs.ParseContainers(v.Text("containerDefinitions"))
	if err != nil {
		return refuse("containerDefinitions: %v", err)
	}
	for _, c := range containers {
		for key, list := range map[string][]any{"volumesFrom": c.VolumesFrom, "systemControls": c.SystemControls} {
			if len(list) > 0 {
				return refuse("container %s: %s is not emulated", c.Name, key)
			}
		}
		def.Containers = append(def.Containers, containerSpec{c, v.Text("taskRoleArn")})
	}
	if def.Containers, err = inOrder(def.Containers); err != nil {
		return refuse("%v", err)
	}
	if long := together(def.Containers); v.Text("networkMode") == "awsvpc" && len(long) > 1 {
		return refuse("the containers %s reach each other at 127.0.0.1 in mode awsvpc, which is not emulated: here each has an address of its own", strings.Join(long, " and "))
	}
	return def, nil
}

// together are the containers that run as long as the task does: those that no other one waits for to end.
func together(containers []containerSpec) (names []string) {
	for _, c := range containers {
		if !slices.ContainsFunc(containers, func(other containerSpec) bool {
			return slices.ContainsFunc(other.DependsOn, func(d ecs.Dependency) bool {
				return d.ContainerName == c.Name && (d.Condition == "SUCCESS" || d.Condition == "COMPLETE")
			})
		}) {
			names = append(names, c.Name)
		}
	}
	return names
}

// inOrder sorts containers so that each comes after those it depends on or is linked to (amazon-ecs-agent, dependencygraph); otherwise the
// order stays.
func inOrder(containers []containerSpec) ([]containerSpec, error) {
	var ordered []containerSpec
	visited, done := map[string]bool{}, map[string]bool{}
	var visit func(name string) error
	visit = func(name string) error {
		i := slices.IndexFunc(containers, func(c containerSpec) bool { return c.Name == name })
		switch {
		case i < 0:
			return fmt.Errorf("container %s, which another one needs, is not in the task", name)
		case done[name]:
			return nil
		case visited[name]:
			return fmt.Errorf("container %s waits for itself", name)
		}
		visited[name] = true
		var needed []string
		for _, link := range containers[i].Links {
			other, _, _ := strings.Cut(link, ":")
			needed = append(needed, other)
		}
		for _, d := range containers[i].DependsOn {
			needed = append(needed, d.ContainerName)
		}
		for _, other := range needed {
			if err := visit(other); err != nil {
				return err
			}
		}
		done[name], ordered = true, append(ordered, containers[i])
		return nil
	}
	for _, c := range containers {
		if err := visit(c.Name); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// main is the container that gives the task its name: the one behind the load balancer, else the first essential one.
func (d taskDefinition) main(behindBalancer string) string {
	for _, c := range d.Containers {
		if c.Name == behindBalancer || behindBalancer == "" && c.IsEssential() {
			return c.Name
		}
	}
	return d.Containers[0].Name
}

// memory is what an instance must have free for the task, in bytes.
func (d taskDefinition) memory() int64 {
	var sum int64
	for _, c := range d.Containers {
		sum += cmp.Or(mib(c.MemoryReservation), mib(c.Memory))
	}
	return sum
}

// taskDefinition finds a revision by its ARN, or by family:revision.
func (r *Scheduler) taskDefinition(reference string) (taskDefinition, error) {
	for _, token := range []string{account.TaskToken, account.RetiredTaskToken} {
		for _, res := range r.Account.List(token) {
			arn := res.Outputs.Text("arn")
			if arn == reference || strings.HasSuffix(arn, ":task-definition/"+reference) {
				return ParseTaskDefinition(res)
			}
		}
	}
	return taskDefinition{}, fmt.Errorf("ClientException: unable to describe task definition %q: it does not exist", reference)
}
