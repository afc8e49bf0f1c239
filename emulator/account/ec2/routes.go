package ec2

import (
	"fmt"
	"hash/crc32"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var routeTable = account.Type{
	Token: account.RouteTableToken, Args: ec2.RouteTableArgs{}, State: ec2.RouteTable{},
	ForceNew: []string{"vpcId"},
	Refs:     []account.Ref{inVPC("DependencyViolation")},
	Identity: identity("rtb", "route-table", owned),
}

func ofTable(inUse string) account.Ref {
	return account.Ref{Path: "routeTableId", Type: account.RouteTableToken, By: "id", Missing: "InvalidRouteTableID.NotFound", InUse: inUse}
}

// route has one of the three targets that the emulator knows.
var route = account.Type{
	Token: account.RouteToken, Args: ec2.RouteArgs{}, State: ec2.Route{},
	ForceNew: []string{"routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"},
	Refs: []account.Ref{
		ofTable(""),
		{Path: "gatewayId", Type: account.InternetGatewayToken, By: "id", Missing: "InvalidGatewayID.NotFound"},
		{Path: "natGatewayId", Type: account.NatGatewayToken, By: "id", Missing: "InvalidNatGatewayID.NotFound"},
		{Path: "networkInterfaceId", Type: account.InstanceToken, By: "primaryNetworkInterfaceId", Missing: "InvalidNetworkInterfaceID.NotFound"},
	},
	Rules: []account.Rule{
		account.ExactlyOne("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
		account.ExactlyOne("gatewayId", "natGatewayId", "networkInterfaceId"),
		account.CIDR("destinationCidrBlock", 0, 32),
	},
	Identity: account.Identity{Outputs: account.Values{"origin": "CreateRoute", "state": "active"}},
	Create: func(tx *account.Tx, r *account.Resource) error {
		table, destination := r.Outputs.Text("routeTableId"), r.Outputs.Text("destinationCidrBlock")
		for _, other := range tx.List(account.RouteToken) {
			if other.Outputs.Text("routeTableId") == table && other.Outputs.Text("destinationCidrBlock") == destination {
				return tx.Refuse("RouteAlreadyExists", "The route identified by %s already exists.", destination)
			}
		}
		// The provider makes the id from the table and a hash of the destination.
		r.ID = fmt.Sprintf("r-%s%d", table, crc32.ChecksumIEEE([]byte(destination)))
		return nil
	},
	Complete: completeRoute,
}

// completeRoute refuses a target that is not in the VPC of the route table.
func completeRoute(tx *account.Tx, r *account.Resource) error {
	out := r.Outputs
	vpc := tx.VPCOf(account.RouteTableToken, out.Text("routeTableId"))
	target := out.Text("gatewayId")
	in := tx.VPCOf(account.InternetGatewayToken, target)
	out["instanceId"], out["instanceOwnerId"] = "", ""
	if id := out.Text("natGatewayId"); id != "" {
		nat, _ := tx.Get(account.NatGatewayToken, id)
		target, in = id, tx.VPCOf(account.SubnetToken, nat.Outputs.Text("subnetId"))
	} else if id := out.Text("networkInterfaceId"); id != "" {
		instance, _ := tx.Find(account.InstanceToken, "primaryNetworkInterfaceId", id)
		target, in = id, tx.VPCOf(account.SubnetToken, instance.Outputs.Text("subnetId"))
		out["instanceId"], out["instanceOwnerId"] = instance.ID, tx.AccountID()
	}
	if in != vpc {
		return tx.Refuse("InvalidParameterValue", "route table %s (in %s) and network gateway %s (in %q) belong to different networks", out.Text("routeTableId"), vpc, target, in)
	}
	return nil
}

var association = account.Type{
	Token: account.AssociationToken, Args: ec2.RouteTableAssociationArgs{}, State: ec2.RouteTableAssociation{},
	ForceNew: []string{"subnetId", "gatewayId"},
	Refs: []account.Ref{
		ofTable("DependencyViolation"),
		{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
	},
	Rules:    []account.Rule{account.ExactlyOne("subnetId", "gatewayId")},
	Identity: identity("rtbassoc", "", nil),
	Complete: func(tx *account.Tx, r *account.Resource) error {
		table, subnet := r.Outputs.Text("routeTableId"), r.Outputs.Text("subnetId")
		for _, other := range tx.List(account.AssociationToken) {
			if other.ID != r.ID && other.Outputs.Text("subnetId") == subnet {
				return tx.Refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association: %s", table, other.ID)
			}
		}
		if in, of := tx.VPCOf(account.SubnetToken, subnet), tx.VPCOf(account.RouteTableToken, table); in != of {
			return tx.Refuse("InvalidParameterValue", "Route table %s (in %s) and subnet %s (in %s) belong to different networks", table, of, subnet, in)
		}
		return nil
	},
}
