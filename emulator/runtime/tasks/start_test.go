package tasks

import (
	"net/netip"
	"slices"
	"testing"
)

// TestTasksTrustTheEmulatedLoadBalancer: it has an address of the private network, and none of the declared subnets.
func TestTasksTrustTheEmulatedLoadBalancer(t *testing.T) {
	env := []string{"A=1", "TRUSTED_PROXIES=10.0.0.0/20,10.0.16.0/20", "TRUSTED_PROXIES_NOT=x"}
	got := fromBalancer(env, netip.MustParseAddr("10.219.3.17"))
	if want := []string{"A=1", "TRUSTED_PROXIES=10.0.0.0/20,10.0.16.0/20,10.219.3.0/24", "TRUSTED_PROXIES_NOT=x"}; !slices.Equal(got, want) {
		t.Errorf("the variables are %q, not %q", got, want)
	}
	if env[1] != "TRUSTED_PROXIES=10.0.0.0/20,10.0.16.0/20" {
		t.Error("those of the task definition changed")
	}
}
