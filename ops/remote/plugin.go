// Package remote opens sessions of AWS Systems Manager Session Manager: a shell in a container (ECS Exec) and a tunnel to the database or
// the cache. The Session Manager plugin of AWS carries the session.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// PluginVariable names another program in place of session-manager-plugin. It is called with the same arguments, the session as JSON.
const PluginVariable = "LARAVEL_ECS_SESSION_PLUGIN"

// installPage is AWS's page about the plugin.
const installPage = "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"

// plugin carries a session between this terminal and Session Manager.
type plugin struct {
	path  string
	takes string // environment variable that the session may be passed in; "" for a program that takes it as an argument
}

// sessionVariable is where newer plugins take the session from, so that its token is in no list of processes. AWS's command line does
// the same (awscli/customizations/sessionmanager.py, StartSessionCaller).
const sessionVariable = "AWS_SSM_START_SESSION_RESPONSE"

// lastWithoutVariable is the last version of the plugin that takes the session as an argument only (as above).
const lastWithoutVariable = "1.2.497.0"

// findPlugin is asked before a session is started: without the plugin it would stay open with nobody in it.
func findPlugin(ctx context.Context) (*plugin, error) {
	if path := os.Getenv(PluginVariable); path != "" {
		return &plugin{path: path}, nil
	}
	path, err := exec.LookPath("session-manager-plugin")
	if err != nil {
		return nil, errors.New("the Session Manager plugin is not installed: " + installPage)
	}
	p := &plugin{path: path}
	if version, err := exec.CommandContext(ctx, path, "--version").Output(); err == nil && newer(strings.TrimSpace(string(version)), lastWithoutVariable) {
		p.takes = sessionVariable
	}
	return p, nil
}

// newer compares versions of numbers and dots. Something else is not newer.
func newer(a, b string) bool {
	var versions [2][]int
	for i, text := range []string{a, b} {
		for part := range strings.SplitSeq(text, ".") {
			number, err := strconv.Atoi(part)
			if err != nil {
				return false
			}
			versions[i] = append(versions[i], number)
		}
	}
	return slices.Compare(versions[0], versions[1]) > 0
}

// conversation is what the plugin must know. Its arguments, in this order: the session, the region, StartSession, the profile, the
// request, the endpoint of the service that opened the session (awscli/customizations/sessionmanager.py and ecs/executecommand.py).
type conversation struct {
	session                   map[string]string
	request                   map[string]any
	region, profile, endpoint string
}

// run gives the terminal to the plugin and returns its exit code. An interrupt reaches it from the terminal; when the context ends and
// the plugin goes on, it is asked to end, and ended.
func (p *plugin) run(ctx context.Context, c conversation) (int, error) {
	session, err := json.Marshal(c.session)
	if err != nil {
		return 0, err
	}
	request, err := json.Marshal(c.request)
	if err != nil {
		return 0, err
	}
	first, environment := string(session), os.Environ()
	if p.takes != "" {
		first, environment = p.takes, append(environment, p.takes+"="+first)
	}
	late, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(afterInterrupt, end) })
	defer stop()
	command := exec.CommandContext(late, p.path, first, c.region, "StartSession", c.profile, string(request), c.endpoint)
	command.Env, command.Stdin, command.Stdout, command.Stderr = environment, os.Stdin, os.Stdout, os.Stderr
	command.Cancel, command.WaitDelay = func() error { return command.Process.Signal(syscall.SIGTERM) }, afterAsking
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("starting the Session Manager plugin: %w", err)
	}
	err = command.Wait()
	if command.ProcessState != nil { // it has ended, however
		return command.ProcessState.ExitCode(), nil
	}
	return 0, err
}

// pauses are how long the plugin may take to end after an interrupt, and after it was asked.
const (
	afterInterrupt = 2 * time.Second
	afterAsking    = 5 * time.Second
)
