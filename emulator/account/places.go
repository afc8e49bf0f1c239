package account

import (
	"fmt"
	"slices"
)

// VPCOf returns the VPC that a resource of this type and id is in.
func (tx *Tx) VPCOf(token, id string) string {
	r, _ := tx.Get(token, id)
	return r.Outputs.Text("vpcId")
}

// SameVPC refuses subnets and security groups that are not all in one VPC and returns that VPC.
func (tx *Tx) SameVPC(code string, subnets, groups []string) (string, error) {
	vpc, first := "", ""
	check := func(token string, ids []string) error {
		for _, id := range ids {
			switch next := tx.VPCOf(token, id); {
			case vpc == "":
				vpc, first = next, id
			case next != vpc:
				return tx.Refuse(code, "%s (in %s) and %s (in %s) belong to different networks", first, vpc, id, next)
			}
		}
		return nil
	}
	if err := check(SubnetToken, subnets); err != nil {
		return "", err
	}
	return vpc, check(SecurityGroupToken, groups)
}

// InternetGatewayOf returns the internet gateway attached to a VPC.
func (tx *Tx) InternetGatewayOf(vpcID string) (Resource, bool) {
	return tx.Find(InternetGatewayToken, "vpcId", vpcID)
}

// ZonesOf returns the availability zones that the subnets lie in, without doubles and in order, and their VPC.
// mixed tells that they lie in several VPCs.
func (tx *Tx) ZonesOf(subnets []string) (zones []string, vpc string, mixed bool) {
	for _, id := range subnets {
		subnet, ok := tx.Get(SubnetToken, id)
		if !ok {
			continue
		}
		if zone := subnet.Outputs.Text("availabilityZone"); !slices.Contains(zones, zone) {
			zones = append(zones, zone)
		}
		switch of := subnet.Outputs.Text("vpcId"); {
		case vpc == "":
			vpc = of
		case vpc != of:
			mixed = true
		}
	}
	slices.Sort(zones)
	return zones, vpc, mixed
}

// GroupOutsideVPC returns the first security group that is not in the VPC.
func (tx *Tx) GroupOutsideVPC(groups []string, vpc string) (Resource, bool) {
	for _, id := range groups {
		if group, ok := tx.Get(SecurityGroupToken, id); ok && group.Outputs.Text("vpcId") != vpc {
			return group, true
		}
	}
	return Resource{}, false
}

// DefaultKey is the ARN of the key that AWS manages for a service in this account.
func (tx *Tx) DefaultKey(service string) string {
	id := StableHex("key "+service+" "+tx.Region(), 32)
	return tx.ARN("kms", fmt.Sprintf("key/%s-%s-4%s-a%s-%s", id[:8], id[8:12], id[13:16], id[17:20], id[20:]))
}

// RegistryHost is where the account's images are pushed.
func (tx *Tx) RegistryHost() string {
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com", tx.AccountID(), tx.Region())
}

// DefaultGroup puts a resource without security groups into the default one of its VPC, as AWS does.
func (tx *Tx) DefaultGroup(r *Resource, property, vpc string) {
	if network, ok := tx.Get(VPCToken, vpc); ok && len(r.Outputs.Strings(property)) == 0 {
		r.Outputs[property] = Texts(network.Outputs.Text("defaultSecurityGroupId"))
	}
}

// TemplateOf returns the launch template from which an Auto Scaling group starts its instances, and the version that it asks for.
func (tx *Tx) TemplateOf(group Values) (Resource, string) {
	specification := group.Map("launchTemplate")
	if group.Has("mixedInstancesPolicy") {
		specification = group.Map("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification")
	}
	id := specification.Text("id") + specification.Text("launchTemplateId")
	template, _ := tx.Get(LaunchTemplateToken, id)
	return template, specification.Text("version")
}
