// Package envfile writes .env files that Laravel reads back unchanged.
package envfile

import (
	"fmt"
	"regexp"
	"strings"
)

// Line is the line of a variable.
func Line(name, value string) string { return fmt.Sprintf("%s=%s\n", name, quote(value)) }

// Has tells whether a file that was made of lines has a variable. A value has no line breaks (quote), so what follows one is a name.
func Has(text, name string) bool { return strings.Contains("\n"+text, "\n"+name+"=") }

// unquoted are values that phpdotenv, shells and Docker read in the same way without quotes.
var unquoted = regexp.MustCompile(`^[A-Za-z0-9_./:@%+,-]+$`)

// escapes are those of vlucas/phpdotenv 5, which Laravel reads .env with. It reads the file line by line, and ${NAME} in double
// quotes stands for another variable.
var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\f", `\f`, "\v", `\v`)

// quote writes a value so that phpdotenv reads the same value.
func quote(value string) string {
	if unquoted.MatchString(value) {
		return value
	}
	return `"` + escapes.Replace(value) + `"`
}
