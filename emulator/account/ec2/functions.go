package ec2

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var functions = []account.Function{
	{Token: "aws:index/getAvailabilityZones:getAvailabilityZones", Args: aws.GetAvailabilityZonesArgs{}, Result: aws.GetAvailabilityZonesResult{}, Run: getAvailabilityZones},
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
