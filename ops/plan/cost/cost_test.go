package cost_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/plan/cost"
)

type properties = map[string]any

func table(t *testing.T) cost.Table {
	t.Helper()
	loaded, err := cost.Load()
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestPrices(t *testing.T) {
	distribution := func(base, percent float64, types ...any) properties {
		var overrides []any
		for _, class := range types {
			overrides = append(overrides, properties{"instanceType": class})
		}
		return properties{
			"instancesDistribution": properties{"onDemandBaseCapacity": base, "onDemandPercentageAboveBaseCapacity": percent},
			"launchTemplate":        properties{"overrides": overrides},
		}
	}
	template := cost.Resource{Type: "aws:ec2/launchTemplate:LaunchTemplate", Name: "x-cluster-template", Properties: properties{
		"blockDeviceMappings": []any{properties{"ebs": properties{"volumeSize": 30.0, "volumeType": "gp3"}}},
	}}
	fargate := func(provider, architecture string) []cost.Resource {
		return []cost.Resource{
			{Type: "aws:ecs/service:Service", Name: "x-web-service", Properties: properties{"desiredCount": 2.0, "capacityProviderStrategies": []any{properties{"capacityProvider": provider}}}},
			{Type: "aws:ecs/taskDefinition:TaskDefinition", Name: "x-web-task", Properties: properties{"cpu": "512", "memory": "1024", "runtimePlatform": properties{"cpuArchitecture": architecture}}},
			{Type: "aws:ecs/taskDefinition:TaskDefinition", Name: "x-web-green-task", Properties: properties{"cpu": "256", "memory": "512"}},
			{Type: "aws:ecs/service:Service", Name: "x-worker-service", Properties: properties{"desiredCount": 1.0, "capacityProviderStrategies": []any{properties{"capacityProvider": "x-cluster-capacity"}}}},
		}
	}
	for name, test := range map[string]struct {
		region    string
		resources []cost.Resource
		low, high float64
		unknown   int
	}{
		"nothing":           {"us-east-1", nil, 0, 0, 0},
		"NAT gateway":       {"us-east-1", []cost.Resource{{Type: "aws:ec2/natGateway:NatGateway"}}, 32.85, 32.85, 0},
		"NAT gateway there": {"eu-west-1", []cost.Resource{{Type: "aws:ec2/natGateway:NatGateway"}}, 35.04, 35.04, 0},
		"a public balancer": {"us-east-1", []cost.Resource{{Type: "aws:lb/loadBalancer:LoadBalancer", Properties: properties{"subnets": []any{"a", "b"}}}}, 16.425 + 7.30, 16.425 + 7.30, 0},
		"a private one":     {"us-east-1", []cost.Resource{{Type: "aws:lb/loadBalancer:LoadBalancer", Properties: properties{"subnets": []any{"a", "b"}, "internal": true}}}, 16.425, 16.425, 0},
		"before the first deployment": {"us-east-1", []cost.Resource{
			{Type: "aws:lb/loadBalancer:LoadBalancer", Properties: properties{"subnets": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"}},
			{Type: "aws:ec2/subnet:Subnet", Properties: properties{"availabilityZone": "a"}}, {Type: "aws:ec2/subnet:Subnet", Properties: properties{"availabilityZone": "a"}},
			{Type: "aws:ec2/subnet:Subnet", Properties: properties{"availabilityZone": "b"}},
		}, 16.425 + 7.30, 16.425 + 7.30, 0},
		"one database": {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{
			"engine": "mysql", "instanceClass": "db.m7g.large", "allocatedStorage": 100.0, "storageType": "gp3",
			"engineLifecycleSupport": "open-source-rds-extended-support-disabled",
		}}}, 122.64 + 11.5, 122.64 + 11.5, 0},
		"extended support":  {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{"engine": "mysql", "instanceClass": "db.m7g.large"}}}, 122.64, 122.64, 1},
		"alarms of scaling": {"us-east-1", []cost.Resource{{Type: "aws:appautoscaling/policy:Policy"}, {Type: "aws:ecs/capacityProvider:CapacityProvider"}}, 0.40, 0.40, 0},
		"with a standby": {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{
			"engine": "mariadb", "instanceClass": "db.m7g.large", "allocatedStorage": 100.0, "storageType": "gp3", "multiAz": true,
		}}}, 2 * (122.64 + 11.5), 2 * (122.64 + 11.5), 0},
		"an unknown class": {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{
			"engine": "mariadb", "instanceClass": "db.x9.large", "allocatedStorage": 100.0, "storageType": "gp3",
		}}}, 11.5, 11.5, 1},
		"PostgreSQL has no price here": {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{
			"engine": "postgres", "instanceClass": "db.m7g.large", "allocatedStorage": 100.0, "storageType": "gp3", "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
		}}}, 11.5, 11.5, 1},
		"an unknown engine": {"us-east-1", []cost.Resource{{Type: "aws:rds/instance:Instance", Properties: properties{"engine": "oracle-se2", "instanceClass": "db.m7g.large"}}}, 0, 0, 1},
		"two cache nodes": {"us-east-1", []cost.Resource{{Type: "aws:elasticache/replicationGroup:ReplicationGroup", Properties: properties{
			"engine": "valkey", "nodeType": "cache.t4g.small", "numCacheClusters": 2.0,
		}}}, 37.376, 37.376, 0},
		"memcached": {"us-east-1", []cost.Resource{{Type: "aws:elasticache/cluster:Cluster", Properties: properties{"engine": "memcached", "nodeType": "cache.t4g.small"}}}, 23.36, 23.36, 0},
		"endpoints": {"us-east-1", []cost.Resource{
			{Type: "aws:ec2/vpcEndpoint:VpcEndpoint", Properties: properties{"vpcEndpointType": "Gateway"}},
			{Type: "aws:ec2/vpcEndpoint:VpcEndpoint", Properties: properties{"vpcEndpointType": "Interface", "subnetIds": []any{"a", "b"}}},
		}, 14.6, 14.6, 0},
		"on demand": {"us-east-1", []cost.Resource{template, {Type: "aws:autoscaling/group:Group", Name: "x-cluster-group", Properties: properties{
			"minSize": 2.0, "maxSize": 2.0, "mixedInstancesPolicy": distribution(2, 100, "t3.small", "t3a.small"),
		}}}, 2*15.184 + 4.8, 2*15.184 + 4.8, 0},
		"all spot": {"us-east-1", []cost.Resource{{Type: "aws:autoscaling/group:Group", Name: "x-cluster-group", Properties: properties{
			"minSize": 2.0, "maxSize": 4.0, "mixedInstancesPolicy": distribution(0, 0, "t3.small", "t3a.small"),
		}}}, 2 * 1.3724, 2 * 15.184, 0},
		"a share of spot": {"us-east-1", []cost.Resource{{Type: "aws:autoscaling/group:Group", Name: "x-cluster-group", Properties: properties{
			"minSize": 4.0, "maxSize": 4.0, "mixedInstancesPolicy": distribution(1, 50, "t3.small"),
		}}}, 3*15.184 + 1.5184, 4 * 15.184, 0},
		"spot without a price": {"us-east-1", []cost.Resource{{Type: "aws:autoscaling/group:Group", Properties: properties{
			"minSize": 1.0, "maxSize": 1.0, "mixedInstancesPolicy": distribution(0, 0, "t3.small", "z9.small"),
		}}}, 0, 0, 1},
		"no instance at least, and a task": {"us-east-1", []cost.Resource{
			{Type: "aws:autoscaling/group:Group", Properties: properties{"minSize": 0.0, "maxSize": 2.0, "mixedInstancesPolicy": distribution(0, 100, "t3.small")}},
			{Type: "aws:ecs/service:Service", Properties: properties{"desiredCount": 1.0}},
		}, 15.184, 15.184, 0},
		"nights off": {"us-east-1", []cost.Resource{
			template, {Type: "aws:autoscaling/group:Group", Name: "x-cluster-group", Properties: properties{"minSize": 0.0, "maxSize": 2.0, "mixedInstancesPolicy": distribution(0, 100, "t3.small")}},
			{Type: "aws:ecs/service:Service", Properties: properties{"desiredCount": 1.0}},
			{Type: "aws:rds/instance:Instance", Properties: properties{"engine": "mariadb", "instanceClass": "db.m7g.large", "allocatedStorage": 100.0, "storageType": "gp3"}},
			{Type: "aws:elasticache/cluster:Cluster", Properties: properties{"engine": "memcached", "nodeType": "cache.t4g.small"}},
			{Type: "laravel:infra:Nights", Properties: properties{"asleep": 0.6}},
		}, 0.4*(15.184+2.4+122.64) + 11.5 + 23.36, 0.4*(15.184+2.4+122.64) + 11.5 + 23.36, 0},
		"NAT instance":             {"us-east-1", []cost.Resource{{Type: "aws:ec2/instance:Instance", Properties: properties{"instanceType": "t4g.nano"}}}, 3.066, 3.066, 1},
		"an alarm of AWS's metric": {"us-east-1", []cost.Resource{{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Properties: properties{"namespace": "AWS/RDS", "metricName": "CPUUtilization"}}}, 0.10, 0.10, 0},
		"alarms of all the image's metrics": {"us-east-1", []cost.Resource{
			{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Properties: properties{"namespace": "LaravelECS", "metricName": "DiskUtilization"}},
			{Type: "aws:cloudwatch/metricAlarm:MetricAlarm", Properties: properties{"namespace": "LaravelECS", "metricName": "OldestJobAge"}},
		}, 2*0.10 + imagesMetrics(t)*0.30, 2*0.10 + imagesMetrics(t)*0.30, 0},
		"Fargate":                  {"us-east-1", fargate("FARGATE", "X86_64"), 2 * 18.02, 2 * 18.02, 0}, // 0.5 vCPU and 1 GB: 730 * (0.5 * 0.04048 + 0.004445)
		"Fargate Spot on Graviton": {"us-east-1", fargate("FARGATE_SPOT", "ARM64"), 2 * 0.3 * 14.4175, 2 * 14.4175, 0},
		"Fargate there":            {"eu-west-1", fargate("FARGATE", "X86_64"), 0, 0, 1},
		"a type of nobody":         {"us-east-1", []cost.Resource{{Type: "aws:opensearch/domain:Domain", Name: "search"}}, 0, 0, 1},
		"a free type":              {"us-east-1", []cost.Resource{{Type: "aws:iam/role:Role"}}, 0, 0, 0},
		"no such region":           {"xx-east-9", []cost.Resource{{Type: "aws:ec2/natGateway:NatGateway"}}, 0, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			e := table(t).Of(test.region, test.resources)
			if total := e.Total(); math.Abs(total.Low-test.low) > 0.001 || math.Abs(total.High-test.high) > 0.001 || len(e.Unknown) != test.unknown {
				t.Errorf("costs %.3f to %.3f, unknown are %q", total.Low, total.High, e.Unknown)
			}
		})
	}
}

