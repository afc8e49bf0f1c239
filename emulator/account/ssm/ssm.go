// Package ssm holds parameters of Systems Manager.
package ssm

import (
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// parameterName: letters, digits, _.- and slashes, which make a hierarchy; a name that has one begins with one
// (https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html).
var parameterName = regexp.MustCompile(`^([A-Za-z0-9_.-]+|(/[A-Za-z0-9_.-]+)+)$`)

const (
	maxLevels = 15 // of the hierarchy (the same page)
	// maxBytes is what a parameter of the standard tier holds
	// (https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
	maxBytes = 4096
)

// Service is Parameter Store, without secure strings, of which the program has none.
var Service = account.Service{
	Types: []account.Type{{
		Token: account.ParameterToken, Args: ssm.ParameterArgs{}, State: ssm.Parameter{},
		Name:     account.Name{Property: "name", Max: 1011},
		ForceNew: []string{"name", "dataType"},
		Rules: []account.Rule{
			account.ExactlyOne("value", "insecureValue"),
			account.OneOf("type", "String", "StringList", "SecureString"),
			account.Length("description", 0, 1024),
			account.Text("name", checkName),
		},
		Check: checkParameter,
		// The provider computes these two again when the value changes (terraform-provider-aws, internal/service/ssm/parameter.go, CustomizeDiff).
		Along: map[string][]string{"insecureValue": {"value"}, "description": {"version"}},
		Identity: account.Identity{
			ID: "{name}", Outputs: account.Values{"dataType": "text", "version": 1.0},
			Taken: "ParameterAlreadyExists: The parameter already exists. To overwrite this value, set the overwrite option in the request to true: {name}",
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.Outputs["arn"] = tx.ARN("ssm", "parameter/"+strings.TrimPrefix(r.ID, "/"))
			return nil
		},
		Update: func(_ *account.Tx, old, next *account.Resource) error {
			version, _ := old.Outputs.Int("version")
			for _, key := range []string{"insecureValue", "description"} { // the provider puts it again only for a change
				if old.Outputs.Text(key) != next.Outputs.Text(key) {
					version++
					break
				}
			}
			next.Outputs["version"] = float64(version)
			return nil
		},
		Complete: func(_ *account.Tx, r *account.Resource) error {
			r.Outputs["value"] = r.Outputs.Text("insecureValue")
			return nil
		},
	}},
	Functions: []account.Function{
		{Token: "aws:ssm/getParameter:getParameter", Args: ssm.LookupParameterArgs{}, Result: ssm.LookupParameterResult{}, Run: getParameter},
	},
}

func checkName(name string) string {
	first := strings.ToLower(strings.TrimPrefix(name, "/"))
	switch {
	case strings.HasPrefix(first, "aws"), strings.HasPrefix(first, "ssm"):
		return `can't be prefixed with "aws" or "ssm" (case-insensitive)`
	case !parameterName.MatchString(name):
		return "has other characters than letters, digits and _.-, or does not begin with the slash of its hierarchy"
	case strings.Count(name, "/") > maxLevels:
		return "has more than fifteen levels"
	}
	return ""
}

func checkParameter(r *account.Rules) {
	if value, known := r.In.String("insecureValue"); known && (value == "" || len(value) > maxBytes) {
		r.Refuse("insecureValue", "has %d bytes; a standard parameter has 1 to %d", len(value), maxBytes)
	}
	if r.In.Text("type") == "SecureString" {
		r.Refuse("insecureValue", "invalid configuration, cannot set type = SecureString and insecure_value") // the provider
	}
}

// publicParameter are the parameters in which AWS publishes the current ids of its images.
var publicParameter = regexp.MustCompile(`^/aws/service/(` +
	`ecs/optimized-ami/amazon-linux-(2023|2)(/arm64|/gpu|/neuron)?/recommended/image_id` +
	`|ami-amazon-linux-latest/al2023-ami-(minimal-)?kernel-(default|6\.1|6\.12)-(x86_64|arm64)` +
	`|bottlerocket/aws-ecs-(1|2)/(x86_64|arm64)/latest/image_id)$`)

func getParameter(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("name")
	if own, there := tx.Get(account.ParameterToken, name); there {
		out := own.Outputs
		return account.Values{
			"id": name, "name": name, "type": out.Text("type"), "version": out["version"], "withDecryption": true, "arn": out.Text("arn"),
			"value": out.Text("value"), "insecureValue": out.Text("value"),
		}, nil
	}
	if !publicParameter.MatchString(name) {
		return nil, tx.Refuse("ParameterNotFound", "reading SSM Parameter (%s): there is none in %s", name, tx.Region())
	}
	image := "ami-0" + account.StableHex(tx.Region()+name, 16)
	return account.Values{
		"id": name, "name": name, "type": "String", "version": float64(42), "withDecryption": true, "arn": "arn:aws:ssm:" + tx.Region() + "::parameter" + name,
		"value": image, "insecureValue": image,
	}, nil
}
