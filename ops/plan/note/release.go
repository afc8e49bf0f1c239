package note

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

const imageType = "docker:index/image:Image"

// fold recognises the changes that every release makes: one line of the note stands for all of them. It returns what to say of the step
// where there is more.
func (s *sorted) fold(step preview.Step) (string, bool) {
	var usual func(string) bool
	switch step.State().Type {
	case imageType:
		usual = func(path string) bool {
			return path == "imageName" || path == "build.args.RELEASE" || strings.Contains(path, "contextDigest") || strings.HasPrefix(path, "registry")
		}
	case "aws:ecs/taskDefinition:TaskDefinition":
		i := slices.IndexFunc(s.services, func(each service) bool { return each.urn == step.State().Parent })
		if i < 0 || !s.services[i].inBoth {
			return describe(step), false
		}
		usual = func(path string) bool { return strings.HasPrefix(path, "containerDefinitions") }
	case "aws:ecs/service:Service":
		usual = func(path string) bool { return path == "taskDefinition" }
	default:
		return describe(step), false
	}
	if step.Op == "create" || step.Op == "delete" {
		return describe(step), step.State().Type == imageType && len(s.services) > 0 && s.services[0].existed
	}
	step.Paths = slices.DeleteFunc(slices.Clone(step.Paths), usual)
	return describe(step), len(step.Paths) == 0
}

// release is the release that a task definition's containers have in APP_RELEASE.
func release(s *preview.State) string {
	text, _ := s.Property("containerDefinitions").(string)
	var list []struct {
		Environment []struct{ Name, Value string }
	}
	if json.Unmarshal([]byte(text), &list) != nil {
		return ""
	}
	for _, container := range list {
		for _, variable := range container.Environment {
			if variable.Name == "APP_RELEASE" {
				return variable.Value
			}
		}
	}
	return ""
}

// builtRelease is the release that the update will build; "" where it builds none.
func builtRelease(p preview.Preview) string {
	for _, step := range p.Steps {
		if step.State().Type == imageType && slices.Contains(order, step.Op) && step.New != nil {
			text, _ := step.New.Property("build.args.RELEASE").(string)
			return text
		}
	}
	return ""
}
