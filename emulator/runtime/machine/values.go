package machine

import (
	"strconv"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Number is the whole number at a path, which some properties hold as a text.
func Number(v account.Values, path string, otherwise int) int {
	if n, ok := v.Int(path); ok {
		return n
	}
	if n, err := strconv.Atoi(v.Text(path)); err == nil {
		return n
	}
	return otherwise
}
