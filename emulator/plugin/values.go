package plugin

import (
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// defaultsKey marks, in a resource's inputs, the ones that the provider filled in and the program did not give. The
// bridged providers use the same key.
const defaultsKey = "__defaults"

// unknown is a property that is computed later.
var unknown = resource.MakeComputed(resource.NewStringProperty(""))

// toValues turns properties into the account's plain values: no secrets, no resource references, no nulls.
func toValues(properties resource.PropertyMap) account.Values {
	values := account.Values{}
	for key, property := range properties {
		if value := toValue(property); value != nil && key != defaultsKey {
			values[string(key)] = value
		}
	}
	return values
}

func toValue(property resource.PropertyValue) any {
	switch {
	case property.IsComputed(), property.IsOutput() && !property.OutputValue().Known:
		return account.Unknown{}
	case property.IsOutput():
		return toValue(property.OutputValue().Element)
	case property.IsSecret():
		return toValue(property.SecretValue().Element)
	case property.IsArray():
		list := []any{}
		for _, element := range property.ArrayValue() {
			list = append(list, toValue(element))
		}
		return list
	case property.IsObject():
		return map[string]any(toValues(property.ObjectValue()))
	case property.IsResourceReference():
		return toValue(property.ResourceReferenceValue().ID)
	}
	return property.V
}

// fromValues turns the account's values into properties.
func fromValues(values map[string]any) resource.PropertyMap {
	return resource.NewPropertyMapFromMapRepl(values, nil, func(value any) (resource.PropertyValue, bool) {
		_, later := value.(account.Unknown)
		return unknown, later
	})
}

// keepSecrets makes secret again what was secret at the same place before: outputs have no marks of their own.
func keepSecrets(properties, marked resource.PropertyMap) resource.PropertyMap {
	for key, mark := range marked {
		if property, ok := properties[key]; ok {
			properties[key] = keepSecret(property, mark)
		}
	}
	return properties
}

func keepSecret(property, mark resource.PropertyValue) resource.PropertyValue {
	switch {
	case property.IsSecret():
		return property
	case mark.IsSecret(), mark.IsOutput() && mark.OutputValue().Secret:
		return resource.MakeSecret(property)
	case property.IsObject() && mark.IsObject():
		return resource.NewObjectProperty(keepSecrets(property.ObjectValue(), mark.ObjectValue()))
	case property.IsArray() && mark.IsArray():
		list, marks := property.ArrayValue(), mark.ArrayValue()
		for i := range list {
			if i < len(marks) {
				list[i] = keepSecret(list[i], marks[i])
			}
		}
	}
	return property
}

// plain removes the marks of secrets.
func plain(properties resource.PropertyMap) resource.PropertyMap {
	copied := resource.PropertyMap{}
	for key, property := range properties {
		copied[key] = plainValue(property)
	}
	return copied
}

func plainValue(property resource.PropertyValue) resource.PropertyValue {
	switch {
	case property.IsSecret():
		return plainValue(property.SecretValue().Element)
	case property.IsOutput():
		if !property.OutputValue().Known {
			return unknown
		}
		return plainValue(property.OutputValue().Element)
	case property.IsObject():
		return resource.NewObjectProperty(plain(property.ObjectValue()))
	case property.IsArray():
		list := []resource.PropertyValue{}
		for _, element := range property.ArrayValue() {
			list = append(list, plainValue(element))
		}
		return resource.NewArrayProperty(list)
	}
	return property
}
