package pipeline

import (
	"maps"
	"slices"
	"strings"
)

// noPermissions are the beginnings of resource types that are not on AWS, and of what AWS allows everybody (STS API reference,
// GetCallerIdentity) or the provider knows by itself (infra.Partition).
var noPermissions = []string{"laravel:", "pulumi:", "random:", "aws:index/getCallerIdentity:", "aws:index/getPartition:"}

// secretValues are reading actions that return secrets: a preview may not call them.
var secretValues = []string{"secretsmanager:GetSecretValue"}

// reads tells whether an action only reads, and returns no secret.
func reads(action string) bool {
	_, verb, _ := strings.Cut(action, ":")
	return slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(word string) bool { return strings.HasPrefix(verb, word) }) &&
		!slices.Contains(secretValues, action)
}

// OnAWS tells whether a resource type or function needs permissions.
func OnAWS(token string) bool {
	return !slices.ContainsFunc(noPermissions, func(prefix string) bool { return strings.HasPrefix(token, prefix) })
}

// PermittedActions lists the actions that a deploy role has for a resource type or function; false where the table has no entry.
func PermittedActions(token string) ([]string, bool) {
	if !OnAWS(token) {
		return nil, true
	}
	actions := map[string]bool{}
	for _, p := range permissions[token] {
		for _, action := range strings.Fields(p.actions) {
			actions[action] = true
		}
	}
	return slices.Sorted(maps.Keys(actions)), len(actions) > 0
}
