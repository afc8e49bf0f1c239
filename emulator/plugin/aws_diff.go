package plugin

import (
	"context"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Diff tells what a deployment would change and whether that replaces the resource.
func (p *awsPlugin) Diff(_ context.Context, req sdk.DiffRequest) (sdk.DiffResponse, error) {
	oldInputs := toValues(req.OldInputs)
	oldOutputs := toValues(req.OldOutputs)
	news := toValues(req.NewInputs)
	changed, replace := p.account.Diff(string(req.Type), string(req.ID), oldInputs, oldOutputs, news)
	result := detailed(oldInputs, news, changed, replace)
	t, _ := p.account.Lookup(string(req.Type))
	result.DeleteBeforeReplace = len(replace) > 0 && (t.DeleteBeforeReplace || sameFixedName(t, req))
	return result, nil
}

// sameFixedName tells whether the program chose the name and keeps it: the new resource could not exist beside the old.
// The bridge sees that only of names that are autonamed (nameRequiresDeleteBeforeReplace).
func sameFixedName(t account.Type, req sdk.DiffRequest) bool {
	name := resource.PropertyKey(t.Name.Property)
	if name == "" || t.Name.Default || !req.NewInputs.HasValue(name) || len(defaultsOf(req.NewInputs)) > 0 {
		return false
	}
	return plain(req.OldInputs)[name].DeepEquals(plain(req.NewInputs)[name])
}

func defaultsOf(inputs resource.PropertyMap) []resource.PropertyValue {
	if list, ok := inputs[defaultsKey]; ok && list.IsArray() {
		return list.ArrayValue()
	}
	return nil
}

// detailed is the diff of the changed paths: what happens to each and which of them replace the resource.
func detailed(old, next account.Values, changed, replace []string) sdk.DiffResult {
	if len(changed) == 0 {
		return sdk.DiffResult{Changes: sdk.DiffNone}
	}
	result := sdk.DiffResult{Changes: sdk.DiffSome, DetailedDiff: map[string]sdk.PropertyDiff{}}
	replaces := map[string]bool{}
	for _, path := range replace {
		replaces[path] = true
		result.ReplaceKeys = append(result.ReplaceKeys, topLevel(path))
	}
	for _, path := range changed {
		kind := sdk.DiffUpdate
		switch {
		case !old.Has(path):
			kind = sdk.DiffAdd
		case !next.Has(path):
			kind = sdk.DiffDelete
		}
		if replaces[path] {
			kind = kind.AsReplace()
		}
		result.DetailedDiff[path] = sdk.PropertyDiff{Kind: kind, InputDiff: true}
		result.ChangedKeys = append(result.ChangedKeys, topLevel(path))
	}
	return result
}

func topLevel(path string) resource.PropertyKey {
	if end := strings.IndexAny(path, ".["); end >= 0 {
		path = path[:end]
	}
	return resource.PropertyKey(path)
}
