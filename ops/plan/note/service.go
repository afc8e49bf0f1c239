package note

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/preview"
)

// serviceType is the component whose inputs describe its containers (infra/service.go).
const serviceType = "laravel:infra:Service"

// service is a process of the application, before and after.
type service struct {
	urn, name string
	existed   bool
	inBoth    bool // the component has inputs before and after
	// from and to are releases; to is empty until the image is built.
	from, to string
	revised  bool // there is a new task definition
	settings []string
	changes  map[string]string // of environment variables: what happens, by name
}

// services reads all of them, with what changes in their containers.
func services(p preview.Preview) []service {
	var list []service
	for _, step := range p.Steps {
		if step.State().Type == serviceType && step.Op != "delete" {
			s := service{urn: step.URN, name: preview.WithoutPrefix(step.Name(), preview.StackOf(step.URN)), existed: step.Old != nil, changes: map[string]string{}}
			s.compare(containers(step.Old), containers(step.New))
			list = append(list, s)
		}
	}
	built := builtRelease(p)
	for _, step := range p.Steps {
		i := slices.IndexFunc(list, func(s service) bool { return s.urn == step.State().Parent })
		if i < 0 || step.State().Type != "aws:ecs/taskDefinition:TaskDefinition" {
			continue
		}
		list[i].revised = slices.Contains(order, step.Op)
		list[i].from, list[i].to = release(step.Old), release(step.New)
		if list[i].revised {
			list[i].to = cmp.Or(list[i].to, built)
		}
	}
	slices.SortFunc(list, func(a, b service) int { return strings.Compare(a.name, b.name) })
	return list
}

// containers are the inputs of a service by container.
func containers(s *preview.State) map[string]any {
	list, _ := s.Property("containers").(map[string]any)
	return list
}

// compare records what changes in the containers of a service that stays.
func (s *service) compare(before, after map[string]any) {
	s.inBoth = len(before) > 0 && len(after) > 0
	if !s.inBoth {
		return
	}
	for _, name := range preview.Keys(before, after) {
		old, existed := before[name].(map[string]any)
		fresh, stays := after[name].(map[string]any)
		switch {
		case !existed:
			s.settings = append(s.settings, "new container "+name)
		case !stays:
			s.settings = append(s.settings, "no container "+name+" any more")
		default:
			s.container(name, old, fresh)
		}
	}
}

func (s *service) container(name string, old, fresh map[string]any) {
	for _, field := range slices.Sorted(maps.Keys(fresh)) {
		was, is := old[field], fresh[field]
		switch {
		case field == "environment", field == "secrets":
			s.variables(was, is, field == "secrets")
		case !reflect.DeepEqual(was, is):
			s.settings = append(s.settings, fmt.Sprintf("container %s `%s`%s", name, field, fromTo(was, is)))
		}
	}
}

// variables records which variables are added, removed or changed. Those of secrets are references; the values are not read.
func (s *service) variables(before, after any, secret bool) {
	old, _ := before.(map[string]any)
	fresh, _ := after.(map[string]any)
	for _, name := range preview.Keys(old, fresh) {
		was, is := old[name], fresh[name] // nil is a variable that does not exist
		switch {
		case was == is:
		case is == nil && secret:
			s.changes[name] = "secret, removed"
		case is == nil:
			s.changes[name] = "removed"
		case was == nil && secret:
			s.changes[name] = "secret, added"
		case was == nil:
			s.changes[name] = "added: " + plain(name, is)
		case secret:
			s.changes[name] = "secret, new value"
		default:
			s.changes[name] = plain(name, was) + " -> " + plain(name, is)
		}
	}
}

const imageType = "docker:index/image:Image"

// fold recognises the changes that every release makes: one line of the note stands for all of them. It returns what to say of the step
// where there is more.
func fold(step preview.Step, services []service) (string, bool) {
	var usual func(string) bool
	switch step.State().Type {
	case imageType:
		usual = func(path string) bool {
			return path == "imageName" || path == "build.args.RELEASE" || strings.Contains(path, "contextDigest") || strings.HasPrefix(path, "registry")
		}
	case "aws:ecs/taskDefinition:TaskDefinition":
		i := slices.IndexFunc(services, func(each service) bool { return each.urn == step.State().Parent })
		if i < 0 || !services[i].inBoth {
			return describe(step), false
		}
		usual = func(path string) bool { return strings.HasPrefix(path, "containerDefinitions") }
	case "aws:ecs/service:Service":
		usual = func(path string) bool { return path == "taskDefinition" }
	default:
		return describe(step), false
	}
	if step.Op == "create" || step.Op == "delete" {
		return describe(step), step.State().Type == imageType && len(services) > 0 && services[0].existed
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
	_ = json.Unmarshal([]byte(text), &list) // a text that is not known yet has no release
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
