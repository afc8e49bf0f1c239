package plugin

import (
	"fmt"
	"math"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

// The Go SDK's argument structs are generated from the real provider's schema: their pulumi tags list the properties
// it accepts, with their kinds. What is not there is refused.

func fieldsOf(block reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	for i := range block.NumField() {
		if name := block.Field(i).Tag.Get("pulumi"); name != "" {
			fields[name] = block.Field(i).Type
		}
	}
	return fields
}

func elem(kind reflect.Type) reflect.Type {
	if kind.Kind() == reflect.Pointer {
		return kind.Elem()
	}
	return kind
}

func sortedNames(fields map[string]reflect.Type) []string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// checkBlock compares properties with an SDK struct. Unknown values pass: nothing can be said about them yet.
func checkBlock(path string, block resource.PropertyMap, kind reflect.Type) []sdk.CheckFailure {
	fields := fieldsOf(kind)
	var failed []sdk.CheckFailure
	for _, key := range block.StableKeys() {
		field, known := fields[string(key)]
		if !known {
			failed = append(failed, sdk.CheckFailure{
				Property: resource.PropertyKey(join(path, string(key))),
				Reason:   fmt.Sprintf("is not an input; there are: %v", sortedNames(fields)),
			})
			continue
		}
		failed = append(failed, checkKind(join(path, string(key)), block[key], field)...)
	}
	for _, name := range sortedNames(fields) {
		value, given := block[resource.PropertyKey(name)]
		if (!given || value.IsNull()) && required(fields[name]) {
			failed = append(failed, sdk.CheckFailure{Property: resource.PropertyKey(join(path, name)), Reason: "is required"})
		}
	}
	return failed
}

func checkKind(path string, value resource.PropertyValue, kind reflect.Type) []sdk.CheckFailure {
	value, kind = plainValue(value), elem(kind)
	if value.IsNull() || value.IsComputed() {
		return nil
	}
	wrong := func(want string) []sdk.CheckFailure {
		return []sdk.CheckFailure{{Property: resource.PropertyKey(path), Reason: fmt.Sprintf("must be %s, not %s", want, value.TypeString())}}
	}
	switch kind.Kind() {
	case reflect.String:
		if !value.IsString() {
			return wrong("a string")
		}
	case reflect.Bool:
		if !value.IsBool() {
			return wrong("a boolean")
		}
	case reflect.Int:
		if !value.IsNumber() || value.NumberValue() != math.Trunc(value.NumberValue()) {
			return wrong("a whole number")
		}
	case reflect.Slice:
		if !value.IsArray() {
			return wrong("a list")
		}
		var failed []sdk.CheckFailure
		for i, element := range value.ArrayValue() {
			failed = append(failed, checkKind(fmt.Sprintf("%s[%d]", path, i), element, kind.Elem())...)
		}
		return failed
	case reflect.Map:
		if !value.IsObject() {
			return wrong("a map")
		}
		var failed []sdk.CheckFailure
		for _, key := range value.ObjectValue().StableKeys() {
			failed = append(failed, checkKind(join(path, string(key)), value.ObjectValue()[key], kind.Elem())...)
		}
		return failed
	case reflect.Struct:
		if !value.IsObject() {
			return wrong("a block")
		}
		return checkBlock(path, value.ObjectValue(), kind)
	}
	return nil
}

func required(kind reflect.Type) bool {
	switch kind.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		return false
	}
	return true
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
