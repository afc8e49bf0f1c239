package config

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Source is where the values of a stack are read from. The program reads them from the Pulumi engine.
type Source interface {
	// Stack is the stack's name.
	Stack() string
	// Region is aws:region; empty where it is not set.
	Region() string
	// Section returns a section of the stack as JSON, decrypted; false where the stack has none of this name.
	Section(key string) (json string, found bool, err error)
	// Encrypted tells whether a section holds an encrypted value.
	Encrypted(key string) bool
	// Sections returns all sections that the stack has, for a check of their names.
	Sections() (map[string]any, error)
}

// Load reads the stack's configuration over the defaults and returns every problem of it at once.
func Load(source Source) (*Config, error) {
	c := defaults()
	c.Network.EmptyDefaultGroup = !ofReview(source)
	c.resize(source)
	problems, unread := readSections(source, c.sections())
	problems = append(problems, c.readProcesses(source, unread)...)
	if c.App.Env == "" {
		c.App.Env = source.Stack()
	}
	c.deriveTimes()
	c.deriveAssets()
	c.Release.deriveSteps()
	c.addHosts()
	c.Database.Restore.readTimes()
	c.Database.deriveVersion()
	c.Region = region(source)
	if err := report(source, problems, c.stateProcesses(c.validate(source.Stack()), unread), unread); err != nil {
		return nil, err
	}
	return c, nil
}

// readSections decodes every section of the configuration, and returns its problems and which sections it could not read.
func readSections(source Source, sections map[string]any) (problems []error, unread map[string]bool) {
	unread = map[string]bool{}
	for key, into := range sections {
		if key != "secrets" && source.Encrypted(key) { // it is not read, because no error may quote its value
			problems = append(problems, fmt.Errorf("%s: holds an encrypted value; only values in secrets are kept secret in the containers; move it there", key))
			unread[key] = true
		} else if err := section(source, key, into); err != nil {
			problems = append(problems, err)
			unread[key] = true
		}
	}
	return append(problems, unknownKeys(source, sections)...), unread
}

func region(source Source) string {
	if region := source.Region(); region != "" {
		return region
	}
	return firstEnv("AWS_REGION", "AWS_DEFAULT_REGION")
}

