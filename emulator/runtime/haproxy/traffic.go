package haproxy

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/metrics"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// requestLine is what HAProxy logs of a request: the target group, the target, the status, the milliseconds until the target's headers were
// there, -1 if they never were, how the session ended, and how often it connected again
// (https://docs.haproxy.org/3.0/configuration.html#8.2.6 and #8.5).
const requestLine = `request %b %s %ST %Tr %ts %rc`

// traffic is what the log of HAProxy's container says: a line for each request, and every ten seconds one for each target (see the image). The
// container keeps it while no command runs.
type traffic struct {
	mu          sync.Mutex
	from, until time.Time                  // what was read
	series      map[string]metrics.Points  // by metric and target group, which is empty for the load balancer
	pass        map[string]map[string]bool // the targets of a look at them, by group: whether they are healthy
	passed      time.Time
}

// Traffic has the metrics of an application load balancer:
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html.
func (r *Balancer) Traffic(ctx context.Context, m metrics.Metric, from, to time.Time) (points metrics.Points, known bool, err error) {
	counts := strings.HasPrefix(m.Name, "HTTPCode_Target_") || m.Name == "RequestCount"
	if !counts && !slices.Contains([]string{"HTTPCode_ELB_5XX_Count", "TargetConnectionErrorCount", "TargetResponseTime", "HealthyHostCount", "UnHealthyHostCount"}, m.Name) {
		return nil, false, nil
	}
	group := ""
	if suffix, given := m.Dimensions["TargetGroup"]; given {
		all := r.List(account.TargetGroupToken)
		i := slices.IndexFunc(all, func(g account.Resource) bool { return strings.HasSuffix(g.Outputs.Text("arn"), ":"+suffix) })
		if i < 0 {
			return nil, true, nil
		}
		group = all[i].Outputs.Text("name")
	}
	r.traffic.mu.Lock()
	defer r.traffic.mu.Unlock()
	if err := r.traffic.read(ctx, r.Docker, r.console.container, from); err != nil {
		return nil, true, err
	}
	points = r.traffic.series[m.Name+" "+group].Within(from, to)
	for at := range r.traffic.series["HealthyHostCount "+group].Within(from, to) {
		if counts && points[at] == nil {
			points[at] = []float64{0} // "reported if there are registered targets"
		}
	}
	return points, true, nil
}

// read goes on where it ended, unless something earlier is asked for.
func (t *traffic) read(ctx context.Context, docker machine.Engine, container string, from time.Time) error {
	if t.series == nil || from.Before(t.from) {
		t.from, t.until, t.series, t.pass = from, from, map[string]metrics.Points{}, nil
	}
	var log bytes.Buffer
	err := docker.Stream(ctx, nil, &log, "logs", "--timestamps", "--since", t.until.Add(1).UTC().Format(time.RFC3339Nano), container)
	if err != nil && !machine.IsMissing(err) {
		return fmt.Errorf("reading the log of the load balancer: %w", err)
	}
	for line := range strings.Lines(log.String()) {
		stamp, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			t.until = at
			t.note(at, text)
		}
	}
	return nil
}

func (t *traffic) add(metric, group string, at time.Time, value float64) {
	key := metric + " " + group
	if t.series[key] == nil {
		t.series[key] = metrics.Points{}
	}
	t.series[key].Add(at, value)
}

// note reads a line: "request" as above, or "host GROUP,TARGET,STATE". A look at the targets begins with a heading.
func (t *traffic) note(at time.Time, text string) {
	kind, rest, _ := strings.Cut(text, " ")
	fields, columns := strings.Fields(rest), strings.Split(rest, ",")
	switch {
	case kind == "request" && len(fields) == 6:
		t.noteRequest(at, fields)
	case kind == "host" && strings.HasPrefix(rest, "#"):
		for group, targets := range t.pass {
			counts := map[bool]int{}
			for _, healthy := range targets {
				counts[healthy]++
			}
			t.add("HealthyHostCount", group, t.passed, float64(counts[true]))
			t.add("UnHealthyHostCount", group, t.passed, float64(counts[false]))
		}
		t.pass, t.passed = map[string]map[string]bool{}, at
	case kind == "host" && len(columns) == 3 && t.pass != nil:
		group, target, state := columns[0], columns[1], columns[2]
		if t.pass[group] == nil {
			t.pass[group] = map[string]bool{}
		}
		// One that is being deregistered, or is not admitted yet, is neither.
		if up := strings.HasPrefix(state, "UP") || state == "no check"; up || strings.HasPrefix(state, "DOWN") {
			t.pass[group][target] = up
		}
	}
}

func (t *traffic) noteRequest(at time.Time, fields []string) {
	code, _ := strconv.Atoi(fields[2])
	taken, err := strconv.ParseFloat(fields[3], 64)
	chosen := fields[1] != "<NOSRV>"
	answered := chosen && err == nil && taken >= 0
	refused, _ := strconv.Atoi(strings.TrimPrefix(fields[5], "+"))
	if strings.EqualFold(fields[4], "SC") {
		refused++
	}
	for _, group := range []string{fields[0], ""} {
		if chosen && refused > 0 {
			t.add("TargetConnectionErrorCount", group, at, float64(refused))
		}
		if chosen { // a request that is rejected before a target is chosen does not count
			t.add("RequestCount", group, at, 1)
		}
		if answered {
			t.add("TargetResponseTime", group, at, taken/1000)
			t.add(fmt.Sprintf("HTTPCode_Target_%dXX_Count", code/100), group, at, 1)
		}
	}
	if !answered && code >= 500 {
		t.add("HTTPCode_ELB_5XX_Count", "", at, 1)
	}
}
