package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// regions are the regions of the aws partition.
var regions = map[string]region{
	"af-south-1":     {"afs1", "", "abc"},
	"ap-east-1":      {"ape1", "", "abc"},
	"ap-northeast-1": {"apne1", "582318560864", "acd"},
	"ap-northeast-2": {"apn2", "600734575887", "abcd"},
	"ap-northeast-3": {"apne3", "383597477331", "abc"},
	"ap-south-1":     {"aps1", "718504428378", "abc"},
	"ap-south-2":     {"aps2", "", "abc"},
	"ap-southeast-1": {"apse1", "114774131450", "abc"},
	"ap-southeast-2": {"apse2", "783225319266", "abc"},
	"ap-southeast-3": {"apse3", "589379963580", "abc"},
	"ap-southeast-4": {"apse4", "", "abc"},
	"ca-central-1":   {"cac1", "985666609251", "abd"},
	"ca-west-1":      {"caw1", "", "abc"},
	"eu-central-1":   {"euc1", "054676820928", "abc"},
	"eu-central-2":   {"euc2", "", "abc"},
	"eu-north-1":     {"eun1", "897822967062", "abc"},
	"eu-south-1":     {"eus1", "635631232127", "abc"},
	"eu-south-2":     {"eus2", "", "abc"},
	"eu-west-1":      {"euw1", "156460612806", "abc"},
	"eu-west-2":      {"euw2", "652711504416", "abc"},
	"eu-west-3":      {"euw3", "009996457667", "abc"},
	"il-central-1":   {"ilc1", "", "abc"},
	"me-central-1":   {"mec1", "", "abc"},
	"me-south-1":     {"mes1", "076674570225", "abc"},
	"sa-east-1":      {"sae1", "507241528517", "abc"},
	"us-east-1":      {"use1", "127311923021", "abcdef"},
	"us-east-2":      {"use2", "033677994240", "abc"},
	"us-west-1":      {"usw1", "027434742980", "ac"},
	"us-west-2":      {"usw2", "797873946194", "abcd"},
}

// regionKey is the key of the region in a context.
type regionKey struct{}

// InRegion is the context of operations in a region of its own, for a provider that was configured so. Only types with OtherRegions can
// be made there.
func InRegion(ctx context.Context, region string) context.Context {
	if region == "" {
		return ctx
	}
	return context.WithValue(ctx, regionKey{}, region)
}

// KnownRegion tells whether AWS has the region.
func KnownRegion(name string) bool {
	_, known := regions[name]
	return known
}

// checkRegion refuses a resource in another region than the account's, unless the emulator has its type there.
func (tx *Tx) checkRegion(t Type) error {
	if region := tx.Region(); region != tx.account.region && !t.OtherRegions {
		return fmt.Errorf("creating %s in %s: the emulated account has resources of this type in %s only", t.Token, region, tx.account.region)
	}
	return nil
}

type region struct {
	code         string // as in cache endpoints and zone ids: euc1
	loadBalancer string // account that writes access logs of load balancers; empty where the region has none
	zones        string // letters of its availability zones
}

// RegionCode is the short form of the region in cache endpoints and zone ids: euc1.
func (tx *Tx) RegionCode() string { return regions[tx.Region()].code }

// Zones are the availability zones of the region.
func (tx *Tx) Zones() []string {
	var zones []string
	for _, letter := range regions[tx.Region()].zones {
		zones = append(zones, tx.Region()+string(letter))
	}
	return zones
}

// Available tells whether a zone is not in an event.
func (tx *Tx) Available(zone string) bool {
	return !slices.Contains(tx.account.faults.Unavailable, zone)
}

// LogWriter is the account of AWS that writes the access logs of the region's load balancers; empty where there is none.
func (tx *Tx) LogWriter() string { return regions[tx.Region()].loadBalancer }

// BalancerZone is the hosted zone of the names of the region's load balancers.
func (tx *Tx) BalancerZone() string {
	known := map[string]string{
		"us-east-1": "Z35SXDOTRQ7X7K", "us-east-2": "Z3AADJGX6KTTL2", "us-west-1": "Z368ELLRRE2KJ0", "us-west-2": "Z1H1FL5HABSF5",
		"eu-central-1": "Z215JYRZR1TBD5", "eu-west-1": "Z32O12XQLNTSW2", "eu-west-2": "ZHURV8PSTC4K8", "eu-west-3": "Z3Q77PNBQS71R4",
		"eu-north-1": "Z23TAZ6LKFMNIO", "ap-southeast-1": "Z1LMS91P8CMLE5", "ap-southeast-2": "Z1GM3OXH4ZPM65", "ap-northeast-1": "Z14GRHDCWA56QT",
		"ap-south-1": "ZP97RAFLXTNZK", "ca-central-1": "ZQSVJUPU6J1EY", "sa-east-1": "Z2P70J7HTTTPLU",
	}
	if zone, ok := known[tx.Region()]; ok {
		return zone
	}
	return "Z" + strings.ToUpper(StableLetters("elb zone "+tx.Region(), 13))
}

// ZoneID is the name of a zone that is the same in every account: euc1-az1.
func (tx *Tx) ZoneID(zone string) string {
	return fmt.Sprintf("%s-az%d", tx.RegionCode(), slices.Index(tx.Zones(), zone)+1)
}
