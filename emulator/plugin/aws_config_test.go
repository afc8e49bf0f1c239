package plugin

import (
	"context"
	"strings"
	"testing"

	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

func TestCheckConfig(t *testing.T) {
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	p := newAWS(newAccount(t))
	for name, test := range map[string]struct {
		settings map[string]any
		refused  string // property
	}{
		"everything of the ecosystem": {settings: map[string]any{
			"region": "eu-west-1", "profile": "deploy", "version": "6.83.4",
			"allowedAccountIds":         `["123456789012"]`,
			"assumeRole":                `{"roleArn":"arn:aws:iam::123456789012:role/deploy"}`,
			"endpoints":                 `[{"ec2":"http://localhost:4566","s3":"http://localhost:4566"}]`,
			"skipCredentialsValidation": "true", "skipMetadataApiCheck": true, "skipRequestingAccountId": "false",
			"s3UsePathStyle": "true", "maxRetries": "5", "defaultTags": map[string]any{"tags": map[string]any{"a": "b"}},
		}},
		"not known yet":        {settings: map[string]any{"region": "eu-west-1", "profile": unknown}},
		"no region":            {settings: map[string]any{"profile": "deploy"}, refused: "region"},
		"unknown setting":      {settings: map[string]any{"region": "eu-west-1", "allowedAccounts": `["1"]`}, refused: "allowedAccounts"},
		"wrong kind":           {settings: map[string]any{"region": "eu-west-1", "allowedAccountIds": `"1"`}, refused: "allowedAccountIds"},
		"not JSON":             {settings: map[string]any{"region": "eu-west-1", "defaultTags": `{tags`}, refused: "defaultTags"},
		"unknown inner key":    {settings: map[string]any{"region": "eu-west-1", "defaultTags": `{"tag":{}}`}, refused: "defaultTags"},
		"flag with other text": {settings: map[string]any{"region": "eu-west-1", "insecure": `"yes"`}, refused: "insecure"},
	} {
		t.Run(name, func(t *testing.T) {
			response, err := p.CheckConfig(context.Background(), sdk.CheckConfigRequest{News: props(test.settings)})
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case test.refused == "" && len(response.Failures) > 0:
				t.Errorf("refused: %v", response.Failures)
			case test.refused != "" && (len(response.Failures) != 1 || !strings.HasPrefix(string(response.Failures[0].Property)+response.Failures[0].Reason, test.refused)):
				t.Errorf("failures are %v", response.Failures)
			}
		})
	}
}

func TestConfigureRefusesTheWrongAccount(t *testing.T) {
	for name, test := range map[string]struct {
		settings map[string]any
		refused  string
	}{
		"allowed":          {settings: map[string]any{"region": "eu-west-1", "allowedAccountIds": []any{"123456789012", "210987654321"}}},
		"another account":  {settings: map[string]any{"region": "eu-west-1", "allowedAccountIds": `["210987654321"]`}, refused: "not allowed: 123456789012"},
		"forbidden":        {settings: map[string]any{"region": "eu-west-1", "forbiddenAccountIds": `["123456789012"]`}, refused: "not allowed: 123456789012"},
		"another region":   {settings: map[string]any{"region": "us-east-1"}},
		"no region of AWS": {settings: map[string]any{"region": "mars-1"}, refused: "invalid AWS Region: mars-1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := newAWS(newAccount(t)).Configure(context.Background(), sdk.ConfigureRequest{Inputs: props(test.settings)})
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestDiffConfigKeepsTheResources(t *testing.T) {
	p := newAWS(newAccount(t))
	old := props(map[string]any{"region": "eu-west-1", "version": "6.83.1"})
	for name, test := range map[string]struct {
		next map[string]any
		want sdk.DiffChanges
	}{
		"nothing":              {map[string]any{"region": "eu-west-1", "version": "6.83.1"}, sdk.DiffNone},
		"the plugin's version": {map[string]any{"region": "eu-west-1", "version": "6.83.4"}, sdk.DiffNone},
		"tags":                 {map[string]any{"region": "eu-west-1", "defaultTags": `{"tags":{"a":"b"}}`}, sdk.DiffSome},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := p.DiffConfig(context.Background(), sdk.DiffConfigRequest{OldInputs: old, NewInputs: props(test.next)})
			if err != nil || d.Changes != test.want || len(d.ReplaceKeys) > 0 {
				t.Errorf("the diff is %v, %v", d, err)
			}
		})
	}
}
