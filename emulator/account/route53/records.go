// Package route53 holds DNS records.
package route53

import (
	"net/netip"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is Route 53. Hosted zones exist before the program; see account.Seed.
var Service = account.Service{
	Types: []account.Type{{
		Token: account.RecordToken, Args: route53.RecordArgs{}, State: route53.Record{},
		ForceNew: []string{"name", "zoneId"},
		Refs:     []account.Ref{{Path: "zoneId", Type: account.ZoneToken, By: "id", Missing: "NoSuchHostedZone", InUse: "HostedZoneNotEmpty"}},
		Rules: []account.Rule{
			account.OneOf("type", "A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"),
			account.ExactlyOne("aliases", "records"),
			account.NotEmpty("records"),
			account.AtMost("aliases", 1),
			account.Between("ttl", 0, 1<<31-1),
			account.Length("name", 0, 255),
		},
		Normal: normalNames,
		Check:  checkRecord,
		Create: createRecord, Complete: completeRecord,
		// allowOverwrite makes the change an UPSERT. Two resources then share one record set, and the delete of either removes it: the
		// provider looks the set up by name and type (terraform-provider-aws, internal/service/route53/record.go).
		Overwrites: func(r account.Resource) bool { return r.Outputs.True("allowOverwrite") },
	}},
	Functions: []account.Function{{
		Token: "aws:route53/getZone:getZone", Args: route53.LookupZoneArgs{}, Result: route53.LookupZoneResult{}, Run: getZone,
	}},
}

func checkRecord(r *account.Rules) {
	if r.In.Has("records") != r.In.Has("ttl") {
		r.Refuse("ttl", "is for records, which need it")
	}
	kind := r.In.Text("type")
	if kind == "CNAME" && len(r.In.List("records")) > 1 {
		r.Refuse("records", "a CNAME record has one value")
	}
	r.Each("records[*]", func(place, text string) {
		address, err := netip.ParseAddr(text)
		if kind == "A" && (err != nil || !address.Is4()) {
			r.Refuse(place, "ARRDATAIllegalIPv4Address: %q is not a valid IPv4 address", text)
		}
	})
}

// createRecord completes names that do not end with the zone's, as the provider does.
func createRecord(tx *account.Tx, r *account.Resource) error {
	zone, _ := tx.Get(account.ZoneToken, r.Outputs.Text("zoneId"))
	domain := strings.TrimSuffix(strings.ToLower(zone.Outputs.Text("name")), ".")
	given := strings.TrimSuffix(strings.ToLower(r.Outputs.Text("name")), ".")
	name := given
	switch {
	case name == "":
		name = domain
	case name != domain && !strings.HasSuffix(name, "."+domain):
		name += "." + domain
	}
	r.Outputs["fqdn"] = name
	r.ID = strings.Join([]string{zone.ID, given, r.Outputs.Text("type")}, "_")
	if _, exists := tx.Get(account.RecordToken, r.ID); exists && !r.Outputs.True("allowOverwrite") {
		return alreadyExists(tx, name, r.Outputs.Text("type"))
	}
	return nil
}

func alreadyExists(tx *account.Tx, name, kind string) error {
	return tx.Refuse("InvalidChangeBatch",
		"[Tried to create resource record set [name='%s.', type='%s'] but it already exists]: delete it, or set domain.takeOver, if the name is to point here", name, kind)
}

// completeRecord refuses what Route 53 does not accept beside the zone's other records.
func completeRecord(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	name, kind := out.Text("fqdn"), out.Text("type")
	zone, _ := tx.Get(account.ZoneToken, out.Text("zoneId"))
	if kind == "CNAME" && account.SameDomain(name, zone.Outputs.Text("name")) {
		return tx.Refuse("InvalidChangeBatch", "RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s: use an alias record of type A", name, zone.Outputs.Text("name"))
	}
	for _, other := range tx.List(account.RecordToken) {
		if other.ID == r.ID || other.Outputs.Text("zoneId") != out.Text("zoneId") || !account.SameDomain(other.Outputs.Text("fqdn"), name) {
			continue
		}
		taken := other.Outputs.Text("type")
		switch {
		case taken == kind && !out.True("allowOverwrite"):
			return alreadyExists(tx, name, kind)
		case taken != kind && (taken == "CNAME" || kind == "CNAME"):
			return tx.Refuse("InvalidChangeBatch",
				"RRSet of type %s with DNS name %s. is not permitted because a conflicting RRSet of type %s with the same DNS name already exists in zone %s",
				kind, name, taken, zone.Outputs.Text("name"))
		}
	}
	normalNames(out) // as Route 53 returns them
	for _, alias := range out.Blocks("aliases[*]") {
		target := alias.Text("name")
		if strings.HasSuffix(target, ".cloudfront.net") {
			if err := checkDistribution(tx, kind, alias); err != nil {
				return err
			}
		}
		if strings.HasSuffix(target, "."+tx.Region()+".elb.amazonaws.com") && alias.Text("zoneId") != tx.BalancerZone() {
			return tx.Refuse("InvalidChangeBatch",
				"[Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone]: use the load balancer's zoneId (%s)",
				target, kind, alias.Text("zoneId"), tx.BalancerZone())
		}
	}
	return nil
}

// checkDistribution refuses an alias that no distribution answers
// (https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html, DNSName, HostedZoneId and EvaluateTargetHealth).
func checkDistribution(tx *account.Tx, kind string, alias account.Values) error {
	target := alias.Text("name")
	_, found := tx.Find(account.DistributionToken, "domainName", target)
	switch {
	case !found || alias.Text("zoneId") != cloudFrontZone:
		return tx.Refuse("InvalidChangeBatch",
			"[Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone]: use domainName and hostedZoneId of a distribution",
			target, kind, alias.Text("zoneId"))
	case alias.True("evaluateTargetHealth"):
		return tx.Refuse("InvalidInput", "EvaluateTargetHealth cannot be true when the alias target is a CloudFront distribution: %s", target)
	}
	return nil
}

// cloudFrontZone is the hosted zone of all distributions (https://docs.aws.amazon.com/general/latest/gr/cf_region.html).
const cloudFrontZone = "Z2FDTNDATAQYW2"

// normalNames gives names the form that the provider compares and keeps (the StateFunc of name and normalizeAliasDomainName in
// internal/service/route53/record.go).
func normalNames(v account.Values) {
	for _, block := range append(v.Blocks("aliases[*]"), v) {
		if name, known := block.String("name"); known {
			block["name"] = strings.ToLower(strings.TrimSuffix(name, "."))
		}
	}
}

// getZone finds a public hosted zone by its name.
func getZone(tx *account.Tx, args account.Values) (account.Values, error) {
	name := args.Text("name")
	var found []account.Resource
	for _, zone := range tx.List(account.ZoneToken) {
		if account.SameDomain(zone.Outputs.Text("name"), name) && !zone.Outputs.True("privateZone") {
			found = append(found, zone)
		}
	}
	switch {
	case len(found) == 0:
		return nil, tx.Refuse("NoSuchHostedZone", "no matching Route 53 Hosted Zone found for %s: create the zone, or check domain.zone in the stack's configuration", name)
	case len(found) > 1:
		return nil, tx.Refuse("InvalidInput", "multiple Route 53 Hosted Zones match %s: use zoneId, or tags", name)
	}
	zone := found[0]
	return account.Values{
		"id": zone.ID, "zoneId": zone.ID, "arn": "arn:aws:route53:::hostedzone/" + zone.ID, "name": strings.TrimSuffix(zone.Outputs.Text("name"), "."),
		"nameServers":       account.Texts("ns-1.awsdns-00.com", "ns-512.awsdns-00.net", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk"),
		"primaryNameServer": "ns-1.awsdns-00.com",
	}, nil
}
