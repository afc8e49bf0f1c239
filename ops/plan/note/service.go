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
		list[i].revised = changes[step.Op]
		list[i].from, list[i].to = release(step.Old), release(step.New)
		if list[i].revised {
			list[i].to = cmp.Or(list[i].to, built)
		}
	}
	slices.SortFunc(list, func(a, b service) int { return strings.Compare(a.name, b.name) })
	return list
}

// containers are the inputs of a service by container.
func containers(s *preview.State) map[string]map[string]any {
	if s == nil {
		return nil
	}
	list := map[string]map[string]any{}
	inputs, _ := s.Inputs["containers"].(map[string]any)
	for name, one := range inputs {
		if fields, ok := one.(map[string]any); ok {
			list[name] = fields
		}
	}
	return list
}

// compare records what changes in the containers of a service that stays.
func (s *service) compare(before, after map[string]map[string]any) {
	s.inBoth = len(before) > 0 && len(after) > 0
	if !s.inBoth {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		old, existed := before[name]
		if !existed {
			s.settings = append(s.settings, "new container "+name)
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(after[name])) {
			switch field {
			case "environment":
				s.variables(old[field], after[name][field])
			case "secrets":
				s.secrets(old[field], after[name][field])
			default:
				if !reflect.DeepEqual(old[field], after[name][field]) {
					s.settings = append(s.settings, fmt.Sprintf("container %s `%s`%s", name, field, fromTo(old[field], after[name][field])))
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(before)) {
		if _, stays := after[name]; !stays {
			s.settings = append(s.settings, "no container "+name+" any more")
		}
	}
}

// variables compares plain variables.
func (s *service) variables(before, after any) {
	old, _ := before.(map[string]any)
	fresh, _ := after.(map[string]any)
	for name, value := range fresh {
		if was, existed := old[name]; !existed {
			s.changes[name] = "added: " + plain(name, value)
		} else if was != value {
			s.changes[name] = plain(name, was) + " -> " + plain(name, value)
		}
	}
	for name := range old {
		if _, stays := fresh[name]; !stays {
			s.changes[name] = "removed"
		}
	}
}

// secrets compares references. The values are not read.
func (s *service) secrets(before, after any) {
	old, _ := before.(map[string]any)
	fresh, _ := after.(map[string]any)
	for name, reference := range fresh {
		if was, existed := old[name]; !existed {
			s.changes[name] = "secret, added"
		} else if was != reference {
			s.changes[name] = "secret, new value"
		}
	}
	for name := range old {
		if _, stays := fresh[name]; !stays {
			s.changes[name] = "secret, removed"
		}
	}
}
