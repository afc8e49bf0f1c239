package wire

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

// formTree nests the parameters of a Query request: Actions.member.1.Type is a map in a map in a map.
func formTree(form url.Values) any {
	root := map[string]any{}
	for key, values := range form {
		here := root
		steps := strings.Split(key, ".")
		for _, step := range steps[:len(steps)-1] {
			next, ok := here[step].(map[string]any)
			if !ok {
				next = map[string]any{}
				here[step] = next
			}
			here = next
		}
		here[steps[len(steps)-1]] = values[0]
	}
	return root
}

// plainCBOR turns CBOR into what JSON would give.
func plainCBOR(value cbor.Value) any {
	switch v := value.(type) {
	case cbor.Map:
		all := map[string]any{}
		for key, element := range v {
			all[key] = plainCBOR(element)
		}
		return all
	case cbor.List:
		all := []any{}
		for _, element := range v {
			all = append(all, plainCBOR(element))
		}
		return all
	case cbor.String:
		return string(v)
	case cbor.Bool:
		return bool(v)
	case *cbor.Tag:
		return plainCBOR(v.Value)
	}
	if number, err := cbor.AsFloat64(value); err == nil {
		return json.Number(strconv.FormatFloat(number, 'f', -1, 64))
	}
	if number, err := cbor.AsInt64(value); err == nil {
		return json.Number(strconv.FormatInt(number, 10))
	}
	return nil
}

var timeType = reflect.TypeFor[time.Time]()

// Fill sets a value of the SDK's types from what a request says. Members are matched by name, whatever their case: JSON
// writes them in lower camel case in some services, Go never does.
func Fill(into reflect.Value, from any) error {
	if from == nil {
		return nil
	}
	if into.Type() == timeType {
		return fillTime(into, fmt.Sprint(from))
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return Fill(into.Elem(), from)
	case reflect.Struct:
		return fillStruct(into, from)
	case reflect.Slice:
		return fillSlice(into, from)
	case reflect.Map:
		return fillMap(into, from)
	case reflect.String:
		if _, isMap := from.(map[string]any); isMap {
			return fmt.Errorf("a text is needed instead of a structure")
		}
		into.SetString(fmt.Sprint(from))
	case reflect.Bool:
		value, err := strconv.ParseBool(fmt.Sprint(from))
		if err != nil {
			return err
		}
		into.SetBool(value)
	case reflect.Int32, reflect.Int64, reflect.Int:
		value, err := strconv.ParseFloat(fmt.Sprint(from), 64)
		if err != nil {
			return err
		}
		into.SetInt(int64(value))
	case reflect.Float32, reflect.Float64:
		value, err := strconv.ParseFloat(fmt.Sprint(from), 64)
		if err != nil {
			return err
		}
		into.SetFloat(value)
	default:
		return fmt.Errorf("a member of kind %s cannot be read", into.Kind())
	}
	return nil
}

func fillTime(into reflect.Value, text string) error {
	at, err := time.Parse(time.RFC3339, text)
	if seconds, isNumber := strconv.ParseFloat(text, 64); isNumber == nil {
		at, err = time.UnixMilli(int64(seconds*1000)), nil
	}
	into.Set(reflect.ValueOf(at))
	return err
}

func fillStruct(into reflect.Value, from any) error {
	members, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("%s needs a structure", into.Type().Name())
	}
	for name, value := range members {
		field := into.FieldByNameFunc(func(one string) bool { return strings.EqualFold(one, name) })
		if !field.IsValid() || !field.CanSet() {
			return fmt.Errorf("%s has no member %s", into.Type().Name(), name)
		}
		if err := Fill(field, value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

func fillSlice(into reflect.Value, from any) error {
	if text, ok := from.(string); ok && into.Type().Elem().Kind() == reflect.Uint8 {
		data, err := base64.StdEncoding.DecodeString(text)
		into.SetBytes(data)
		return err
	}
	list := reflect.MakeSlice(into.Type(), 0, 0)
	for _, element := range elements(from) {
		one := reflect.New(into.Type().Elem()).Elem()
		if err := Fill(one, element); err != nil {
			return err
		}
		list = reflect.Append(list, one)
	}
	into.Set(list)
	return nil
}

// elements are those of a list: JSON has lists; Query numbers the elements, mostly below member or the element's name.
func elements(from any) []any {
	if list, ok := from.([]any); ok {
		return list
	}
	numbered, ok := from.(map[string]any)
	if !ok {
		return nil // Query writes an empty list as an empty text
	}
	if len(numbered) == 1 {
		for name, inner := range numbered {
			if _, err := strconv.Atoi(name); err != nil {
				return elements(inner)
			}
		}
	}
	var places []int
	for name := range numbered {
		if place, err := strconv.Atoi(name); err == nil {
			places = append(places, place)
		}
	}
	slices.Sort(places)
	var all []any
	for _, place := range places {
		all = append(all, numbered[strconv.Itoa(place)])
	}
	return all
}

func fillMap(into reflect.Value, from any) error {
	members, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("a map is needed")
	}
	all := reflect.MakeMap(into.Type())
	for key, value := range members {
		one := reflect.New(into.Type().Elem()).Elem()
		if err := Fill(one, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		all.SetMapIndex(reflect.ValueOf(key).Convert(into.Type().Key()), one)
	}
	into.Set(all)
	return nil
}
