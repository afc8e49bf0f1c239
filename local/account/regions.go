package account

// regions are the regions of the aws partition with the short code their endpoints use and the number of zones that a
// new account sees.
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
