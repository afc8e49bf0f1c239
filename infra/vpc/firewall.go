package vpc

import (
	"fmt"
	"maps"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// The security groups. App has no open ports: it marks who may connect to the database and the cache.
const (
	GroupWeb       = "web"       // the load balancer
	GroupPorts     = "ecs-ports" // the dynamic host ports of the instances; on Fargate the ports of the tasks
	GroupApp       = "app"       // who may use the database and the cache
	GroupSSH       = "ssh"       // instances, only with access.ssh
	GroupDatabase  = "database"
	GroupCache     = "cache"     // only with a cache
	GroupEndpoints = "endpoints" // interface endpoints, only with network.endpoints
)

// Ports is a closed range.
type Ports struct{ From, To int }

// HostPorts are the ports that Docker takes for host port 0: the ephemeral range of Amazon Linux, from
// /proc/sys/net/ipv4/ip_local_port_range (ECS developer guide, "Port mappings").
var HostPorts = Ports{32768, 60999}

// Peer is one end of an edge: a security group, an address range, or the id of a list of them.
type Peer struct{ Group, CIDR, PrefixList string }

// Edge is one allowed direction of traffic. Everything else is refused.
type Edge struct {
	From, To Peer
	Ports    Ports
	Protocol string // tcp when empty
	Why      string // becomes the rule's description: letters, digits, spaces and ._-:/()#,@[]+=&;{}!$*
}

// FirewallArgs describes who may connect to what.
type FirewallArgs struct {
	VpcID pulumi.StringInput
	// WebCIDRs may reach the load balancer; SSHCIDRs may reach port 22 of the instances.
	WebCIDRs, SSHCIDRs []string
	// WebPrefixList is the id of the list that reaches port 443 of the load balancer instead of WebCIDRs.
	WebPrefixList string
	// WebTags and WebHooks are further tags of the load balancer's group, and what runs before it changes. The load balancer and all that needs
	// it come after the group.
	WebTags  map[string]string
	WebHooks *pulumi.ResourceHookBinding
	// DatabaseTags and DatabaseHooks are those of the database's group, which its database comes after.
	DatabaseTags  map[string]string
	DatabaseHooks *pulumi.ResourceHookBinding
	// HTTPS tells whether the load balancer listens on 443 beside 80.
	HTTPS bool
	// EgressPorts are the TCP ports that instances and tasks may reach on the internet.
	EgressPorts []int
	// DatabasePort and CachePort are open to the app group. Without a cache, CachePort is 0.
	DatabasePort, CachePort int
	// DatabaseGroupID and CacheGroupID are the groups of servers that exist. They get the rule that lets the application in, and stay as they are otherwise.
	DatabaseGroupID, CacheGroupID string
	// TaskPorts are the ports of tasks that have an address of their own, on Fargate; none for tasks on instances.
	TaskPorts []int
	// Endpoints tells whether there are interface endpoints to reach.
	Endpoints bool
}

// Firewall owns every security group and every rule.
type Firewall struct {
	pulumi.ResourceState

	groups map[string]*ec2.SecurityGroup
	// existing are the ids of groups that are not the program's.
	existing map[string]string
	rules    []pulumi.Resource
}

// Rules are all rules. What runs on the network must be deleted before them: without the egress rule, no agent hears from ECS.
func (f *Firewall) Rules() []pulumi.Resource { return f.rules }

// ID returns the id of a group, which must exist with these arguments.
func (f *Firewall) ID(group string) pulumi.StringOutput {
	if id := f.existing[group]; id != "" {
		return pulumi.String(id).ToStringOutput()
	}
	return f.groups[group].ID().ToStringOutput()
}

// has tells whether a peer is a group, and not a range of addresses.
func (f *Firewall) has(group string) bool { return f.groups[group] != nil || f.existing[group] != "" }

// InstanceGroupIDs are the groups of an instance: ports, app, and SSH where it is allowed.
func (f *Firewall) InstanceGroupIDs() pulumi.StringArray {
	ids := pulumi.StringArray{f.ID(GroupPorts), f.ID(GroupApp)}
	if f.groups[GroupSSH] != nil {
		ids = append(ids, f.ID(GroupSSH))
	}
	return ids
}

// edges are all rules of the firewall.
func (args FirewallArgs) edges() []Edge {
	var table []Edge
	add := func(from, to Peer, port Ports, why string) {
		table = append(table, Edge{From: from, To: to, Ports: port, Why: why})
	}
	group := func(name string) Peer { return Peer{Group: name} }
	port := func(p int) Ports { return Ports{p, p} }

	web := args.WebCIDRs
	if args.WebPrefixList != "" {
		web = nil
		add(Peer{PrefixList: args.WebPrefixList}, group(GroupWeb), port(443), "HTTPS from CloudFront")
	}
	for _, cidr := range web {
		add(Peer{CIDR: cidr}, group(GroupWeb), port(80), "HTTP from visitors")
		if args.HTTPS {
			add(Peer{CIDR: cidr}, group(GroupWeb), port(443), "HTTPS from visitors")
		}
	}
	for _, cidr := range args.SSHCIDRs {
		add(Peer{CIDR: cidr}, group(GroupSSH), port(22), "SSH from administrators")
	}
	for _, p := range args.TaskPorts {
		add(group(GroupWeb), group(GroupPorts), port(p), "Load balancer to the tasks")
	}
	if len(args.TaskPorts) == 0 {
		add(group(GroupWeb), group(GroupPorts), HostPorts, "Load balancer to the dynamic ports of the tasks")
	}
	add(group(GroupApp), group(GroupDatabase), port(args.DatabasePort), "App to database")
	if args.CachePort != 0 {
		add(group(GroupApp), group(GroupCache), port(args.CachePort), "App to cache")
	}
	if args.Endpoints {
		add(group(GroupApp), group(GroupEndpoints), port(443), "Instances to AWS services")
	}
	for _, p := range args.EgressPorts {
		add(group(GroupApp), Peer{CIDR: anywhere}, port(p), "App and ECS agent to the internet")
	}
	return table
}

// NewFirewall registers the groups, and one rule per direction of each edge. Rules are resources of their own, so that a change of an
// edge changes no group (pulumi-aws#2391: inline rules and rule resources delete each other).
func NewFirewall(ctx *pulumi.Context, name string, args FirewallArgs, opts ...pulumi.ResourceOption) (*Firewall, error) {
	f := &Firewall{groups: map[string]*ec2.SecurityGroup{}, existing: map[string]string{}}
	for group, id := range map[string]string{GroupDatabase: args.DatabaseGroupID, GroupCache: args.CacheGroupID} {
		if id != "" {
			f.existing[group] = id
		}
	}
	if err := ctx.RegisterComponentResource("laravel:infra:Firewall", name, f, opts...); err != nil {
		return nil, err
	}
	if err := f.createGroups(ctx, name, args); err != nil {
		return nil, fmt.Errorf("creating security group: %w", err)
	}
	for _, edge := range args.edges() {
		if err := f.open(ctx, name, edge); err != nil {
			return nil, fmt.Errorf("creating security group rule %q: %w", edge.Why, err)
		}
	}
	ids := pulumi.StringMap{}
	for role := range f.groups {
		ids[role] = f.ID(role)
	}
	return f, ctx.RegisterResourceOutputs(f, pulumi.Map{"groupIds": ids})
}

func (f *Firewall) createGroups(ctx *pulumi.Context, name string, args FirewallArgs) error {
	wanted := []struct{ role, description string }{
		{GroupWeb, "Load balancer"},
		{GroupPorts, "Dynamic host ports of ECS tasks"},
		{GroupApp, "Identity of the application"},
	}
	if args.DatabaseGroupID == "" {
		wanted = append(wanted, struct{ role, description string }{GroupDatabase, "Database"})
	}
	if args.CachePort != 0 && args.CacheGroupID == "" {
		wanted = append(wanted, struct{ role, description string }{GroupCache, "Cache"})
	}
	if len(args.SSHCIDRs) > 0 {
		wanted = append(wanted, struct{ role, description string }{GroupSSH, "SSH to the instances"})
	}
	if args.Endpoints {
		wanted = append(wanted, struct{ role, description string }{GroupEndpoints, "Interface endpoints"})
	}
	for _, w := range wanted {
		tags, opts := nameTag(name+"-"+w.role), []pulumi.ResourceOption{pulumi.Parent(f)}
		switch w.role {
		case GroupWeb:
			maps.Copy(tags, pulumi.ToStringMap(args.WebTags))
			opts = append(opts, pulumi.ResourceHooks(args.WebHooks))
		case GroupDatabase:
			maps.Copy(tags, pulumi.ToStringMap(args.DatabaseTags))
			opts = append(opts, pulumi.ResourceHooks(args.DatabaseHooks))
		}
		group, err := newSecurityGroup(ctx, name+"-"+w.role, w.description, args.VpcID, tags, opts...)
		if err != nil {
			return err
		}
		f.groups[w.role] = group
	}
	return nil
}

// open registers the ingress rule at the end of an edge and the egress rule at its start. Address ranges have none.
func (f *Firewall) open(ctx *pulumi.Context, name string, edge Edge) error {
	if f.has(edge.To.Group) {
		rule, err := addIngress(ctx, name+"-"+edge.logical("in"), f.ID(edge.To.Group), edge, f, pulumi.Parent(f))
		if err != nil {
			return err
		}
		f.rules = append(f.rules, rule)
	}
	if f.has(edge.From.Group) {
		rule, err := addEgress(ctx, name+"-"+edge.logical("out"), f.ID(edge.From.Group), edge, f, pulumi.Parent(f))
		if err != nil {
			return err
		}
		f.rules = append(f.rules, rule)
	}
	return nil
}

// logical is the name of a rule: what it allows, so that a new edge does not rename the others.
func (e Edge) logical(direction string) string {
	end := func(p Peer) string {
		if p.PrefixList != "" {
			return "cloudfront"
		}
		return p.Group + p.CIDR
	}
	return fmt.Sprintf("%s-%s-%s-%d", direction, end(e.From), end(e.To), e.Ports.From)
}

func newSecurityGroup(ctx *pulumi.Context, logical, description string, vpcID pulumi.StringInput, tags pulumi.StringMap, opts ...pulumi.ResourceOption) (*ec2.SecurityGroup, error) {
	return ec2.NewSecurityGroup(ctx, logical, &ec2.SecurityGroupArgs{
		VpcId:       vpcID,
		Description: pulumi.String(description), // a changed description replaces the group
		Tags:        tags,
		// Otherwise groups whose rules refer to each other cannot be deleted.
		RevokeRulesOnDelete: pulumi.Bool(true),
	}, opts...)
}

func addIngress(ctx *pulumi.Context, logical string, group pulumi.StringInput, e Edge, f *Firewall, opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	args := &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: group, IpProtocol: pulumi.String(e.protocol()), Description: pulumi.String(e.Why),
		FromPort: pulumi.Int(e.Ports.From), ToPort: pulumi.Int(e.Ports.To),
	}
	switch {
	case e.From.PrefixList != "":
		args.PrefixListId = pulumi.String(e.From.PrefixList)
	case e.From.CIDR != "":
		args.CidrIpv4 = pulumi.String(e.From.CIDR)
	default:
		args.ReferencedSecurityGroupId = f.ID(e.From.Group)
	}
	return vpc.NewSecurityGroupIngressRule(ctx, logical, args, opts...)
}

func addEgress(ctx *pulumi.Context, logical string, group pulumi.StringInput, e Edge, f *Firewall, opts ...pulumi.ResourceOption) (pulumi.Resource, error) {
	args := &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: group, IpProtocol: pulumi.String(e.protocol()), Description: pulumi.String(e.Why),
		FromPort: pulumi.Int(e.Ports.From), ToPort: pulumi.Int(e.Ports.To),
	}
	if e.To.CIDR != "" {
		args.CidrIpv4 = pulumi.String(e.To.CIDR)
	} else {
		args.ReferencedSecurityGroupId = f.ID(e.To.Group)
	}
	return vpc.NewSecurityGroupEgressRule(ctx, logical, args, opts...)
}

func (e Edge) protocol() string {
	if e.Protocol == "" {
		return "tcp"
	}
	return e.Protocol
}
