package tasks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/registry"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// start brings up a task's containers in the order of their dependencies, then registers it with its target groups.
// It reports by the task's phase.
func (r *Scheduler) start(ctx context.Context, t *task, s service, def taskDefinition) {
	err := r.startContainers(ctx, t, s, def)
	if err == nil {
		err = r.registerTask(ctx, t, s)
	}
	if err != nil {
		t.fail(err.Error())
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase == pending {
		t.phase, t.running = running, time.Now()
	}
}

func (r *Scheduler) startContainers(ctx context.Context, t *task, s service, def taskDefinition) error {
	for i, c := range def.Containers {
		for _, d := range c.DependsOn {
			if err := r.awaitDependency(ctx, t, c, d.ContainerName, d.Condition); err != nil {
				return err
			}
		}
		if phase, _ := t.snapshot(); phase != pending {
			return errors.New("Task stopped by scheduler")
		}
		labels := map[string]string{
			machine.LabelState: r.StateDir, machine.LabelRole: "task", LabelService: s.key(), LabelTask: t.id, labelDeployment: t.deployment,
			LabelRevision: t.revision, labelContainer: c.Name, labelPlace: fmt.Sprintf("%d/%d", i+1, len(def.Containers)),
			LabelEssential: strconv.FormatBool(c.IsEssential()), labelImage: c.Image,
		}
		if l := c.LogConfiguration; l != nil {
			labels[labelLogGroup], labels[labelLogStream] = l.Options["awslogs-group"], l.Options["awslogs-stream-prefix"]+"/"+c.Name+"/"+t.id
		}
		name := t.name
		if c.Name != def.main(s.behindBalancer()) {
			name += "-" + state.PlainName(c.Name)
		}
		hosts, err := r.hosts(ctx, t, c)
		if err != nil {
			return err
		}
		made, err := r.createContainer(ctx, name, c, hosts, labels)
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.containers = append(t.containers, made)
		t.mu.Unlock()
		if _, err := r.Docker.Run(ctx, "start", made.id); err != nil {
			return fmt.Errorf("CannotStartContainerError: container %s: %w", c.Name, err)
		}
	}
	return nil
}

// createContainer pulls the image, looks the secrets up and makes the container.
func (r *Scheduler) createContainer(ctx context.Context, name string, c containerSpec, hosts []string, labels map[string]string) (started, error) {
	if err := r.checkLogGroup(c); err != nil {
		return started{}, err
	}
	env, err := r.environment(c)
	if err != nil {
		return started{}, err
	}
	image, err := r.Pull(ctx, c.Image)
	if err != nil {
		return started{}, err
	}
	address, err := r.Allocate(ctx)
	if err != nil {
		return started{}, fmt.Errorf("CannotCreateContainerError: %w", err)
	}
	defer r.Release(address)
	request := c.request(image, r.Name, address.String(), fromBalancer(env, address), labels)
	request.HostConfig.ExtraHosts = hosts
	if err := r.mount(ctx, c, &request); err != nil {
		return started{}, err
	}
	if err := r.addRole(ctx, c, &request); err != nil {
		return started{}, err
	}
	id, err := r.Docker.Create(ctx, name, request)
	if err != nil {
		return started{}, fmt.Errorf("CannotCreateContainerError: container %s: %w", c.Name, err)
	}
	return started{id: id, name: c.Name, address: address.String(), essential: c.IsEssential()}, nil
}

// hosts are lines of the container's /etc/hosts, where Docker writes those of links: the containers of the task that it is linked to, and the
// names that lead to the load balancer, for which there is no DNS here.
func (r *Scheduler) hosts(ctx context.Context, t *task, c containerSpec) (lines []string, err error) {
	_, containers := t.snapshot()
	for _, link := range c.Links {
		name, alias, _ := strings.Cut(link, ":")
		i := slices.IndexFunc(containers, func(s started) bool { return s.name == name })
		lines = append(lines, cmp.Or(alias, name)+":"+containers[i].address)
	}
	balancer, err := r.Docker.Inspect(ctx, r.Name+"-balancer")
	if err != nil || len(balancer) == 0 {
		return lines, err
	}
	address, _ := balancer[0].Address(r.Name)
	for _, res := range slices.Concat(r.Account.List(account.BalancerToken), r.Account.List(account.RecordToken)) {
		if name := cmp.Or(res.Outputs.Text("dnsName"), res.Outputs.Text("name")); !strings.Contains(name, "*") && (res.Outputs.Has("dnsName") || len(res.Outputs.Blocks("aliases")) > 0) {
			lines = append(lines, name+":"+address.String())
		}
	}
	return lines, nil
}

// fromBalancer adds the private network to the proxies that a container trusts. On AWS the nodes of a load balancer have addresses of its
// subnets (https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html); here it has one of this
// network, which no stack file can name.
func fromBalancer(env []string, address netip.Addr) []string {
	env = slices.Clone(env)
	for i, variable := range env {
		if ranges, ok := strings.CutPrefix(variable, "TRUSTED_PROXIES="); ok && ranges != "" {
			env[i] = variable + "," + netip.PrefixFrom(address, machine.NetworkBits).Masked().String()
		}
	}
	return env
}

// checkLogGroup refuses what the awslogs driver would refuse. The logs themselves stay with the engine.
func (r *Scheduler) checkLogGroup(c containerSpec) error {
	l := c.LogConfiguration
	if l == nil || l.Options["awslogs-create-group"] == "true" {
		return nil
	}
	if _, ok := r.Account.Find(account.LogGroupToken, "name", l.Options["awslogs-group"]); !ok {
		return fmt.Errorf("ResourceInitializationError: failed to validate logger args: ResourceNotFoundException: the specified log group %q does not exist", l.Options["awslogs-group"])
	}
	return nil
}

// Pull gets an image and returns its local name. An image of the account's registry must be there now, because the next
// instance has nothing else; another one may be on this machine already.
func (r *Scheduler) Pull(ctx context.Context, image string) (string, error) {
	name := image
	notThere := func(err error) error {
		return fmt.Errorf("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: not found (%w)", image, err)
	}
	if repository, _, ok := registry.ECRName(image, r.Account.ID(), r.Account.Region()); ok {
		address, err := r.Registry(ctx)
		if err != nil {
			return "", fmt.Errorf("CannotPullContainerError: %w", err)
		}
		name, _ = registry.LocalName(image, r.Account.ID(), r.Account.Region(), address)
		// Docker does not ask for a digest whose layers it has.
		if _, digest, ok := strings.Cut(name, "@"); ok {
			if _, err := registry.Fetch(ctx, address, repository, digest); err != nil {
				return "", notThere(err)
			}
		}
	} else if _, err := r.Docker.Run(ctx, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
		return image, nil
	}
	unlock := r.Locks.Lock("pull " + name)
	defer unlock()
	if _, err := r.Docker.Run(ctx, "pull", "--quiet", name); err != nil {
		return "", notThere(err)
	}
	return name, nil
}

// awaitDependency waits until a container started earlier is where another needs it.
func (r *Scheduler) awaitDependency(ctx context.Context, t *task, c containerSpec, dependency, condition string) error {
	if condition == "START" {
		return nil // it was started before
	}
	const limit = 3 * time.Minute // the agent's default
	for deadline := time.Now().Add(limit); ; machine.Pause(ctx, r.Tick) {
		phase, containers := t.snapshot()
		if phase != pending {
			return errors.New("Task stopped by scheduler")
		}
		i := slices.IndexFunc(containers, func(s started) bool { return s.name == dependency })
		found, err := r.Docker.Inspect(ctx, containers[i].id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("container %s disappeared", dependency)
		}
		met, impossible := dependencyMet(found[0], condition)
		if met {
			return nil
		}
		if impossible || ctx.Err() != nil || time.Now().After(deadline) {
			t.mu.Lock()
			t.lastLines = r.Docker.Tail(context.WithoutCancel(ctx), found[0].ID, 20)
			t.mu.Unlock()
			if !impossible {
				return fmt.Errorf("TaskFailedToStart: container %s waits for %s to be %s: timed out", c.Name, dependency, condition)
			}
			return fmt.Errorf("TaskFailedToStart: dependency graph: failed to resolve the container ordering dependency [%s] for target [%s] as dependency did not exit successfully (%s)",
				dependency, c.Name, machine.ExitReason(found[0]))
		}
	}
}

// dependencyMet says whether a container is where another needs it, or can never get there.
func dependencyMet(c machine.Container, condition string) (met, impossible bool) {
	exited := c.State.Status == "exited" || c.State.Status == "dead"
	switch condition {
	case "COMPLETE":
		return exited, false
	case "SUCCESS":
		return exited && c.State.ExitCode == 0, exited && c.State.ExitCode != 0
	default: // HEALTHY
		return c.Health() == "healthy", exited || c.Health() == "unhealthy"
	}
}

// registerTask puts the task into the target groups of its service.
func (r *Scheduler) registerTask(ctx context.Context, t *task, s service) error {
	_, containers := t.snapshot()
	for _, lb := range s.balancers {
		i := slices.IndexFunc(containers, func(c started) bool { return c.name == lb.container })
		if i < 0 {
			return fmt.Errorf("the task has no container %s for the load balancer", lb.container)
		}
		one := haproxy.Target{Group: lb.group, Address: containers[i].address, Port: lb.port}
		if err := r.Register(ctx, one); err != nil {
			return fmt.Errorf("registering with the target group: %w", err)
		}
		t.mu.Lock()
		t.targets = append(t.targets, one)
		t.mu.Unlock()
	}
	return nil
}
