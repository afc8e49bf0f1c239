package ec2

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// unassociated is an Elastic IP address that nothing uses.
var unassociated = account.Values{"associationId": "", "networkInterface": "", "privateIp": "", "privateDns": ""}

var eip = account.Type{
	Token: account.EIPToken, Args: ec2.EipArgs{}, State: ec2.Eip{},
	ForceNew: []string{"address", "customerOwnedIpv4Pool", "domain", "ipamPoolId", "networkBorderGroup", "publicIpv4Pool", "vpc"},
	Refs:     []account.Ref{{Path: "instance", Type: account.InstanceToken, By: "id", Missing: "InvalidInstanceID.NotFound"}},
	Rules:    []account.Rule{account.OneOf("domain", "vpc")},
	Identity: identity("eipalloc", "elastic-ip", account.Values{
		"allocationId": "{id}", "domain": "vpc", "vpc": true, "networkBorderGroup": "{region}", "publicIpv4Pool": "amazon",
	}),
	Create: func(tx *account.Tx, r *account.Resource) error {
		address := publicIP(tx)
		r.Outputs["publicIp"], r.Outputs["publicDns"] = address, dns(tx, "ec2", address)
		return associate(tx, nil, r)
	},
	Update: associate,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		tx.Patch(account.InstanceToken, r.Outputs.Text("instance"), account.Values{"publicIp": "", "publicDns": ""})
		return nil
	},
}

// associate gives the address to the instance it names.
func associate(tx *account.Tx, old, next *account.Resource) error {
	instance, ok := tx.Get(account.InstanceToken, next.Outputs.Text("instance"))
	if !ok {
		return nil
	}
	if err := checkOpen(tx, instance.Outputs.Text("subnetId")); err != nil {
		return err
	}
	if old == nil || old.Outputs.Text("instance") != instance.ID {
		next.Outputs["associationId"] = tx.HexID("eipassoc")
	}
	next.Outputs["networkInterface"] = instance.Outputs["primaryNetworkInterfaceId"]
	next.Outputs["privateIp"], next.Outputs["privateDns"] = instance.Outputs["privateIp"], instance.Outputs["privateDns"]
	tx.Patch(account.InstanceToken, instance.ID, account.Values{"publicIp": next.Outputs["publicIp"], "publicDns": next.Outputs["publicDns"]})
	return nil
}

// checkOpen refuses a public address in a VPC without an internet gateway.
func checkOpen(tx *account.Tx, subnet string) error {
	vpc := tx.VPCOf(account.SubnetToken, subnet)
	if _, attached := tx.InternetGatewayOf(vpc); !attached {
		return tx.Refuse("Gateway.NotAttached", "Network %s has no Internet gateway attached; depend on one", vpc)
	}
	return nil
}

var natGateway = account.Type{
	Token: account.NatGatewayToken, Args: ec2.NatGatewayArgs{}, State: ec2.NatGateway{},
	ForceNew: []string{"allocationId", "connectivityType", "privateIp", "secondaryPrivateIpAddressCount", "subnetId"},
	Defaults: account.Values{"connectivityType": "public"},
	Refs: []account.Ref{
		{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound", InUse: "DependencyViolation"},
		{Path: "allocationId", Type: account.EIPToken, By: "id", Missing: "InvalidAllocationID.NotFound", InUse: "InvalidIPAddress.InUse"},
	},
	Check: func(r *account.Rules) {
		if !r.In.Has("allocationId") {
			r.Refuse("allocationId", "a public NAT gateway needs the id of an Elastic IP address")
		}
	},
	Identity: identity("nat", "", account.Values{"networkInterfaceId": "eni-0{hex:16}"}),
	Create: func(tx *account.Tx, r *account.Resource) error {
		subnet := r.Outputs.Text("subnetId")
		private, err := privateIP(tx, subnet)
		if err != nil {
			return err
		}
		allocation, _ := tx.Get(account.EIPToken, r.Outputs.Text("allocationId"))
		if by := allocation.Outputs.Text("associationId"); by != "" {
			return tx.Refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated with %s", allocation.ID, allocation.Outputs.Text("networkInterface"))
		}
		if err := checkOpen(tx, subnet); err != nil {
			return err
		}
		r.Outputs["privateIp"], r.Outputs["publicIp"] = private, allocation.Outputs["publicIp"]
		r.Outputs["associationId"] = tx.HexID("eipassoc")
		tx.Patch(account.EIPToken, allocation.ID, account.Values{
			"associationId": r.Outputs["associationId"], "networkInterface": r.Outputs["networkInterfaceId"],
			"privateIp": private, "privateDns": dns(tx, "ip", private),
		})
		return nil
	},
	Delete: func(tx *account.Tx, r *account.Resource) error {
		tx.Patch(account.EIPToken, r.Outputs.Text("allocationId"), unassociated)
		return nil
	},
}