// imagesMetrics is how many metrics the image prints.
func imagesMetrics(t *testing.T) float64 {
	t.Helper()
	list, err := os.ReadFile("../../../docker/testdata/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return float64(strings.Count(string(list), "\n"))
}

// TestEveryTypeOfTheProgram: whatever the program declares is priced, free, or paid by use. A new type is a decision.
func TestEveryTypeOfTheProgram(t *testing.T) {
	goldens, err := filepath.Glob(filepath.Join("..", "..", "..", "stacks", "testdata", "*.golden"))
	if err != nil || len(goldens) == 0 {
		t.Fatalf("%d goldens, %v", len(goldens), err)
	}
	for _, path := range goldens {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			token, _, _ := strings.Cut(line, " ")
			for _, unknown := range table(t).Of("eu-west-1", []cost.Resource{{Type: token, Name: "it"}}).Unknown {
				if strings.HasPrefix(unknown, token) {
					t.Errorf("%s of %s is neither priced nor known to be free", token, filepath.Base(path))
				}
			}
		}
	}
}

// TestTable: the table is dated, whole in what both regions have, and has no price that is out of all reason.
func TestTable(t *testing.T) {
	prices := table(t)
	if !regexp.MustCompile(`^20\d\d-\d\d$`).MatchString(prices.Date) || len(prices.Regions) < 2 {
		t.Errorf("the date is %q, the regions are %d", prices.Date, len(prices.Regions))
	}
	for region, p := range prices.Regions {
		for name, price := range map[string]float64{
			"natGateway": p.NATGateway, "loadBalancer": p.LoadBalancer, "publicIpv4": p.PublicIPv4, "endpoint": p.Endpoint, "secret": p.Secret, "key": p.Key,
			"webAcl": p.WebACL, "webAclRule": p.WebACLRule, "alarm": p.Alarm, "metric": p.Metric, "dashboard": p.Dashboard, "ebs.gp3": p.EBS["gp3"], "rdsStorage.gp3": p.RDSStorage["gp3"],
			"usage.nat": p.Usage.NAT, "usage.logs": p.Usage.Logs, "usage.capacity": p.Usage.Capacity, "usage.endpoint": p.Usage.Endpoint,
		} {
			if price <= 0 {
				t.Errorf("%s: %s is missing", region, name)
			}
		}
		for class, price := range p.EC2 {
			if price < 0.003 || price > 1 {
				t.Errorf("%s: %s costs %v an hour", region, class, price)
			}
			// In a family, the next size costs twice as much.
			if family, size, _ := strings.Cut(class, "."); size == "large" && p.EC2[family+".xlarge"] != 0 {
				if double := p.EC2[family+".xlarge"]; math.Abs(double-2*price) > 0.0005 {
					t.Errorf("%s: %s.xlarge costs %v, large %v", region, family, double, price)
				}
			}
		}
	}
}

