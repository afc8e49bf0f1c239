package rehearsal

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

func TestUnexpected(t *testing.T) {
	image := engine.Change{Op: "update", Type: "docker:index/image:Image", Name: "image"}
	definition := engine.Change{Op: "replace", Type: "aws:ecs/taskDefinition:TaskDefinition", Name: "web"}
	service := engine.Change{Op: "update", Type: "aws:ecs/service:Service", Name: "web"}
	database := engine.Change{Op: "replace", Type: "aws:rds/instance:Instance", Name: "db", Properties: []string{"dbName"}}
	for name, test := range map[string]struct {
		expect  func(engine.Report) []string
		changes []engine.Change
		want    []string
	}{
		"nothing happened":    {only(), nil, nil},
		"something happened":  {only(), []engine.Change{service}, []string{"update aws:ecs:Service web"}},
		"as expected":         {only("update"), []engine.Change{service}, nil},
		"a release":           {onlyRelease(released), []engine.Change{image, definition, service}, nil},
		"half a release":      {onlyRelease(released), []engine.Change{image, service}, []string{"no replace of aws:ecs/taskDefinition:TaskDefinition"}},
		"more than a release": {onlyRelease(released), []engine.Change{image, definition, service, database}, []string{"replace aws:rds:Instance db (dbName)"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.expect(engine.Report{Changes: test.changes}); !slices.Equal(got, test.want) {
				t.Errorf("unexpected are %q", got)
			}
		})
	}
}

func TestSteps(t *testing.T) {
	fine := func(context.Context) (engine.Report, error) { return engine.Report{}, nil }
	fails := func(context.Context) (engine.Report, error) { return engine.Report{}, errors.New("it is protected") }
	for name, test := range map[string]struct {
		list []step
		want string // all that was unexpected
		last string
	}{
		"goes on":                  {[]step{{name: "a", run: fine, expect: only()}, {name: "b", run: fine, expect: only()}}, "", "b"},
		"stops at a failure":       {[]step{{name: "a", run: fails, expect: only()}, {name: "b", run: fine, expect: only()}}, "it is protected", "a"},
		"must be refused, and is":  {[]step{{name: "a", run: fails, refused: "protected"}, {name: "b", run: fine, expect: only()}}, "", "b"},
		"must be refused, is not":  {[]step{{name: "a", run: fine, refused: "protected"}, {name: "b", run: fine, expect: only()}}, "it was not refused", "a"},
		"refused for other reason": {[]step{{name: "a", run: fails, refused: "locked"}}, "it was refused for another reason: it is protected", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			outcomes := take(t.Context(), test.list)
			var all []string
			for _, one := range outcomes {
				all = append(all, one.unexpected...)
			}
			if got := strings.Join(all, "; "); got != test.want || outcomes[len(outcomes)-1].step != test.last {
				t.Errorf("unexpected are %q, the last step is %q", got, outcomes[len(outcomes)-1].step)
			}
		})
	}
}
