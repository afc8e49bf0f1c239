package machine

import (
	"net/netip"
	"testing"
)

func TestFreeSubnet(t *testing.T) {
	used := []netip.Prefix{netip.MustParsePrefix("10.219.0.0/23"), netip.MustParsePrefix("10.219.2.128/25"), netip.MustParsePrefix("172.17.0.0/16")}
	if got, ok := freeSubnet(PrivateRange, used); !ok || got.String() != "10.219.3.0/24" {
		t.Errorf("got %s, %v", got, ok)
	}
	if got, ok := freeSubnet(PrivateRange, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}); ok {
		t.Errorf("got %s out of a full range", got)
	}
	table := "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\neth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\neth0\t0000DB0A\t00000000\t0001\t0\t0\t0\t0000FFFF\n"
	if got := routes(table); len(got) != 1 || got[0].String() != "10.219.0.0/16" {
		t.Errorf("routes %v", got)
	}
}

func TestNextAddress(t *testing.T) {
	subnet := netip.MustParsePrefix("10.219.4.0/24")
	taken := map[netip.Addr]bool{netip.MustParseAddr("10.219.4.2"): true}
	for last, want := range map[string]string{"": "10.219.4.3", "10.219.4.9": "10.219.4.10", "10.219.4.253": "10.219.4.3", "10.0.0.7": "10.219.4.3"} {
		address, _ := netip.ParseAddr(last) // the empty one means none
		if got, ok := nextAddress(subnet, address, taken); !ok || got.String() != want {
			t.Errorf("after %q: %s, want %s", last, got, want)
		}
	}
	for i := 2; i < 254; i++ { // .254 is the fixed address
		taken[netip.AddrFrom4([4]byte{10, 219, 4, byte(i)})] = true
	}
	if got, ok := nextAddress(subnet, netip.Addr{}, taken); ok {
		t.Errorf("got %s out of a full subnet", got)
	}
}
