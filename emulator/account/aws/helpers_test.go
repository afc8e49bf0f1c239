package aws

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// world is an account in a test, with calls that fail the test instead of returning errors.
type world struct {
	*account.Account
	t   *testing.T
	ids map[string]string // what {name} in inputs stands for
}

func newWorld(t *testing.T) *world {
	t.Helper()
	a, err := account.Open("", "eu-central-1", Services)
	if err != nil {
		t.Fatal(err)
	}
	a.Patience = 0
	return &world{Account: a, t: t, ids: map[string]string{}}
}

// typeOf is the row of a type.
func (w *world) typeOf(token string) account.Type {
	w.t.Helper()
	row, known := w.Lookup(token)
	if !known {
		w.t.Fatalf("%s is not known", token)
	}
	return row
}

// checked returns the inputs as Check completes them.
func (w *world) checked(token, name string, in account.Values) account.Values {
	w.t.Helper()
	inputs, problems, err := w.Check(token, name, nil, w.fill(in), nil)
	if err != nil {
		w.t.Fatalf("checking %s: %v", name, err)
	}
	for _, p := range problems {
		w.t.Errorf("checking %s: %s %s", name, p.Property, p.Reason)
	}
	if len(problems) > 0 {
		w.t.FailNow()
	}
	return inputs
}

// make checks and creates, and lets {name} stand for the id from then on.
func (w *world) make(token, name string, in account.Values) account.Resource {
	w.t.Helper()
	r, err := w.Create(context.Background(), token, name, w.checked(token, name, in))
	if err != nil {
		w.t.Fatalf("creating %s: %v", name, err)
	}
	w.ids[name] = r.ID
	checkOutputs(w.t, w.typeOf(r.Type), r)
	checkComputed(w.t, w, r)
	return r
}

// checkOutputs compares outputs with the SDK's resource struct: nothing it does not have, everything it always has,
// all of the right kind.
func checkOutputs(t *testing.T, row account.Type, r account.Resource) {
	t.Helper()
	fields := account.StateFields(row)
	for name, value := range r.Outputs {
		field, known := fields[name]
		if !known {
			t.Errorf("%s returns %s, which the SDK does not have", r.Type, name)
			continue
		}
		for _, p := range account.CheckValue(name, value, field.Kind) {
			t.Errorf("%s returns %s, which %s", r.Type, p.Property, p.Reason)
		}
	}
	for name, field := range fields {
		if _, returned := r.Outputs[name]; !returned && !field.Optional && field.Empty() != nil {
			t.Errorf("%s does not return %s", r.Type, name)
		}
	}
}

// fill replaces {name} by ids and whole numbers by what JSON has for them.
func (w *world) fill(in account.Values) account.Values { return w.fillValue(in).(account.Values) }

func (w *world) fillValue(value any) any {
	switch value := value.(type) {
	case account.Values:
		filled := account.Values{}
		for key, element := range value {
			filled[key] = w.fillValue(element)
		}
		return filled
	case map[string]any:
		return map[string]any(w.fillValue(account.Values(value)).(account.Values))
	case []any:
		filled := make([]any, len(value))
		for i, element := range value {
			filled[i] = w.fillValue(element)
		}
		return filled
	case int:
		return float64(value)
	case string:
		for name, id := range w.ids {
			value = strings.ReplaceAll(value, "{"+name+"}", id)
		}
		return value
	}
	return value
}

// with is the values with some of them changed; nil takes one away.
func with(v account.Values, changes account.Values) account.Values {
	changed := maps.Clone(v)
	for name, value := range changes {
		if value == nil {
			delete(changed, name)
		} else {
			changed[name] = value
		}
	}
	return changed
}

// refusal is a rule: the good inputs pass, and with the change they are refused at preview (property) or by AWS (code).
type refusal struct {
	name, token string
	good        account.Values
	change      account.Values
	property    string
	code        string
}

// testRefusals runs every rule in an account of its own, furnished by setup.
func testRefusals(t *testing.T, setup func(t *testing.T) *world, rules []refusal) {
	t.Helper()
	for _, rule := range rules {
		t.Run(rule.name, func(t *testing.T) {
			if rule.property != "" {
				w := setup(t)
				w.checked(rule.token, "good", rule.good)
				_, problems, err := w.Check(rule.token, "bad", nil, w.fill(with(rule.good, rule.change)), nil)
				if err != nil {
					t.Fatal(err)
				}
				if !hasProblem(problems, rule.property) {
					t.Fatalf("problems are %v, want one of %s", problems, rule.property)
				}
				return
			}
			setup(t).make(rule.token, "good", rule.good)
			w := setup(t)
			inputs := w.checked(rule.token, "bad", with(rule.good, rule.change))
			before := len(w.List(""))
			_, err := w.Create(context.Background(), rule.token, "bad", inputs)
			wantCode(t, err, rule.code)
			if after := len(w.List("")); after != before {
				t.Errorf("the refused create left %d resources behind", after-before)
			}
		})
	}
}

func hasProblem(problems []account.Problem, property string) bool {
	for _, p := range problems {
		if p.Property == property && p.Reason != "" {
			return true
		}
	}
	return false
}

func wantCode(t *testing.T, err error, code string) {
	t.Helper()
	var refused *account.Error
	if !errors.As(err, &refused) {
		t.Fatalf("error is %v, want %s", err, code)
	}
	if refused.Code != code {
		t.Fatalf("error is %v, want the code %s", err, code)
	}
}
