package main_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// theirs are the resources of a network that a team made by other means.
type theirs struct {
	*life
	made  []account.Resource
	owned map[string]account.Resource // by name
}

func (n *theirs) make(token, name string, inputs account.Values) string {
	n.t.Helper()
	made, err := n.Account().Create(context.Background(), token, name, inputs)
	if err != nil {
		n.t.Fatal(err)
	}
	n.made, n.owned[name] = append(n.made, made), made
	return made.ID
}

// network makes a VPC with two public subnets, two private ones behind a NAT gateway, and two for data with the main route table.
func network(l *life) (*theirs, map[string]any) {
	n := &theirs{life: l, owned: map[string]account.Resource{}}
	vpc := n.make(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.99.0.0/16", "enableDnsHostnames": true})
	gateway := n.make(account.InternetGatewayToken, "igw", account.Values{"vpcId": vpc})
	keys := map[string]any{"vpcId": vpc}
	for tier, key := range []string{"publicSubnets", "privateSubnets", "dataSubnets"} {
		var ids []string
		for zone := range 2 {
			ids = append(ids, n.make(account.SubnetToken, fmt.Sprint(key, zone), account.Values{
				"vpcId": vpc, "cidrBlock": fmt.Sprintf("10.99.%d.%d/27", tier, zone*32), "availabilityZone": "eu-west-1" + string(rune('a'+zone)),
			}))
		}
		keys[key] = ids
	}
	address := n.make(account.EIPToken, "nat", account.Values{"domain": "vpc"})
	nat := n.make(account.NatGatewayToken, "natgateway", account.Values{"allocationId": address, "subnetId": n.owned["publicSubnets0"].ID})
	for key, target := range map[string]account.Values{"publicSubnets": {"gatewayId": gateway}, "privateSubnets": {"natGatewayId": nat}} {
		table := n.make(account.RouteTableToken, key, account.Values{"vpcId": vpc})
		target["routeTableId"], target["destinationCidrBlock"] = table, "0.0.0.0/0"
		n.make(account.RouteToken, key+"-out", target)
		for zone := range 2 {
			n.make(account.AssociationToken, fmt.Sprint(key, "-", zone), account.Values{"routeTableId": table, "subnetId": n.owned[fmt.Sprint(key, zone)].ID})
		}
	}
	return n, keys
}

// unchanged compares what the team made with what is there.
func (n *theirs) unchanged(when string) {
	n.t.Helper()
	for _, before := range n.made {
		now, there := n.Account().Read(before.Type, before.ID)
		if !there || before.Type != account.EIPToken && !reflect.DeepEqual(now.Outputs, before.Outputs) { // the address went to the NAT gateway
			n.t.Errorf("%s: %s %s is there: %v, with %v, and had %v", when, before.Type, before.ID, there, now.Outputs, before.Outputs)
		}
	}
}

// again destroys the environment, and makes it once more from the last snapshot of its database, with other keys.
func (n *theirs) again(what string, generation int, keys map[string]any) {
	n.t.Helper()
	database := n.Account().List(account.DatabaseToken)[0]
	if _, err := n.Destroy(n.t.Context()); err != nil {
		n.t.Fatalf("%s: %v", what, err)
	}
	keys["database.restore"] = map[string]any{"snapshot": database.Outputs.Text("finalSnapshotIdentifier"), "generation": generation, "old": "none"}
	n.set(keys)
	n.deploy(what)
	if got := n.Account().List(account.DatabaseToken)[0].Outputs.Text("snapshotIdentifier"); got != database.Outputs.Text("finalSnapshotIdentifier") {
		n.t.Errorf("%s: the database is from snapshot %q", what, got)
	}
}

// TestExistingNetworkMoves takes an environment from the network of the program to one that exists, with a cache that exists there, and
// back. A deployed environment is not moved: both previews refuse it. Its way is a new environment from the snapshot of the database.
func TestExistingNetworkMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "database.finalSnapshot": true})
	})
	l.deploy("its own network")
	own := l.Account().List(account.VPCToken)[0].ID
	n, keys := network(l)
	cache := map[string]any{"endpoint": "redis.shop.internal", "securityGroupId": n.make(account.SecurityGroupToken, "cache", account.Values{
		"vpcId": n.owned["vpc"].ID, "name": "theirs", "description": "Cache of the team",
	})}
	shipped := map[string]any{"cidr": "10.20.0.0/16", "nat": "instance"}
	refused := func(says string) {
		t.Helper()
		before := l.Account().List("")
		for name, try := range map[string]func() error{
			"preview": func() error { _, err := l.Preview(t.Context()); return err },
			"up":      func() error { _, err := l.Up(t.Context()); return err },
		} {
			if err := try(); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "snapshot of the database") {
				t.Errorf("%s: want %q, got %v", name, says, err)
			}
		}
		if after := l.Account().List(""); len(after) < len(before) {
			t.Errorf("%d resources of %d are left", len(after), len(before))
		}
	}
	l.set(map[string]any{"network": keys})
	refused("network.vpcId: this environment is in " + own + ", not in " + n.owned["vpc"].ID)
	mine := map[string]any{"vpcId": own}
	for key, token := range map[string]string{"publicSubnets": "public", "privateSubnets": "private", "dataSubnets": "data"} {
		var ids []string
		for _, subnet := range l.Account().List(account.SubnetToken) {
			if strings.Contains(subnet.Name, "-network-"+token) {
				ids = append(ids, subnet.ID)
			}
		}
		mine[key] = ids
	}
	l.set(map[string]any{"network": mine})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), own+" is the network that the program made for this environment") {
		t.Errorf("its own network as one that exists: %v", err)
	}
	l.set(map[string]any{"network": shipped})

	n.again("a network that exists", 2, map[string]any{"network": keys, "cache": cache})
	n.unchanged("with the environment in it")
	for _, token := range []string{account.BalancerToken, account.DatabaseSubnetGroupToken} {
		if in := l.Account().List(token)[0].Outputs.Text("vpcId"); in != n.owned["vpc"].ID {
			t.Errorf("%s is in %s", token, in)
		}
	}
	if there := l.Account().List(account.VPCToken); len(there) != 1 {
		t.Errorf("%d VPCs", len(there))
	}
	l.set(map[string]any{"network": shipped})
	refused("this environment is in a VPC that exists, and would get one of its own")

	n.again("its own network again", 3, map[string]any{"network": shipped, "cache": map[string]any{}})
	n.unchanged("after the environment went")
	if _, err := l.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"network": keys, "cluster.max": 60, "database.restore": nil})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "network.privateSubnets: 54 free addresses for 60 instances (cluster.max)") {
		t.Errorf("too few addresses: %v", err)
	}
	n.unchanged("in the end")

	// A network without a way to the internet needs the endpoints that AWS's services have in it.
	if err := l.Account().Delete(t.Context(), account.RouteToken, n.owned["privateSubnets-out"].ID); err != nil {
		t.Fatal(err)
	}
	l.set(map[string]any{"cluster.max": 3})
	if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), "has no route for 0.0.0.0/0 in its route table, and the VPC has no interface endpoint for ecs-agent (") {
		t.Errorf("without NAT and endpoints: %v", err)
	}
	group := n.make(account.SecurityGroupToken, "endpoints", account.Values{"vpcId": n.owned["vpc"].ID, "name": "endpoints", "description": "AWS services"})
	n.make(account.IngressRuleToken, "endpoints", account.Values{"securityGroupId": group, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "10.99.0.0/16"})
	for _, service := range config.EndpointsWithoutNAT {
		n.make(account.VPCEndpointToken, service, account.Values{
			"vpcId": n.owned["vpc"].ID, "serviceName": "com.amazonaws.eu-west-1." + service, "vpcEndpointType": "Interface", "privateDnsEnabled": true,
			"securityGroupIds": []any{group}, "subnetIds": []any{n.owned["privateSubnets0"].ID, n.owned["privateSubnets1"].ID},
		})
	}
	n.make(account.VPCEndpointToken, "s3", account.Values{
		"vpcId": n.owned["vpc"].ID, "serviceName": "com.amazonaws.eu-west-1.s3", "routeTableIds": []any{n.owned["privateSubnets"].ID},
	})
	l.deploy("endpoints instead of NAT")
}
