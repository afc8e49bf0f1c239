package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	balancerFolder = "/etc/haproxy/lb"
	adminSocket    = "/run/haproxy/admin.sock"
	masterSocket   = "/run/haproxy/master.sock"
)

// ensureBalancer brings HAProxy in line with the declared load balancer. Shares of weighted forwards change in place;
// anything else is a reload, in which the old process finishes its connections.
func (r *Runtime) ensureBalancer(ctx context.Context) error {
	unlock := r.locks.lock("balancer")
	defer unlock()
	door, err := r.frontDoor()
	if err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	if door == nil {
		return r.removeOwned(ctx, "balancer")
	}
	files, err := r.balancerFiles(door)
	if err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	p := part{role: "balancer", owner: "balancer", name: "balancer", image: "haproxy", initial: map[string][]file{balancerFolder: files}}
	for _, l := range door.listeners {
		p.publish = append(p.publish, fmt.Sprintf("127.0.0.1:%d:%d", r.ports[l.port], l.port))
	}
	id, made, err := r.ensurePart(ctx, p)
	if err != nil {
		for _, l := range door.listeners {
			if taken := r.checkPort(ctx, l.port); taken != nil {
				err = taken
			}
		}
		return fmt.Errorf("starting the load balancer: %w", err)
	}
	structure := id + " " + door.structure(files, r.ports)
	switch {
	case made:
		err = r.waitFor(ctx, "the load balancer", id, 30*time.Second, func(ctx context.Context) error {
			_, err := r.console.ask(ctx, "show version")
			return err
		})
	case r.loadedStructure() == structure:
		return r.setWeights(ctx, door)
	default:
		err = r.reload(ctx, id, files)
	}
	if err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	if err := r.resumePending(ctx, door); err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	return writeFile(r.structureFile(), []byte(structure))
}

// balancerFiles are HAProxy's configuration with the current targets, the shares and the certificates.
func (r *Runtime) balancerFiles(door *frontDoor) ([]file, error) {
	targets, err := r.loadTargets()
	if err != nil {
		return nil, err
	}
	var shares strings.Builder
	weights := door.weights()
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		fmt.Fprintf(&shares, "%s %d\n", key, weights[key])
	}
	files := []file{
		{"haproxy.cfg", []byte(door.configuration(targets, r.ports))},
		{filepath.Base(weightsFile), []byte(shares.String())},
	}
	for _, l := range door.listeners {
		for _, one := range l.rules {
			if one.action.kind == "fixed-response" {
				files = append(files, file{bodyFile(l, one), []byte(one.action.settings.Text("messageBody"))})
			}
		}
		if l.cert != "" {
			pair, err := r.certificate(l.cert)
			if err != nil {
				return nil, err
			}
			files = append(files, file{certificateFile(l.port), pair})
		}
	}
	return files, nil
}

// structure identifies everything that only a reload can change: all but targets and shares.
func (d *frontDoor) structure(files []file, published map[int]int) string {
	sum := sha256.New()
	sum.Write([]byte(d.configuration(nil, published)))
	for _, f := range files {
		if strings.HasSuffix(f.name, ".pem") || strings.HasPrefix(f.name, "body") {
			sum.Write([]byte(f.name))
			sum.Write(f.data)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// reload writes the configuration and has HAProxy's master start a worker with it. A refused configuration changes nothing.
func (r *Runtime) reload(ctx context.Context, id string, files []file) error {
	if err := r.copyIn(ctx, id, balancerFolder, files...); err != nil {
		return err
	}
	answer, err := r.docker.feed(ctx, strings.NewReader("reload\n"), "exec", "--interactive", id, "socat", "-t30", "-", "UNIX-CONNECT:"+masterSocket)
	if err == nil && !strings.Contains(answer, "Success=1") {
		err = fmt.Errorf("reloading HAProxy: %s", lastLines(answer, 10))
	}
	r.console.hangUp() // it speaks to the old process
	return err
}

// setWeights changes the shares in the running process and in the file it would start from.
func (r *Runtime) setWeights(ctx context.Context, door *frontDoor) error {
	weights := door.weights()
	if len(weights) == 0 {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		if err := r.console.command(ctx, fmt.Sprintf("set map %s %s %d", weightsFile, key, weights[key])); err != nil {
			return fmt.Errorf("setting weights: %w", err)
		}
	}
	return r.writeBalancerFiles(ctx, door)
}

// writeBalancerFiles keeps the files true without a reload, for when the container or the machine restarts.
func (r *Runtime) writeBalancerFiles(ctx context.Context, door *frontDoor) error {
	files, err := r.balancerFiles(door)
	if err != nil {
		return err
	}
	return r.copyIn(ctx, r.name+"-balancer", balancerFolder, files...)
}

func (r *Runtime) structureFile() string { return filepath.Join(r.stateDir, "runtime", "balancer") }

func (r *Runtime) loadedStructure() string {
	loaded, _ := os.ReadFile(r.structureFile()) // unreadable means unknown, and unknown means a reload
	return string(loaded)
}
