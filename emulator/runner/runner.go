// Package runner runs a command with the environment of an emulated AWS account, as aws-vault runs one with that of a
// real account: AWS_ENDPOINT_URL and credentials, the variables of Pulumi, a pulumi in front of the real one, and a program
// in place of AWS's Session Manager plugin. The account lives as long as the command.
package runner

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/api"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/emulator/front"
	"github.com/laravel-ecs/laravel-ecs/emulator/local"
)

// SessionPluginVariable names the program that the operator's command runs for sessions. Without it, it is AWS's own
// session-manager-plugin.
const SessionPluginVariable = "LARAVEL_ECS_SESSION_PLUGIN"

// Config says what to run and where.
type Config struct {
	Stack   *local.Stack
	Deploy  bool // the stack, before the command runs; for a stack in memory
	Command []string
	Self    string // path of this program, which is also the pulumi in front and the Session Manager plugin
}

// Run runs the command and returns its exit code.
func Run(ctx context.Context, cfg Config) (int, error) {
	s := cfg.Stack
	cli, err := engine.FindCLI(ctx, s.Root, os.Stderr)
	if err != nil {
		return 1, err
	}
	if slices.Contains(filepath.SplitList(os.Getenv(local.StatesVariable)), s.State) && !s.InMemory {
		return 1, s.Nested()
	}
	h := newHost(s, cli)
	defer h.close()
	if err := h.open(ctx, cfg.Deploy); err != nil {
		return 1, err
	}
	scratch, err := os.MkdirTemp("", "laravel-ecs-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(scratch)
	socket, stop, err := h.listen(scratch)
	if err != nil {
		return 1, err
	}
	defer stop()
	endpoint, stopAPI, err := h.serveAPI()
	if err != nil {
		return 1, err
	}
	defer stopAPI()
	environment, err := h.environment(cfg.Self, scratch, socket, endpoint)
	if err != nil {
		return 1, err
	}
	path, code, err := lookPath(cfg.Command[0], environment)
	if err != nil {
		return code, err
	}
	command := exec.Command(path, cfg.Command[1:]...)
	command.Args[0] = cfg.Command[0]
	command.Env = environment
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return front.RunForeground(command)
}

// open opens the stack of the command: one in memory for good, another one for reading at first.
func (h *host) open(ctx context.Context, deploy bool) error {
	if !h.main.InMemory {
		return h.main.look()
	}
	held, err := h.main.hold(ctx)
	if err != nil || !deploy {
		return err
	}
	defer h.main.redirect(h.main.redirect(io.Discard)) // the error has what the engine reports
	if _, err := held.Up(ctx); err != nil {
		return fmt.Errorf("deploying %s before the command: %w", h.main.File(), err)
	}
	return nil
}

// environment is that of the command.
func (h *host) environment(self, scratch, socket, endpoint string) ([]string, error) {
	bin := filepath.Join(scratch, "bin")
	if err := os.Mkdir(bin, 0o700); err != nil {
		return nil, err
	}
	plugin := filepath.Join(scratch, "session-manager-plugin") // not on PATH: it is no AWS program
	for path, subcommand := range map[string]string{filepath.Join(bin, "pulumi"): "pulumi", plugin: "session-manager-plugin"} {
		script := fmt.Sprintf("#!/bin/sh\nexec '%s' %s \"$@\"\n", strings.ReplaceAll(self, "'", `'\''`), subcommand)
		if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
			return nil, err
		}
	}
	region := h.main.account().Region()
	set := engine.ReadEnvironment(h.main.State)
	if h.main.held != nil {
		set = h.main.held.Environment()
	}
	set = append(set,
		"AWS_ENDPOINT_URL="+endpoint, "AWS_REGION="+region, "AWS_DEFAULT_REGION="+region,
		"AWS_ACCESS_KEY_ID="+api.AccessKey, "AWS_SECRET_ACCESS_KEY="+api.SecretKey,
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true",
		"PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"),
		engine.CLIVariable+"="+h.cli, front.SocketVariable+"="+socket, SessionPluginVariable+"="+plugin,
		local.StatesVariable+"="+strings.Join(append(filepath.SplitList(os.Getenv(local.StatesVariable)), h.main.State), string(filepath.ListSeparator)),
	)
	if url := h.url(); url != "" {
		set = append(set, "SMOKE_URL="+url, "SMOKE_INSECURE="+strconv.FormatBool(strings.HasPrefix(url, "https:")))
	}
	return append(without(os.Environ(), append(names(set), ofRealAccount...)), set...), nil
}

// url is where the stack of the command answers on this machine; its output url names a load balancer that leads nowhere here.
func (h *host) url() string {
	if machine := h.main.machine(); machine != nil {
		return machine.URL()
	}
	return ""
}

// ofRealAccount are variables that lead to a real account, or past AWS_ENDPOINT_URL, also AWS_ENDPOINT_URL_ECS and its kind. Those of Pulumi
// choose another stack, passphrase or login.
var ofRealAccount = []string{
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ENDPOINT_URL_*",
	"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT",
	"PULUMI_STACK", "PULUMI_CONFIG_PASSPHRASE_FILE", "PULUMI_ACCESS_TOKEN",
}

func names(variables []string) []string {
	var list []string
	for _, variable := range variables {
		name, _, _ := strings.Cut(variable, "=")
		list = append(list, name)
	}
	return list
}

func without(environment, unwanted []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return slices.ContainsFunc(unwanted, func(pattern string) bool {
			prefix, any := strings.CutSuffix(pattern, "*")
			return name == pattern || any && strings.HasPrefix(name, prefix)
		})
	})
}

// lookPath finds a program on the PATH of the environment that it will get. The code beside an error is a shell's: 127 for a program that
// is not there, 126 for one that cannot be run.
func lookPath(name string, environment []string) (path string, code int, err error) {
	if strings.Contains(name, "/") {
		switch info, err := os.Stat(name); {
		case err != nil:
			return "", 127, err
		case info.IsDir() || info.Mode()&0o111 == 0:
			return "", 126, fmt.Errorf("%s is not a program", name)
		}
		return name, 0, nil
	}
	for _, variable := range environment {
		value, found := strings.CutPrefix(variable, "PATH=")
		for _, folder := range filepath.SplitList(value) {
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); found && err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
				return path, 0, nil
			}
		}
	}
	return "", 127, fmt.Errorf("there is no program %s on PATH", name)
}
