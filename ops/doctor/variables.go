package doctor

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/inmemory"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// State is what is to be said of a variable. The order is that of the table.
type State int

// The states.
const (
	Missing   State = iota // asked for, not provided, and without a default
	Dangerous              // the value does not work in containers, or lets strangers in
	NoEffect               // nothing reads it when a container runs
	Unknown                // only a package that is not installed here could read it
	Default                // of the application
	Provided               // by the stack
)

var states = []string{"missing", "dangerous", "no effect", "not read here", "default", "provided"}

func (s State) String() string { return states[s] }

// Variable is a row of the table.
type Variable struct {
	Name  string
	State State
	Note  string
}

// Environment are the variables that a stack gives its containers. The values of secrets are not among them.
type Environment struct {
	Values  map[string]string `json:"appConfig"`
	Secrets map[string]any    `json:"secretArns"`
	Class   string            `json:"class"`
}

// Provides asks the program: the emulator deploys the stack file to an account in memory, so the stack need not exist, and no credentials are
// needed.
func Provides(ctx context.Context, root, stack string) (e Environment, err error) {
	printed, err := inmemory.Output(ctx, root, "outputs", "--stack", stack, "--json")
	if err != nil {
		return e, err
	}
	if err := json.Unmarshal(printed, &e); err != nil {
		return e, fmt.Errorf("reading the outputs: %w", err)
	}
	return e, nil
}

func (e Environment) has(name string) bool {
	_, plain := e.Values[name]
	_, secret := e.Secrets[name]
	return plain || secret
}

// readHost is the variable with the host of the instances that only read. Laravel's stock config/database.php does not read it.
const readHost = "DB_READ_HOST"

// Variables judges every variable that the application asks for and the stack has.
func (a *Application) Variables(e Environment) (list []Variable) {
	seen := map[string]bool{}
	add := func(name string, state State, format string, args ...any) {
		if !seen[name] {
			seen[name] = true
			list = append(list, Variable{name, state, fmt.Sprintf(format, args...)})
		}
	}
	if value, _ := a.effective(e, config.FilesDisk); value != "" && a.Stack.Get("storage.bucket") == true { // before the hazard, whose advice is a bucket
		for _, line := range a.Stack.FileWarnings() {
			add(config.FilesDisk, Dangerous, "%s: %s", value, line)
		}
	}
	for _, h := range hazards {
		for _, name := range strings.Fields(h.names) {
			if value, from := a.effective(e, name); (h.local || e.Class != "local") && a.is(e, name, h.values) && (h.driver == "" || a.is(e, h.driver, h.value)) {
				add(name, Dangerous, "%s (%s): %s", value, from, h.why)
			}
		}
	}
	if a.is(e, "QUEUE_CONNECTION", config.DriverSQS) && a.lockError == nil && a.locked("aws/aws-sdk-php") == "" { // https://laravel.com/docs/queues#driver-prerequisites
		add("QUEUE_CONNECTION", Dangerous, "sqs: composer.lock does not have the SDK that Laravel sends jobs with: composer require aws/aws-sdk-php")
	}
	for _, t := range tables {
		for _, name := range strings.Fields(t.drivers) {
			table := cmp.Or(e.Values[t.variable], t.table)
			if _, reads := a.reads[name]; reads && a.is(e, name, config.DriverDatabase) && !a.creates(table) {
				add(name, Dangerous, "database: no migration creates the table %s, and without it requests or jobs fail: php artisan %s", table, t.command)
			}
		}
	}
	for _, n := range needed {
		if !slices.ContainsFunc(strings.Fields(n.drivers), func(driver string) bool { return a.is(e, driver, n.value) }) {
			continue
		}
		for _, name := range strings.Fields(n.names) {
			if _, reads := a.reads[name]; reads && !e.has(name) && !a.defaulted(e, name) {
				add(name, Missing, "%s: the driver %s needs it: %s", a.where(name), n.value, a.set(name))
			}
		}
	}
	for name, value := range e.Values {
		if config.AtBuildOnly(name) && a.reads[name] == nil {
			add(name, NoEffect, "env.%s: the bundle is made before a container starts: use image.buildEnv", name)
		}
		if name == readHost && a.reads[name] == nil {
			add(name, NoEffect, "database.readers: no query gets to the readers, because config/database.php has no read and write hosts (docs/your-application.md, \"Readers of the database\")")
		}
		add(name, Provided, "%s", value)
	}
	for name := range e.Secrets {
		add(name, Provided, "secret")
	}
	for _, line := range a.Example {
		if !line.Optional {
			state, note := a.judge(e, line)
			add(line.Name, state, "%s", note)
		}
	}
	slices.SortFunc(list, func(a, b Variable) int { return cmp.Or(cmp.Compare(a.State, b.State), cmp.Compare(a.Name, b.Name)) })
	return list
}

