package doctor

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// answerSeconds is how long Docker may take to answer, as in ops/docker/engine.sh.
const answerSeconds = 15

// engine: docker/Dockerfile needs BuildKit, which Docker has since 20.10 without a syntax line; since 23 the client has it as a plugin
// (https://docs.docker.com/engine/release-notes/23.0/).
func engine(ctx context.Context, a *Application, say say) {
	if !a.Stack.Builds() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, answerSeconds*time.Second)
	defer cancel()
	const oldest, plugin = 20, 23
	versions, err := docker.Output(ctx, "version", "--format", "{{.Client.Version}} {{.Server.Version}}")
	if err != nil {
		err := strings.TrimRight(err.Error(), ": ")
		installs := os.Getuid() == 0 && exists("/etc/debian_version") && os.Getenv("DOCKER_HOST")+os.Getenv("DOCKER_CONTEXT") == ""
		if installs {
			say(Warn, "%s; make up installs and starts it", err)
		} else {
			say(Fail, "%s; install it (https://docs.docker.com/engine/install/), start it, and check that you may use it", err)
		}
		return
	}
	client, server, _ := strings.Cut(strings.TrimSpace(versions), " ")
	switch {
	case major(server) < oldest:
		say(Fail, "Docker %s is too old: 20.10 or later is needed", server)
	case major(client) >= plugin:
		if _, err := docker.Output(ctx, "buildx", "version"); err != nil {
			say(Fail, "Docker %s lacks its builder, BuildKit: install docker-buildx (Debian) or docker-buildx-plugin (Docker's packages)", client)
			return
		}
		fallthrough
	default:
		say(OK, "%s with BuildKit (client %s)", server, client)
	}
}

func major(version string) int {
	number, _, _ := strings.Cut(version, ".")
	n, _ := strconv.Atoi(number)
	return n
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// Gigabytes: an image and its build cache take about 2, Go's caches of the first `make up` about 4.
const leastDisk, fineDisk = 3, 10

func disk(_ context.Context, a *Application, say say) {
	for _, folder := range []string{a.Root, "/var/lib/docker"} {
		var stat syscall.Statfs_t
		if !exists(folder) || syscall.Statfs(folder, &stat) != nil {
			continue
		}
		free := uint64(stat.Bavail) * uint64(stat.Bsize) >> 30 //nolint:unconvert // another type on macOS
		level := OK
		if free < leastDisk {
			level = Fail
		} else if free < fineDisk {
			level = Warn
		}
		if level != OK {
			say(level, "%d GB are free in %s, and the first make up needs about %d: docker system prune removes what no container uses", free, folder, fineDisk)
		}
	}
}

// fineMemory is for the containers of the local stack, about 1.5 GB, and for the compiler.
const fineMemory = 4

func memory(_ context.Context, _ *Application, say say) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return // not Linux
	}
	found := regexp.MustCompile(`(?m)^MemTotal:\s+(\d+) kB`).FindSubmatch(text)
	if found == nil {
		return
	}
	if kilobytes, err := strconv.Atoi(string(found[1])); err == nil && kilobytes>>20 < fineMemory-1 {
		say(Warn, "%.1f GB of memory: make up needs about %d, while it compiles and runs the local stack", float64(kilobytes)/(1<<20), fineMemory)
	}
}

// ports of the load balancer on this machine. A stack that is up has them itself.
func ports(ctx context.Context, a *Application, say say) {
	if !a.Local || exists(filepath.Join(cmp.Or(os.Getenv("STATE"), filepath.Join(a.Root, ".local", a.Name)), "version")) {
		return
	}
	for _, p := range []struct {
		variable string
		usual    int
	}{{"HTTP_PORT", 8080}, {"HTTPS_PORT", 8443}} {
		port := p.usual
		if text := os.Getenv(p.variable); text != "" {
			number, err := strconv.Atoi(text)
			if err != nil || number < 1 || number > 65535 {
				say(Fail, "%s=%s: a port from 1 to 65535 is expected", p.variable, text)
				continue
			}
			port = number
		}
		listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			say(Fail, "%d is taken: stop what listens there, or choose another port with %s=%d", port, p.variable, port+1000)
			continue
		}
		_ = listener.Close()
	}
}
