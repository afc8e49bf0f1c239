package infratest

import (
	"slices"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

func nameOf(urn string) string {
	return urn[strings.LastIndex(urn, "::")+len("::")*min(1, strings.Count(urn, "::")):]
}

func namesOf(urns []string) []string {
	var names []string
	for _, urn := range urns {
		names = append(names, nameOf(urn))
	}
	slices.Sort(names)
	return names
}

// nameIn is the argument name; empty without one.
func nameIn(args resource.PropertyMap) string {
	if name, ok := args["name"]; ok && name.IsString() {
		return name.StringValue()
	}
	return ""
}