// report joins what could not be read with what is not valid; nil where all is well.
func report(source Source, problems, invalid []error, unread map[string]bool) error {
	for _, problem := range invalid {
		// A section that could not be read has its defaults here: problems of these are of no interest.
		if key, _, _ := strings.Cut(problem.Error(), ":"); !unread[strings.Split(key, ".")[0]] {
			problems = append(problems, problem)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	sortErrors(problems)
	return fmt.Errorf("Pulumi.%s.yaml has %d problem(s); nothing was changed:\n%w", source.Stack(), len(problems), errors.Join(problems...))
}

// section decodes one key over what is in there already. An absent section is accepted; a field that no type has is refused.
func section(source Source, key string, into any) error {
	raw, found, err := source.Section(key)
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	if !found {
		return nil
	}
	return decode(key, raw, into)
}

func decode(key, raw string, into any) error {
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return explain(key, raw, into, err)
	}
	return nil
}

// explain turns a JSON error into one that names the key of the stack file.
func explain(key, raw string, into any, err error) error {
	var kind *json.UnmarshalTypeError
	isSection := strings.HasPrefix(strings.TrimSpace(raw), "{")
	switch {
	case errors.As(err, &kind) && isSection && key != "secrets" && reflect.TypeOf(into).Elem().Kind() == reflect.Map:
		return fmt.Errorf("%s.%s: %s found, %s expected%s", key, wrongIn(raw, kind.Type), kind.Value, kind.Type, quotesNeeded(kind))
	case errors.As(err, &kind) && kind.Field != "":
		field := strings.ReplaceAll(kind.Field, "Process.", "") // encoding/json has the embedded struct in the path
		return fmt.Errorf("%s.%s: %s found, %s expected", key, field, kind.Value, kind.Type)
	case errors.As(err, &kind) || !isSection:
		if key == "secrets" { // the text may be a secret at the wrong place
			return fmt.Errorf("%s: NAME: VALUE below it expected, with texts as values", key)
		}
		return fmt.Errorf("%s: %q found, a section with keys below it expected", key, raw)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		path := cmp.Or(unknownIn(raw, reflect.TypeOf(into).Elem()), strings.Trim(field, `"`))
		return fmt.Errorf("%s.%s: no such key; Pulumi.yaml lists them", key, path)
	}
	return fmt.Errorf("%s: %w", key, err)
}

// quotesNeeded is the advice for a text that YAML takes for a number or for true or false.
func quotesNeeded(kind *json.UnmarshalTypeError) string {
	if kind.Type.Kind() != reflect.String {
		return ""
	}
	return `; put numbers, true and false in quotes: "1"`
}

// wrongIn is the first key of a map whose value is not of the map's type.
func wrongIn(raw string, kind reflect.Type) string {
	var values map[string]json.RawMessage
	if json.Unmarshal([]byte(raw), &values) != nil {
		return ""
	}
	for _, key := range sortedKeys(values) {
		if json.Unmarshal(values[key], reflect.New(kind).Interface()) != nil {
			return key
		}
	}
	return ""
}

// unknownIn is the path of the first key of a section that its type does not have; JSON's error has the last part of it only.
func unknownIn(raw string, section reflect.Type) string {
	var values map[string]json.RawMessage
	if section.Kind() != reflect.Struct || json.Unmarshal([]byte(raw), &values) != nil {
		return ""
	}
	for _, key := range sortedKeys(values) {
		field, known := section.FieldByNameFunc(func(name string) bool {
			f, _ := section.FieldByName(name)
			return strings.EqualFold(f.Tag.Get("json"), key)
		})
		if !known {
			return key
		}
		if inner := unknownIn(string(values[key]), field.Type); inner != "" {
			return key + "." + inner
		}
	}
	return ""
}

// unknownKeys finds sections that no field of the configuration stands for.
func unknownKeys(source Source, known map[string]any) []error {
	given, err := source.Sections()
	if err != nil {
		return []error{err}
	}
	var problems []error
	for key, value := range given {
		switch _, account := known["account"]; {
		case known[key] != nil:
		case account && defaults().sections()[key] != nil:
			if !empty(value) {
				problems = append(problems, fmt.Errorf("%s: belongs to an environment; a stack with a section account declares no environment", key))
			}
		case key != "account" || !empty(value):
			problems = append(problems, fmt.Errorf("%s: no such key; Pulumi.yaml lists them", key))
		}
	}
	return problems
}

// Namespace is that of the sections in the shipped stack files: the program's, as aws is that of its provider. So they do not depend on the
// project's name, which `pulumi new --name shop` writes into Pulumi.yaml only. A section may have the project's name too, or none, which is the
// same to Pulumi (pulumi/sdk, go/common/workspace/loaders.go, stackConfigNamespacedWithProject).
const Namespace = "laravel-ecs"

// Sections are the keys of a stack that the program reads, without a namespace. A section of another project is an error, because nothing reads
// it: the stack would have defaults instead of what its file says. Pulumi adds an empty one of the project for each that Pulumi.yaml describes.
func Sections(project string, keys map[string]any) (map[string]any, error) {
	known, sections, names := defaults().sections(), map[string]any{}, map[string]string{}
	for _, full := range slices.Sorted(maps.Keys(keys)) {
		namespace, key, found := strings.Cut(full, ":")
		if !found {
			namespace, key = project, full
		}
		switch {
		case namespace == project || namespace == Namespace:
			switch other, there := sections[key]; {
			case there && !empty(other) && !empty(keys[full]):
				return nil, fmt.Errorf("%s: is there twice, as %s and as %s; make it one section", key, names[key], full)
			case !there || empty(other):
				sections[key], names[key] = keys[full], full
			}
		case known[key] != nil && !slices.Contains([]string{"aws", "pulumi", "docker", "random"}, namespace):
			return nil, fmt.Errorf("%s: is of the project %s, and Pulumi.yaml names this one %s; rename the sections: perl -pi -e 's/^  %[2]s:/  %[4]s:/' Pulumi.*.yaml", full, namespace, project, Namespace)
		}
	}
	return sections, nil
}

// empty tells whether a section is the default of Pulumi.yaml, which every stack gets.
func empty(section any) bool {
	fields, ok := section.(map[string]any)
	return section == nil || section == "" || section == "{}" || ok && len(fields) == 0
}

func firstEnv(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}

// child returns the value of a key of a mapping, nil where there is none.
func child(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// descend returns the value of a key of a mapping and creates it where it is missing.
func descend(node *yaml.Node, key string) *yaml.Node {
	if node.Kind != yaml.MappingNode {
		*node = yaml.Node{Kind: yaml.MappingNode}
	}
	if found := child(node, key); found != nil {
		return found
	}
	value := &yaml.Node{Kind: yaml.MappingNode}
	node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: key}, value)
	return value
}

func remove(node *yaml.Node, key string) bool {
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			node.Content = append(node.Content[:i], node.Content[i+2:]...)
			return true
		}
	}
	return false
}

func replaceSecure(node *yaml.Node, path string, paths *[]string) {
	if node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "secure" && node.Content[1].Kind == yaml.ScalarNode {
		*paths = append(*paths, path)
		*node = yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: SecretPlaceholder}
		return
	}
	for i, element := range node.Content {
		switch node.Kind {
		case yaml.MappingNode:
			if i%2 == 1 {
				replaceSecure(element, strings.TrimPrefix(path+"."+node.Content[i-1].Value, "."), paths)
			}
		case yaml.SequenceNode:
			replaceSecure(element, fmt.Sprintf("%s[%d]", path, i), paths)
		}
	}
}
