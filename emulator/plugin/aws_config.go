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

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// engineKeys are the keys that the engine itself puts into a provider's configuration.
var engineKeys = []resource.PropertyKey{"version", "pluginDownloadURL", "pluginChecksums", "__internal"}

// awsSettings maps the settings that pulumi-aws v6 has to their kinds.
var awsSettings = account.FieldsOf(aws.ProviderArgs{}.ElementType())

// CheckConfig checks the configuration of a provider: explicit ones and the default one built from aws: config.
func (p *awsPlugin) CheckConfig(_ context.Context, req sdk.CheckConfigRequest) (sdk.CheckConfigResponse, error) {
	response := checkSettings(req, awsSettings)
	if !req.News.HasValue("region") && envRegion() == "" {
		response.Failures = append(response.Failures, sdk.CheckFailure{
			Property: "region",
			Reason:   "missing region: run `pulumi config set aws:region eu-central-1`, or give the provider a region",
		})
	}
	return response, nil
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
	settings, problems := decodeSettings(req.Inputs, awsSettings)
	if len(problems) > 0 {
		return sdk.ConfigureResponse{}, status.Errorf(codes.InvalidArgument, "configuring aws: %s: %s", problems[0].Property, problems[0].Reason)
	}
	region := cmp.Or(settings.Text("region"), envRegion())
	if !account.KnownRegion(region) {
		return sdk.ConfigureResponse{}, status.Errorf(codes.InvalidArgument, "configuring aws: invalid AWS Region: %s", region)
	}
	p.region = region
	if allowed := settings.Strings("allowedAccountIds"); len(allowed) > 0 && !slices.Contains(allowed, p.account.ID()) {
		return sdk.ConfigureResponse{}, status.Errorf(codes.PermissionDenied,
			"configuring aws: AWS account ID not allowed: %s (allowedAccountIds: %v)", p.account.ID(), allowed)
	}
	if forbidden := settings.Strings("forbiddenAccountIds"); slices.Contains(forbidden, p.account.ID()) {
		return sdk.ConfigureResponse{}, status.Errorf(codes.PermissionDenied,
			"configuring aws: AWS account ID not allowed: %s (forbiddenAccountIds: %v)", p.account.ID(), forbidden)
	}
	p.defaultTags = map[string]string{}
	for key, value := range settings.Map("defaultTags.tags") {
		p.defaultTags[key], _ = value.(string)
	}
	return sdk.ConfigureResponse{}, nil
}

// checkSettings refuses settings that a provider does not have.
func checkSettings(req sdk.CheckConfigRequest, kinds map[string]reflect.Type) sdk.CheckConfigResponse {
	_, problems := decodeSettings(req.News, kinds)
	return sdk.CheckConfigResponse{Properties: req.News, Failures: failures(problems)}
}

// decodeSettings reads a provider's configuration. The engine sends everything that is not text as JSON in a text.
func decodeSettings(news resource.PropertyMap, kinds map[string]reflect.Type) (account.Values, []account.Problem) {
	settings := account.Values{}
	for _, key := range news.StableKeys() {
		if slices.Contains(engineKeys, key) {
			continue
		}
		name := string(key)
		kind, known := kinds[name]
		if !known {
			return nil, []account.Problem{{Property: name, Reason: fmt.Sprintf("is not a setting of the provider; it has: %v", account.SortedKeys(kinds))}}
		}
		value := toValue(news[key])
		if text, ok := value.(string); ok && kind != reflect.TypeFor[*string]() {
			if err := json.Unmarshal([]byte(text), &value); err != nil {
				return nil, []account.Problem{{Property: name, Reason: fmt.Sprintf("%q is not JSON: %v", text, err)}}
			}
		}
		if problems := account.CheckValue(name, value, kind); len(problems) > 0 {
			return nil, problems[:1]
		}
		settings[name] = value
	}
	return settings, nil
}

// envRegion is where the real provider looks for a region last.
func envRegion() string { return cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION")) }
