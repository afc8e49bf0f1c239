package config

import (
	"regexp"
	"strings"
)

// DotenvKeys lists the variables that a .env.example asks for. Optional ones are commented out: #NAME=.
func DotenvKeys(text string) (asked, optional []string) {
	for line := range strings.Lines(text) {
		match := assignment.FindStringSubmatch(line)
		switch {
		case match == nil:
		case match[1] != "":
			optional = append(optional, match[2])
		default:
			asked = append(asked, match[2])
		}
	}
	return asked, optional
}

// assignment is a line that gives a variable a value. After a #, only a name in capitals is one: the rest is prose.
var assignment = regexp.MustCompile(`^\s*(#\s*)?(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=`)
