package haproxy

import (
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// targetState is what HAProxy says of a server.
type targetState struct {
	status   string // UP, DOWN, DRAIN, MAINT, no check
	check    string // L7OK, L7STS, L4CON, L7TOUT, ... or INI before the first
	code     string // HTTP status of the last check
	sessions int
	admitted bool // it gets requests, or got them until its checks failed
}

// Down tells whether as many checks failed as the threshold says.
func (s targetState) Down() bool { return strings.HasPrefix(s.status, "DOWN") }

// Healthy says whether the target is healthy as ELB counts it: a new one from its first passing check on, an admitted one until as many
// checks in a row have failed as the threshold says. A single failed check, as on a busy machine, makes no target unhealthy.
func (s targetState) Healthy() bool { return !s.Down() && (s.passed() || s.admitted) }

func (s targetState) passed() bool {
	return strings.HasPrefix(s.check, "L7OK") || s.status == "no check"
}

// Reason is why the target is unhealthy, in the load balancer's words.
func (s targetState) Reason() string {
	switch {
	case strings.HasPrefix(s.check, "L7STS"):
		return "Health checks failed with these codes: [" + s.code + "]"
	case strings.Contains(s.check, "TOUT"):
		return "Request timed out"
	default:
		return "Health checks failed"
	}
}

// idle says whether no request is under way to a draining target. While an old process still finishes its connections
// after a reload, nobody knows: then the whole delay is waited.
func (r *Balancer) idle(ctx context.Context, g group, t Target) (bool, error) {
	servers, err := r.Servers(ctx, g.Name)
	if err != nil {
		return false, err
	}
	if state, there := servers[t.Name()]; there && state.sessions > 0 {
		return false, nil
	}
	processes, err := r.Docker.Feed(ctx, strings.NewReader("show proc\n"), "exec", "--interactive", r.console.container, "socat", "-t5", "-", "UNIX-CONNECT:"+masterSocket)
	if err != nil {
		return false, err
	}
	_, old, _ := strings.Cut(processes, "# old workers")
	return strings.Count(strings.Split(old, "# programs")[0], "worker") == 0, nil
}

// deleteServer ends what is left of a server's connections and forgets it.
func (r *Balancer) deleteServer(ctx context.Context, server string) error {
	for _, command := range []string{"set server %s state maint", "shutdown sessions server %s", "wait 5s srv-removable %s", "del server %s"} {
		err := r.console.command(ctx, fmt.Sprintf(command, server))
		if err != nil && !strings.Contains(err.Error(), "No such server") {
			return err
		}
	}
	return nil
}

// Servers returns the state of a group's servers by name.
func (r *Balancer) Servers(ctx context.Context, group string) (map[string]targetState, error) {
	out, err := r.console.ask(ctx, "show stat "+group+" 4 -1")
	if err != nil {
		return nil, err
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out, "# "))).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("the load balancer does not know the target group %s (%s)", group, machine.LastLines(out, 1))
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

// GroupOf is the target group of a target, and the load balancer that has it.
func (r *Balancer) GroupOf(t Target) (*frontDoor, group, error) {
	door, err := r.frontDoor()
	if err != nil {
		return nil, group{}, err
	}
	if door != nil {
		for _, g := range door.groups {
			if g.Arn == t.Group {
				return door, g, nil
			}
		}
	}
	return nil, group{}, fmt.Errorf("the target group %s has no load balancer that listens", t.Group)
}
