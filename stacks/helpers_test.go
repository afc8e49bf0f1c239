package stacks_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// everywhere runs a check against each stack file as it is shipped.
func everywhere(t *testing.T, check func(t *testing.T, stack string, r *infratest.Recorder)) {
	t.Helper()
	for _, stack := range environments {
		t.Run(stack, func(t *testing.T) { check(t, stack, deploy(t, stack, stackConfig(t, stack))) })
	}
}

// each returns the resources of a type. None is an error: a loop over them would check nothing.
func each(t testing.TB, r *infratest.Recorder, token string) []infratest.Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) == 0 {
		t.Fatalf("there is no %s", token)
	}
	return found
}

func one(t *testing.T, r *infratest.Recorder, token string) infratest.Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) != 1 {
		t.Fatalf("%d of %s, 1 expected", len(found), token)
	}
	return found[0]
}

func text(r infratest.Resource, path string) string {
	value, ok := at(r, path)
	if !ok || !value.IsString() {
		return ""
	}
	return value.StringValue()
}

func isTrue(r infratest.Resource, path string) bool {
	value, ok := at(r, path)
	return ok && value.IsBool() && value.BoolValue()
}

func at(r infratest.Resource, path string) (resource.PropertyValue, bool) {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		panic(err)
	}
	return parsed.Get(resource.NewObjectProperty(r.Inputs))
}
