package ec2

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// originFacing is the list of the addresses from which CloudFront comes, and originFacingWeight as how many rules it counts in a security group
// (https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html).
const (
	originFacing       = "com.amazonaws.global.cloudfront.origin-facing"
	originFacingWeight = 55
)

// rulesQuota is how many rules a group has in one direction (https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html). The code of
// the refusal: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html.
const rulesQuota = 60

func prefixListID(tx *account.Tx) string {
	return "pl-" + account.StableHex("cloudfront "+tx.Region(), 8)
}

// getManagedPrefixList knows CloudFront's list. Its ranges are those for documentation (RFC 5737) instead of AWS's.
func getManagedPrefixList(tx *account.Tx, args account.Values) (account.Values, error) {
	if name := args.Text("name"); name != originFacing {
		return nil, tx.Refuse("InvalidPrefixListID.NotFound", "no matching EC2 Managed Prefix List found: %s", name)
	}
	id := prefixListID(tx)
	return account.Values{
		"id": id, "name": originFacing, "addressFamily": "IPv4", "ownerId": "AWS", "arn": "arn:aws:ec2:" + tx.Region() + ":aws:prefix-list/" + id,
		"entries": []any{
			map[string]any{"cidr": "198.51.100.0/24", "description": ""},
			map[string]any{"cidr": "203.0.113.0/24", "description": ""},
		},
	}, nil
}

// weightOf is as how many rules those of a group count, with one that is new or changed.
func weightOf(tx *account.Tx, r *account.Resource) (weight int) {
	count := func(rule account.Values) {
		weight++
		if rule.Has("prefixListId") {
			weight += originFacingWeight - 1
		}
	}
	count(r.Outputs)
	for _, other := range tx.List(r.Type) {
		if other.ID != r.ID && other.Outputs.Text("securityGroupId") == r.Outputs.Text("securityGroupId") {
			count(other.Outputs)
		}
	}
	return weight
}
