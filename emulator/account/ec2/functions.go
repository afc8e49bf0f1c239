package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var regionFunctions = []account.Function{
	{Token: "aws:index/getAvailabilityZones:getAvailabilityZones", Args: aws.GetAvailabilityZonesArgs{}, Result: aws.GetAvailabilityZonesResult{}, Run: getAvailabilityZones},
	{Token: "aws:ssm/getParameter:getParameter", Args: ssm.LookupParameterArgs{}, Result: ssm.LookupParameterResult{}, Run: getParameter},
}

// zoneFilters are the filters that hold for all zones of an account with the value AWS has for them.
var zoneFilters = map[string]string{"opt-in-status": "opt-in-not-required", "zone-type": "availability-zone", "state": "available"}

func getAvailabilityZones(tx *account.Tx, args account.Values) (account.Values, error) {
	result := args.Clone()
	names, ids := []any{}, []any{}
	excluded := append(args.Strings("excludeNames"), args.Strings("excludeZoneIds")...)
	for _, zone := range tx.Zones() {
		keep := args.Text("state") == "" || args.Text("state") == "available"
		for _, filter := range args.Blocks("filters") {
			value, known := zoneFilters[filter.Text("name")]
			switch filter.Text("name") {
			case "zone-name":
				value, known = zone, true
			case "zone-id":
				value, known = zoneID(tx, zone), true
			case "region-name", "group-name":
				value, known = tx.Region(), true
			}
			if !known {
				return nil, tx.Refuse("InvalidParameterValue", "The filter '%s' is invalid", filter.Text("name"))
			}
			keep = keep && slices.Contains(filter.Strings("values"), value)
		}
		if keep && !slices.Contains(excluded, zone) && !slices.Contains(excluded, zoneID(tx, zone)) {
			names, ids = append(names, zone), append(ids, zoneID(tx, zone))
		}
	}
	result["names"], result["zoneIds"], result["groupNames"], result["id"] = names, ids, []any{tx.Region()}, tx.Region()
	return result, nil
}

// publicParameter are the parameters in which AWS publishes its current images.
var publicParameter = regexp.MustCompile(`^/aws/service/(` +
	`ecs/optimized-ami/amazon-linux-(2023|2)(/arm64|/gpu|/neuron)?/recommended(/image_id|/image_name)?` +
	`|ami-amazon-linux-latest/(al2023-ami-(minimal-)?kernel-(default|6\.1|6\.12)-(x86_64|arm64)|amzn2-ami-(kernel-5\.10-)?hvm-(x86_64|arm64)-gp2)` +
	`|bottlerocket/aws-ecs-(1|2)/(x86_64|arm64)/latest/image_id)$`)

func getParameter(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("name")
	result := account.Values{"id": name, "name": name, "type": "String", "version": float64(42), "withDecryption": true}
	if given, ok := args.Bool("withDecryption"); ok {
		result["withDecryption"] = given
	}
	switch own, seeded := tx.Find("aws:ssm/parameter:Parameter", "name", name); {
	case seeded:
		for key, value := range own.Outputs {
			result[key] = value
		}
	case publicParameter.MatchString(name):
		result["arn"] = "arn:aws:ssm:" + tx.Region() + "::parameter" + name
		result["value"] = publishedImage(tx, name)
	default:
		return nil, tx.Refuse("ParameterNotFound", "reading SSM Parameter (%s): there is none in %s", name, tx.Region())
	}
	if result["type"] != "SecureString" {
		result["insecureValue"] = result["value"]
	}
	return result, nil
}

// publishedImage is what a public parameter says: an image id, its name or both in a document.
func publishedImage(tx *account.Tx, parameter string) string {
	base, field := parameter, "image_id"
	for _, suffix := range []string{"image_id", "image_name"} {
		if cut, ok := strings.CutSuffix(parameter, "/"+suffix); ok {
			base, field = cut, suffix
		}
	}
	sum := sha256.Sum256([]byte(tx.Region() + base))
	id := "ami-0" + hex.EncodeToString(sum[:])[:16]
	architecture := "x86_64"
	if strings.Contains(base, "arm64") {
		architecture = "arm64"
	}
	name := "al2023-ami-ecs-hvm-2023.0.20261113-kernel-6.1-" + architecture
	switch {
	case field == "image_name":
		return name
	case strings.HasPrefix(parameter, "/aws/service/ecs/") && base == parameter:
		document, _ := json.Marshal(map[string]any{
			"schema_version": 1, "image_id": id, "image_name": name, "image_version": "2023.0.20261113",
			"os": "Amazon Linux 2023", "ecs_agent_version": "1.99.0", "ecs_runtime_version": "Docker version 25.0.13",
		})
		return string(document)
	}
	return id
}
