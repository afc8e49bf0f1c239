package cost

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"time"

	"go.yaml.in/yaml/v3"
)

// hoursPerMonth is what AWS's own calculator takes.
const hoursPerMonth = 730

// files are prices.yaml and, where `make prices` has been used, fetched.yaml.
//
//go:embed *.yaml
var files embed.FS

// FetchedFile has the prices that were read from AWS's price list. They win over those of prices.yaml.
const FetchedFile = "ops/plan/cost/fetched.yaml"

// Table is a table of prices by region.
type Table struct {
	// Date is when the prices were current, as 2025-06.
	Date    string
	Regions map[string]Prices
	// fetched are the days on which the prices of a region's classes were read, as 2025-06-30.
	fetched map[string]string
}

// Prices are those of one region, in USD. A price that is missing is 0, which no price is.
type Prices struct {
	ClassPrices                             `yaml:",inline"`
	SavingsPlan                             ClassPrices `yaml:"-"` // nothing but what was read
	EBS                                     map[string]float64
	RDSStorage                              map[string]float64 `yaml:"rdsStorage"`
	NATGateway                              float64            `yaml:"natGateway"`
	LoadBalancer                            float64            `yaml:"loadBalancer"`
	PublicIPv4                              float64            `yaml:"publicIpv4"`
	Endpoint, Secret, Key, Alarm, Dashboard float64
	Metric                                  float64 // of CloudWatch, that is not one of AWS's services
	WebACL                                  float64 `yaml:"webAcl"`
	WebACLRule                              float64 `yaml:"webAclRule"`
	Fargate                                 Fargate
	Usage                                   Usage
}

// Fargate are the prices of a vCPU and of a GB of memory, on x86 and on Graviton.
type Fargate struct {
	CPU, GB float64
	ARMCPU  float64 `yaml:"armCpu"`
	ARMGB   float64 `yaml:"armGb"`
}

// Usage is what is paid by use: per GB, for load balancer capacity by the hour, for web requests by the million.
type Usage struct{ NAT, Endpoint, Capacity, Logs, Images, Requests, Snapshots float64 }

// postgres is an engine of RDS with prices of its own.
const postgres = "postgres"

// ClassPrices are hourly prices of instance classes.
type ClassPrices struct {
	EC2         map[string]float64            `yaml:",omitempty"`
	RDS         map[string]float64            `yaml:",omitempty"` // of MySQL and MariaDB
	RDSPostgres map[string]float64            `yaml:"rdsPostgres,omitempty"`
	Elasticache map[string]map[string]float64 `yaml:",omitempty"` // by engine
}

// Fetched is what `make prices` reads of a region.
type Fetched struct {
	Date        string // the day, as 2025-06-30
	ClassPrices `yaml:",inline"`
	// SavingsPlan has the rates of a savings plan for a year, without upfront payment.
	SavingsPlan ClassPrices `yaml:"savingsPlan,omitempty"`
}

// Load reads the tables of the repository.
func Load() (Table, error) {
	var t Table
	if err := read("prices.yaml", &t); err != nil {
		return t, err
	}
	regions, err := LoadFetched()
	if err != nil {
		return t, err
	}
	t.fetched = map[string]string{}
	for region, fetched := range regions {
		t.fetched[region] = fetched.Date
		t.Regions[region] = t.Regions[region].with(fetched)
	}
	return t, nil
}

// LoadFetched reads what `make prices` has written, by region; nothing before the first time.
func LoadFetched() (map[string]Fetched, error) {
	regions := map[string]Fetched{}
	if err := read("fetched.yaml", &regions); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return regions, nil
}

func read(name string, into any) error {
	text, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("ops/plan/cost/%s: %w", name, err)
	}
	return nil
}

func (p Prices) with(fetched Fetched) Prices {
	p.ClassPrices, p.SavingsPlan = p.With(fetched.ClassPrices), fetched.SavingsPlan
	return p
}

// With adds later prices, which win.
func (f Fetched) With(later Fetched) Fetched {
	return Fetched{later.Date, f.ClassPrices.With(later.ClassPrices), f.SavingsPlan.With(later.SavingsPlan)}
}

// With adds later prices, which win.
func (c ClassPrices) With(later ClassPrices) ClassPrices {
	all := ClassPrices{merged(c.EC2, later.EC2), merged(c.RDS, later.RDS), merged(c.RDSPostgres, later.RDSPostgres), map[string]map[string]float64{}}
	for _, engines := range []map[string]map[string]float64{c.Elasticache, later.Elasticache} {
		for engine, nodes := range engines {
			all.Elasticache[engine] = merged(all.Elasticache[engine], nodes)
		}
	}
	return all
}

// Of is the price of a class; 0 if it is not there.
func (c ClassPrices) Of(class Class) float64 {
	switch class.Service {
	case "EC2":
		return c.EC2[class.Name]
	case "RDS":
		if class.Engine == postgres {
			return c.RDSPostgres[class.Name]
		}
		return c.RDS[class.Name]
	}
	return c.Elasticache[class.Engine][class.Name]
}

// Len is how many classes have a price.
func (c ClassPrices) Len() int {
	n := len(c.EC2) + len(c.RDS) + len(c.RDSPostgres)
	for _, nodes := range c.Elasticache {
		n += len(nodes)
	}
	return n
}

// Priced is one class with its price.
func Priced(class Class, price float64) ClassPrices {
	switch entry := map[string]float64{class.Name: price}; class.Service {
	case "EC2":
		return ClassPrices{EC2: entry}
	case "RDS":
		if class.Engine == postgres {
			return ClassPrices{RDSPostgres: entry}
		}
		return ClassPrices{RDS: entry}
	default:
		return ClassPrices{Elasticache: map[string]map[string]float64{class.Engine: entry}}
	}
}

func merged(table, over map[string]float64) map[string]float64 {
	all := map[string]float64{}
	maps.Copy(all, table)
	maps.Copy(all, over)
	return all
}

// AsOf says when a region's prices were current.
func (t Table) AsOf(region string) string {
	if day := t.fetched[region]; day != "" {
		return t.Date + ", those of instances and nodes as of " + day
	}
	return t.Date
}

// Aged tells whether the prices of a region's classes are older than 12 months.
func (t Table) Aged(region string, now time.Time) bool {
	date := t.Date + "-01"
	if day := t.fetched[region]; day != "" {
		date = day
	}
	current, err := time.Parse(time.DateOnly, date)
	return err != nil || current.AddDate(1, 0, 0).Before(now)
}

// Class is a size of machine that has an hourly price.
type Class struct {
	Service string // EC2, RDS or ElastiCache
	Engine  string // of RDS and ElastiCache, in Pulumi's spelling
	Name    string
}

// Classes are those that resources use.
func Classes(resources []Resource) map[Class]bool {
	all := map[Class]bool{}
	for _, r := range resources {
		switch r.Type {
		case "aws:autoscaling/group:Group":
			for _, name := range FleetOf(r).Types {
				all[Class{"EC2", "", name}] = true
			}
		case "aws:ec2/instance:Instance":
			all[Class{"EC2", "", text(r, "instanceType")}] = true
		case "aws:rds/instance:Instance":
			all[Class{"RDS", text(r, "engine"), text(r, "instanceClass")}] = true
		case "aws:elasticache/replicationGroup:ReplicationGroup", "aws:elasticache/cluster:Cluster":
			all[Class{"ElastiCache", text(r, "engine"), text(r, "nodeType")}] = true
		}
	}
	return all
}
