package account

import (
	"net/netip"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
)

const (
	recordToken = "aws:route53/record:Record"
	zoneToken   = "aws:route53/zone:Zone" // exists before the program; see Account.Seed
)

var dnsTypes = []Type{{
	Token: recordToken, Args: route53.RecordArgs{}, State: route53.Record{},
	ForceNew: []string{"name", "zoneId"},
	Refs: []Ref{
		{Path: "zoneId", Type: zoneToken, By: "id", Missing: "NoSuchHostedZone", InUse: "HostedZoneNotEmpty"},
	},
	Check:  checkRecord,
	Create: createRecord,
	Update: func(tx *Tx, _, next *Resource) error { return tx.completeRecord(next) },
}}

func checkRecord(in Values) []Problem {
	r := rules{in: in}
	r.oneOf("type", "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT")
	r.exactlyOne("aliases", "records")
	if in.Has("records") && !in.Has("ttl") {
		r.refuse("ttl", "is required with records")
	}
	if in.Has("records") && !in.IsUnknown("records") && len(in.List("records")) == 0 {
		r.refuse("records", "at least one value is required")
	}
	r.conflict("ttl", "aliases")
	r.between("ttl", 0, 1<<31-1)
	if len(in.List("aliases")) > 1 {
		r.refuse("aliases", "has %d targets; a record has one", len(in.List("aliases")))
	}
	kind := in.Text("type")
	if kind == "CNAME" && len(in.List("records")) > 1 {
		r.refuse("records", "a CNAME record has one value")
	}
	r.each("records[*]", func(place, text string) {
		address, err := netip.ParseAddr(text)
		if kind == "A" && (err != nil || !address.Is4()) {
			r.refuse(place, "ARRDATAIllegalIPv4Address: %q is not a valid IPv4 address", text)
		}
		if kind == "AAAA" && (err != nil || !address.Is6()) {
			r.refuse(place, "AAAARRDATAIllegalIPv6Address: %q is not a valid IPv6 address", text)
		}
	})
	r.length("name", 0, 255)
	routed := false
	for _, policy := range []string{"weightedRoutingPolicies", "failoverRoutingPolicies", "latencyRoutingPolicies", "geolocationRoutingPolicies", "geoproximityRoutingPolicy", "cidrRoutingPolicy", "multivalueAnswerRoutingPolicy"} {
		routed = routed || in.Has(policy)
	}
	if routed && !in.Has("setIdentifier") {
		r.refuse("setIdentifier", "is required with a routing policy")
	}
	if in.Has("setIdentifier") && !routed {
		r.refuse("setIdentifier", "needs a routing policy")
	}
	return r.problems
}

func createRecord(tx *Tx, r *Resource) error {
	zone, _ := tx.Get(zoneToken, r.Outputs.Text("zoneId"))
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
	return tx.completeRecord(r)
}

// completeRecord refuses what Route 53 does not let stand beside the zone's other records.
func (tx *Tx) completeRecord(r *Resource) error {
	out := r.Outputs
	name, kind := out.Text("fqdn"), out.Text("type")
	zone, _ := tx.Get(zoneToken, out.Text("zoneId"))
	if kind == "CNAME" && sameDomain(name, zone.Outputs.Text("name")) {
		return tx.Refuse("InvalidChangeBatch", "RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s: use an alias record of type A", name, zone.Outputs.Text("name"))
	}
	for _, other := range tx.List(recordToken) {
		if other.ID == r.ID || other.Outputs.Text("zoneId") != out.Text("zoneId") || !sameDomain(other.Outputs.Text("fqdn"), name) {
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
		if strings.HasSuffix(target, "."+tx.Region()+".elb.amazonaws.com") && alias.Text("zoneId") != tx.balancerZone() {
			return tx.Refuse("InvalidChangeBatch",
				"[Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone]: use the load balancer's zoneId (%s)",
				target, kind, alias.Text("zoneId"), tx.balancerZone())
		}
		alias["name"] = target
	}
	return nil
}

// getZone finds a hosted zone by its name or id.
func getZone(tx *Tx, args Values) (Values, error) {
	id, name := args.Text("zoneId"), args.Text("name")
	if (id == "") == (name == "") {
		return nil, tx.Refuse("InvalidInput", "either name or zoneId must be set")
	}
	var found []Resource
	for _, zone := range tx.List(zoneToken) {
		private := zone.Outputs.True("privateZone")
		if id != "" && zone.ID == id || name != "" && sameDomain(zone.Outputs.Text("name"), name) && private == args.True("privateZone") {
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
		servers = list("ns-1.awsdns-00.com", "ns-512.awsdns-00.net", "ns-1024.awsdns-00.org", "ns-1536.awsdns-00.co.uk")
	}
	first, _ := servers[0].(string)
	records := 2.0 // the zone's own NS and SOA
	for _, record := range tx.List(recordToken) {
		if record.Outputs.Text("zoneId") == zone.ID {
			records++
		}
	}
	return Values{
		"id": zone.ID, "zoneId": zone.ID, "arn": "arn:aws:route53:::hostedzone/" + zone.ID,
		"name": strings.TrimSuffix(zone.Outputs.Text("name"), "."), "privateZone": zone.Outputs.True("privateZone"),
		"nameServers": servers, "primaryNameServer": first, "resourceRecordSetCount": records,
		"comment": zone.Outputs.Text("comment"), "callerReference": zone.Outputs.Text("callerReference"),
	}, nil
}
