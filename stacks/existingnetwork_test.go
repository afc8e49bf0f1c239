package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// existingNetwork is staging with its own cache or an existing one, in a VPC that the program does not make.
func existingNetwork(config map[string]string) map[string]string {
	delete(config, "laravel-ecs:network")
	for key, tier := range map[string]int{"publicSubnets": 1, "privateSubnets": 2, "dataSubnets": 3} {
		config = with(config, "network", key, []string{infratest.Subnet(tier, "a"), infratest.Subnet(tier, "b")})
	}
	return with(config, "network", "vpcId", infratest.VPC)
}

// TestExistingNetwork: everything is in it, nothing of it is made or changed, and the image trusts the load balancer in its public subnets.
func TestExistingNetwork(t *testing.T) {
	r := deploy(t, "staging", existingNetwork(existingCache(t)))
	checkInventory(t, "staging-existing", r)
	for _, one := range r.All() {
		if slices.Contains([]string{"aws:ec2/vpc:Vpc", "aws:ec2/subnet:Subnet", "aws:ec2/flowLog:FlowLog", "aws:ec2/eip:Eip"}, one.Type) || strings.HasPrefix(one.Type, "aws:ec2/route") {
			t.Errorf("%s %s is registered", one.Type, one.Name)
		}
	}
	for _, group := range each(t, r, "aws:ec2/securityGroup:SecurityGroup") {
		if text(group, "vpcId") != infratest.VPC {
			t.Errorf("%s is in %s", group.Name, text(group, "vpcId"))
		}
	}
	for token, want := range map[string]string{
		"aws:lb/loadBalancer:LoadBalancer": "subnets[0] " + infratest.Subnet(1, "a"), "aws:autoscaling/group:Group": "vpcZoneIdentifiers[1] " + infratest.Subnet(2, "b"),
		"aws:rds/subnetGroup:SubnetGroup": "subnetIds[0] " + infratest.Subnet(3, "a"),
	} {
		path, id, _ := strings.Cut(want, " ")
		if got := text(one(t, r, token), path); got != id {
			t.Errorf("%s: %s is %s, want %s", token, path, got, id)
		}
	}
	trusting := slices.DeleteFunc(each(t, r, "aws:ecs/taskDefinition:TaskDefinition"), func(one infratest.Resource) bool {
		return !strings.Contains(text(one, "containerDefinitions"), `"TRUSTED_PROXIES","value":"10.99.10.0/24,10.99.11.0/24"`)
	})
	if len(trusting) != 1 || trusting[0].Name != "laravel-staging-web-task" {
		t.Errorf("the load balancer's subnets are trusted by %v", trusting)
	}
	deploy(t, "prod", existingNetwork(stackConfig(t, "prod")))
	deploy(t, "review", existingNetwork(stackConfig(t, "review")))
}