func TestNotices(t *testing.T) {
	e := table(t).Of("eu-west-1", []cost.Resource{
		{Type: "aws:cloudwatch/logGroup:LogGroup", Name: "a"}, {Type: "aws:cloudwatch/logGroup:LogGroup", Name: "b"},
		{Type: "aws:ecs/cluster:Cluster", Properties: properties{"settings": []any{properties{"name": "containerInsights", "value": "enabled"}}}}, {Type: "aws:ec2/natGateway:NatGateway", Name: "n"},
		{Type: "aws:autoscaling/group:Group", Name: "g", Properties: properties{"minSize": 1.0, "maxSize": 3.0, "mixedInstancesPolicy": properties{
			"launchTemplate": properties{"overrides": []any{properties{"instanceType": "t3.small"}}},
		}}},
	})
	if want := []string{"Container Insights 0.30 per metric and month", "NAT 0.048 per GB", "logs 0.57 per GB"}; !slices.Equal(e.Usage, want) {
		t.Errorf("paid by use are %q", e.Usage)
	}
	if want := []string{"autoscaling may add EC2 t3.small: 2 more cost 33.29"}; !slices.Equal(e.Growth, want) {
		t.Errorf("growth is %q", e.Growth)
	}
}

// TestHints: each has its number, and none has a number that the table does not have.
func TestHints(t *testing.T) {
	prices := cost.Prices{
		ClassPrices: cost.ClassPrices{
			EC2: map[string]float64{"m6i.large": 0.1, "m7g.large": 0.08, "t4g.nano": 0.004, "c9.large": 0.1}, RDS: map[string]float64{"db.m5.large": 0.2, "db.m7g.large": 0.21},
			Elasticache: map[string]map[string]float64{"valkey": {"cache.t3.small": 0.02, "cache.t4g.small": 0.019}},
		},
		SavingsPlan: cost.ClassPrices{EC2: map[string]float64{"m6i.large": 0.073, "t4g.nano": 0.005}, Elasticache: map[string]map[string]float64{"valkey": {"cache.t3.small": 0.015}}},
	}
	hints := func(prices cost.Prices, resources ...cost.Resource) string {
		table := cost.Table{Regions: map[string]cost.Prices{"here": prices}}
		return strings.Join(table.Hints("here", table.Of("here", resources)), "\n")
	}
	fleet := func(percent float64, class string) cost.Resource {
		return cost.Resource{Type: "aws:autoscaling/group:Group", Name: "x-cluster-group", Properties: properties{"minSize": 2.0, "maxSize": 2.0, "mixedInstancesPolicy": properties{
			"instancesDistribution": properties{"onDemandPercentageAboveBaseCapacity": percent}, "launchTemplate": properties{"overrides": []any{properties{"instanceType": class}}},
		}}}
	}
	cache := cost.Resource{Type: "aws:elasticache/replicationGroup:ReplicationGroup", Properties: properties{"engine": "valkey", "nodeType": "cache.t3.small", "numCacheClusters": 2.0}}
	nat := cost.Resource{Type: "aws:ec2/instance:Instance", Properties: properties{"instanceType": "t4g.nano"}}
	database := cost.Resource{Type: "aws:rds/instance:Instance", Properties: properties{"engine": "mysql", "instanceClass": "db.m5.large"}}
	const spot = "; instances end with two minutes' notice (cluster.onDemandBase, onDemandPercent)"
	for name, test := range map[string]struct{ got, want string }{
		"instances": {hints(prices, fleet(100, "m6i.large")), "m7g.large instead of m6i.large: -20 %, -29.20; images for arm64 (docs/pipelines.md)\n" +
			"m6i.large in a savings plan (a year, no upfront payment): -27 %, -39.42\nspot instead of m6i.large: down to -90 %, -131.40" + spot},
		"no plan":         {hints(cost.Prices{ClassPrices: prices.ClassPrices}, fleet(100, "c9.large")), "spot instead of c9.large: down to -90 %, -131.40" + spot},
		"spot already":    {hints(prices, fleet(0, "m6i.large")), ""},
		"no price at all": {hints(prices, fleet(100, "z9.large")), ""},
		"a cache":         {hints(prices, cache), "cache.t4g.small instead of cache.t3.small: -5 %, -1.46\ncache.t3.small in a savings plan (a year, no upfront payment): -25 %, -7.30"},
		"nothing less":    {hints(prices, nat, database), ""}, // a plan and an arm class that cost more; a NAT instance is never spot
	} {
		if test.got != test.want {
			t.Errorf("%s:\n%s\nexpected is\n%s", name, test.got, test.want)
		}
	}
}

// TestShippedStacks: the note of a shipped stack file has a price for every class, in its own region and in us-east-1.
func TestShippedStacks(t *testing.T) {
	files, err := filepath.Glob("../../../Pulumi.*.yaml")
	if err != nil || len(files) < 4 {
		t.Fatalf("%d stack files, %v", len(files), err)
	}
	classes := regexp.MustCompile(`(?m)^    (instanceTypes|instanceClass|nodeType|engine): \[?([a-z0-9., -]+)\]?`)
	found := 0
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		engine := "redis"
		for _, match := range classes.FindAllStringSubmatch(string(text), -1) {
			for class := range strings.SplitSeq(match[2], ",") {
				class = strings.TrimSpace(class)
				if match[1] == "engine" {
					engine = class
					continue
				}
				found++
				for _, region := range []string{"eu-west-1", "us-east-1"} {
					p := table(t).Regions[region]
					if p.EC2[class]+p.RDS[class]+p.Elasticache[engine][class] == 0 {
						t.Errorf("%s: %s has no price of %s (%s)", filepath.Base(path), region, class, engine)
					}
				}
			}
		}
	}
	if found < 8 {
		t.Errorf("only %d classes were found", found)
	}
}
