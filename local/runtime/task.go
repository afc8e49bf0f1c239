package runtime

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Labels on the containers of a task.
const (
	labelService    = "laravel-ecs.service"    // cluster/service
	labelTask       = "laravel-ecs.task"       // id
	labelDeployment = "laravel-ecs.deployment" // id
	labelRevision   = "laravel-ecs.revision"   // ARN of the task definition
	labelContainer  = "laravel-ecs.container"  // name in the task definition
	labelPlace      = "laravel-ecs.place"      // its place in the order of starting, and how many there are: 1/2
	labelEssential  = "laravel-ecs.essential"
)

// task is a running instance of a task definition.
type task struct {
	id, name   string // name: of its main container
	deployment string
	revision   string

	mu         sync.Mutex
	containers []started // in the order of starting
	targets    []target
	phase      phase
	running    time.Time // when all its containers ran
	healthy    bool
	proven     bool // was healthy at some time
	unfit      bool // and is not any more
	admitted   bool // its targets passed a check at some time
	counted    bool // as a failure of its deployment
	reason     string
	lastLines  []string
}

type started struct {
	id, name  string
	essential bool
	restarts  bool // Docker restarts it when it dies
}

type phase int

const (
	pending  phase = iota // containers are being started
	running               // all are; health is being watched
	failed                // something is wrong; it will be stopped
	stopping              // draining, then stopping
	stopped
)

// fail notes the first thing that went wrong with a task.
func (t *task) fail(reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.phase == pending || t.phase == running {
		t.phase, t.reason, t.healthy = failed, reason, false
	}
}

// sicken notes that a task's health checks fail. One that was healthy before stays until it is replaced.
func (t *task) sicken(reason string) {
	t.mu.Lock()
	proven := t.proven
	if proven && t.phase == running {
		t.healthy, t.unfit, t.reason = false, true, reason
	}
	t.mu.Unlock()
	if !proven {
		t.fail(reason)
	}
}

// set moves a task to a phase and says whether it was not there yet.
func (t *task) set(p phase) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed := t.phase != p
	t.phase = p
	return changed
}

func (t *task) snapshot() (phase, []started) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.phase, slices.Clone(t.containers)
}

func newID() string {
	var raw [16]byte
	rand.Read(raw[:]) //nolint:errcheck,gosec // never fails
	return hex.EncodeToString(raw[:])
}

