package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// shell opens a shell in a running web task: with docker here, with ECS Exec on AWS.
func shell(ctx context.Context, o options) error {
	if !o.onThisMachine() {
		return awsTarget{o}.shell(ctx)
	}
	machine, err := running(o)
	if err != nil {
		return err
	}
	tasks, err := machine.Status(ctx)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		if t.Essential && t.Health == "healthy" && strings.Contains(t.Name, "-web-") {
			fmt.Fprintf(o.out, "a shell in %s, release %s; php artisan tinker, migrate:status and the like work in it\n", t.Name, t.Release)
			return become(docker.Client(), append(append([]string{"exec", "--interactive"}, terminal()...), t.Name, "/bin/bash")...)
		}
	}
	return errors.New("no healthy web task runs: make status")
}

func (t awsTarget) shell(ctx context.Context) error {
	found, err := t.outputs(ctx)
	if err != nil {
		return err
	}
	flags, err := t.awsFlags()
	if err != nil {
		return err
	}
	service, ok := found.ServiceNames["web"]
	if !ok {
		return errors.New("the stack has no web service")
	}
	tasks, err := t.aws(ctx, "ecs", "list-tasks", "--cluster", found.ClusterName, "--service-name", service, "--query", "taskArns[0]", "--output", "text")
	if err != nil {
		return err
	}
	task := strings.TrimSpace(string(tasks))
	if task == "" || task == "None" {
		return fmt.Errorf("no task of %s runs", service)
	}
	return become("aws", append([]string{"ecs", "execute-command", "--cluster", found.ClusterName, "--task", task, "--container", "web",
		"--interactive", "--command", "/bin/bash"}, flags...)...)
}

// terminal asks docker for a terminal where this command has one.
func terminal() []string {
	if info, err := os.Stdin.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return []string{"--tty"}
	}
	return nil
}

// become replaces this process.
func become(name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		return err
	}
	return syscall.Exec(path, append([]string{name}, args...), os.Environ())
}
