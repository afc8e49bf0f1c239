package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumiconfig "github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
)

// newProvider registers an AWS provider, with the stack's tags as default tags. One is of all resources but copies of backups. It passes on every setting of the
// namespace aws:, which an explicit provider does not read by itself.
func newProvider(ctx *pulumi.Context, name, region string, tags map[string]string) (*aws.Provider, error) {
	settings, err := providerSettings(ctx)
	if err != nil {
		return nil, err
	}
	settings["region"] = pulumi.String(region)
	settings["defaultTags"] = pulumi.Map{"tags": pulumi.ToStringMap(tags)}
	provider := &aws.Provider{}
	// A map instead of aws.ProviderArgs: it takes the settings of later provider versions too.
	err = ctx.RegisterResource("pulumi:providers:aws", name, settings, provider,
		pulumi.AdditionalSecretOutputs([]string{"accessKey", "secretKey", "token"}),
		pulumi.Version(providerVersion))
	if err != nil {
		return nil, fmt.Errorf("creating AWS provider: %w", err)
	}
	return provider, nil
}

// providerVersion is the version of the plugin that `pulumi up` installs: that of the SDK in go.mod.
const providerVersion = "6.83.4"

// providerSettings reads the settings aws:* that aws.ProviderArgs has.
func providerSettings(ctx *pulumi.Context) (pulumi.Map, error) {
	settings := pulumi.Map{}
	namespace := pulumiconfig.New(ctx, "aws")
	fields := aws.ProviderArgs{}.ElementType()
	var problems []error
	// Otherwise it would be ignored, and the stack deployed to the account of the caller. The provider has it from version 7
	// (docs/adr/0017); the arguments of this one have assumeRole alone.
	if _, err := namespace.Try("assumeRoles"); err == nil {
		problems = append(problems, errors.New("aws:assumeRoles: a list of roles is for version 7 of the AWS provider, and this is "+providerVersion+
			`: write one role, aws:assumeRole: {roleArn: "ARN of the role"}`))
	}
	for i := range fields.NumField() {
		key := strings.Split(fields.Field(i).Tag.Get("pulumi"), ",")[0]
		raw, err := namespace.Try(key)
		if errors.Is(err, pulumiconfig.ErrMissingVar) {
			continue
		}
		value, err := settingOf(fields.Field(i).Type, raw)
		if err != nil {
			problems = append(problems, fmt.Errorf("aws:%s: %w", key, err))
			continue
		}
		if ctx.IsConfigSecret("aws:" + key) {
			value = pulumi.ToSecret(value)
		}
		settings[key] = value
	}
	return settings, errors.Join(problems...)
}

// settingOf decodes a setting as the type that the provider expects: strings as they are, everything else from JSON.
func settingOf(kind reflect.Type, raw string) (pulumi.Input, error) {
	for kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Kind() == reflect.String {
		return pulumi.String(raw), nil
	}
	var value any
	if err := json.Unmarshal([]byte(raw), &value); err != nil {
		return nil, fmt.Errorf("%q is not a %s", raw, kind.Kind())
	}
	return pulumi.Any(value), nil
}

// defaultTags are the tags of every resource: the program's, those of aws:defaultTags, and those of the configuration.
func defaultTags(ctx *pulumi.Context, application string, own map[string]string) (map[string]string, error) {
	tags := map[string]string{
		"Project":     ctx.Project(),
		"Application": application,
		"Environment": ctx.Stack(),
		"ManagedBy":   "pulumi",
	}
	var given struct{ Tags map[string]string }
	if err := pulumiconfig.New(ctx, "aws").TryObject("defaultTags", &given); err != nil && !errors.Is(err, pulumiconfig.ErrMissingVar) {
		return nil, fmt.Errorf("aws:defaultTags: %w", err)
	}
	maps.Copy(tags, given.Tags)
	maps.Copy(tags, own)
	return tags, nil
}
