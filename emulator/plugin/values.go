package plugin

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// defaultsKey marks, in a resource's inputs, the ones that the provider filled in and the program did not give. The
// bridged providers use the same key.
const defaultsKey = "__defaults"

// toValues turns properties into the account's plain values: no secrets, no resource references, no nulls.
func toValues(properties resource.PropertyMap) (account.Values, error) {
	values := account.Values{}
	for key, property := range properties {
		if key == defaultsKey {
			continue
		}
		value, err := toValue(property)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		if value != nil {
			values[string(key)] = value
		}
	}
	return values, nil
}

func toValue(property resource.PropertyValue) (any, error) {
	switch {
	case property.IsNull():
		return nil, nil
	case property.IsComputed():
		return account.Unknown{}, nil
	case property.IsOutput():
		if !property.OutputValue().Known {
			return account.Unknown{}, nil
		}
		return toValue(property.OutputValue().Element)
	case property.IsSecret():
		return toValue(property.SecretValue().Element)
	case property.IsBool():
		return property.BoolValue(), nil
	case property.IsNumber():
		return property.NumberValue(), nil
	case property.IsString():
		return property.StringValue(), nil
	case property.IsArray():
		list := []any{}
		for _, element := range property.ArrayValue() {
			value, err := toValue(element)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case property.IsObject():
		values, err := toValues(property.ObjectValue())
		return map[string]any(values), err
	case property.IsResourceReference():
		return toValue(property.ResourceReferenceValue().ID)
	}
	return nil, fmt.Errorf("a value of type %s is not supported", property.TypeString())
}

// fromValues turns the account's values into properties.
func fromValues(values map[string]any) resource.PropertyMap {
	properties := resource.PropertyMap{}
	for key, value := range values {
		properties[resource.PropertyKey(key)] = fromValue(value)
	}
	return properties
}

func fromValue(value any) resource.PropertyValue {
	switch value := value.(type) {
	case account.Unknown:
		return resource.MakeComputed(resource.NewStringProperty(""))
	case account.Values:
		return resource.NewObjectProperty(fromValues(value))
	case map[string]any:
		return resource.NewObjectProperty(fromValues(value))
	case []any:
		list := []resource.PropertyValue{}
		for _, element := range value {
			list = append(list, fromValue(element))
		}
		return resource.NewArrayProperty(list)
	}
	return resource.NewPropertyValue(value)
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
			return resource.MakeComputed(resource.NewStringProperty(""))
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
