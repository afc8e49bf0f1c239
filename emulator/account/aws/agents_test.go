package aws

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// connect gives the subnets a and b a way to the internet: by a NAT gateway in a public subnet.
func (w *world) connect() {
	w.t.Helper()
	w.make(account.SubnetToken, "pub", account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-central-1a"})
	w.make(account.EIPToken, "natip", account.Values{"domain": "vpc"})
	w.make(account.NatGatewayToken, "nat", account.Values{"subnetId": "{pub}", "allocationId": "{natip}"})
	for name, route := range map[string]account.Values{"pubrtb": {"gatewayId": "{igw}"}, "privrtb": {"natGatewayId": "{nat}"}} {
		w.make(account.RouteTableToken, name, account.Values{"vpcId": "{vpc}"})
		w.make(account.RouteToken, name+"-out", with(route, account.Values{"routeTableId": "{" + name + "}", "destinationCidrBlock": "0.0.0.0/0"}))
	}
	for subnet, table := range map[string]string{"pub": "pubrtb", "a": "privrtb", "b": "privrtb"} {
		w.make(account.AssociationToken, subnet+"-assoc", account.Values{"subnetId": "{" + subnet + "}", "routeTableId": "{" + table + "}"})
	}
	w.make(account.EgressRuleToken, "out", account.Values{"securityGroupId": "{web}", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "0.0.0.0/0"})
}

// endpoints gives the VPC the interface endpoints of some services, with a group that lets the instances in.
func (w *world) endpoints(services ...string) {
	w.t.Helper()
	w.make(account.SecurityGroupToken, "doors", account.Values{"vpcId": "{vpc}"})
	rule := account.Values{"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
	w.make(account.IngressRuleToken, "doors-in", with(rule, account.Values{"securityGroupId": "{doors}", "referencedSecurityGroupId": "{peer}"}))
	w.make(account.EgressRuleToken, "doors-out", with(rule, account.Values{"securityGroupId": "{peer}", "referencedSecurityGroupId": "{doors}"}))
	for _, service := range services {
		w.make(account.VPCEndpointToken, service, account.Values{"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1." + service,
			"vpcEndpointType": "Interface", "subnetIds": []any{"{a}", "{b}"}, "securityGroupIds": []any{"{doors}"}, "privateDnsEnabled": true})
	}
}

// away takes a resource away and returns what the agents say then.
func (w *world) away(token, name string) string {
	w.t.Helper()
	if err := w.Delete(context.Background(), token, w.ids[name]); err != nil {
		w.t.Fatalf("deleting %s: %v", name, err)
	}
	return w.agents()
}

func (w *world) agents() (why string) {
	w.t.Helper()
	if err := w.Change(context.Background(), func(tx *account.Tx) error {
		fleet, found := tx.Fleet("shop")
		if !found {
			w.t.Fatal("no group joins the cluster")
		}
		why = tx.AgentsAway(fleet)
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return why
}

// TestAgentsNeedEverythingOnTheWay: whatever is taken away between an instance and ECS, the agent is disconnected.
func TestAgentsNeedEverythingOnTheWay(t *testing.T) {
	agents := []string{"ecs", "ecs-agent", "ecs-telemetry"}
	byEndpoints := func(w *world) {
		w.endpoints(agents...)
		w.away(account.EgressRuleToken, "out")
	}
	instance := func(w *world) {
		w.away(account.RouteToken, "privrtb-out")
		w.make(account.SecurityGroupToken, "natgroup", account.Values{"vpcId": "{vpc}"})
		everything := account.Values{"securityGroupId": "{natgroup}", "ipProtocol": "tcp", "fromPort": 0, "toPort": 65535}
		w.make(account.IngressRuleToken, "nat-in", with(everything, account.Values{"cidrIpv4": "10.0.0.0/16"}))
		w.make(account.EgressRuleToken, "nat-out", with(everything, account.Values{"cidrIpv4": "0.0.0.0/0"}))
		nat := w.make(account.InstanceToken, "natinstance", account.Values{"ami": "ami-0123456789abcdef0", "instanceType": "t4g.nano",
			"subnetId": "{pub}", "vpcSecurityGroupIds": []any{"{natgroup}"}, "sourceDestCheck": false})
		w.make(account.EIPToken, "address", account.Values{"domain": "vpc", "instance": "{natinstance}"})
		w.make(account.RouteToken, "privrtb-out", account.Values{
			"routeTableId": "{privrtb}", "destinationCidrBlock": "0.0.0.0/0", "networkInterfaceId": nat.Outputs["primaryNetworkInterfaceId"]})
	}
	both := func(w *world) { w.endpoints("ecs") }
	for _, test := range []struct {
		name        string
		setup       func(*world)
		token, gone string
		why         string
	}{
		{"route", nil, account.RouteToken, "privrtb-out", "no default route"},
		{"association", nil, account.AssociationToken, "b-assoc", "no default route"},
		{"NAT gateway", nil, account.NatGatewayToken, "nat", "is gone"},
		{"route of the NAT gateway", nil, account.RouteToken, "pubrtb-out", "no route to the internet gateway"},
		{"association of the NAT gateway", nil, account.AssociationToken, "pub-assoc", "no route to the internet gateway"},
		{"egress rule", nil, account.EgressRuleToken, "out", "no egress rule"},
		{"NAT instance", instance, account.InstanceToken, "natinstance", "is gone"},
		{"address of the NAT instance", instance, account.EIPToken, "address", "no public address"},
		{"rule of the NAT instance", instance, account.IngressRuleToken, "nat-in", "does not forward"},
		{"endpoint", byEndpoints, account.VPCEndpointToken, "ecs-agent", "no egress rule"},
		{"rule of the endpoints", byEndpoints, account.IngressRuleToken, "doors-in", "no rule of a security group"},
		{"rule to the endpoints", byEndpoints, account.EgressRuleToken, "doors-out", "no rule of a security group"},
		{"rule of an endpoint beside a NAT", both, account.IngressRuleToken, "doors-in", "no rule of a security group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := fleeted(t)
			if test.setup != nil {
				test.setup(w)
			}
			if why := w.agents(); why != "" {
				t.Fatalf("the agents are disconnected: %s", why)
			}
			if why := w.away(test.token, test.gone); !strings.Contains(why, test.why) {
				t.Errorf("without the %s: %q", test.name, why)
			}
		})
	}
}

// TestServiceDrainsThroughItsAgent: without agents a service stays DRAINING, also in a second attempt, and with them it must have the
// time that its tasks take. Instances that end without an agent stay registered.
func TestServiceDrainsThroughItsAgent(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	service := w.make(account.ServiceToken, "service", goodService)
	w.make(account.ServiceToken, "idle", with(goodService, account.Values{"name": "idle", "desiredCount": 0}))
	group := mustRead(w, account.TargetGroupToken, "tg")
	if err := w.Tamper(account.TargetGroupToken, group.ID, "deregistrationDelay", 3600.0); err != nil {
		t.Fatal(err)
	}
	remove := func(limit time.Duration, id string) error {
		if limit == 0 {
			return w.Delete(ctx, account.ServiceToken, id)
		}
		limited, done := context.WithTimeout(ctx, limit)
		defer done()
		return w.Delete(limited, account.ServiceToken, id)
	}
	for _, limit := range []time.Duration{0, time.Hour} {
		err := remove(limit, service.ID)
		wantCode(t, err, "RequestTimeout")
		if !strings.Contains(err.Error(), "last state: 'DRAINING'") || !strings.Contains(err.Error(), "1h0m30s") {
			t.Errorf("the refusal is %v", err)
		}
	}
	w.away(account.RouteToken, "privrtb-out")
	for range 2 {
		wantCode(t, remove(2*time.Hour, service.ID), "RequestTimeout")
	}
	if err := remove(0, w.ids["idle"]); err != nil {
		t.Errorf("a service without tasks: %v", err)
	}
	w.make(account.RouteToken, "privrtb-out", account.Values{"routeTableId": "{privrtb}", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "{nat}"})
	if err := remove(2*time.Hour, service.ID); err != nil {
		t.Fatal(err)
	}
	w.away(account.RouteToken, "privrtb-out")
	for _, step := range [][2]string{{account.ClusterProvidersToken, "association"}, {account.CapacityProviderToken, "capacity"}, {account.GroupToken, "asg"}} {
		if err := w.Delete(ctx, step[0], w.ids[step[1]]); err != nil {
			t.Fatal(err)
		}
	}
	wantCode(t, w.Delete(ctx, account.ClusterToken, w.ids["cluster"]), "ClusterContainsContainerInstancesException")
}
