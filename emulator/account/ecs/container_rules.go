package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	imageReference = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._/:@-]*$`)
	capabilities   = account.Words(`
		ALL AUDIT_CONTROL AUDIT_WRITE BLOCK_SUSPEND CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK IPC_OWNER KILL LEASE
		LINUX_IMMUTABLE MAC_ADMIN MAC_OVERRIDE MKNOD NET_ADMIN NET_BIND_SERVICE NET_BROADCAST NET_RAW SETFCAP SETGID SETPCAP SETUID
		SYS_ADMIN SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG SYSLOG WAKE_ALARM`)
	awslogs = account.Words(`
		awslogs-create-group awslogs-region awslogs-endpoint awslogs-group awslogs-stream-prefix awslogs-datetime-format
		awslogs-multiline-pattern mode max-buffer-size`)
	reservedPorts = []int{22, 2375, 2376, 51678, 51679, 51680}
)

const definitions = "containerDefinitions"

// taskRules applies the rules of ECS to a task's containers.
type taskRules struct {
	*account.Rules
	byName map[string]Container
}

func checkContainers(r *account.Rules) {
	text, known := r.In.String(definitions)
	if !known {
		return
	}
	containers, err := ParseContainers(text)
	if err != nil {
		r.Refuse(definitions, "ECS Task Definition container_definitions is invalid: %v", err)
		return
	}
	if len(containers) == 0 || len(containers) > 10 {
		r.Refuse(definitions, "has %d containers; a task can have 1 to 10", len(containers))
		return
	}
	task := taskRules{Rules: r, byName: map[string]Container{}}
	if slices.Contains(r.In.Strings("requiresCompatibilities"), "FARGATE") {
		fargateTask(r, containers)
	}
	for _, c := range containers {
		if _, double := task.byName[c.Name]; double {
			r.Refuse(definitions, "container names must be unique: %q is there twice", c.Name)
		}
		task.byName[c.Name] = c
	}
	for _, c := range containers {
		task.container(c)
		if len(c.Secrets) > 0 && !r.In.Has("executionRoleArn") {
			r.Refuse("executionRoleArn", "when you are specifying container secrets, you must also specify a value for 'executionRoleArn'")
		}
	}
	if !slices.ContainsFunc(containers, Container.IsEssential) {
		r.Refuse(definitions, "at least one container must be essential")
	}
}

// invalid records a problem in ECS's words.
func (t taskRules) invalid(c Container, format string, args ...any) {
	t.Refuse(definitions, "Invalid setting for container '%s': %s", c.Name, fmt.Sprintf(format, args...))
}

func (t taskRules) container(c Container) {
	if !ecsName.MatchString(c.Name) || len(c.Name) > 255 {
		t.invalid(c, "the name must have 1 to 255 letters, digits, hyphens and underscores")
	}
	if !imageReference.MatchString(c.Image) {
		t.invalid(c, "image %q is not a name of an image", c.Image)
	}
	switch {
	case c.Memory == nil && c.MemoryReservation == nil:
		t.invalid(c, "at least one of 'memory' or 'memoryReservation' must be specified")
	case c.Memory != nil && *c.Memory < 6, c.MemoryReservation != nil && *c.MemoryReservation < 6:
		t.invalid(c, "memory and memoryReservation must be 6 MiB or more")
	case c.Memory != nil && c.MemoryReservation != nil && *c.Memory <= *c.MemoryReservation:
		t.invalid(c, "'memory' (%d) must be greater than 'memoryReservation' (%d)", *c.Memory, *c.MemoryReservation)
	}
	if c.CPU < 0 {
		t.invalid(c, "cpu cannot be negative")
	}
	if c.StopTimeout != nil && *c.StopTimeout < 0 {
		t.invalid(c, "stopTimeout cannot be negative")
	}
	// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerRestartPolicy.html
	if p := c.RestartPolicy; len(p.IgnoredExitCodes) > 50 || p.RestartAttemptPeriod != nil && (*p.RestartAttemptPeriod < 60 || *p.RestartAttemptPeriod > 1800) {
		t.invalid(c, "a restartPolicy has up to 50 ignoredExitCodes, and a restartAttemptPeriod of 60 to 1800 seconds")
	}
	t.dependencies(c)
	t.links(c)
	t.ports(c)
	t.environment(c)
	t.health(c)
	t.logging(c)
	t.linux(c)
	t.volumes(c)
	// The others place a task only where the agent has ECS_SELINUX_CAPABLE or ECS_APPARMOR_CAPABLE (API reference, ContainerDefinition).
	for _, option := range c.DockerSecurityOptions {
		if option != "no-new-privileges" {
			t.invalid(c, "the option %q of dockerSecurityOptions is not no-new-privileges, the only one that needs no setting of the agent", option)
		}
	}
}

func (t taskRules) dependencies(c Container) {
	for _, d := range c.DependsOn {
		other, exists := t.byName[d.ContainerName]
		switch {
		case !exists:
			t.invalid(c, "it depends on container '%s', which does not exist in the task definition", d.ContainerName)
			continue
		case !slices.Contains([]string{"START", "COMPLETE", "SUCCESS", "HEALTHY"}, d.Condition):
			t.invalid(c, "the condition %q of dependsOn is not one of START, COMPLETE, SUCCESS, HEALTHY", d.Condition)
		case (d.Condition == "COMPLETE" || d.Condition == "SUCCESS") && other.IsEssential():
			t.invalid(c, "the condition %s needs container '%s' to be non-essential: set essential false there", d.Condition, other.Name)
		case d.Condition == "HEALTHY" && other.HealthCheck == nil:
			t.invalid(c, "the condition HEALTHY needs a healthCheck of container '%s'", other.Name)
		}
		if t.reaches(other.Name, c.Name, map[string]bool{}) {
			t.invalid(c, "it is part of a circular dependency with container '%s'", other.Name)
		}
	}
}

// volumes: sourceVolume "must be a volume name referenced in the name parameter of task definition volume"
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html, "Storage and logging").
func (t taskRules) volumes(c Container) {
	for _, mount := range c.MountPoints {
		if !slices.Contains(t.In.Strings("volumes[*].name"), mount.SourceVolume) {
			t.invalid(c, "its mount point names the volume %q, which the task definition does not have", mount.SourceVolume)
		}
		if !strings.HasPrefix(mount.ContainerPath, "/") {
			t.invalid(c, "the containerPath %q of a mount point does not start with /", mount.ContainerPath)
		}
	}
}

// links are to other containers of the task, as NAME or NAME:ALIAS of up to 255 letters, digits, hyphens and underscores, and in bridge mode
// only (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html).
func (t taskRules) links(c Container) {
	if len(c.Links) > 0 && t.In.Text("networkMode") == "awsvpc" {
		t.invalid(c, "links are not supported when networkMode=awsvpc")
	}
	for _, link := range c.Links {
		name, alias, aliased := strings.Cut(link, ":")
		if _, exists := t.byName[name]; !exists || name == c.Name || aliased && !ecsName.MatchString(alias) || len(link) > 255 {
			t.invalid(c, "the link %q is not NAME or NAME:ALIAS of another container in the task definition", link)
		}
	}
}

// reaches tells whether a container depends on another one, directly or not.
func (t taskRules) reaches(from, to string, seen map[string]bool) bool {
	if from == to {
		return true
	}
	if seen[from] {
		return false
	}
	seen[from] = true
	return slices.ContainsFunc(t.byName[from].DependsOn, func(d Dependency) bool { return t.reaches(d.ContainerName, to, seen) })
}

func (t taskRules) ports(c Container) {
	for _, p := range c.PortMappings {
		switch {
		case p.ContainerPort < 1 || p.ContainerPort > 65535:
			t.invalid(c, "containerPort %d is outside 1-65535", p.ContainerPort)
		case p.HostPort < 0 || p.HostPort > 65535:
			t.invalid(c, "hostPort %d is outside 0-65535", p.HostPort)
		case p.Protocol != "" && p.Protocol != "tcp" && p.Protocol != "udp":
			t.invalid(c, "the protocol %q of a port is not tcp or udp", p.Protocol)
		case t.In.Text("networkMode") == "awsvpc": // API reference, PortMapping, hostPort
			if p.HostPort != 0 && p.HostPort != p.ContainerPort {
				t.invalid(c, "hostPort %d is not containerPort %d, as it must be when networkMode=awsvpc", p.HostPort, p.ContainerPort)
			}
		case slices.Contains(reservedPorts, p.HostPort):
			t.invalid(c, "hostPort %d is reserved on container instances", p.HostPort)
		}
	}
}

func (t taskRules) environment(c Container) {
	names := map[string]bool{}
	for _, variable := range c.Environment {
		if variable.Name == "" {
			t.invalid(c, "an environment variable has no name")
		}
		names[variable.Name] = true
	}
	for _, secret := range c.Secrets {
		if secret.Name == "" || secret.ValueFrom == "" {
			t.invalid(c, "a secret needs name and valueFrom")
		}
		if names[secret.Name] {
			t.invalid(c, "the secret name must be unique and not shared with any new or existing environment variables set on the container, such as '%s'", secret.Name)
		}
		names[secret.Name] = true
		parts := strings.Split(secret.ValueFrom, ":")
		if parts[0] == "arn" && (len(parts) < 6 || parts[2] != "secretsmanager" && parts[2] != "ssm") {
			t.invalid(c, "the valueFrom of secret %s must be the ARN of a secret of Secrets Manager or a parameter of SSM", secret.Name)
		}
	}
}

func (t taskRules) health(c Container) {
	h := c.HealthCheck
	if h == nil {
		return
	}
	if len(h.Command) < 2 || h.Command[0] != "CMD" && h.Command[0] != "CMD-SHELL" {
		t.invalid(c, "the command of healthCheck must start with CMD or CMD-SHELL and name a command")
	}
	for _, limit := range []struct {
		name   string
		value  *int
		lo, hi int
	}{{"interval", h.Interval, 5, 300}, {"timeout", h.Timeout, 2, 120}, {"retries", h.Retries, 1, 10}, {"startPeriod", h.StartPeriod, 0, 300}} {
		if limit.value != nil && (*limit.value < limit.lo || *limit.value > limit.hi) {
			t.invalid(c, "healthCheck %s %d is outside %d-%d", limit.name, *limit.value, limit.lo, limit.hi)
		}
	}
}

func (t taskRules) logging(c Container) {
	l := c.LogConfiguration
	if l == nil {
		return
	}
	if l.LogDriver != "awslogs" {
		t.invalid(c, "the log driver %q is not awslogs, the only one of the emulator", l.LogDriver)
		return
	}
	if l.Options["awslogs-group"] == "" || l.Options["awslogs-region"] == "" {
		t.invalid(c, "log driver awslogs requires options: awslogs-group, awslogs-region")
	}
	for _, name := range account.SortedKeys(l.Options) {
		if !awslogs[name] {
			t.invalid(c, "log driver awslogs has no option %q; did you mean %s?", name, account.Nearest(name, account.SortedKeys(awslogs)))
		}
	}
	if mode := l.Options["mode"]; mode != "" && mode != "blocking" && mode != "non-blocking" {
		t.invalid(c, "the mode of log driver awslogs is blocking or non-blocking, not %q", mode)
	}
}

func (t taskRules) linux(c Container) {
	for _, name := range slices.Concat(c.LinuxParameters.Capabilities.Add, c.LinuxParameters.Capabilities.Drop) {
		if !capabilities[name] {
			t.invalid(c, "%q is not a capability of Linux", name)
		}
	}
	for _, mount := range c.LinuxParameters.Tmpfs {
		if !strings.HasPrefix(mount.ContainerPath, "/") || mount.Size < 1 {
			t.invalid(c, "a tmpfs needs a containerPath that starts with / and a size of 1 MiB or more")
		}
	}
}
