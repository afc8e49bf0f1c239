package haproxy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// Target is a container in a target group. The file of targets is the truth about who is registered; HAProxy's
// configuration is rendered from it.
type Target struct {
	Group   string `json:"group"` // ARN
	Address string `json:"address"`
	Port    int    `json:"port"`
	Ready   bool   `json:"ready"` // passed a check since it was registered
}

// Name is the target's name in HAProxy, and the Host that its health checks carry, as the load balancer's do.
func (t Target) Name() string { return fmt.Sprintf("%s:%d", t.Address, t.Port) }

// Same tells whether two are the same target of the same group.
func (t Target) Same(other Target) bool { return t.Group == other.Group && t.Name() == other.Name() }

// Register adds a target, which gets traffic after its first passing check (see admitPassing), not before.
func (r *Balancer) Register(ctx context.Context, t Target) error {
	unlock := r.Locks.Lock("balancer")
	defer unlock()
	door, g, err := r.GroupOf(t)
	if err != nil {
		return err
	}
	servers, err := r.Servers(ctx, g.Name)
	if err != nil {
		return err
	}
	if err := r.changeTargets(func(all []Target) []Target {
		all = slices.DeleteFunc(all, t.Same)
		return append(all, t)
	}); err != nil {
		return err
	}
	if err := r.writeBalancerFiles(ctx, door); err != nil {
		return err
	}
	server := g.Name + "/" + t.Name()
	if _, there := servers[t.Name()]; !there { // an interrupted run may have left it
		if err := r.console.command(ctx, "add server "+server+" "+g.server(t)); err != nil {
			return err
		}
	}
	return r.startPending(ctx, g, server)
}

// startPending puts a server that is in maintenance to the test. A server in drain is checked but gets no traffic.
func (r *Balancer) startPending(ctx context.Context, g group, server string) error {
	if !g.enabled {
		return r.console.command(ctx, "set server "+server+" state ready")
	}
	if err := r.console.command(ctx, "set server "+server+" state drain"); err != nil {
		return err
	}
	return r.console.command(ctx, "enable health "+server)
}

// resumePending goes on with targets that were being checked when HAProxy was reloaded.
func (r *Balancer) resumePending(ctx context.Context, door *frontDoor) error {
	targets, err := r.LoadTargets()
	for _, t := range targets {
		for _, g := range door.groups {
			if !t.Ready && g.Arn == t.Group {
				err = errors.Join(err, r.startPending(ctx, g, g.Name+"/"+t.Name()))
			}
		}
	}
	return err
}

// AdmitPassing returns the state of the target, and lets traffic in once it may have it: a fresh target after one passing
// check, one that was unhealthy meanwhile after as many as its threshold says.
func (r *Balancer) AdmitPassing(ctx context.Context, t Target, fresh bool) (targetState, error) {
	unlock := r.Locks.Lock("balancer")
	defer unlock()
	door, g, err := r.GroupOf(t)
	if err != nil {
		return targetState{}, err
	}
	servers, err := r.Servers(ctx, g.Name)
	if err != nil {
		return targetState{}, err
	}
	state, there := servers[t.Name()]
	if !there {
		return state, fmt.Errorf("the target %s is not in %s", t.Name(), g.Name)
	}
	targets, err := r.LoadTargets()
	if err != nil {
		return state, err
	}
	index := slices.IndexFunc(targets, t.Same)
	state.admitted = index >= 0 && targets[index].Ready
	if index < 0 || state.admitted || !state.passed() || state.Down() && !fresh {
		return state, nil
	}
	server := g.Name + "/" + t.Name()
	if state.Down() {
		if err := r.console.command(ctx, "set server "+server+" health up"); err != nil {
			return state, err
		}
		state.status = "UP"
	}
	if err := r.console.command(ctx, "set server "+server+" state ready"); err != nil {
		return state, err
	}
	targets[index].Ready, state.admitted = true, true
	if err := r.saveTargets(targets); err != nil {
		return state, err
	}
	return state, r.writeBalancerFiles(ctx, door)
}

// Deregister takes a target out: no new requests at once, and the running ones get until the deregistration delay.
func (r *Balancer) Deregister(ctx context.Context, t Target) error {
	door, g, err := r.beginDrain(ctx, t)
	if err != nil || door == nil {
		return err
	}
	for deadline := time.Now().Add(time.Duration(g.delay) * time.Second); time.Now().Before(deadline); machine.Pause(ctx, 300*time.Millisecond) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		idle, err := r.idle(ctx, g, t)
		if err != nil {
			return err
		}
		if idle {
			break
		}
	}
	unlock := r.Locks.Lock("balancer")
	defer unlock()
	return r.deleteServer(ctx, g.Name+"/"+t.Name())
}

func (r *Balancer) beginDrain(ctx context.Context, t Target) (*frontDoor, group, error) {
	unlock := r.Locks.Lock("balancer")
	defer unlock()
	if err := r.changeTargets(func(all []Target) []Target { return slices.DeleteFunc(all, t.Same) }); err != nil {
		return nil, group{}, err
	}
	door, g, err := r.GroupOf(t)
	if err != nil {
		return nil, g, nil //nolint:nilerr // without its load balancer there is nothing to drain
	}
	servers, err := r.Servers(ctx, g.Name)
	if err != nil {
		return nil, g, err
	}
	if _, there := servers[t.Name()]; !there {
		return nil, g, nil
	}
	if err := r.console.command(ctx, "set server "+g.Name+"/"+t.Name()+" state drain"); err != nil {
		return nil, g, err
	}
	return door, g, r.writeBalancerFiles(ctx, door)
}
