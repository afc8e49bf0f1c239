package haproxy

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// CheckPort says who holds the local port of a listener, unless it is our own load balancer.
func (r *Balancer) CheckPort(ctx context.Context, declared int) error {
	port := r.Ports[declared]
	variable := map[int]string{80: "HTTP_PORT", 443: "HTTPS_PORT"}[declared]
	if port < 1 || port > 65535 {
		return fmt.Errorf("%s=%d is not a port (1-65535)", variable, port)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		return listener.Close()
	}
	own, inspectErr := r.Docker.Inspect(ctx, r.console.container)
	if inspectErr == nil && len(own) == 1 && own[0].State.Running {
		for _, bindings := range own[0].HostConfig.PortBindings {
			for _, binding := range bindings {
				if binding.HostPort == strconv.Itoa(port) {
					return nil
				}
			}
		}
	}
	holder := portHolder("/proc", port)
	if names, err := r.Docker.Run(ctx, "ps", "--filter", fmt.Sprintf("publish=%d", port), "--format", "{{.Names}}"); err == nil && names != "" {
		holder = "the container " + strings.Fields(names)[0]
	}
	return fmt.Errorf("port %d is taken by %s: stop that, or choose another port with %s=%d", port, holder, variable, port+1000)
}

// portHolder names the process that listens on a port, as far as proc tells (Linux, and enough rights).
func portHolder(proc string, port int) string {
	inodes := map[string]bool{}
	for _, table := range []string{"net/tcp", "net/tcp6"} {
		listeningInodes(filepath.Join(proc, table), port, inodes)
	}
	links, _ := filepath.Glob(filepath.Join(proc, "[0-9]*", "fd", "*")) // the pattern is well formed
	for _, link := range links {
		socket, err := os.Readlink(link)
		if err != nil || !inodes[socket] {
			continue
		}
		process := filepath.Dir(filepath.Dir(link))
		name, err := os.ReadFile(filepath.Join(process, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), filepath.Base(process))
	}
	return "another program"
}

// listeningInodes adds the sockets that listen on a port: socket:[inode], as /proc/PID/fd links to them.
func listeningInodes(path string, port int, inodes map[string]bool) {
	table, err := os.Open(path)
	if err != nil {
		return
	}
	defer table.Close()
	for lines := bufio.NewScanner(table); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		const listening = "0A"
		if len(fields) < 10 || fields[3] != listening {
			continue
		}
		_, hex, _ := strings.Cut(fields[1], ":")
		if n, err := strconv.ParseInt(hex, 16, 32); err == nil && int(n) == port {
			inodes["socket:["+fields[9]+"]"] = true
		}
	}
}

// URL is where the application answers; empty while nothing listens. HTTP comes first, unless it only redirects.
func (r *Balancer) URL() string {
	url := ""
	for _, l := range r.List(account.ListenerToken) {
		actions := l.Outputs.Blocks("defaultActions")
		redirects := len(actions) == 1 && actions[0].Text("type") == "redirect"
		switch port := machine.Number(l.Outputs, "port", 0); {
		case port == 80 && !redirects:
			return fmt.Sprintf("http://localhost:%d", r.Ports[80])
		case port == 443:
			url = fmt.Sprintf("https://localhost:%d", r.Ports[443])
		}
	}
	return url
}