// start brings up a task's containers in the order of their dependencies, then registers it with its target groups.
// It reports by the task's phase.
func (r *Runtime) start(ctx context.Context, t *task, s service, def taskDefinition) {
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

func (r *Runtime) startContainers(ctx context.Context, t *task, s service, def taskDefinition) error {
	for i, c := range def.Containers {
		for _, d := range c.DependsOn {
			if err := r.awaitDependency(ctx, t, c, d.ContainerName, d.Condition, def); err != nil {
				return err
			}
		}
		if phase, _ := t.snapshot(); phase != pending {
			return errors.New("Task stopped by scheduler")
		}
		labels := map[string]string{
			labelState: r.stateDir, labelRole: "task", labelService: s.key(), labelTask: t.id, labelDeployment: t.deployment,
			labelRevision: t.revision, labelContainer: c.Name, labelPlace: fmt.Sprintf("%d/%d", i+1, len(def.Containers)),
			labelEssential: strconv.FormatBool(c.essential()),
		}
		name := t.name
		if c.Name != def.main(s.behindBalancer()) {
			name += "-" + plainName(c.Name)
		}
		id, err := r.createContainer(ctx, name, c, labels)
		if err != nil {
			return err
		}
		t.mu.Lock()
		t.containers = append(t.containers, started{id: id, name: c.Name, essential: c.essential()})
		t.mu.Unlock()
		if _, err := r.docker.run(ctx, "start", id); err != nil {
			return fmt.Errorf("CannotStartContainerError: container %s: %w", c.Name, err)
		}
	}
	return nil
}

// createContainer pulls the image, looks the secrets up and makes the container.
func (r *Runtime) createContainer(ctx context.Context, name string, c containerSpec, labels map[string]string) (string, error) {
	if err := r.checkLogGroup(c); err != nil {
		return "", err
	}
	env, err := r.environment(c)
	if err != nil {
		return "", err
	}
	image, err := r.pull(ctx, c.Image)
	if err != nil {
		return "", err
	}
	address, err := r.allocate(ctx)
	if err != nil {
		return "", fmt.Errorf("CannotCreateContainerError: %w", err)
	}
	defer r.release(address)
	id, err := r.docker.create(ctx, name, c.request(image, r.name, address.String(), env, labels))
	if err != nil {
		return "", fmt.Errorf("CannotCreateContainerError: container %s: %w", c.Name, err)
	}
	return id, nil
}

// checkLogGroup refuses what the awslogs driver would refuse. The logs themselves stay with the engine.
func (r *Runtime) checkLogGroup(c containerSpec) error {
	l := c.LogConfiguration
	if l.LogDriver != "awslogs" || l.Options["awslogs-create-group"] == "true" {
		return nil
	}
	if _, ok := r.account.Find(tokenLogGroup, "name", l.Options["awslogs-group"]); !ok {
		return fmt.Errorf("ResourceInitializationError: failed to validate logger args: ResourceNotFoundException: the specified log group %q does not exist", l.Options["awslogs-group"])
	}
	return nil
}

// pull gets an image and returns its local name. An image of the account's registry must be there now; another one may
// be on this machine already.
func (r *Runtime) pull(ctx context.Context, image string) (string, error) {
	name := image
	if _, _, ok := ecrName(image, r.account.ID(), r.account.Region()); ok {
		registry, err := r.ensureRegistry(ctx)
		if err != nil {
			return "", fmt.Errorf("CannotPullContainerError: %w", err)
		}
		name, _ = localName(image, r.account.ID(), r.account.Region(), registry)
	} else if _, err := r.docker.run(ctx, "image", "inspect", "--format", "{{.Id}}", image); err == nil {
		return image, nil
	}
	unlock := r.locks.lock("pull " + name)
	defer unlock()
	if _, err := r.docker.run(ctx, "pull", "--quiet", name); err != nil {
		return "", fmt.Errorf("CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref %s: not found (%w)", image, err)
	}
	return name, nil
}

// awaitDependency waits until a container started earlier is where another needs it.
func (r *Runtime) awaitDependency(ctx context.Context, t *task, c containerSpec, dependency, condition string, def taskDefinition) error {
	if condition == "START" {
		return nil // it was started before
	}
	limit := 3 * time.Minute // the agent's default
	for _, other := range def.Containers {
		if other.Name == dependency && other.StartTimeout > 0 {
			limit = time.Duration(other.StartTimeout) * time.Second
		}
	}
	for deadline := time.Now().Add(limit); ; pause(ctx, r.tick) {
		phase, containers := t.snapshot()
		if phase != pending {
			return errors.New("Task stopped by scheduler")
		}
		i := slices.IndexFunc(containers, func(s started) bool { return s.name == dependency })
		found, err := r.docker.inspect(ctx, containers[i].id)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return fmt.Errorf("container %s disappeared", dependency)
		}
		met, hopeless := dependencyMet(found[0], condition)
		if met {
			return nil
		}
		if hopeless || ctx.Err() != nil || time.Now().After(deadline) {
			t.mu.Lock()
			t.lastLines = r.docker.tail(context.WithoutCancel(ctx), found[0].ID, 20)
			t.mu.Unlock()
			if !hopeless {
				return fmt.Errorf("TaskFailedToStart: container %s waits for %s to be %s: timed out", c.Name, dependency, condition)
			}
			return fmt.Errorf("TaskFailedToStart: dependency graph: failed to resolve the container ordering dependency [%s] for target [%s] as dependency did not exit successfully (%s)",
				dependency, c.Name, exitReason(found[0]))
		}
	}
}

