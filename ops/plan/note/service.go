package note

import (
	"cmp"
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

func (s service) title() string { return title("Service", s.name) }

// services reads all of them, with what changes in their containers.
func services(p preview.Preview) []service {
	var list []service
	for _, step := range p.Steps {
		if step.State().Type == serviceType && step.Op != "delete" {
			s := service{urn: step.URN, name: withoutPrefix(step.Name(), preview.StackOf(step.URN)), existed: step.Old != nil, changes: map[string]string{}}
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
		case field == "environment":
			s.variables(was, is, valueChange)
		case field == "secrets":
			s.variables(was, is, secretChange)
		case !reflect.DeepEqual(was, is):
			s.settings = append(s.settings, fmt.Sprintf("container %s `%s`%s", name, field, fromTo(was, is)))
		}
	}
}

// variables records which variables are added, removed or changed.
func (s *service) variables(before, after any, change func(name string, was, is any) string) {
	old, _ := before.(map[string]any)
	fresh, _ := after.(map[string]any)
	for _, name := range preview.Keys(old, fresh) {
		if old[name] != fresh[name] {
			s.changes[name] = change(name, old[name], fresh[name])
		}
	}
}

// valueChange says what happens to a plain variable. Nil is a variable that does not exist.
func valueChange(name string, was, is any) string {
	switch {
	case was == nil:
		return "added: " + plain(name, is)
	case is == nil:
		return "removed"
	}
	return plain(name, was) + " -> " + plain(name, is)
}

// secretChange is valueChange for references to secrets. The values are not read.
func secretChange(_ string, was, is any) string {
	switch {
	case was == nil:
		return "secret, added"
	case is == nil:
		return "secret, removed"
	}
	return "secret, new value"
}
