package haproxy

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

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

const (
	// BalancerFolder holds HAProxy's configuration, in its container.
	BalancerFolder = "/etc/haproxy/lb"
	adminSocket    = "/run/haproxy/admin.sock"
	masterSocket   = "/run/haproxy/master.sock"
)

// EnsureBalancer brings HAProxy in line with the declared load balancer. Shares of weighted forwards change in place;
// anything else is a reload, in which the old process finishes its connections.
func (r *Balancer) EnsureBalancer(ctx context.Context) error {
	unlock := r.Locks.Lock("balancer")
	defer unlock()
	door, err := r.frontDoor()
	if err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	if door == nil {
		return r.RemoveOwned(ctx, "balancer")
	}
	files, err := r.balancerFiles(door)
	if err != nil {
		return fmt.Errorf("configuring the load balancer: %w", err)
	}
	p := machine.Part{Role: "balancer", Owner: "balancer", Name: "balancer", Image: "haproxy", LogSize: "100m", Initial: map[string][]machine.File{BalancerFolder: files}}
	for _, l := range door.listeners {
		p.Publish = append(p.Publish, fmt.Sprintf("127.0.0.1:%d:%d", r.Ports[l.port], l.port))
	}
	id, made, err := r.EnsurePart(ctx, p)
	if err != nil {
		for _, l := range door.listeners {
			if taken := r.CheckPort(ctx, l.port); taken != nil {
				err = taken
			}
		}
		return fmt.Errorf("starting the load balancer: %w", err)
	}
	structure := id + " " + door.structure(files, r.Ports)
	switch {
	case made:
		err = r.WaitFor(ctx, "the load balancer", id, 30*time.Second, func(ctx context.Context) error {
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
	return machine.WriteFile(r.structureFile(), []byte(structure))
}

// balancerFiles are HAProxy's configuration with the current targets, the shares and the certificates.
func (r *Balancer) balancerFiles(door *frontDoor) ([]machine.File, error) {
	targets, err := r.LoadTargets()
	if err != nil {
		return nil, err
	}
	var shares strings.Builder
	weights := door.weights()
	for _, key := range slices.Sorted(maps.Keys(weights)) {
		fmt.Fprintf(&shares, "%s %d\n", key, weights[key])
	}
	files := []machine.File{
		{Name: "haproxy.cfg", Data: []byte(door.configuration(targets, r.Ports))},
		{Name: filepath.Base(weightsFile), Data: []byte(shares.String())},
	}
	for _, l := range door.listeners {
		for _, one := range l.rules {
			if one.action.kind == "fixed-response" {
				files = append(files, machine.File{Name: bodyFile(l, one), Data: []byte(one.action.settings.Text("messageBody"))})
			}
		}
		if l.cert != "" {
			pair, err := r.certificate(l.cert)
			if err != nil {
				return nil, err
			}
			files = append(files, machine.File{Name: certificateFile(l.port), Data: pair})
		}
	}
	return files, nil
}

// structure identifies everything that only a reload can change: all but targets and shares.
func (d *frontDoor) structure(files []machine.File, published map[int]int) string {
	sum := sha256.New()
	sum.Write([]byte(d.configuration(nil, published)))
	for _, f := range files {
		if strings.HasSuffix(f.Name, ".pem") || strings.HasPrefix(f.Name, "body") {
			sum.Write([]byte(f.Name))
			sum.Write(f.Data)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// reload writes the configuration and has HAProxy's master start a worker with it. A refused configuration changes nothing.
func (r *Balancer) reload(ctx context.Context, id string, files []machine.File) error {
	if err := r.CopyIn(ctx, id, BalancerFolder, files...); err != nil {
		return err
	}
	answer, err := r.Docker.Feed(ctx, strings.NewReader("reload\n"), "exec", "--interactive", id, "socat", "-t30", "-", "UNIX-CONNECT:"+masterSocket)
	if err == nil && !strings.Contains(answer, "Success=1") {
		err = fmt.Errorf("reloading HAProxy: %s", machine.LastLines(answer, 10))
	}
	r.console.hangUp() // it speaks to the old process
	return err
}

// setWeights changes the shares in the running process and in the file it would start from.
func (r *Balancer) setWeights(ctx context.Context, door *frontDoor) error {
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
func (r *Balancer) writeBalancerFiles(ctx context.Context, door *frontDoor) error {
	files, err := r.balancerFiles(door)
	if err != nil {
		return err
	}
	return r.CopyIn(ctx, r.Name+"-balancer", BalancerFolder, files...)
}

// structureFile identifies the configuration that HAProxy has loaded.
func (r *Balancer) structureFile() string { return r.Path("balancer") }

func (r *Balancer) loadedStructure() string {
	loaded, _ := os.ReadFile(r.structureFile()) // unreadable means unknown, and unknown means a reload
	return string(loaded)
}
