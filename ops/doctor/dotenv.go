package doctor

import (
	"regexp"
	"strings"
)

// Line is a variable of a .env.example. An optional one is commented out: #NAME=.
type Line struct {
	Name, Value string
	Optional    bool
}

// Dotenv lists the variables of a .env.example.
func Dotenv(text string) (list []Line) {
	for line := range strings.Lines(text) {
		if match := assignment.FindStringSubmatch(line); match != nil {
			list = append(list, Line{Name: match[2], Value: strings.Trim(strings.TrimSpace(match[3]), `"'`), Optional: match[1] != ""})
		}
	}
	return list
}

// assignment is a line that gives a variable a value. After a #, only a name in capitals is one: the rest is prose.
var assignment = regexp.MustCompile(`^\s*(#\s*)?(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=(.*)`)

// Null tells whether the file itself gives the variable no value: Illuminate\Support\Env makes null and "" of these words.
func (l Line) Null() bool {
	switch strings.ToLower(l.Value) {
	case "null", "(null)", "empty", "(empty)":
		return true
	}
	return false
}
