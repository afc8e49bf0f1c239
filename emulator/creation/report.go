package creation

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stack is a stack and its resources.
type Stack struct {
	Name  string
	Graph Graph
}

// Page is docs/creation.md.
func Page(stacks ...Stack) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# How long AWS takes to make an environment

`+"`make bench-create`"+` wrote this page. It deploys the stack files to the emulator, reads from the engine's state which resource waits for which, and gives
each resource the time that AWS usually takes for its type (the table below). Nothing was measured on AWS.

- The critical path is the longest chain of resources that wait for each other. No parallelism makes the stack in less.
- The makespan is the time that `+"`pulumi up`"+` takes with its default parallelism,
  [four resources at a time for each CPU](https://github.com/pulumi/pulumi/issues/14989). A test fails when it is more than %.0f %% longer than the critical path on a
  machine with two CPUs, or when the critical path is not the one of this page.

| stack | critical path | makespan, 1 CPU | 2 CPUs | 4 CPUs |
|---|---|---|---|---|
`, 100*(MaxRatio-1))
	for _, s := range stacks {
		b.WriteString(s.Row())
		critical, _ := s.Graph.Critical(nil)
		for _, parallel := range []int{Parallel / 2, Parallel, 2 * Parallel} {
			makespan := s.Graph.Makespan(parallel)
			fmt.Fprintf(&b, " %s, + %.1f %% |", Clock(makespan), 100*(makespan/critical-1))
		}
		b.WriteString("\n")
	}
	b.WriteString("\nAn order is an edge without a value, of `dependsOn`. \"Saves\" is how much shorter the critical path is without all orders between resources of\n" +
		"the two types. It is one that AWS or the application needs; the reasons are under the table.\n")
	for _, s := range stacks {
		fmt.Fprintf(&b, "\n## The critical path of %s\n\n%s", s.Name, s.Graph.PathTable())
	}
	b.WriteString("\n## Orders that lengthen it, and stay\n\n")
	for _, k := range kept {
		fmt.Fprintf(&b, "- %s after %s: %s\n", short(k.to), short(k.from), k.why)
	}
	b.WriteString("\n## Usual times\n\nRead on " + Dated + ". Where reports differ, the table has the upper end.\n\n| type | seconds | source |\n|---|---|---|\n")
	for _, row := range times {
		fmt.Fprintf(&b, "| %s | %.0f | %s |\n", strings.TrimSpace(short(row.token)+" "+row.about), row.seconds, row.source)
	}
	fmt.Fprintf(&b, "| every other: %s | %d | no source; one call |\n", strings.Join(others(stacks), ", "), Other)
	return b.String()
}

// MaxRatio is how much longer than the critical path the makespan may be.
const MaxRatio = 1.05

// kept are the orders on a critical path that AWS or the application needs, by the types of the resources.
var kept = []struct{ from, to, why string }{
	{"aws:ecs/service:Service", "aws:ecs/service:Service", "worker and scheduler use the user and the tables that the tasks of web prepare, and follow its release only when ECS keeps it."},
	{"aws:sns/topicPolicy:TopicPolicy", "aws:cloudwatch/eventTarget:EventTarget", "EventBridge loses an event that it may not publish."},
}

// Row is the beginning of a stack's row in the page: its critical path.
func (s Stack) Row() string {
	critical, _ := s.Graph.Critical(nil)
	return fmt.Sprintf("| %s | %s |", s.Name, Clock(critical))
}

// Check tells what makes the stack slower than it has to be: too little that can be made at a time, an order on the critical path that has
// no reason, and a critical path that is not the one of a page.
func (s Stack) Check(page string) error {
	critical, path := s.Graph.Critical(nil)
	var problems []error
	if makespan := s.Graph.Makespan(Parallel); makespan > MaxRatio*critical {
		problems = append(problems, fmt.Errorf("%s: with %d resources at a time it takes %s, more than %.0f %% longer than the critical path, %s", s.Name, Parallel, Clock(makespan), 100*(MaxRatio-1), Clock(critical)))
	}
	for i, n := range path[1:] {
		before := path[i]
		edge, direct := n.After[before.URN]
		if !direct || len(edge.Properties) > 0 || slices.ContainsFunc(kept, func(k struct{ from, to, why string }) bool { return k.from == before.Type && k.to == n.Type }) {
			continue
		}
		problems = append(problems, fmt.Errorf("%s: %s waits for %s without needing a value of it, on the critical path: remove the order, or say in kept (emulator/creation/report.go) why it stays", s.Name, n.Name, before.Name))
	}
	if !strings.Contains(page, "\n"+s.Row()) {
		problems = append(problems, fmt.Errorf("%s: docs/creation.md has another critical path than %s: if it has to be so, run `make bench-create`\n%s", s.Name, Clock(critical), s.Graph.PathTable()))
	}
	return errors.Join(problems...)
}

// PathTable is the critical path, a row for each resource.
func (g Graph) PathTable() string {
	var b strings.Builder
	b.WriteString("| from | takes | resource | waits for the one before because of | saves |\n|---|---|---|---|---|\n")
	critical, path := g.Critical(nil)
	at := 0.0
	for i, n := range path {
		why, saves := "", ""
		if i > 0 {
			before := path[i-1]
			edge, direct := n.After[before.URN]
			switch {
			case !direct:
				why = "its component"
			case len(edge.Properties) > 0:
				why = strings.Join(edge.Properties, ", ")
			default:
				why = "an order"
				without, _ := g.Critical(func(from, to *Node, e Edge) bool {
					return from.Type == before.Type && to.Type == n.Type && len(e.Properties) == 0
				})
				saves = Clock(critical - without)
			}
		}
		fmt.Fprintf(&b, "| %s | %.0f s | %s %s | %s | %s |\n", Clock(at), n.Seconds, short(n.Type), n.Name, why, saves)
		at += n.Seconds
	}
	return b.String()
}

// Clock is 3:05 for 185 seconds.
func Clock(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// short is rds:Instance of aws:rds/instance:Instance.
func short(token string) string {
	service, _, _ := strings.Cut(strings.TrimPrefix(token, "aws:"), "/")
	return service + ":" + token[strings.LastIndex(token, ":")+1:]
}

// others are the types of the stacks that times does not have.
func others(stacks []Stack) (list []string) {
	for _, s := range stacks {
		for _, n := range s.Graph {
			if !n.Sourced && !slices.Contains(list, short(n.Type)) {
				list = append(list, short(n.Type))
			}
		}
	}
	slices.Sort(list)
	return list
}
