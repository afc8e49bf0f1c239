package ec2

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// privateIP takes the next free address of a subnet. AWS keeps the first four and the last.
func privateIP(tx *account.Tx, subnetID string) (string, error) {
	subnet, _ := tx.Get(account.SubnetToken, subnetID)
	network, err := netip.ParsePrefix(subnet.Outputs.Text("cidrBlock"))
	if err != nil {
		return "", fmt.Errorf("reading the network of %s: %w", subnetID, err)
	}
	used, address := taken(tx, subnetID), network.Addr()
	for range 4 {
		address = address.Next()
	}
	for ; network.Contains(address.Next()); address = address.Next() {
		if !used[address.String()] {
			return address.String(), nil
		}
	}
	return "", tx.Refuse("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%s' to satisfy the request.", subnetID)
}

// taken are the addresses of a subnet that are in use, as far as they are chosen here.
func taken(tx *account.Tx, subnetID string) map[string]bool {
	used := map[string]bool{}
	for _, token := range []string{account.NatGatewayToken, account.InstanceToken} {
		for _, r := range tx.List(token) {
			if r.Outputs.Text("subnetId") == subnetID {
				used[r.Outputs.Text("privateIp")] = true
			}
		}
	}
	return used
}

// publicIP makes an address out of the blocks that are reserved for documentation.
func publicIP(tx *account.Tx) string {
	n := tx.Count()
	return fmt.Sprintf("%s.%d", []string{"203.0.113", "198.51.100", "192.0.2"}[n/254%3], n%254+1)
}

// dns is the name AWS gives to an address: ec2-... to a public one, ip-... to a private one.
func dns(tx *account.Tx, kind, address string) string {
	name := kind + "-" + strings.ReplaceAll(address, ".", "-")
	switch {
	case tx.Region() == "us-east-1" && kind == "ip":
		return name + ".ec2.internal"
	case tx.Region() == "us-east-1":
		return name + ".compute-1.amazonaws.com"
	case kind == "ip":
		return fmt.Sprintf("%s.%s.compute.internal", name, tx.Region())
	}
	return fmt.Sprintf("%s.%s.compute.amazonaws.com", name, tx.Region())
}
