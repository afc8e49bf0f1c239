package vpc

import (
	"net/netip"
	"testing"
)

func TestSubnetBlock(t *testing.T) {
	tests := []struct {
		vpc        string
		tier, zone int
		want       string
	}{
		{"10.0.0.0/16", 0, 0, "10.0.0.0/20"},
		{"10.0.0.0/16", 1, 2, "10.0.96.0/20"},
		{"10.0.0.0/16", 2, 3, "10.0.176.0/20"},
		{"192.168.10.0/23", 0, 1, "192.168.10.32/27"},
		{"192.168.10.0/23", 2, 2, "192.168.11.64/27"},
	}
	for _, test := range tests {
		if got := SubnetBlock(netip.MustParsePrefix(test.vpc), test.tier, test.zone).String(); got != test.want {
			t.Errorf("%s tier %d zone %d: %s, %s expected", test.vpc, test.tier, test.zone, got, test.want)
		}
	}
}

// FuzzSubnetBlock: blocks stay inside the VPC and never overlap.
func FuzzSubnetBlock(f *testing.F) {
	f.Add(uint32(0x0a000000), 16)
	f.Add(uint32(0xc0a80a00), 23)
	f.Fuzz(func(t *testing.T, base uint32, bits int) {
		if bits < 16 || bits > 23 {
			t.Skip("validation allows /16 to /23")
		}
		addr := netip.AddrFrom4([4]byte{byte(base >> 24), byte(base >> 16), byte(base >> 8), byte(base)})
		vpc := netip.PrefixFrom(addr, bits).Masked()
		var seen []netip.Prefix
		for tier := range 3 {
			for zone := range 4 {
				block := SubnetBlock(vpc, tier, zone)
				if !vpc.Contains(block.Addr()) || block.Masked() != block {
					t.Fatalf("%s is not a block of %s", block, vpc)
				}
				for _, other := range seen {
					if block.Overlaps(other) {
						t.Fatalf("%s overlaps %s", block, other)
					}
				}
				seen = append(seen, block)
			}
		}
	})
}
