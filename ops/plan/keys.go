package plan

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/note"
	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// changedKeys compares the keys of a stack file with those that it has in a revision. It returns none for a file that is new there.
func changedKeys(ctx context.Context, root, stack, since string) ([]note.Key, error) {
	settings, err := config.ReadFile(root, stack)
	if err != nil {
		return nil, err
	}
	now, err := os.ReadFile(filepath.Join(root, settings.Name()))
	if err != nil {
		return nil, err
	}
	before, err := exec.CommandContext(ctx, "git", "-C", root, "show", "--end-of-options", since+":./"+settings.Name()).Output()
	if err != nil {
		return nil, fmt.Errorf("this clone has no %s of %s", settings.Name(), since)
	}
	was, err := keys(before, settings.Project())
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", settings.Name(), since, err)
	}
	is, err := keys(now, settings.Project())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Name(), err)
	}
	var changed []note.Key
	for _, path := range preview.Keys(was, is) {
		if was[path] != is[path] {
			changed = append(changed, note.Key{Path: path, Before: was[path], After: is[path]})
		}
	}
	return changed, nil
}

// keys are the values of a stack file by their path, as people write them: cluster.min, aws:region.
func keys(text []byte, project string) (map[string]any, error) {
	var file struct{ Config map[string]yaml.Node }
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, err
	}
	values := map[string]any{}
	for key, node := range file.Config {
		flatten(strings.TrimPrefix(strings.TrimPrefix(key, project+":"), config.Namespace+":"), &node, values)
	}
	return values, nil
}

// flatten adds the scalars below a node, and lists as a whole. What Pulumi has encrypted is compared as it is, and not shown.
func flatten(path string, node *yaml.Node, values map[string]any) {
	switch {
	case node.Kind == yaml.AliasNode:
		flatten(path, node.Alias, values)
	case node.Kind == yaml.MappingNode && len(node.Content) > 0:
		for i := 0; i+1 < len(node.Content); i += 2 {
			flatten(path+"."+node.Content[i].Value, node.Content[i+1], values)
		}
	case node.Kind == yaml.ScalarNode:
		values[path] = node.Value
	default:
		var list any
		if err := node.Decode(&list); err == nil {
			values[path] = fmt.Sprint(list)
		}
	}
}
