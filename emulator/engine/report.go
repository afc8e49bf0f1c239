package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Change is what happened, or would happen, to one resource.
type Change struct {
	Op         string // create, update, replace, delete
	Type       string
	Name       string
	Properties []string // paths of what changed
	Seconds    float64
}

// String is the change in one line.
func (c Change) String() string {
	line := fmt.Sprintf("%s %s %s", c.Op, shortType(c.Type), c.Name)
	if len(c.Properties) > 0 && c.Op != "create" && c.Op != "delete" {
		line += " (" + strings.Join(c.Properties, ", ") + ")"
	}
	return line
}

// Report is the outcome of one run of the engine.
type Report struct {
	Changes []Change
	Same    int
	Outputs map[string]any // of the stack; secrets show as [secret]
	Errors  []string       // diagnostics of severity error
	Took    time.Duration
}

// Count returns how many resources had this operation.
func (r Report) Count(op string) int {
	n := 0
	for _, change := range r.Changes {
		if change.Op == op {
			n++
		}
	}
	return n
}

// Summary is the report in one line: 3 created, 1 updated, 120 same in 4.2 s.
func (r Report) Summary() string {
	var parts []string
	for _, part := range []struct{ op, word string }{
		{"create", "created"}, {"update", "updated"}, {"replace", "replaced"}, {"delete", "deleted"},
	} {
		if n := r.Count(part.op); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, part.word))
		}
	}
	if len(parts) == 0 {
		parts = append(parts, "no changes")
	}
	return fmt.Sprintf("%s, %d same in %.1f s", strings.Join(parts, ", "), r.Same, r.Took.Seconds())
}

// shortType is the type as people write it: aws:ec2/vpc:Vpc is aws:ec2:Vpc.
func shortType(token string) string {
	parts := strings.Split(token, ":")
	if len(parts) != 3 {
		return token
	}
	module, _, _ := strings.Cut(parts[1], "/")
	return strings.Join([]string{parts[0], cmp.Or(module, parts[1]), parts[2]}, ":")
}
