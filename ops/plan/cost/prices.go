// Package cost estimates what the resources of a stack cost in a month, from a dated table of list prices. What the table has no
// price for is listed, never guessed; what is paid by use is named with its price and not part of the sum.
package cost

import (
	_ "embed" // the table
	"fmt"

	"go.yaml.in/yaml/v3"
)

// hoursPerMonth is what AWS's own calculator takes.
const hoursPerMonth = 730

//go:embed prices.yaml
var file []byte

// Table is a table of prices by region.
type Table struct {
	// Date is when the prices were current.
	Date    string
	Regions map[string]Prices
}

// Prices are those of one region, in USD. A price that is missing is 0, which no price is.
type Prices struct {
	EC2                                     map[string]float64
	EBS                                     map[string]float64
	RDS                                     map[string]float64
	RDSStorage                              map[string]float64            `yaml:"rdsStorage"`
	Elasticache                             map[string]map[string]float64 // by engine
	NATGateway                              float64                       `yaml:"natGateway"`
	LoadBalancer                            float64                       `yaml:"loadBalancer"`
	PublicIPv4                              float64                       `yaml:"publicIpv4"`
	Endpoint, Secret, Key, Alarm, Dashboard float64
	WebACL                                  float64 `yaml:"webAcl"`
	WebACLRule                              float64 `yaml:"webAclRule"`
	Usage                                   Usage
}

// Usage is what is paid by use: per GB, for load balancer capacity by the hour, for web requests by the million.
type Usage struct{ NAT, Endpoint, Capacity, Logs, Images, Requests float64 }

// Load reads the table of the repository.
func Load() (Table, error) {
	var t Table
	if err := yaml.Unmarshal(file, &t); err != nil {
		return t, fmt.Errorf("ops/plan/cost/prices.yaml: %w", err)
	}
	return t, nil
}