// dependencyMet says whether a container is where another needs it, or can never get there.
func dependencyMet(c container, condition string) (met, hopeless bool) {
	exited := c.State.Status == "exited" || c.State.Status == "dead"
	switch condition {
	case "COMPLETE":
		return exited, false
	case "SUCCESS":
		return exited && c.State.ExitCode == 0, exited && c.State.ExitCode != 0
	default: // HEALTHY
		return c.health() == "healthy", exited || c.health() == "unhealthy"
	}
}

// exitReason says how a container ended.
func exitReason(c container) string {
	switch {
	case c.State.OOMKilled:
		return fmt.Sprintf("OutOfMemoryError: Container killed due to memory usage, exit code %d", c.State.ExitCode)
	case c.State.Error != "":
		return c.State.Error
	default:
		return fmt.Sprintf("exit code %d", c.State.ExitCode)
	}
}

// registerTask puts the task into the target groups of its service.
func (r *Runtime) registerTask(ctx context.Context, t *task, s service) error {
	_, containers := t.snapshot()
	for _, lb := range s.balancers {
		i := slices.IndexFunc(containers, func(c started) bool { return c.name == lb.container })
		if i < 0 {
			return fmt.Errorf("the task has no container %s for the load balancer", lb.container)
		}
		found, err := r.docker.inspect(ctx, containers[i].id)
		if err != nil || len(found) == 0 {
			return fmt.Errorf("finding container %s: %w", lb.container, errors.Join(err, context.Cause(ctx)))
		}
		address, ok := found[0].address(r.name)
		if !ok {
			return fmt.Errorf("container %s is not on the private network", lb.container)
		}
		one := target{Group: lb.group, Address: address.String(), Port: lb.port}
		if err := r.register(ctx, one); err != nil {
			return fmt.Errorf("registering with the target group: %w", err)
		}
		t.mu.Lock()
		t.targets = append(t.targets, one)
		t.mu.Unlock()
	}
	return nil
}

// stop ends a task as ECS does: out of the target groups, the deregistration delay or the last request, then the stop
// signal, and after the stop timeout the kill. Containers stop in the reverse order of their start.
func (r *Runtime) stop(ctx context.Context, t *task) error {
	_, containers := t.snapshot()
	t.mu.Lock()
	targets := slices.Clone(t.targets)
	t.mu.Unlock()
	var problem error
	for _, one := range targets {
		if err := r.deregister(ctx, one); err != nil {
			problem = errors.Join(problem, fmt.Errorf("deregistering %s: %w", t.name, err))
		}
	}
	ids := make([]string, len(containers))
	for i, c := range containers {
		ids[i] = c.id
	}
	alive, err := r.docker.inspect(ctx, ids...)
	if err != nil {
		return errors.Join(problem, err)
	}
	for _, c := range slices.Backward(alive) {
		if c.State.Running || c.State.Restarting {
			if _, err := r.docker.run(ctx, "stop", c.ID); err != nil && !isMissing(err) {
				problem = errors.Join(problem, fmt.Errorf("stopping %s: %w", c.name(), err))
			}
		}
	}
	t.mu.Lock()
	if len(t.lastLines) == 0 && t.reason != "" {
		t.lastLines = r.lastWords(ctx, alive)
	}
	t.mu.Unlock()
	for _, c := range slices.Backward(alive) {
		problem = errors.Join(problem, r.docker.remove(ctx, c.ID))
	}
	return problem
}

// lastWords are the last lines of the containers of a failed task, those of the one that ended badly first of all.
func (r *Runtime) lastWords(ctx context.Context, containers []container) []string {
	var lines []string
	for _, c := range containers {
		if c.State.Running || c.State.ExitCode != 0 || len(containers) == 1 || strings.HasPrefix(c.Config.Labels[labelEssential], "true") {
			lines = append(lines, r.docker.tail(ctx, c.ID, 20)...)
		}
	}
	return lines[max(0, len(lines)-20):]
}
