package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// SecretPlaceholder replaces an encrypted value where the key to decrypt it is missing, as in a rehearsal.
const SecretPlaceholder = "placeholder-of-a-secret-value"

// File is a stack's file and the project's Pulumi.yaml, read from the repository.
type File struct {
	stackName string
	stackFile string
	project   []byte
	name      string // of the project
	root      yaml.Node
}

// ReadFile reads the files of a project and one of its stacks.
func ReadFile(root, stack string) (*File, error) {
	s := &File{stackName: stack, stackFile: "Pulumi." + stack + ".yaml"}
	project, err := os.ReadFile(filepath.Join(root, "Pulumi.yaml"))
	if err != nil {
		return nil, fmt.Errorf("reading the project: %w (give the repository's folder with --root)", err)
	}
	s.project = project
	var head struct {
		Name string `yaml:"name"`
	}
	if err := yaml.Unmarshal(project, &head); err != nil {
		return nil, fmt.Errorf("Pulumi.yaml: %w", err)
	}
	if head.Name == "" {
		return nil, errors.New("Pulumi.yaml: name is missing")
	}
	s.name = head.Name
	text, err := os.ReadFile(filepath.Join(root, s.stackFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s: the stacks are %s", s.stackFile, strings.Join(Stacks(root), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("reading the stack: %w", err)
	}
	if err := yaml.Unmarshal(text, &s.root); err != nil {
		return nil, fmt.Errorf("%s: %w", s.stackFile, err)
	}
	if s.root.Kind == 0 { // an empty file
		s.root = yaml.Node{Kind: yaml.DocumentNode, Content: []*yaml.Node{{Kind: yaml.MappingNode}}}
	}
	if s.root.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s: is not a map", s.stackFile)
	}
	return s, nil
}

// Stacks lists the stacks that have a file in root.
func Stacks(root string) []string {
	files, _ := filepath.Glob(filepath.Join(root, "Pulumi.*.yaml"))
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "Pulumi."), ".yaml"))
	}
	return names
}

// Region is the region of the stack's AWS configuration.
func (s *File) Region() (string, error) {
	region, _ := s.Get("aws:region").(string)
	if region = cmp.Or(region, os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")); region == "" {
		return "", fmt.Errorf("%s: aws:region is missing", s.stackFile)
	}
	if !known.Regions.Has(region) {
		return "", fmt.Errorf("%s: aws:region: "+noRegion, s.stackFile, region, known.Regions.File)
	}
	return region, nil
}

// Get returns the value at a path of the stack's config, nil where there is none. The path's first part is a config
// key, with or without a namespace: domain.zone, aws:region.
func (s *File) Get(path string) any {
	node := s.find(path)
	if node == nil {
		return nil
	}
	var value any
	if err := node.Decode(&value); err != nil {
		return nil
	}
	return value
}

// Text returns the string at a path, empty where there is none.
func (s *File) Text(path string) string {
	text, _ := s.Get(path).(string)
	return text
}

// List returns the list of strings at a path, empty where there is none.
func (s *File) List(path string) []string {
	var list []string
	if node := s.find(path); node != nil && node.Decode(&list) != nil {
		return nil
	}
	return list
}

// Project is the name in Pulumi.yaml.
func (s *File) Project() string { return s.name }

// Name is the name of the stack's file.
func (s *File) Name() string { return s.stackFile }

func (s *File) find(path string) *yaml.Node {
	key, rest, _ := strings.Cut(path, ".")
	node := s.config(key)
	for rest != "" && node != nil {
		key, rest, _ = strings.Cut(rest, ".")
		node = child(node, key)
	}
	return node
}

// config returns the node of a config key.
func (s *File) config(key string) *yaml.Node {
	config := child(s.root.Content[0], "config")
	if config == nil {
		return nil
	}
	return child(config, s.full(config, key))
}

// full is a config key as the file has it: with the namespace of the program or of the project, or without one. Of two, the one that is not
// empty counts, as in Sections. A new one is as the others.
func (s *File) full(config *yaml.Node, key string) string {
	if strings.Contains(key, ":") {
		return key
	}
	namespace, found := Namespace+":", ""
	for i := 0; i < len(config.Content); i += 2 {
		switch name := config.Content[i].Value; {
		case name == key || name == Namespace+":"+key || name == s.name+":"+key:
			if found == "" || len(config.Content[i+1].Content) > 0 {
				found = name
			}
		case strings.HasPrefix(name, s.name+":"):
			namespace = s.name + ":"
		}
	}
	return cmp.Or(found, namespace+key)
}

