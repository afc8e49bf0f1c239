package run

import (
	"errors"
	"strings"
)

// Words cuts a command into words as a shell does: spaces separate, quotes keep together, a backslash takes the next character as it is.
// Nothing is expanded.
func Words(command string) (words []string, err error) {
	var word strings.Builder
	var quote rune
	started, escaped := false, false
	for _, r := range command {
		switch {
		case escaped:
			if quote == '"' && r != '"' && r != '\\' {
				word.WriteRune('\\')
			}
			word.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped, started = true, true
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, started = r, true
		case r == ' ' || r == '\t' || r == '\n':
			if started {
				words = append(words, word.String())
				word.Reset()
				started = false
			}
		default:
			word.WriteRune(r)
			started = true
		}
	}
	if quote != 0 || escaped {
		return nil, errors.New("the command ends inside quotes or after a backslash")
	}
	if started {
		words = append(words, word.String())
	}
	return words, nil
}
