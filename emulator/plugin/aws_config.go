package plugin

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// engineKeys are the keys that the engine itself puts into a provider's configuration.
var engineKeys = []resource.PropertyKey{"version", "pluginDownloadURL", "pluginChecksums", "__internal"}

// awsSettings maps the settings that pulumi-aws v6 has to their kinds.
var awsSettings = fieldsOf(aws.ProviderArgs{}.ElementType())

// CheckConfig judges the configuration of a provider: explicit ones and the default one built from aws: config.
func (p *awsPlugin) CheckConfig(_ context.Context, req sdk.CheckConfigRequest) (sdk.CheckConfigResponse, error) {
	var failed []sdk.CheckFailure
	if _, err := decodeSettings(req.News, awsSettings); err != nil {
		failed = append(failed, *err)
	}
	if !req.News.HasValue("region") && envRegion() == "" {
		failed = append(failed, sdk.CheckFailure{
			Property: "region",
			Reason:   "missing region: run `pulumi config set aws:region eu-central-1`, or give the provider a region",
		})
	}
	return sdk.CheckConfigResponse{Properties: req.News, Failures: failed}, nil
}

// DiffConfig tells the engine that changed settings update the provider in place: its resources stay.
func (p *awsPlugin) DiffConfig(_ context.Context, req sdk.DiffConfigRequest) (sdk.DiffConfigResponse, error) {
	diff := plain(req.OldInputs).Diff(plain(req.NewInputs), func(key resource.PropertyKey) bool { return slices.Contains(engineKeys, key) })
	if diff == nil {
		return sdk.DiffResult{Changes: sdk.DiffNone}, nil
	}
	return sdk.DiffResult{Changes: sdk.DiffSome, DetailedDiff: sdk.NewDetailedDiffFromObjectDiff(diff, true)}, nil
}

// Configure takes the settings. It refuses what the real provider refuses when it first talks to the account.
func (p *awsPlugin) Configure(_ context.Context, req sdk.ConfigureRequest) (sdk.ConfigureResponse, error) {
	settings, failed := decodeSettings(req.Inputs, awsSettings)
	if failed != nil {
		return sdk.ConfigureResponse{}, status.Errorf(codes.InvalidArgument, "configuring aws: %s: %s", failed.Property, failed.Reason)
	}
	region, _ := settings["region"].(string)
	region = cmp.Or(region, envRegion())
	if region != p.account.Region() {
		return sdk.ConfigureResponse{}, status.Errorf(codes.InvalidArgument,
			"configuring aws: region %q: the emulated account works in %s; one account is one region (aws:region)", region, p.account.Region())
	}
	if allowed := texts(settings["allowedAccountIds"]); len(allowed) > 0 && !slices.Contains(allowed, p.account.ID()) {
		return sdk.ConfigureResponse{}, status.Errorf(codes.PermissionDenied,
			"configuring aws: AWS account ID not allowed: %s (allowedAccountIds: %v)", p.account.ID(), allowed)
	}
	if forbidden := texts(settings["forbiddenAccountIds"]); slices.Contains(forbidden, p.account.ID()) {
		return sdk.ConfigureResponse{}, status.Errorf(codes.PermissionDenied,
			"configuring aws: AWS account ID not allowed: %s (forbiddenAccountIds: %v)", p.account.ID(), forbidden)
	}
	p.defaultTags = map[string]string{}
	defaults, _ := settings["defaultTags"].(map[string]any)
	tags, _ := defaults["tags"].(map[string]any)
	for key, value := range tags {
		text, ok := value.(string)
		if !ok {
			return sdk.ConfigureResponse{}, status.Errorf(codes.InvalidArgument, "configuring aws: defaultTags.tags.%s must be a string", key)
		}
		p.defaultTags[key] = text
	}
	return sdk.ConfigureResponse{}, nil
}

// decodeSettings reads a provider's configuration. The engine sends everything that is not text as JSON in a text.
func decodeSettings(news resource.PropertyMap, kinds map[string]reflect.Type) (map[string]any, *sdk.CheckFailure) {
	settings := map[string]any{}
	for _, key := range news.StableKeys() {
		if slices.Contains(engineKeys, key) {
			continue
		}
		kind, known := kinds[string(key)]
		if !known {
			return nil, &sdk.CheckFailure{Property: key, Reason: fmt.Sprintf("is not a setting of the provider; it has: %v", sortedNames(kinds))}
		}
		value := plainValue(news[key])
		if value.IsNull() || value.ContainsUnknowns() {
			continue
		}
		decoded := value.Mappable()
		if text, ok := decoded.(string); ok && elem(kind).Kind() != reflect.String {
			if err := json.Unmarshal([]byte(text), &decoded); err != nil {
				return nil, &sdk.CheckFailure{Property: key, Reason: fmt.Sprintf("%q is not JSON: %v", text, err)}
			}
		}
		if decoded == nil {
			continue
		}
		if failed := checkKind(string(key), resource.NewPropertyValue(decoded), kind); len(failed) > 0 {
			return nil, &failed[0]
		}
		settings[string(key)] = decoded
	}
	return settings, nil
}

// envRegion is where the real provider looks for a region last.
func envRegion() string { return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")) }

func texts(value any) []string {
	var list []string
	elements, _ := value.([]any)
	for _, element := range elements {
		list = append(list, fmt.Sprint(element))
	}
	return list
}
