package creation

import (
	"cmp"
	"container/heap"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// Parallel is how many resources `pulumi up` works on at a time on a machine with two CPUs, the smallest that pipelines have: four for
// each CPU (pkg/cmd/pulumi/operations/up.go of Pulumi, defaultParallel; https://github.com/pulumi/pulumi/issues/14989).
const Parallel = 8

// Node is a resource and what the engine makes before it.
type Node struct {
	URN     string
	Type    string
	Name    string
	Seconds float64
	Sourced bool            // the time has a source, or is none: a component, a provider
	After   map[string]Edge // by URN
}

// Edge is why a resource waits for another one.
type Edge struct {
	Properties []string // that need a value of it; none: only an order, of dependsOn, a parent or a provider
}

// Graph are the resources of a stack.
type Graph []*Node

// New is the graph of a state. A program registers a resource when its inputs, what it depends on, its parent and its provider are there.
func New(resources []apitype.ResourceV3) Graph {
	var g Graph
	for _, r := range resources {
		n := &Node{URN: string(r.URN), Type: string(r.Type), Name: r.URN.Name(), Sourced: true, After: map[string]Edge{}}
		if r.Custom && !strings.HasPrefix(n.Type, "pulumi:") {
			row, sourced := usually(r)
			n.Seconds, n.Sourced = row.seconds, sourced
			if !sourced {
				n.Seconds = Other
			}
		}
		provider := r.Provider[:max(strings.LastIndex(r.Provider, "::"), 0)] // URN::ID
		for _, before := range append([]resource.URN{r.Parent, resource.URN(provider)}, r.Dependencies...) {
			if before != "" {
				n.After[string(before)] = Edge{}
			}
		}
		for property, list := range r.PropertyDependencies {
			for _, before := range list {
				e := n.After[string(before)]
				e.Properties = append(e.Properties, string(property))
				slices.Sort(e.Properties)
				n.After[string(before)] = e
			}
		}
		g = append(g, n)
	}
	return g
}

// Critical is the longest chain of resources that wait for each other: no parallelism makes the stack in less. Without leaves out
// edges.
func (g Graph) Critical(without func(from, to *Node, e Edge) bool) (seconds float64, path []*Node) {
	nodes, ends, last := g.byURN(), map[*Node]float64{}, map[*Node]*Node{}
	var end func(n *Node) float64
	end = func(n *Node) float64 {
		if at, known := ends[n]; known {
			return at
		}
		for urn, edge := range n.After {
			before := nodes[urn]
			if before == nil || without != nil && without(before, n, edge) {
				continue
			}
			if l := last[n]; l == nil || cmp.Or(cmp.Compare(end(before), end(l)), cmp.Compare(l.URN, urn)) > 0 {
				last[n] = before
			}
		}
		ends[n] = n.Seconds
		if last[n] != nil {
			ends[n] += ends[last[n]]
		}
		return ends[n]
	}
	if len(g) == 0 {
		return 0, nil
	}
	longest := g[0]
	for _, n := range g {
		if end(n) > end(longest) {
			longest = n
		}
	}
	seconds = end(longest)
	for n := longest; n != nil; n = last[n] {
		if n.Seconds > 0 {
			path = append(path, n)
		}
	}
	slices.Reverse(path)
	return seconds, path
}

func (g Graph) byURN() map[string]*Node {
	nodes := map[string]*Node{}
	for _, n := range g {
		nodes[n.URN] = n
	}
	return nodes
}

// Makespan is how long it takes to make the stack when so many resources are worked on at a time, those first that could begin first.
func (g Graph) Makespan(parallel int) float64 {
	nodes, waits, next := g.byURN(), map[string]int{}, map[string][]*Node{}
	ready, running := &queue{}, &queue{}
	for _, n := range g {
		for urn := range n.After {
			if nodes[urn] != nil {
				waits[n.URN]++
				next[urn] = append(next[urn], n)
			}
		}
		if waits[n.URN] == 0 {
			heap.Push(ready, entry{0, n})
		}
	}
	now := 0.0
	for ready.Len() > 0 || running.Len() > 0 {
		for ready.Len() > 0 && running.Len() < parallel {
			n := heap.Pop(ready).(entry).node
			heap.Push(running, entry{now + n.Seconds, n})
		}
		ended := heap.Pop(running).(entry)
		now = ended.at
		for _, n := range next[ended.node.URN] {
			if waits[n.URN]--; waits[n.URN] == 0 {
				heap.Push(ready, entry{now, n})
			}
		}
	}
	return now
}

type entry struct {
	at   float64
	node *Node
}

// queue has first what comes first; of two at a time, the one whose URN comes first.
type queue []entry

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(q[i].at, q[j].at), cmp.Compare(q[i].node.URN, q[j].node.URN)) < 0
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(entry)) }
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
