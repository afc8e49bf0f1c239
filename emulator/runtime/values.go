package runtime

import (
	"strconv"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// The account holds properties as plain JSON values. These readers take the output of a resource, which includes
// its inputs and the defaults; what is absent or of another kind reads as zero.

func text(v account.Values, key string) string {
	switch value := v[key].(type) {
	case string:
		return value
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	default:
		return ""
	}
}

func truth(v account.Values, key string) bool {
	switch value := v[key].(type) {
	case bool:
		return value
	case string:
		return value == "true"
	default:
		return false
	}
}

func number(v account.Values, key string, otherwise int) int {
	switch value := v[key].(type) {
	case float64:
		return int(value)
	case int:
		return value
	case string:
		if n, err := strconv.Atoi(value); err == nil {
			return n
		}
	}
	return otherwise
}

func items(v account.Values, key string) []account.Values {
	list, _ := v[key].([]any)
	var all []account.Values
	for _, item := range list {
		if object, ok := asValues(item); ok {
			all = append(all, object)
		}
	}
	return all
}

func texts(v account.Values, key string) []string {
	list, _ := v[key].([]any)
	var all []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			all = append(all, s)
		}
	}
	return all
}

func object(v account.Values, key string) account.Values {
	value, _ := asValues(v[key])
	return value
}

func asValues(value any) (account.Values, bool) {
	switch object := value.(type) {
	case map[string]any:
		return object, true
	case account.Values:
		return object, true
	default:
		return nil, false
	}
}
