package preview_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "prose": "Previewing update (prod)", "an array": "[]", "another document": `{"version": 3}`,
		"the streaming form": "{\"sequence\":0}\n{\"sequence\":1}\n",
	} {
		if _, err := preview.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), "not what `pulumi preview --json` prints") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForms: providers say what changes in three ways, and --show-replacement-steps makes three steps of one.
func TestForms(t *testing.T) {
	const urn = "urn:pulumi:prod::p::laravel:infra:Database$aws:rds/instance:Instance::laravel-prod-db"
	for name, test := range map[string]struct {
		steps string
		op    string
		paths []string
	}{
		"detailed":             {`{"op":"update","urn":"` + urn + `","diffReasons":["tags"],"detailedDiff":{"tags.Name":{"kind":"update"}}}`, "update", []string{"tags.Name"}},
		"reasons":              {`{"op":"update","urn":"` + urn + `","diffReasons":["b","a"],"detailedDiff":null}`, "update", []string{"a", "b"}},
		"nothing said":         {`{"op":"update","urn":"` + urn + `","oldState":{"inputs":{"a":1,"b":2,"__defaults":[]}},"newState":{"inputs":{"a":1,"c":3,"__defaults":["c"]}}}`, "update", []string{"b", "c"}},
		"three for one":        {`{"op":"create-replacement","urn":"` + urn + `","diffReasons":["a"]},{"op":"replace","urn":"` + urn + `","diffReasons":["a","b"]},{"op":"delete-replaced","urn":"` + urn + `"}`, "replace", []string{"a", "b"}},
		"three, in disorder":   {`{"op":"delete-replaced","urn":"` + urn + `"},{"op":"create-replacement","urn":"` + urn + `"},{"op":"replace","urn":"` + urn + `","diffReasons":["a"]}`, "replace", []string{"a"}},
		"nothing is to change": {`{"op":"same","urn":"` + urn + `"}`, "same", nil},
	} {
		p, err := preview.Parse([]byte(`{"steps":[` + test.steps + `]}`))
		if err != nil || len(p.Steps) != 1 || p.Steps[0].Op != test.op || !slices.Equal(p.Steps[0].Paths, test.paths) {
			t.Errorf("%s: %+v, %v", name, p.Steps, err)
		}
	}
}

func TestErrors(t *testing.T) {
	p, err := preview.Parse([]byte(`{"diagnostics":[{"severity":"warning","message":"warning: old"},
		{"severity":"error","message":"error: an unhandled error occurred: program failed: 1 error occurred:\n\t* it rains\n"},{"severity":"error","message":"error: preview failed\n"}]}`))
	if err != nil || !slices.Equal(p.Errors, []string{"it rains"}) {
		t.Errorf("%q, %v", p.Errors, err)
	}
	const rpc = "error: an unhandled error occurred: program failed: waiting for RPCs: rpc error: code = Unknown desc = " +
		"invocation of aws:x:getY returned an error: invoking aws:x:getY: NotFound: a parser error: none"
	if text := preview.Plain(rpc); text != "invoking aws:x:getY: NotFound: a parser error: none" {
		t.Errorf("%q", text)
	}
	if p, err = preview.Parse([]byte(`{"diagnostics":[{"severity":"error","message":"error: preview failed\n"}]}`)); err != nil || len(p.Errors) != 1 {
		t.Errorf("%q, %v", p.Errors, err)
	}
}

func TestProperty(t *testing.T) {
	state := &preview.State{
		Inputs:  map[string]any{"a": map[string]any{"b.c": []any{1.0, map[string]any{"d": "e"}}}, "u": preview.Unknowns[2]},
		Outputs: map[string]any{"a": "not this one", "id": "i-1"},
	}
	for path, want := range map[string]any{`a["b.c"][0]`: 1.0, `a["b.c"][1].d`: "e", "id": "i-1", "a.x": nil, "a[0]": nil, `a["b.c"][9]`: nil, `a["b.c"].d`: nil, "": nil} {
		if path == "" {
			continue
		}
		if got := state.Property(path); got != want {
			t.Errorf("%s is %v", path, got)
		}
	}
	if !preview.Unknown(state.Property("u")) || preview.Unknown("u") || (*preview.State)(nil).Property("a") != nil {
		t.Error("what is unknown is not recognised")
	}
}

func TestNames(t *testing.T) {
	for token, want := range map[string]string{"aws:rds/instance:Instance": "aws:rds:Instance", "pulumi:providers:aws": "pulumi:providers:aws", "x": "x"} {
		if got := preview.ShortType(token); got != want {
			t.Errorf("%s is %s", token, got)
		}
	}
	const urn = "urn:pulumi:prod::p::a$b::name::with::colons"
	if preview.NameOf(urn) != "name::with::colons" || preview.StackOf(urn) != "prod" {
		t.Errorf("%s is %s of %s", urn, preview.NameOf(urn), preview.StackOf(urn))
	}
}
