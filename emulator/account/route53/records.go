package route53

import (
	"net/netip"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var dnsFunctions = []account.Function{{
	Token: "aws:route53/getZone:getZone",
	Args:  route53.LookupZoneArgs{}, Result: route53.LookupZoneResult{},
	Run: getZone,
}}

var dnsTypes = []account.Type{{
	Token: account.RecordToken, Args: route53.RecordArgs{}, State: route53.Record{},
	ForceNew: []string{"name", "zoneId"},
	Refs: []account.Ref{
		{Path: "zoneId", Type: account.ZoneToken, By: "id", Missing: "NoSuchHostedZone", InUse: "HostedZoneNotEmpty"},
	},
	Check:  checkRecord,
	Create: createRecord,
	Update: func(tx *account.Tx, _, next *account.Resource) error { return completeRecord(tx, next) },
}}

func checkRecord(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.OneOf("type", "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT")
	r.ExactlyOne("aliases", "records")
	if in.Has("records") && !in.Has("ttl") {
		r.Refuse("ttl", "is required with records")
	}
	if in.Has("records") && !in.IsUnknown("records") && len(in.List("records")) == 0 {
		r.Refuse("records", "at least one value is required")
	}
	r.Conflict("ttl", "aliases")
	r.Between("ttl", 0, 1<<31-1)
	if len(in.List("aliases")) > 1 {
		r.Refuse("aliases", "has %d targets; a record has one", len(in.List("aliases")))
	}
	kind := in.Text("type")
	if kind == "CNAME" && len(in.List("records")) > 1 {
		r.Refuse("records", "a CNAME record has one value")
	}
	r.Each("records[*]", func(place, text string) {
		address, err := netip.ParseAddr(text)
		if kind == "A" && (err != nil || !address.Is4()) {
			r.Refuse(place, "ARRDATAIllegalIPv4Address: %q is not a valid IPv4 address", text)
		}
		if kind == "AAAA" && (err != nil || !address.Is6()) {
			r.Refuse(place, "AAAARRDATAIllegalIPv6Address: %q is not a valid IPv6 address", text)
		}
	})
	r.Length("name", 0, 255)
	routed := false
	for _, policy := range []string{"weightedRoutingPolicies", "failoverRoutingPolicies", "latencyRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy", "cidrRoutingPolicy", "multivalueAnswerRoutingPolicy"} {
		routed = routed || in.Has(policy)
	}
	if routed && !in.Has("setIdentifier") {
		r.Refuse("setIdentifier", "is required with a routing policy")
	}
	if in.Has("setIdentifier") && !routed {
		r.Refuse("setIdentifier", "needs a routing policy")
	}
	return r.Problems
}

func createRecord(tx *account.Tx, r *account.Resource) error {
	zone, _ := tx.Get(account.ZoneToken, r.Outputs.Text("zoneId"))
	domain := strings.TrimSuffix(strings.ToLower(zone.Outputs.Text("name")), ".")
	// The provider completes names that do not end with the zone's.
	name := strings.TrimSuffix(strings.ToLower(r.Outputs.Text("name")), ".")
	switch {
	case name == "":
		name = domain
	case name != domain && !strings.HasSuffix(name, "."+domain):
		name += "." + domain
	}
	r.Outputs["fqdn"] = name
	parts := []string{zone.ID, strings.TrimSuffix(strings.ToLower(r.Outputs.Text("name")), "."), r.Outputs.Text("type")}
	if set := r.Outputs.Text("setIdentifier"); set != "" {
		parts = append(parts, set)
	}
	r.ID = strings.Join(parts, "_")
	return completeRecord(tx, r)
}

// completeRecord refuses what Route 53 does not let stand beside the zone's other records.
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
		case taken == kind && other.Outputs.Text("setIdentifier") == out.Text("setIdentifier") && !out.True("allowOverwrite"):
			return tx.Refuse("InvalidChangeBatch",
				"[Tried to create resource record set [name='%s.', type='%s'] but it already exists]: delete it, or set allowOverwrite", name, kind)
		case taken != kind && (taken == "CNAME" || kind == "CNAME"):
			return tx.Refuse("InvalidChangeBatch",
				"RRSet of type %s with DNS name %s. is not permitted because a conflicting RRSet of type %s with the same DNS name already exists in zone %s",
				kind, name, taken, zone.Outputs.Text("name"))
		}
	}
	for _, alias := range out.Blocks("aliases[*]") {
		target := strings.TrimSuffix(strings.ToLower(alias.Text("name")), ".")
		if strings.HasSuffix(target, "."+tx.Region()+".elb.amazonaws.com") && alias.Text("zoneId") != tx.BalancerZone() {
			return tx.Refuse("InvalidChangeBatch",
				"[Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone]: use the load balancer's zoneId (%s)",
				target, kind, alias.Text("zoneId"), tx.BalancerZone())
		}
		alias["name"] = target
	}
	return nil
}

// getZone finds a hosted zone by its name or id.
func getZone(tx *account.Tx, args account.Values) (account.Values, error) {
	id, name := args.Text("zoneId"), args.Text("name")
	if (id == "") == (name == "") {
		return nil, tx.Refuse("InvalidInput", "either name or zoneId must be set")
	}
	var found []account.Resource
	for _, zone := range tx.List(account.ZoneToken) {
		private := zone.Outputs.True("privateZone")
		if id != "" && zone.ID == id || name != "" && account.SameDomain(zone.Outputs.Text("name"), name) && private == args.True("privateZone") {
			found = append(found, zone)
		}
	}
	switch {
	case len(found) == 0:
		return nil, tx.Refuse("NoSuchHostedZone", "no matching Route 53 Hosted Zone found for %s%s: create the zone, or check domain.zone in the stack's configuration", name, id)
	case len(found) > 1:
		return nil, tx.Refuse("InvalidInput", "multiple Route 53 Hosted Zones match %s: use zoneId, or tags", name)
	}
	zone := found[0]
	servers := zone.Outputs.List("nameServers")
	if len(servers) == 0 {
		servers = account.Texts("ns-1.awsdns-00.com", "ns-512.awsdns-00.net", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk")
	}
	first, _ := servers[0].(string)
	records := 2.0 // the zone's own NS and SOA
	for _, record := range tx.List(account.RecordToken) {
		if record.Outputs.Text("zoneId") == zone.ID {
			records++
		}
	}
	return account.Values{
		"id": zone.ID, "zoneId": zone.ID, "arn": "arn:aws:route53:::hostedzone/" + zone.ID,
		"name": strings.TrimSuffix(zone.Outputs.Text("name"), "."), "privateZone": zone.Outputs.True("privateZone"),
		"nameServers": servers, "primaryNameServer": first, "resourceRecordSetCount": records,
		"comment": zone.Outputs.Text("comment"), "callerReference": zone.Outputs.Text("callerReference"),
	}, nil
}
