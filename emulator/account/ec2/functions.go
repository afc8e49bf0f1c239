package ec2

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var functions = []account.Function{
	{Token: "aws:index/getAvailabilityZones:getAvailabilityZones", Args: aws.GetAvailabilityZonesArgs{}, Result: aws.GetAvailabilityZonesResult{}, Run: getAvailabilityZones},
	{Token: "aws:ssm/getParameter:getParameter", Args: ssm.LookupParameterArgs{}, Result: ssm.LookupParameterResult{}, Run: getParameter},
}

// zoneFilters are the filters that hold for all zones of an account with the value AWS has for them.
var zoneFilters = map[string]string{"opt-in-status": "opt-in-not-required", "zone-type": "availability-zone"}

func getAvailabilityZones(tx *account.Tx, args account.Values) (account.Values, error) {
	result := args.Clone()
	names, ids := []any{}, []any{}
	keep := true
	for _, filter := range args.Blocks("filters") {
		value, known := zoneFilters[filter.Text("name")]
		if !known {
			return nil, tx.Refuse("InvalidParameterValue", "The filter '%s' is invalid", filter.Text("name"))
		}
		keep = keep && slices.Contains(filter.Strings("values"), value)
	}
	for _, zone := range tx.Zones() {
		state := "available"
		if !tx.Available(zone) {
			state = "unavailable"
		}
		if keep && (!args.Has("state") || args.Text("state") == state) {
			names, ids = append(names, zone), append(ids, tx.ZoneID(zone))
		}
	}
	result["names"], result["zoneIds"], result["groupNames"], result["id"] = names, ids, []any{tx.Region()}, tx.Region()
	return result, nil
}

// publicParameter are the parameters in which AWS publishes the current ids of its images.
var publicParameter = regexp.MustCompile(`^/aws/service/(` +
	`ecs/optimized-ami/amazon-linux-(2023|2)(/arm64|/gpu|/neuron)?/recommended/image_id` +
	`|ami-amazon-linux-latest/al2023-ami-(minimal-)?kernel-(default|6\.1|6\.12)-(x86_64|arm64)` +
	`|bottlerocket/aws-ecs-(1|2)/(x86_64|arm64)/latest/image_id)$`)

func getParameter(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("name")
	if !publicParameter.MatchString(name) {
		return nil, tx.Refuse("ParameterNotFound", "reading SSM Parameter (%s): there is none in %s", name, tx.Region())
	}
	image := "ami-0" + account.StableHex(tx.Region()+name, 16)
	return account.Values{
		"id": name, "name": name, "type": "String", "version": float64(42), "withDecryption": true, "arn": "arn:aws:ssm:" + tx.Region() + "::parameter" + name,
		"value": image, "insecureValue": image,
	}, nil
}
