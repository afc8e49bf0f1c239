package ec2

import (
	"fmt"
	"net/netip"
	"regexp"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// privateIP takes the next free address of a subnet. AWS keeps the first four and the last.
func privateIP(tx *account.Tx, subnetID string) (string, error) {
	subnet, _ := tx.Get(account.SubnetToken, subnetID)
	network, err := netip.ParsePrefix(subnet.Outputs.Text("cidrBlock"))
	if err != nil {
		return "", fmt.Errorf("reading the network of %s: %w", subnetID, err)
	}
	taken := map[string]bool{}
	for _, token := range []string{account.NatGatewayToken, account.InstanceToken} {
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
func publicIP(tx *account.Tx) string {
	n := tx.Count()
	return fmt.Sprintf("%s.%d", []string{"203.0.113", "198.51.100", "192.0.2"}[n/254%3], n%254+1)
}

var notDigit = regexp.MustCompile(`\D`)

// publicDNS is the name AWS gives to a public address.
func publicDNS(tx *account.Tx, address string) string {
	dashed := notDigit.ReplaceAllString(address, "-")
	if tx.Region() == "us-east-1" {
		return "ec2-" + dashed + ".compute-1.amazonaws.com"
	}
	return fmt.Sprintf("ec2-%s.%s.compute.amazonaws.com", dashed, tx.Region())
}

// privateDNS is the name AWS gives to a private address.
func privateDNS(tx *account.Tx, address string) string {
	dashed := notDigit.ReplaceAllString(address, "-")
	if tx.Region() == "us-east-1" {
		return "ip-" + dashed + ".ec2.internal"
	}
	return fmt.Sprintf("ip-%s.%s.compute.internal", dashed, tx.Region())
}
