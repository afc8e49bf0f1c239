package account

import (
	"fmt"
	"net/netip"
	"regexp"
)

// cidr wants texts that are IPv4 networks in canonical form with lo to hi bits.
func (r *rules) cidr(path string, lo, hi int) {
	r.each(path, func(place, text string) {
		network, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !network.Addr().Is4():
			r.refuse(place, "%q is not a valid IPv4 CIDR block, such as 10.0.0.0/16", text)
		case network != network.Masked():
			r.refuse(place, "%q is not a valid IPv4 CIDR block; did you mean %q?", text, network.Masked())
		case network.Bits() < lo || network.Bits() > hi:
			r.refuse(place, "expected %q to contain a network value with between %d and %d significant bits", text, lo, hi)
		}
	})
}

// cidr6 wants texts that are IPv6 networks in canonical form.
func (r *rules) cidr6(path string) {
	r.each(path, func(place, text string) {
		if network, err := netip.ParsePrefix(text); err != nil || !network.Addr().Is6() || network != network.Masked() {
			r.refuse(place, "%q is not a valid IPv6 CIDR block, such as 2001:db8::/32", text)
		}
	})
}

// zoneOf returns the availability zone of a subnet.
func (tx *Tx) zoneOf(subnetID string) string {
	subnet, _ := tx.Get(subnetToken, subnetID)
	return subnet.Outputs.Text("availabilityZone")
}

// vpcOf returns the VPC that a resource of this type and id is in.
func (tx *Tx) vpcOf(token, id string) string {
	r, _ := tx.Get(token, id)
	return r.Outputs.Text("vpcId")
}

// sameVPC refuses subnets and security groups that are not all in one VPC and returns that VPC.
func (tx *Tx) sameVPC(code string, subnets, groups []string) (string, error) {
	vpc, first := "", ""
	check := func(token string, ids []string) error {
		for _, id := range ids {
			switch next := tx.vpcOf(token, id); {
			case vpc == "":
				vpc, first = next, id
			case next != vpc:
				return tx.Refuse(code, "%s (in %s) and %s (in %s) belong to different networks", first, vpc, id, next)
			}
		}
		return nil
	}
	if err := check(subnetToken, subnets); err != nil {
		return "", err
	}
	return vpc, check(securityGroupToken, groups)
}

// internetGatewayOf returns the internet gateway attached to a VPC.
func (tx *Tx) internetGatewayOf(vpcID string) (Resource, bool) {
	return tx.Find(internetGatewayToken, "vpcId", vpcID)
}

// privateIP takes the next free address of a subnet. AWS keeps the first four and the last.
func (tx *Tx) privateIP(subnetID string) (string, error) {
	subnet, _ := tx.Get(subnetToken, subnetID)
	network, err := netip.ParsePrefix(subnet.Outputs.Text("cidrBlock"))
	if err != nil {
		return "", fmt.Errorf("reading the network of %s: %w", subnetID, err)
	}
	taken := map[string]bool{}
	for _, token := range []string{natGatewayToken, instanceToken} {
		for _, r := range tx.List(token) {
			if r.Outputs.Text("subnetId") == subnetID {
				taken[r.Outputs.Text("privateIp")] = true
			}
		}
	}
	address := network.Addr()
	for range 4 {
		address = address.Next()
	}
	for ; network.Contains(address.Next()); address = address.Next() {
		if !taken[address.String()] {
			return address.String(), nil
		}
	}
	return "", tx.Refuse("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%s' to satisfy the request.", subnetID)
}

// publicIP makes an address out of the blocks that are reserved for documentation.
func (tx *Tx) publicIP() string {
	tx.account.state.Counter++
	n := tx.account.state.Counter
	return fmt.Sprintf("%s.%d", []string{"203.0.113", "198.51.100", "192.0.2"}[n/254%3], n%254+1)
}

var notDigit = regexp.MustCompile(`\D`)

// publicDNS is the name AWS gives to a public address.
func (tx *Tx) publicDNS(address string) string {
	dashed := notDigit.ReplaceAllString(address, "-")
	if tx.Region() == "us-east-1" {
		return "ec2-" + dashed + ".compute-1.amazonaws.com"
	}
	return fmt.Sprintf("ec2-%s.%s.compute.amazonaws.com", dashed, tx.Region())
}

// privateDNS is the name AWS gives to a private address.
func (tx *Tx) privateDNS(address string) string {
	dashed := notDigit.ReplaceAllString(address, "-")
	if tx.Region() == "us-east-1" {
		return "ip-" + dashed + ".ec2.internal"
	}
	return fmt.Sprintf("ip-%s.%s.compute.internal", dashed, tx.Region())
}
