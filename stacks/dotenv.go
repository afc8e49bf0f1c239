package stacks

import (
	"fmt"
	"regexp"
	"strings"
)

// dotenv renders the .env file of `make dotenv`.
func dotenv(environment, secrets map[string]string) string {
	var text strings.Builder
	for _, group := range []map[string]string{environment, secrets} {
		for _, key := range sortedKeys(group) {
			fmt.Fprintf(&text, "%s=%s\n", key, quote(group[key]))
		}
	}
	return text.String()
}

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
