package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// words are the operations of the engine that change something, as a report calls them. A replacement is one create,
// one delete and one logical step; the logical one is the one to show.
var words = map[apitype.OpType]string{
	apitype.OpCreate: "create", apitype.OpUpdate: "update", apitype.OpDelete: "delete", apitype.OpReplace: "replace",
	apitype.OpImport: "import",
}

// recorder turns the engine's events into progress lines and a report.
type recorder struct {
	log     io.Writer
	preview bool
	started map[string]time.Time
	seen    []string // diagnostics that have been printed: the preview and the update of one run have the same ones
	report  Report
}

// listen reads the events that the CLI prints, one JSON object after the other, and returns what is not JSON.
func (r *recorder) listen(in io.Reader) string {
	events := json.NewDecoder(in)
	for {
		var event apitype.EngineEvent
		err := events.Decode(&event)
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return drain(io.MultiReader(events.Buffered(), in))
		}
		r.event(event)
	}
}

func (r *recorder) event(event apitype.EngineEvent) {
	switch {
	case event.ResourcePreEvent != nil && event.ResourcePreEvent.Planning == r.preview:
		r.begin(event.ResourcePreEvent.Metadata)
	case event.ResOutputsEvent != nil && event.ResOutputsEvent.Planning == r.preview:
		r.end(event.ResOutputsEvent.Metadata)
	case event.DiagnosticEvent != nil:
		r.diagnostic(*event.DiagnosticEvent)
	case event.SummaryEvent != nil:
		r.report.Same = event.SummaryEvent.ResourceChanges[apitype.OpSame]
	}
}

func (r *recorder) begin(step apitype.StepEventMetadata) {
	r.started[string(step.Op)+step.URN] = time.Now()
	if r.preview && words[step.Op] != "" {
		r.add(step)
	}
}

func (r *recorder) end(step apitype.StepEventMetadata) {
	if step.Type == "pulumi:pulumi:Stack" && step.New != nil && step.New.Outputs != nil {
		r.report.Outputs = withoutSecrets(step.New.Outputs).(map[string]any)
	}
	if !r.preview && words[step.Op] != "" {
		r.add(step)
	}
}

// withoutSecrets replaces the engine's form of a hidden secret, a map with a signature, by [secret].
func withoutSecrets(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if _, signed := value[resource.SigKey]; signed {
			return "[secret]"
		}
		clean := map[string]any{}
		for key, element := range value {
			clean[key] = withoutSecrets(element)
		}
		return clean
	case []any:
		clean := make([]any, len(value))
		for i, element := range value {
			clean[i] = withoutSecrets(element)
		}
		return clean
	}
	return value
}

func (r *recorder) add(step apitype.StepEventMetadata) {
	if step.Type == "pulumi:pulumi:Stack" {
		return
	}
	urn := resource.URN(step.URN)
	change := Change{Op: words[step.Op], Type: step.Type, Name: urn.Name(), Properties: paths(step)}
	if begun, ok := r.started[string(step.Op)+step.URN]; ok {
		change.Seconds = time.Since(begun).Seconds()
	}
	r.report.Changes = append(r.report.Changes, change)
	if !custom(step) {
		return // a component: its parts show
	}
	signs := map[string]string{"create": "+", "update": "~", "replace": "±", "delete": "-", "import": "="}
	line := fmt.Sprintf("  %s %-44s %s", signs[change.Op], shortType(change.Type), change.Name)
	if change.Op == "update" || change.Op == "replace" {
		line += "  [" + strings.Join(change.Properties, ", ") + "]"
	}
	if change.Seconds >= 1 && !r.preview {
		line += fmt.Sprintf("  %.1f s", change.Seconds)
	}
	fmt.Fprintln(r.log, line)
}

// custom tells whether a provider made the resource, other than a component, which only groups others.
func custom(step apitype.StepEventMetadata) bool {
	return step.New != nil && step.New.Custom || step.New == nil && step.Old != nil && step.Old.Custom
}

// paths are the properties that a step changes: the deepest known ones.
func paths(step apitype.StepEventMetadata) []string {
	var list []string
	for path := range step.DetailedDiff {
		list = append(list, path)
	}
	if len(list) == 0 {
		list = append(list, step.Diffs...)
	}
	slices.Sort(list)
	return list
}

func (r *recorder) diagnostic(d apitype.DiagnosticEvent) {
	if d.Ephemeral || d.Severity != "error" && d.Severity != "warning" && d.Severity != "info#err" {
		return
	}
	text := preview.Plain(d.Message)
	if text == "" {
		return
	}
	if d.URN != "" {
		urn := resource.URN(d.URN)
		if urn.Type() != "pulumi:pulumi:Stack" {
			text = fmt.Sprintf("%s %s: %s", shortType(string(urn.Type())), urn.Name(), text)
		}
	}
	if slices.Contains(r.seen, d.Severity+text) {
		return
	}
	r.seen = append(r.seen, d.Severity+text)
	if d.Severity == "error" {
		r.report.Errors = append(r.report.Errors, text)
	}
	fmt.Fprintf(r.log, "  %s: %s\n", d.Severity, text)
}
