package account

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// ECS starts and stops tasks on EC2 through the agent of an instance, and only while that agent is connected to it:
//
//   - A service that is deleted stays DRAINING until its tasks are STOPPED, which the agent has to report (DeleteService, API reference;
//     ECS developer guide, "Amazon ECS Linux container agent": the connection status of an instance).
//   - An instance whose agent is disconnected is not deregistered when it is terminated (DeregisterContainerInstance, API reference), and
//     its cluster cannot be deleted then.
//   - An agent needs the endpoints ecs, ecs-agent and ecs-telemetry, by the internet or as interface endpoints, and a task more of them
//     (ECS developer guide, "Amazon ECS interface VPC endpoints"; ECR user guide for S3, where image layers are).
var (
	agentNeeds = []string{"ecs", "ecs-agent", "ecs-telemetry"}
	tasksNeed  = append(slices.Clone(agentNeeds), "ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3")
)

// fargateNeeds is what a task on Fargate of platform version 1.4.0 needs by its own network interface
// (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html, "Considerations for Amazon ECR VPC endpoints").
var fargateNeeds = []string{"ecr.api", "ecr.dkr", "logs", "secretsmanager", "s3"}

const (
	anywhere  = "0.0.0.0/0"
	httpsPort = 443
)

// Fleet finds an Auto Scaling group whose instances join a cluster: their user data names it.
func (tx *Tx) Fleet(cluster string) (Resource, bool) {
	joins := regexp.MustCompile(`ECS_CLUSTER=["']?` + regexp.QuoteMeta(cluster) + `(["'\s]|$)`)
	for _, group := range tx.List(GroupToken) {
		if size, known := group.Outputs.Int("desiredCapacity"); known && size == 0 {
			continue
		}
		template, _ := tx.TemplateOf(group.Outputs)
		text, err := base64.StdEncoding.DecodeString(template.Outputs.Text("userData"))
		if err == nil && joins.Match(text) {
			return group, true
		}
	}
	return Resource{}, false
}

// AgentsAway says why the agents of a group's instances are not connected to ECS; empty when they are.
func (tx *Tx) AgentsAway(fleet Resource) string { return tx.unreachable(fleet, agentNeeds) }

// TasksAway says why tasks cannot start on a group's instances; empty when they can.
func (tx *Tx) TasksAway(fleet Resource) string { return tx.unreachable(fleet, tasksNeed) }

// FargateAway says why tasks with this network configuration cannot start; empty when they can.
func (tx *Tx) FargateAway(network Values) string {
	for _, id := range network.Strings("subnets") {
		subnet, _ := tx.Get(SubnetToken, id)
		for _, service := range fargateNeeds {
			if why := tx.noWay(subnet, network.Strings("securityGroups"), service); why != "" {
				return fmt.Sprintf("the tasks in %s have no way to %s: %s", id, service, why)
			}
		}
	}
	return ""
}

func (tx *Tx) unreachable(fleet Resource, services []string) string {
	template, _ := tx.TemplateOf(fleet.Outputs)
	groups := template.Outputs.Strings("vpcSecurityGroupIds")
	for _, id := range fleet.Outputs.Strings("vpcZoneIdentifiers") {
		subnet, _ := tx.Get(SubnetToken, id)
		for _, service := range services {
			if why := tx.noWay(subnet, groups, service); why != "" {
				return fmt.Sprintf("the instances of %s in %s have no way to %s: %s", fleet.ID, id, service, why)
			}
		}
	}
	return ""
}

// noWay says why an instance does not reach a service of AWS. With private DNS, the name of the service leads to its interface endpoint
// from everywhere in the VPC, even if there is a way to the internet (VPC guide, "Access an AWS service using an interface VPC endpoint").
func (tx *Tx) noWay(subnet Resource, groups []string, service string) string {
	table := tx.tableOf(subnet)
	for _, endpoint := range tx.List(VPCEndpointToken) {
		if endpoint.Outputs.Text("vpcId") != subnet.Outputs.Text("vpcId") || !strings.HasSuffix(endpoint.Outputs.Text("serviceName"), tx.Region()+"."+service) {
			continue
		}
		switch {
		case endpoint.Outputs.Text("vpcEndpointType") == "Gateway":
			if slices.Contains(endpoint.Outputs.Strings("routeTableIds"), table) && tx.mayLeave(groups, nil) {
				return ""
			}
		case endpoint.Outputs.True("privateDnsEnabled"):
			if into := endpoint.Outputs.Strings("securityGroupIds"); !tx.mayLeave(groups, into) || !tx.mayEnter(into, groups) {
				return "no rule of a security group opens port 443 of endpoint " + endpoint.ID
			}
			return ""
		}
	}
	return tx.noInternet(table, groups)
}

