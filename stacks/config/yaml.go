package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
