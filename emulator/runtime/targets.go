package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// target is a container in a target group. The file of targets is the truth about who is registered; HAProxy's
// configuration is rendered from it.
type target struct {
	Group   string `json:"group"` // ARN
	Address string `json:"address"`
	Port    int    `json:"port"`
	Ready   bool   `json:"ready"` // passed a check since it was registered
}

// name is the target's name in HAProxy, and the Host that its health checks carry, as the load balancer's do.
func (t target) name() string { return fmt.Sprintf("%s:%d", t.Address, t.Port) }

func (t target) same(other target) bool { return t.Group == other.Group && t.name() == other.name() }

// register adds a target, which gets traffic after its first passing check (see admitPassing), not before.
func (r *Runtime) register(ctx context.Context, t target) error {
	unlock := r.locks.lock("balancer")
	defer unlock()
	door, g, err := r.groupOf(t)
	if err != nil {
		return err
	}
	servers, err := r.servers(ctx, g.name)
	if err != nil {
		return err
	}
	if err := r.changeTargets(func(all []target) []target {
		all = slices.DeleteFunc(all, t.same)
		return append(all, t)
	}); err != nil {
		return err
	}
	if err := r.writeBalancerFiles(ctx, door); err != nil {
		return err
	}
	server := g.name + "/" + t.name()
	if _, there := servers[t.name()]; !there { // an interrupted run may have left it
		if err := r.console.command(ctx, "add server "+server+" "+g.server(t)); err != nil {
			return err
		}
	}
	return r.startPending(ctx, g, server)
}

// startPending puts a server that is in maintenance to the test. A server in drain is checked but gets no traffic.
func (r *Runtime) startPending(ctx context.Context, g group, server string) error {
	if !g.enabled {
		return r.console.command(ctx, "set server "+server+" state ready")
	}
	if err := r.console.command(ctx, "set server "+server+" state drain"); err != nil {
		return err
	}
	return r.console.command(ctx, "enable health "+server)
}

// resumePending goes on with targets that were being checked when HAProxy was reloaded.
func (r *Runtime) resumePending(ctx context.Context, door *frontDoor) error {
	targets, err := r.loadTargets()
	for _, t := range targets {
		for _, g := range door.groups {
			if !t.Ready && g.arn == t.Group {
				err = errors.Join(err, r.startPending(ctx, g, g.name+"/"+t.name()))
			}
		}
	}
	return err
}

// admitPassing returns the state of the target, and lets traffic in once it may have it: a fresh target after one passing
// check, one that was unhealthy meanwhile after as many as its threshold says.
func (r *Runtime) admitPassing(ctx context.Context, t target, fresh bool) (targetState, error) {
	unlock := r.locks.lock("balancer")
	defer unlock()
	door, g, err := r.groupOf(t)
	if err != nil {
		return targetState{}, err
	}
	servers, err := r.servers(ctx, g.name)
	if err != nil {
		return targetState{}, err
	}
	state, there := servers[t.name()]
	if !there {
		return state, fmt.Errorf("the target %s is not in %s", t.name(), g.name)
	}
	targets, err := r.loadTargets()
	if err != nil {
		return state, err
	}
	index := slices.IndexFunc(targets, t.same)
	state.admitted = index >= 0 && targets[index].Ready
	if index < 0 || state.admitted || !state.passed() || state.down() && !fresh {
		return state, nil
	}
	server := g.name + "/" + t.name()
	if state.down() {
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

// deregister takes a target out: no new requests at once, and the running ones get until the deregistration delay.
func (r *Runtime) deregister(ctx context.Context, t target) error {
	door, g, err := r.beginDrain(ctx, t)
	if err != nil || door == nil {
		return err
	}
	for deadline := time.Now().Add(time.Duration(g.delay) * time.Second); time.Now().Before(deadline); pause(ctx, 300*time.Millisecond) {
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
	unlock := r.locks.lock("balancer")
	defer unlock()
	return r.deleteServer(ctx, g.name+"/"+t.name())
}

func (r *Runtime) beginDrain(ctx context.Context, t target) (*frontDoor, group, error) {
	unlock := r.locks.lock("balancer")
	defer unlock()
	if err := r.changeTargets(func(all []target) []target { return slices.DeleteFunc(all, t.same) }); err != nil {
		return nil, group{}, err
	}
	door, g, err := r.groupOf(t)
	if err != nil {
		return nil, g, nil //nolint:nilerr // without its load balancer there is nothing to drain
	}
	servers, err := r.servers(ctx, g.name)
	if err != nil {
		return nil, g, err
	}
	if _, there := servers[t.name()]; !there {
		return nil, g, nil
	}
	if err := r.console.command(ctx, "set server "+g.name+"/"+t.name()+" state drain"); err != nil {
		return nil, g, err
	}
	return door, g, r.writeBalancerFiles(ctx, door)
}