// noInternet says why a private instance with these groups does not reach the internet by a route table.
func (tx *Tx) noInternet(table string, groups []string) string {
	if !tx.mayLeave(groups, nil) {
		return "no egress rule opens port 443"
	}
	route, ok := tx.defaultRoute(table)
	if !ok {
		return "route table " + table + " has no default route"
	}
	public, address := "", ""
	if nat, ok := tx.Get(NatGatewayToken, route.Outputs.Text("natGatewayId")); ok {
		public, address = nat.Outputs.Text("subnetId"), nat.Outputs.Text("publicIp")
	} else if nat, ok := tx.Find(InstanceToken, "primaryNetworkInterfaceId", route.Outputs.Text("networkInterfaceId")); ok {
		public, address = nat.Outputs.Text("subnetId"), nat.Outputs.Text("publicIp")
		own := nat.Outputs.Strings("vpcSecurityGroupIds")
		if nat.Outputs.True("sourceDestCheck") || !tx.mayLeave(own, nil) || !tx.mayEnter(own, nil) {
			return "NAT instance " + nat.ID + " does not forward: it checks the destination, or its security groups have no rules"
		}
	} else {
		return "the NAT of " + route.ID + " is gone, or there is none: a private address is of no use at an internet gateway"
	}
	subnet, _ := tx.Get(SubnetToken, public)
	out, ok := tx.defaultRoute(tx.tableOf(subnet))
	if _, attached := tx.Get(InternetGatewayToken, out.Outputs.Text("gatewayId")); !ok || !attached || address == "" {
		return "the NAT in " + public + " has no public address, or no route to the internet gateway"
	}
	return ""
}

// tableOf is the route table of a subnet: its own, or the VPC's main one.
func (tx *Tx) tableOf(subnet Resource) string {
	if own, ok := tx.Find(AssociationToken, "subnetId", subnet.ID); ok {
		return own.Outputs.Text("routeTableId")
	}
	vpc, _ := tx.Get(VPCToken, subnet.Outputs.Text("vpcId"))
	return vpc.Outputs.Text("mainRouteTableId")
}

func (tx *Tx) defaultRoute(table string) (Resource, bool) {
	for _, route := range tx.List(RouteToken) {
		if route.Outputs.Text("routeTableId") == table && route.Outputs.Text("destinationCidrBlock") == anywhere {
			return route, true
		}
	}
	return Resource{}, false
}

// mayLeave tells whether one of the groups lets HTTPS out, to one of some other groups or (nil) to the internet.
func (tx *Tx) mayLeave(groups, to []string) bool {
	return tx.opens(EgressRuleToken, groups, to, httpsPort)
}

// mayEnter tells whether one of the groups lets HTTPS in, from one of some other groups or (nil) from an address range.
func (tx *Tx) mayEnter(groups, from []string) bool {
	return tx.opens(IngressRuleToken, groups, from, httpsPort)
}

// Admits tells whether what is in some groups reaches a port of what is in others.
func (tx *Tx) Admits(from, to []string, port int) bool {
	return tx.opens(EgressRuleToken, from, to, port) && tx.opens(IngressRuleToken, to, from, port)
}

func (tx *Tx) opens(token string, groups, peers []string, port int) bool {
	return slices.ContainsFunc(tx.List(token), func(rule Resource) bool {
		from, _ := rule.Outputs.Int("fromPort")
		to, _ := rule.Outputs.Int("toPort")
		ports := rule.Outputs.Text("ipProtocol") == "-1" || from <= port && port <= to
		_, err := netip.ParsePrefix(rule.Outputs.Text("cidrIpv4"))
		return slices.Contains(groups, rule.Outputs.Text("securityGroupId")) && ports &&
			(err == nil || slices.Contains(peers, rule.Outputs.Text("referencedSecurityGroupId")))
	})
}
