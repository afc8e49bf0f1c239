package runtime

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
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

// targetState is what HAProxy says of a server.
type targetState struct {
	status   string // UP, DOWN, DRAIN, MAINT, no check
	check    string // L7OK, L7STS, L4CON, L7TOUT, ... or INI before the first
	code     string // HTTP status of the last check
	sessions int
}

func (s targetState) passed() bool {
	return strings.HasPrefix(s.check, "L7OK") || s.status == "no check"
}

// reason is why the target is unhealthy, in the load balancer's words.
func (s targetState) reason() string {
	switch {
	case strings.HasPrefix(s.check, "L7STS"):
		return "Health checks failed with these codes: [" + s.code + "]"
	case strings.Contains(s.check, "TOUT"):
		return "Request timed out"
	default:
		return "Health checks failed"
	}
}

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
	if _, there := servers[t.name()]; there {
		if err := r.deleteServer(ctx, g.name+"/"+t.name()); err != nil {
			return err
		}
	}
	server := g.name + "/" + t.name()
	if err := r.console.command(ctx, "add server "+server+" "+g.server(t)); err != nil {
		return err
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
	down := strings.HasPrefix(state.status, "DOWN")
	if index < 0 || targets[index].Ready || !state.passed() || down && !fresh {
		return state, nil
	}
	server := g.name + "/" + t.name()
	if down {
		if err := r.console.command(ctx, "set server "+server+" health up"); err != nil {
			return state, err
		}
		state.status = "UP"
	}
	if err := r.console.command(ctx, "set server "+server+" state ready"); err != nil {
		return state, err
	}
	targets[index].Ready = true
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
	for deadline := time.Now().Add(time.Duration(g.delay) * time.Second); time.Now().Before(deadline); pause(ctx, r.tick) {
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

// idle says whether no request is under way to a draining target. While an old process still finishes its connections
// after a reload, nobody knows: then the whole delay is waited.
func (r *Runtime) idle(ctx context.Context, g group, t target) (bool, error) {
	servers, err := r.servers(ctx, g.name)
	if err != nil {
		return false, err
	}
	if state, there := servers[t.name()]; there && state.sessions > 0 {
		return false, nil
	}
	processes, err := r.docker.feed(ctx, strings.NewReader("show proc\n"), "exec", "--interactive", r.console.container, "socat", "-t5", "-", "UNIX-CONNECT:"+masterSocket)
	if err != nil {
		return false, err
	}
	_, old, _ := strings.Cut(processes, "# old workers")
	return strings.Count(strings.Split(old, "# programs")[0], "worker") == 0, nil
}

// deleteServer ends what is left of a server's connections and forgets it.
func (r *Runtime) deleteServer(ctx context.Context, server string) error {
	for _, command := range []string{"set server %s state maint", "shutdown sessions server %s", "wait 5s srv-removable %s", "del server %s"} {
		err := r.console.command(ctx, fmt.Sprintf(command, server))
		if err != nil && !strings.Contains(err.Error(), "No such server") {
			return err
		}
	}
	return nil
}

// servers returns the state of a group's servers by name.
func (r *Runtime) servers(ctx context.Context, group string) (map[string]targetState, error) {
	out, err := r.console.ask(ctx, "show stat "+group+" 4 -1")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "# "))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("the load balancer does not know the target group %s (%s)", group, lastLines(out, 1))
	}
	column := func(row []string, name string) string {
		if i := slices.Index(rows[0], name); i >= 0 && i < len(row) {
			return strings.TrimPrefix(row[i], "* ")
		}
		return ""
	}
	states := map[string]targetState{}
	for _, row := range rows[1:] {
		sessions, _ := strconv.Atoi(column(row, "scur")) // empty means none
		states[column(row, "svname")] = targetState{
			status: column(row, "status"), check: column(row, "check_status"), code: column(row, "check_code"), sessions: sessions,
		}
	}
	return states, nil
}

func (r *Runtime) groupOf(t target) (*frontDoor, group, error) {
	door, err := r.frontDoor()
	if err != nil {
		return nil, group{}, err
	}
	if door != nil {
		for _, g := range door.groups {
			if g.arn == t.Group {
				return door, g, nil
			}
		}
	}
	return nil, group{}, fmt.Errorf("the target group %s has no load balancer that listens", t.Group)
}

func (r *Runtime) targetsFile() string { return filepath.Join(r.stateDir, "runtime", "targets.json") }

func (r *Runtime) loadTargets() ([]target, error) {
	data, err := os.ReadFile(r.targetsFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var targets []target
	if err == nil {
		err = json.Unmarshal(data, &targets)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the targets: %w", err)
	}
	return targets, nil
}

func (r *Runtime) saveTargets(targets []target) error {
	data, err := json.MarshalIndent(targets, "", "  ")
	if err == nil {
		err = writeFile(r.targetsFile(), data)
	}
	if err != nil {
		return fmt.Errorf("keeping the targets: %w", err)
	}
	return nil
}

func (r *Runtime) changeTargets(change func([]target) []target) error {
	targets, err := r.loadTargets()
	if err != nil {
		return err
	}
	return r.saveTargets(change(targets))
}