// Set puts a value at a path of the stack's config.
func (s *File) Set(path string, value any) error {
	key, rest, _ := strings.Cut(path, ".")
	config := descend(s.root.Content[0], "config")
	node := descend(config, s.full(config, key))
	for rest != "" {
		key, rest, _ = strings.Cut(rest, ".")
		node = descend(node, key)
	}
	var replacement yaml.Node
	if err := replacement.Encode(value); err != nil {
		return fmt.Errorf("setting %s: %w", path, err)
	}
	*node = replacement
	return nil
}

// Unset removes the key at a path of the stack's config, and its section when that is empty then.
func (s *File) Unset(path string) {
	i := strings.LastIndex(path, ".")
	if i < 0 {
		if config := child(s.root.Content[0], "config"); config != nil {
			remove(config, s.full(config, path))
		}
		return
	}
	if section := s.find(path[:i]); section != nil && remove(section, path[i+1:]) && len(section.Content) == 0 {
		s.Unset(path[:i])
	}
}

// Rename makes it the file of another stack, with this comment at its head.
func (s *File) Rename(stack, comment string) {
	s.stackName, s.stackFile = stack, "Pulumi."+stack+".yaml"
	s.root.HeadComment = "# " + comment
	for node := s.root.Content[0]; node != nil; {
		node.HeadComment = ""
		if len(node.Content) == 0 {
			break
		}
		node = node.Content[0] // the earlier comment may belong to the first key
	}
}

// SecretsProvider is the URL of the key that encrypts the stack's secrets, empty for a passphrase.
func (s *File) SecretsProvider() string {
	if node := child(s.root.Content[0], "secretsprovider"); node != nil {
		return node.Value
	}
	return ""
}

// SetSecretsProvider sets the URL of the key that encrypts the stack's secrets; an empty one removes the line.
func (s *File) SetSecretsProvider(url string) {
	if url == "" {
		remove(s.root.Content[0], "secretsprovider")
		return
	}
	*descend(s.root.Content[0], "secretsprovider") = yaml.Node{Kind: yaml.ScalarNode, Value: url}
}

// CheckSave is an error where Save cannot write: for callers that do something before it that they cannot take back.
func (s *File) CheckSave(root string) error {
	partial := filepath.Join(root, s.stackFile+".partial")
	err := os.WriteFile(partial, nil, 0o644)
	if err == nil {
		err = os.Remove(partial)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.stackFile, err)
	}
	return nil
}

// Save writes the stack's file back to the repository, with its comments.
func (s *File) Save(root string) error {
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2) // like the shipped files, and like pulumi config set
	if err := encoder.Encode(&s.root); err != nil {
		return fmt.Errorf("writing %s: %w", s.stackFile, err)
	}
	path := filepath.Join(root, s.stackFile)
	if err := os.WriteFile(path+".partial", text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", s.stackFile, err)
	}
	return os.Rename(path+".partial", path)
}

// HideSecrets replaces encrypted values by SecretPlaceholder, and removes the settings of the encryption. It returns their paths.
func (s *File) HideSecrets() []string {
	var paths []string
	config := child(s.root.Content[0], "config")
	if config != nil {
		replaceSecure(config, "", &paths)
	}
	for _, key := range secretKeys {
		if remove(s.root.Content[0], key) {
			paths = append(paths, key)
		}
	}
	return paths
}

// secretKeys are what Pulumi writes into a stack file of how its secrets are encrypted.
var secretKeys = []string{"secretsprovider", "encryptedkey", "encryptionsalt"}

// WriteWorkspace writes copies into the workspace. The secretKeys of an earlier copy are kept, because secrets in the state need them.
func (s *File) WriteWorkspace(workspace string) error {
	if err := os.MkdirAll(workspace, 0o700); err != nil {
		return fmt.Errorf("creating the workspace: %w", err)
	}
	target := filepath.Join(workspace, s.stackFile)
	own := s.root.Content[0]
	if text, err := os.ReadFile(target); err == nil && !slices.ContainsFunc(secretKeys, func(key string) bool { return child(own, key) != nil }) {
		earlier := map[string]any{}
		_ = yaml.Unmarshal(text, &earlier) // a copy that cannot be read has none
		for _, key := range secretKeys {
			if value, ok := earlier[key].(string); ok {
				*descend(own, key) = yaml.Node{Kind: yaml.ScalarNode, Value: value}
			}
		}
	}
	text, err := yaml.Marshal(&s.root)
	if err != nil {
		return fmt.Errorf("copying %s: %w", s.stackFile, err)
	}
	if err := os.WriteFile(target, text, 0o600); err != nil {
		return fmt.Errorf("copying %s: %w", s.stackFile, err)
	}
	if err := os.WriteFile(filepath.Join(workspace, "Pulumi.yaml"), s.project, 0o600); err != nil {
		return fmt.Errorf("copying Pulumi.yaml: %w", err)
	}
	return nil
}
