package preview

import "strings"

// Component names the component of a resource: the type of its parent, and the parent's own name where that is another word.
func (s Step) Component() string {
	parent := s.State().Parent
	token := TypeOf(parent)
	if parent == "" || token == "pulumi:pulumi:Stack" {
		return "(stack)"
	}
	return Title(token[strings.LastIndex(token, ":")+1:], WithoutPrefix(NameOf(parent), StackOf(s.URN)))
}

// Title is a kind and a name, once where they are the same word.
func Title(kind, name string) string {
	if strings.EqualFold(kind, name) {
		return kind
	}
	return kind + " " + name
}

// WithoutPrefix is a name without application and stack: laravel-prod-web is web.
func WithoutPrefix(name, stack string) string {
	if _, rest, found := strings.Cut(name, "-"+stack+"-"); found {
		return rest
	}
	return name
}