// judge is about a variable of .env.example that the stack does not provide.
func (a *Application) judge(e Environment, line Line) (State, string) {
	name, reads := line.Name, a.reads[line.Name]
	switch {
	case config.AtBuildOnly(name) && a.Stack.Get("image.buildEnv."+name) != nil:
		return Provided, "in the bundle (image.buildEnv)"
	case config.AtBuildOnly(name) && reads == nil:
		return NoEffect, fmt.Sprintf("undefined in the bundle; a value for it: image.buildEnv.%s in %s", name, a.Stack.Name())
	case toolsOnly[name]:
		return NoEffect, "for a developer's machine only"
	case reads == nil && stock[name]:
		return Default, "Laravel's"
	case reads == nil && a.vendor:
		return NoEffect, "no PHP of the application and no configuration of a package reads it"
	case reads == nil:
		return Unknown, "no PHP of the application reads it; if a package does: " + a.set(name)
	case a.defaulted(e, name):
		read := reads[slices.IndexFunc(reads, func(read Read) bool { return read.Default != "" })]
		return Default, short(read.Default) + " (" + place(read) + ")"
	case line.Null(), stock[name]:
		return Default, "null (" + a.where(name) + ")"
	}
	return Missing, fmt.Sprintf("%s has no default: %s", a.where(name), a.set(name))
}

// set is how a variable is provided.
func (a *Application) set(name string) string {
	return fmt.Sprintf("set env.%s in %s, or pulumi config set --secret --path laravel-ecs:secrets.%[1]s", name, a.Stack.Name())
}

// defaulted tells whether a place that reads a variable has something instead of it: a value, or another variable that has one.
func (a *Application) defaulted(e Environment, name string) bool {
	return slices.ContainsFunc(a.reads[name], func(read Read) bool {
		if read.Fallback != "" && read.Fallback != name {
			return e.has(read.Fallback) || a.defaulted(e, read.Fallback)
		}
		return read.Default != ""
	})
}

// effective is the value that a container has, with its origin; no origin where it cannot be told, or nothing reads it.
func (a *Application) effective(e Environment, name string) (value, from string) {
	if value, ok := e.Values[name]; ok {
		return value, a.Stack.Name()
	}
	if _, secret := e.Secrets[name]; secret {
		return "", ""
	}
	if value, known := a.standard(name); known {
		return value, a.where(name)
	}
	return "", ""
}

// is tells whether a container has one of these values.
func (a *Application) is(e Environment, name, values string) bool {
	value, from := a.effective(e, name)
	return from != "" && slices.Contains(strings.Fields(values), strings.ToLower(value))
}

// where is the first place that reads a variable.
func (a *Application) where(name string) string {
	if reads := a.reads[name]; len(reads) > 0 {
		return place(reads[max(0, slices.IndexFunc(reads, inConfig))])
	}
	return a.name(".env.example")
}

func place(read Read) string { return fmt.Sprintf("%s:%d", read.File, read.Line) }

// short is a text that fits into a table.
func short(text string) string {
	const most = 50
	if len(text) > most {
		return text[:most-3] + "..."
	}
	return text
}