// TestExistingNetworkProblems: a network in which the environment would not work is refused before a component is registered.
func TestExistingNetworkProblems(t *testing.T) {
	public, private, data := infratest.Subnet(1, "a"), infratest.Subnet(2, "a"), infratest.Subnet(3, "a")
	for want, lookups := range map[string]map[string]map[string]any{
		"network.vpcId: enableDnsSupport of " + infratest.VPC + " is off":                                                                         {infratest.VPC: {"enableDnsSupport": false}},
		"network.vpcId: enableDnsHostnames of " + infratest.VPC + " is off":                                                                       {infratest.VPC: {"enableDnsHostnames": false}},
		"network.vpcId: 172.16.0.0/12 of " + infratest.VPC + " overlaps 172.17.0.0/16":                                                            {infratest.VPC: {"cidrBlockAssociations": []any{map[string]any{"cidrBlock": "172.16.0.0/12"}}}},
		"network.privateSubnets: " + private + " is in vpc-1, not in " + infratest.VPC:                                                            {private: {"vpcId": "vpc-1"}},
		"network.dataSubnets: all are in [eu-west-1b]":                                                                                            {data: {"availabilityZone": "eu-west-1b"}},
		"network.publicSubnets: " + infratest.Subnet(1, "b") + " is the second one in eu-":                                                        {public: {"availabilityZone": "eu-west-1b"}},
		"network.publicSubnets: none is in eu-west-1c, where a private one is":                                                                    {private: {"availabilityZone": "eu-west-1c"}},
		"network.dataSubnets: " + data + " is in eu-west-1-bos-1a, which is no availability zone: choose a subnet in eu-west-1a, eu-west-1b, ...": {data: {"availabilityZone": "eu-west-1-bos-1a"}},
		"network.publicSubnets: " + public + " has the addresses 10.99.0.0/28":                                                                    {public: {"cidrBlock": "10.99.0.0/28"}},
		"network.privateSubnets: " + private + " gives every instance a public address":                                                           {private: {"mapPublicIpOnLaunch": true}},
		"network.publicSubnets: " + public + " has no route for 0.0.0.0/0 to an internet":                                                         {"rtb-public": {"routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"}}}},
		"network.privateSubnets: " + infratest.Subnet(2, "b") + " has no route for 0.0.0.0/0 in its route table, and the VPC has vpce-1 for logs without private DNS": {
			"rtb-private": {"routes": []any{}}, "com.amazonaws.eu-west-1.logs": {"privateDnsEnabled": false},
		},
		"has no route for 0.0.0.0/0 in its route table, and the VPC has vpce-1 for s3 without rtb-private": {
			"rtb-private": {"routes": []any{}}, "com.amazonaws.eu-west-1.s3": {"routeTableIds": []any{"rtb-main"}},
		},
		"network.dataSubnets: " + data + " has a route for 0.0.0.0/0 to the internet": {"rtb-main": {"routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "gatewayId": "igw-1"}}}},
	} {
		r := &infratest.Recorder{Lookups: lookups}
		err := r.Run(stacks.Deploy, "laravel-ecs", "staging", existingNetwork(stackConfig(t, "staging")))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		for _, one := range r.All() {
			if one.Type != "pulumi:providers:aws" {
				t.Errorf("%s: %s %s is registered", want, one.Type, one.Name)
			}
		}
	}
	// The main route table counts for a subnet that no other one names, and a transit gateway is a way out.
	// So are endpoints of all services, and a firewall may be before the load balancer.
	for what, lookups := range map[string]map[string]map[string]any{
		"transit gateway": {
			"rtb-main": {"routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "transitGatewayId": "tgw-1"}}}, "rtb-private": {"associations": []any{}},
		},
		"endpoints": {"rtb-private": {"routes": []any{}}},
		"several endpoints": {
			"rtb-private":                     {"routes": []any{}},
			"com.amazonaws.eu-west-1.s3":      {"error": "multiple EC2 VPC Endpoints matched; use additional constraints to reduce matches to a single EC2 VPC Endpoint"},
			"com.amazonaws.eu-west-1.ecr.api": {"error": "multiple EC2 VPC Endpoints matched; use additional constraints to reduce matches to a single EC2 VPC Endpoint"},
		},
		"firewall": {"rtb-public": {"routes": []any{map[string]any{"cidrBlock": "0.0.0.0/0", "vpcEndpointId": "vpce-2"}}}},
	} {
		r := &infratest.Recorder{Lookups: lookups}
		if err := r.Run(stacks.Deploy, "laravel-ecs", "staging", existingNetwork(stackConfig(t, "staging"))); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// TestExistingNetworkKeys: each wrong key has an error with the key and the fix.
func TestExistingNetworkKeys(t *testing.T) {
	for _, test := range []struct {
		stack, section, key string
		value               any
		want                string
	}{
		{"staging", "network", "vpcId", "", "network.dataSubnets: only for a VPC that exists: set network.vpcId"},
		{"staging", "network", "vpcId", "shop", `network.vpcId: "shop" is not the id of a VPC`},
		{"staging", "network", "publicSubnets", []string{infratest.Subnet(1, "a")}, "network.publicSubnets: 1 subnets; network.vpcId needs at least two"},
		{"staging", "network", "publicSubnets", []string{"a", "b"}, `network.publicSubnets: "a" is not the id of a subnet`},
		{"staging", "network", "dataSubnets", []string{infratest.Subnet(1, "a"), infratest.Subnet(3, "b")}, "is in network.publicSubnets, too"},
		{"staging", "network", "privateSubnets", []string{infratest.Subnet(2, "a"), infratest.Subnet(2, "a")}, "is listed twice"},
		{"staging", "network", "cidr", "10.9.0.0/16", "network.cidr: the program changes nothing of network.vpcId: remove the key"},
		{"staging", "network", "nat", "none", "network.nat: the program changes nothing of network.vpcId"},
		{"staging", "network", "endpoints", []string{"logs"}, "network.endpoints: the program changes nothing of network.vpcId"},
		{"staging", "network", "emptyDefaultGroup", false, "network.emptyDefaultGroup: the program changes nothing of network.vpcId"},
		{"local", "network", "zones", 3, "network.vpcId: environment.class local has no VPC but its own"},
		{"review", "environment", "shares", "staging", "network.vpcId: with environment.shares the network is that of staging"},
	} {
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", test.stack, with(existingNetwork(stackConfig(t, test.stack)), test.section, test.key, test.value))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s.%s %v: got %v", test.section, test.key, test.value, err)
		}
	}
}
