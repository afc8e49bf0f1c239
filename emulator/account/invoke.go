package account

import (
	"context"
	"fmt"
	"reflect"
)

// Invoke answers a question that creates nothing. Unknown functions and arguments are errors.
func (a *Account) Invoke(ctx context.Context, token string, args Values) (Values, error) {
	f, ok := a.functions[token]
	if !ok {
		return nil, fmt.Errorf("function %s is not known to the emulator; did you mean %s?", token, Nearest(token, SortedKeys(a.functions)))
	}
	args = withoutNulls(args)
	problems := CheckBlock("", args, ArgsType(f.Args))
	for _, name := range f.Required {
		if !args.Has(name) {
			problems = append(problems, Problem{name, "is required"})
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("invoking %s: %s %s", token, problems[0].Property, problems[0].Reason)
	}
	var result Values
	err := a.Change(ctx, func(tx *Tx) error {
		var err error
		result, err = f.Run(tx, args)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("invoking %s: %w", token, err)
	}
	return f.finish(result), nil
}

// finish fills the results that the provider always returns and that are empty on AWS.
func (f Function) finish(result Values) Values {
	for name, kind := range FieldsOf(reflect.TypeOf(f.Result)) {
		if value, ok := result[name]; ok && value != nil {
			continue
		}
		delete(result, name)
		if empty := (output{Kind: kind}).Empty(); empty != nil {
			result[name] = empty
		}
	}
	return result
}
