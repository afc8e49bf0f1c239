// Package preview reads what `pulumi preview --json --show-sames` prints: the steps that an update would take, with the state of
// every resource before and after. It depends on Pulumi's format only, and on nothing of AWS or of this program.
package preview

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Arguments make `pulumi preview` print what Parse reads.
var Arguments = []string{"--json", "--show-sames"}

// Preview is one run of `pulumi preview`.
type Preview struct {
	Steps []Step
	// Errors is what the engine reported; a preview with errors is not complete.
	Errors []string
	// Config is the stack's configuration. Secret values are hidden.
	Config map[string]string
	// Complete is whether resources that do not change have steps too.
	Complete bool
}

// Step is what happens to one resource.
type Step struct {
	// Op is same, create, update, replace, delete, import, refresh or read.
	Op  string
	URN string
	// Old and New are the states before and after; nil before a create and after a delete.
	Old, New *State
	// Paths are the properties that change.
	Paths []string
	// Forcing are the properties that make an update a replacement.
	Forcing []string
}

// State is a resource at one time. Secret values are "[secret]".
type State struct {
	Type           string
	Custom         bool
	Parent         string
	Protect        bool
	RetainOnDelete bool
	Inputs         map[string]any
	Outputs        map[string]any
}

// document is Pulumi's own form, display.PreviewDigest.
type document struct {
	Config map[string]string
	Steps  []struct {
		Op             string
		URN            string
		OldState       *State
		NewState       *State
		DiffReasons    []string
		ReplaceReasons []string
		DetailedDiff   map[string]struct{ Kind string }
	}
	Diagnostics   []struct{ Severity, Message string }
	ChangeSummary map[string]int
}

// Parse reads a preview.
func Parse(text []byte) (Preview, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return Preview{}, fmt.Errorf("this is not what `pulumi preview --json` prints: %w", err)
	}
	if d.Steps == nil && d.Diagnostics == nil && d.ChangeSummary == nil {
		return Preview{}, errors.New("this is not what `pulumi preview --json` prints: no steps, no diagnostics, no summary")
	}
	p := Preview{Config: d.Config}
	for _, one := range d.Steps {
		step := Step{Op: one.Op, URN: one.URN, Old: one.OldState, New: one.NewState, Forcing: one.ReplaceReasons}
		if step.Paths = slices.Sorted(maps.Keys(one.DetailedDiff)); len(step.Paths) == 0 {
			step.Paths = one.DiffReasons
		}
		if len(step.Paths) == 0 && (step.Op == "update" || step.Op == "replace") {
			step.Paths = differing(step.Old, step.New)
		}
		slices.Sort(step.Paths)
		p.add(step)
	}
	failed := false
	for _, diagnostic := range d.Diagnostics {
		text := Plain(diagnostic.Message)
		if diagnostic.Severity == "error" && text != "preview failed" {
			p.Errors = append(p.Errors, text)
		}
		failed = failed || diagnostic.Severity == "error"
	}
	if failed && len(p.Errors) == 0 {
		p.Errors = []string{"preview failed"}
	}
	p.Complete = p.Count("same", false) >= d.ChangeSummary["same"]
	return p, nil
}

// wrapping is what the engine and the SDK put before an error. The same words inside of it belong to the sentence.
var wrapping = regexp.MustCompile(`^(?:\s*(?:error: |an unhandled error occurred: |program failed: |1 error occurred:\s*\* |waiting for RPCs: |` +
	`rpc error: code = \w+ desc = |invocation of \S+ returned an error: ))+`)

// Plain is the text of a diagnostic without what the engine and the SDK put before it.
func Plain(message string) string { return strings.TrimSpace(wrapping.ReplaceAllString(message, "")) }

// add keeps one step of a resource: with --show-replacement-steps, a replacement comes with its deletion and its creation.
func (p *Preview) add(step Step) {
	if step.Op == "create-replacement" || step.Op == "delete-replaced" {
		step.Op = "replace"
	}
	i := slices.IndexFunc(p.Steps, func(other Step) bool { return other.URN == step.URN })
	if i < 0 || step.Op != "replace" && p.Steps[i].Op != "replace" {
		p.Steps = append(p.Steps, step)
	} else if len(step.Paths) > len(p.Steps[i].Paths) {
		p.Steps[i] = step
	}
}

// Count is how many resources have this operation; components are not counted among customs.
func (p Preview) Count(op string, customOnly bool) int {
	n := 0
	for _, step := range p.Steps {
		if step.Op == op && (!customOnly || step.State().Custom) {
			n++
		}
	}
	return n
}

// State is the newest state that the step knows.
func (s Step) State() *State { return cmp.Or(s.New, s.Old, &State{}) }

// Name is the resource's logical name.
func (s Step) Name() string { return NameOf(s.URN) }

// NameOf is the last part of a URN.
func NameOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	return parts[len(parts)-1]
}

// TypeOf is the type in a URN, without the types of its parents.
func TypeOf(urn string) string {
	parts := strings.SplitN(urn, "::", 4)
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}

// StackOf is the stack in a URN.
func StackOf(urn string) string {
	stack, _, _ := strings.Cut(strings.TrimPrefix(urn, "urn:pulumi:"), "::")
	return stack
}

// ShortType is the short form of a type: aws:ec2/vpc:Vpc is aws:ec2:Vpc.
func ShortType(token string) string { return nested.ReplaceAllString(token, "$1:$2:$3") }

// nested is a type whose module names the type again.
var nested = regexp.MustCompile(`^([^:]*):([^:/]*)/[^:]*:([^:]*)$`)

// Secret is what Pulumi prints for a secret value.
const Secret = "[secret]"

// Unknowns are what Pulumi prints for a value that is known only after the update: of a boolean, number, string, array and object
// (sdk/go/common/resource/sig, which this package does not import).
var Unknowns = []string{
	"1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", "3eeb2bf0-c639-47a8-9e75-3b44932eb421", "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
	"6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

// Unknown tells whether a value is known only after the update.
func Unknown(value any) bool {
	text, ok := value.(string)
	return ok && slices.Contains(Unknowns, text)
}

// Property returns the value at a path such as tags.Name or ebs[0].volumeSize, of the inputs, or else of the outputs.
func (s *State) Property(path string) any {
	if s == nil {
		return nil
	}
	if value := at(s.Inputs, path); value != nil {
		return value
	}
	return at(s.Outputs, path)
}

func at(value any, path string) any {
	for _, match := range key.FindAllStringSubmatch(path, -1) {
		key := match[1] + match[2] + match[3]
		switch container := value.(type) {
		case map[string]any:
			value = container[key]
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(container) {
				return nil
			}
			value = container[i]
		default:
			return nil
		}
	}
	return value
}

// key is one step of a property path: a.b[0]["c.d"] has a, b, 0 and c.d.
var key = regexp.MustCompile(`\["([^"]*)"\]|\[(\d+)\]|([^.\[]+)`)

// Keys are the keys of two maps, in order.
func Keys[V any](a, b map[string]V) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b)))))
}

// differing are the inputs that differ, for a provider that does not list them.
func differing(before, after *State) []string {
	if before == nil || after == nil {
		return nil
	}
	var list []string
	for _, key := range Keys(before.Inputs, after.Inputs) {
		if !strings.HasPrefix(key, "__") && !reflect.DeepEqual(before.Inputs[key], after.Inputs[key]) {
			list = append(list, key)
		}
	}
	return list
}
