package account

import (
	"fmt"
	"reflect"
)

// property returns the text of the id or of an output.
func (r Resource) property(name string) (string, bool) {
	if name == "id" {
		return r.ID, true
	}
	return r.Outputs.String(name)
}

func (r Resource) clone() Resource {
	r.Inputs, r.Outputs = r.Inputs.Clone(), r.Outputs.Clone()
	return r
}

// outputs are the outputs that the inputs and the type's defaults give, before anything is computed.
func (t Type) outputs(inputs Values) Values {
	outputs := t.Defaults.Clone()
	if outputs == nil {
		outputs = Values{}
	}
	for name, value := range inputs {
		given, block := asMap(value), asMap(t.Defaults[name])
		if given != nil && block != nil {
			merged := block.Clone()
			for key, element := range given {
				merged[key] = cloneValue(element)
			}
			value = map[string]any(merged)
		}
		outputs[name] = cloneValue(value)
	}
	return outputs
}

// updated are the outputs after an update, before anything is computed again: the old ones, without the inputs that
// were taken back, under the new inputs. An optional input that AWS fills in keeps what AWS chose.
func (t Type) updated(old Resource, inputs Values) Values {
	outputs := old.Outputs.Clone()
	computed := t.computed()
	for name := range old.Inputs {
		if _, kept := inputs[name]; !kept && !computed[name] {
			delete(outputs, name)
		}
	}
	for name, value := range t.outputs(inputs) {
		_, isInput := inputs[name]
		_, known := outputs[name]
		if isInput || !known || !computed[name] {
			outputs[name] = value
		}
	}
	return outputs
}

// Import reads a resource that no state has, by its id or by what its type is imported by, as the provider does for `pulumi import`. Inputs
// are the outputs that the program can set, without empty values and defaults (pulumi-terraform-bridge, pkg/tfbridge/schema.go, ExtractInputsFromOutputs).
func (a *Account) Import(token, id string) (Resource, bool) {
	t := a.types[token]
	r, ok := a.Read(token, id)
	if !ok && t.ImportBy != "" {
		r, ok = a.Find(token, t.ImportBy, id)
	}
	if !ok || t.Imported == nil {
		return r, ok
	}
	t.Imported(r.Outputs)
	r.Inputs = Values{}
	for name := range FieldsOf(ArgsType(t.Args)) {
		if value, read := r.Outputs[name]; read && !zero(value) && !same(value, t.Defaults[name]) {
			r.Inputs[name] = value
		}
	}
	return r, true
}

// computed tells which outputs the provider always returns; in the SDK's structs those are the ones without Ptr.
func (t Type) computed() map[string]bool {
	computed := map[string]bool{}
	for name, field := range StateFields(t) {
		if !field.Optional {
			computed[name] = true
		}
	}
	return computed
}

// finish fills outputs that the provider always returns and that are empty on AWS, and drops what has no value.
func finish(t Type, r Resource) Resource {
	for name, field := range StateFields(t) {
		if value, ok := r.Outputs[name]; ok && value != nil {
			continue
		}
		delete(r.Outputs, name)
		if empty := field.Empty(); !field.Optional && empty != nil {
			r.Outputs[name] = empty
		}
	}
	unordered(t.Token, r.Outputs)
	return r
}

// Planned are the outputs a preview can promise: what the inputs and defaults say, and for an update the outputs that
// stay. Everything else is Unknown.
func (a *Account) Planned(token string, inputs Values, old *Resource) (Values, error) {
	t, err := a.lookup(token)
	if err != nil {
		return nil, err
	}
	if old != nil {
		outputs := t.updated(*old, inputs)
		for _, name := range t.Recomputed {
			outputs[name] = Unknown{}
		}
		return outputs, nil
	}
	outputs := t.outputs(inputs)
	for name, field := range StateFields(t) {
		if _, known := outputs[name]; !known && !field.Optional {
			outputs[name] = Unknown{}
		}
	}
	return outputs, nil
}

// output is one property of the SDK's resource struct.
type output struct {
	Kind     reflect.Type // what the engine sends: string, []string, a nested struct
	Optional bool         // the provider may return nothing
}

// Empty is what the provider returns for a computed property that AWS leaves empty.
func (o output) Empty() any {
	switch o.Kind.Kind() {
	case reflect.String:
		return ""
	case reflect.Bool:
		return false
	case reflect.Int, reflect.Float64:
		return float64(0)
	case reflect.Slice:
		return []any{}
	case reflect.Map:
		return map[string]any{}
	}
	return nil
}

// StateFields reads the outputs from the SDK's resource struct.
func StateFields(t Type) map[string]output {
	fields := map[string]output{}
	state := reflect.TypeOf(t.State)
	for i := range state.NumField() {
		field := state.Field(i)
		name := field.Tag.Get("pulumi")
		if name == "" {
			continue
		}
		typed, ok := reflect.Zero(field.Type).Interface().(interface{ ElementType() reflect.Type })
		if !ok {
			panic(fmt.Sprintf("%s: output %s is not a Pulumi output", t.Token, name))
		}
		kind := typed.ElementType()
		out := output{Kind: kind}
		if kind.Kind() == reflect.Pointer {
			out = output{Kind: kind.Elem(), Optional: true}
		}
		fields[name] = out
	}
	return fields
}
