package config

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/cdn"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// How private subnets reach the internet (network.nat).
const (
	NATNone           = "none"
	NATInstance       = "instance"
	NATGateway        = "gateway"
	NATGatewayPerZone = "gatewayPerZone"
)

// EndpointsWithoutNAT are the services without whose interface endpoints an ECS instance that has no other way to AWS cannot start a task:
// AWS, "Amazon ECS interface VPC endpoints" and "Amazon ECR interface VPC endpoints".
var EndpointsWithoutNAT = []string{"ecr.api", "ecr.dkr", "ecs", "ecs-agent", "ecs-telemetry", "logs", "secretsmanager"}

// Endpoints are those of EndpointsWithoutNAT that tasks need. Those of ecs are for the agent of an instance, which tasks on Fargate do not have
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html, "Considerations for Amazon ECS VPC endpoints for Fargate").
func (c Cluster) Endpoints() []string {
	agents := func(service string) bool { return c.Fargate() && strings.HasPrefix(service, "ecs") }
	return slices.DeleteFunc(slices.Clone(EndpointsWithoutNAT), agents)
}

// dockerBridge is the network of the containers on every instance: packets to these addresses never leave the instance.
var dockerBridge = netip.MustParsePrefix("172.17.0.0/16")

var (
	vpcID    = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetID = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// subnetKeys are the lists of subnets of a VPC that exists, by key.
func (n Network) subnetKeys() map[string][]string {
	return map[string][]string{"publicSubnets": n.PublicSubnets, "privateSubnets": n.PrivateSubnets, "dataSubnets": n.DataSubnets}
}

// validateNetwork checks the form of the keys. What is behind ids is looked up before anything is registered (infra/vpc/existing.go).
func (c *Config) validateNetwork(p *problems) {
	n := c.Network
	if !n.Existing() {
		for key, list := range n.subnetKeys() {
			if len(list) > 0 {
				p.add("network."+key, "only for a VPC that exists: set network.vpcId, or remove the key")
			}
		}
		n.validate(p, c.Region, c.Cluster)
		return
	}
	switch {
	case c.Environment.Shares != "":
		p.add("network.vpcId", "with environment.shares the network is that of %s: remove it", c.Environment.Shares)
	case c.Environment.Class == ClassLocal:
		p.add("network.vpcId", "environment.class local has no VPC but its own: remove it")
	}
	p.matches("network.vpcId", n.VpcID, vpcID, "the id of a VPC, such as vpc-0123456789abcdef0")
	for key, list := range n.subnetKeys() {
		if len(list) < 2 {
			p.add("network."+key, "%d subnets; network.vpcId needs at least two, in two availability zones", len(list))
		}
		p.distinct("network."+key, list)
		for _, id := range list {
			p.matches("network."+key, id, subnetID, "the id of a subnet, such as subnet-0123456789abcdef0")
			if key != "publicSubnets" && slices.Contains(n.PublicSubnets, id) {
				p.add("network."+key, "%s is in network.publicSubnets, too: instances and data are not in a subnet with a route to an internet gateway", id)
			}
		}
	}
	own := defaults().Network
	for key, given := range map[string]bool{
		"cidr": n.CIDR != own.CIDR, "zones": n.Zones != own.Zones, "zoneNames": len(n.ZoneNames) > 0, "nat": n.NAT != own.NAT, "endpoints": len(n.Endpoints) > 0,
		"flowLogDays": n.FlowLogDays != own.FlowLogDays, "emptyDefaultGroup": n.EmptyDefaultGroup == (c.Environment.Class == ClassReview),
	} {
		if given {
			p.add("network."+key, "the program changes nothing of network.vpcId: remove the key")
		}
	}
}

func (n Network) validate(p *problems, region string, on Cluster) {
	cidr, err := netip.ParsePrefix(n.CIDR)
	switch {
	case err != nil || !cidr.Addr().Is4():
		p.add("network.cidr", "%q is not an IPv4 range such as 10.0.0.0/16", n.CIDR)
	case cidr.Bits() < 16 || cidr.Bits() > 23:
		p.add("network.cidr", "/%d is outside /16-/23: each of twelve subnets needs at least 32 addresses", cidr.Bits())
	case cidr.Masked() != cidr:
		p.add("network.cidr", "%s has host bits; the range is %s", n.CIDR, cidr.Masked())
	case cidr.Overlaps(dockerBridge):
		p.add("network.cidr", "%s overlaps %s, the Docker bridge of every instance", n.CIDR, dockerBridge)
	case !cidr.Addr().IsPrivate():
		p.add("network.cidr", "%s is not private; use a part of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16", n.CIDR)
	}
	if n.Zones < 2 || n.Zones > 3 {
		p.add("network.zones", "%d is outside 2-3: the load balancer and the database need two availability zones", n.Zones)
	}
	if len(n.ZoneNames) > 0 && len(n.ZoneNames) != n.Zones {
		p.add("network.zoneNames", "%d names for %d zones", len(n.ZoneNames), n.Zones)
	}
	for i, zone := range n.ZoneNames {
		if !regexp.MustCompile(`^`+regexp.QuoteMeta(region)+`[a-z]$`).MatchString(zone) || slices.Contains(n.ZoneNames[:i], zone) {
			p.add("network.zoneNames", "%q is not a zone of %s, or is listed twice", zone, region)
		}
	}
	p.oneOf("network.nat", n.NAT, NATNone, NATInstance, NATGateway, NATGatewayPerZone)
	if n.NAT == NATNone {
		for _, service := range on.Endpoints() {
			if !slices.Contains(n.Endpoints, service) {
				p.add("network.endpoints", "%s is missing: without it, and without NAT, no task starts; add it or choose another network.nat", service)
			}
		}
	}
	for i, service := range n.Endpoints {
		switch {
		case service == "s3" || slices.Contains(n.Endpoints[:i], service):
			p.add("network.endpoints", "%q is listed twice, or is s3, which always has a gateway endpoint", service)
		case !known.Endpoints.Has(service):
			p.add("network.endpoints", "%q is no service with an interface endpoint; %s lists them", service, known.Endpoints.File)
		}
	}
	p.retention("network.flowLogDays", n.FlowLogDays)
}

func (a Access) validate(p *problems, on Cluster) {
	cidrs(p, "access.web", a.Web)
	cidrs(p, "access.ssh", a.SSH)
	if len(a.Web) == 0 {
		p.add("access.web", "empty: the application could not be reached")
	}
	if slices.Contains(a.SSH, "0.0.0.0/0") {
		p.add("access.ssh", "0.0.0.0/0 is the whole internet; list your own addresses, or leave it empty and use Session Manager")
	}
	if len(a.SSH) > 0 && on.Fargate() {
		p.add("access.ssh", noInstances)
	} else if len(a.SSH) > 0 && on.KeyPair == "" {
		p.add("access.ssh", "needs cluster.keyPair for the login")
	}
	for i, port := range a.EgressPorts {
		p.between("access.egressPorts", port, 1, 65535)
		if slices.Contains(a.EgressPorts[:i], port) {
			p.add("access.egressPorts", "%d is listed twice", port)
		}
	}
	a.validateTaskPolicies(p, "access.taskPolicies")
	if !slices.Contains(a.EgressPorts, 443) {
		p.add("access.egressPorts", "443 is missing: the ECS agent and ECR need it")
	}
}

// cidrs checks that ranges do not overlap: AWS refuses a rule that exists already.
func cidrs(p *problems, key string, list []string) {
	var seen []netip.Prefix
	for _, text := range list {
		cidr, err := netip.ParsePrefix(text)
		if err != nil || !cidr.Addr().Is4() || cidr.Masked() != cidr {
			p.add(key, "%q is not an IPv4 range such as 203.0.113.0/24", text)
			continue
		}
		for _, other := range seen {
			if cidr.Overlaps(other) {
				p.add(key, "%s and %s overlap; one of them is enough", other, cidr)
			}
		}
		seen = append(seen, cidr)
	}
}

// CDNHosts are the host names behind CloudFront. Review environments share the load balancers of staging environments, by names that a wildcard
// covers, so these stay there.
func (c *Config) CDNHosts() []string {
	return slices.DeleteFunc(c.Hosts(), func(host string) bool { return strings.HasPrefix(host, "*.") && c.Environment.Class == "staging" })
}

// maxCertificateName is how long the first name of a certificate may be, in bytes (the other ones may be longer): RequestCertificate in
// https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html.
const maxCertificateName = 64

// validateCDN checks the section cdn, and what would not work behind CloudFront.
func (c *Config) validateCDN(p *problems, stack string) {
	for _, one := range c.CDN.Problems() {
		p.add("cdn."+one.Key, "%s", one.Text)
	}
	if !c.CDN.On() {
		return
	}
	refuse := func(wrong bool, key, format string, args ...any) {
		if wrong {
			p.add(key, format, args...)
		}
	}
	d, lb := c.Domain, c.LoadBalancer
	switch class := c.Environment.Class; class {
	case ClassLocal:
		p.add("cdn.state", "%s: environment.class local has no CloudFront; make rehearse STACK=staging shows it", c.CDN.State)
	case ClassReview:
		p.add("cdn.state", "%s: review environments have no distribution, which takes minutes to make and to delete: remove the section from Pulumi.%s.yaml", c.CDN.State, stack)
	}
	refuse(strings.HasPrefix(c.Region, "cn-") || strings.HasPrefix(c.Region, "us-gov-"), "cdn.state", "%s: %s is in a partition of AWS without this CloudFront", c.CDN.State, c.Region)
	switch {
	case d.Name == "":
		p.add("domain.name", "missing: CloudFront answers for a name; set domain.name and domain.zone, or cdn.state: none")
	case d.Zone == "":
		p.add("domain.zone", "missing: with cdn.state the program moves the records of the names; set the Route 53 zone")
	case len(cdn.OriginName(d.Name)) > maxCertificateName:
		p.add("domain.name", "%q is too long: %s, by which CloudFront knows the load balancer, needs a certificate, which has room for %d characters", d.Name, cdn.OriginName(d.Name), maxCertificateName)
	}
	refuse(slices.Contains(c.Hosts(), cdn.OriginName(d.Name)), "domain.aliases", "%s is the name by which CloudFront knows the load balancer: choose another one", cdn.OriginName(d.Name))
	refuse(d.CertificateARN != "" && c.CDN.CertificateARN == "", "cdn.certificateArn", "missing: with domain.certificateArn the validation records are not the program's; request or import a certificate for %v in %s", c.CDNHosts(), cdn.Region)
	refuse(d.TakeOver, "domain.takeOver", "true: CloudFront has a name in one distribution only, and the other environment's may have it; take over with cdn.state: none, and go on when that one is gone")
	refuse(c.CDN.Closed() && len(c.CDNHosts()) < len(c.Hosts()), "domain.aliases", "wildcards are for review environments that share this one, and they reach the load balancer without CloudFront: remove them, or cdn.state: live")
	refuse(!slices.Equal(c.Access.Web, []string{"0.0.0.0/0"}), "access.web", "%v: CloudFront comes from its own addresses, for every visitor; set 0.0.0.0/0, or cdn.state: none", c.Access.Web)
	refuse(lb.HTTP != "redirect", "loadBalancer.http", "%s: CloudFront redirects to HTTPS; set redirect", lb.HTTP)
	refuse(lb.IdleSeconds > cdn.MaxReadSeconds-cdn.ReadMargin, "loadBalancer.idleSeconds", "%d is more than %d: CloudFront waits %d s for an answer, and would answer 504 to requests that may still run, or ask again", lb.IdleSeconds, cdn.MaxReadSeconds-cdn.ReadMargin, cdn.MaxReadSeconds)
	refuse(lb.IdleSeconds <= cdn.KeepAliveSeconds, "loadBalancer.idleSeconds", "%d is not more than the %d s for which CloudFront keeps a connection: it would send requests into one that is being closed", lb.IdleSeconds, cdn.KeepAliveSeconds)
	refuse(!c.Storage.Bucket || c.Release.KeepAssetsHours == 0, "storage.bucket", "CloudFront has the assets of all releases from the bucket for files: set storage.bucket: true, and release.keepAssetsHours above 0")
	_, given := c.Env["TRUSTED_PROXIES"]
	refuse(given, "env.TRUSTED_PROXIES", "CloudFront's addresses are not in it, and every visitor would have one of these: remove it, the program sets it")
}
