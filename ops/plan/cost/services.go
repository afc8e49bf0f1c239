package cost

import (
	"cmp"
	"fmt"
	"math"
)

// priced has the types that cost money, each with what computes it.
var priced = map[string]func(*estimator, Resource){
	"aws:autoscaling/group:Group": (*estimator).fleet,
	"aws:ec2/instance:Instance":   (*estimator).instance,
	"aws:ec2/natGateway:NatGateway": func(e *estimator, r Resource) {
		e.hourly("NAT gateway", 1, e.prices.NATGateway, r)
		e.usage("NAT %.3f per GB", e.prices.Usage.NAT)
	},
	"aws:ec2/eip:Eip":                                   func(e *estimator, r Resource) { e.hourly("public IPv4 address", 1, e.prices.PublicIPv4, r) },
	"aws:ec2/vpcEndpoint:VpcEndpoint":                   (*estimator).endpoint,
	"aws:lb/loadBalancer:LoadBalancer":                  (*estimator).balancer,
	"aws:rds/instance:Instance":                         (*estimator).database,
	"aws:rds/clusterInstance:ClusterInstance":           (*estimator).serverless,
	"aws:rds/cluster:Cluster":                           func(e *estimator, r Resource) { e.unknown("Aurora storage and its requests, by use", r) },
	"aws:elasticache/replicationGroup:ReplicationGroup": func(e *estimator, r Resource) { e.cache(r, "numCacheClusters") },
	"aws:elasticache/cluster:Cluster":                   func(e *estimator, r Resource) { e.cache(r, "numCacheNodes") },
	"aws:secretsmanager/secret:Secret":                  func(e *estimator, r Resource) { e.monthly("secret", 1, e.prices.Secret, r) },
	"aws:kms/key:Key":                                   func(e *estimator, r Resource) { e.monthly("KMS key", 1, e.prices.Key, r) },
	"aws:wafv2/webAcl:WebAcl": func(e *estimator, r Resource) {
		e.monthly("web ACL", 1, e.prices.WebACL, r)
		e.monthly("web ACL rule", float64(len(list(r, "rules"))), e.prices.WebACLRule, r)
		e.usage("WAF %.2f per million requests", e.prices.Usage.Requests)
	},
	"aws:cloudfront/distribution:Distribution": func(e *estimator, _ Resource) {
		e.Usage = append(e.Usage, "CloudFront by GB and by request, at the price of where the visitor is (https://aws.amazon.com/cloudfront/pricing/)")
	},
	"aws:backup/plan:Plan":                   (*estimator).copies,
	"aws:cloudwatch/metricAlarm:MetricAlarm": (*estimator).alarm,
	// AWS makes two alarms for a target that it tracks (emulator/account/ecs/scaling.go), also for that of a capacity provider:
	// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html.
	"aws:appautoscaling/policy:Policy":          func(e *estimator, r Resource) { e.monthly("alarm", 2, e.prices.Alarm, r) },
	"aws:ecs/capacityProvider:CapacityProvider": func(e *estimator, r Resource) { e.monthly("alarm", 2, e.prices.Alarm, r) },
	"aws:ecs/cluster:Cluster":                   (*estimator).insights,
	"aws:ecs/service:Service":                   (*estimator).service,
	"aws:cloudwatch/dashboard:Dashboard":        func(e *estimator, r Resource) { e.monthly("dashboard", 1, e.prices.Dashboard, r) },
	"aws:cloudwatch/logGroup:LogGroup":          func(e *estimator, _ Resource) { e.usage("logs %.2f per GB", e.prices.Usage.Logs) },
	"aws:ecr/repository:Repository":             func(e *estimator, _ Resource) { e.usage("images %.2f per GB and month", e.prices.Usage.Images) },
}

// unpaid are prefixes of types that cost nothing by themselves, or very little by use (S3, SNS, SQS).
var unpaid = []string{
	"aws:acm/", "aws:appautoscaling/", "aws:backup/selection:", "aws:backup/vault:", "aws:cloudfront/originAccessControl:", "aws:cloudwatch/event", "aws:ec2/defaultSecurityGroup:", "aws:ec2/flowLog:", "aws:ec2/internetGateway:", "aws:ec2/launchTemplate:",
	"aws:ec2/route", "aws:ec2/securityGroup", "aws:ec2/subnet:", "aws:ec2/vpc:", "aws:ecr/lifecyclePolicy:", "aws:ecs/", "aws:elasticache/parameterGroup:",
	"aws:elasticache/subnetGroup:", "aws:iam/", "aws:kms/alias:", "aws:lb/listener", "aws:lb/targetGroup", "aws:rds/clusterParameterGroup:", "aws:rds/eventSubscription:", "aws:rds/parameterGroup:",
	"aws:rds/subnetGroup:", "aws:route53/record:", "aws:s3/", "aws:scheduler/", "aws:secretsmanager/secretVersion:", "aws:sns/", "aws:sqs/", "aws:vpc/",
	"aws:wafv2/webAclAssociation:", "aws:wafv2/webAclLogging", "docker:", "laravel:", "pulumi:", "random:",
}

// customMetrics are the metrics that the image prints for an alarm on one of them (docker/testdata/metrics). Those of AWS's services are free.
var customMetrics = map[string]float64{"DiskUtilization": 1, "OldestJobAge": 2}

func (e *estimator) alarm(r Resource) {
	e.monthly("alarm", 1, e.prices.Alarm, r)
	if text(r, "namespace") == "LaravelECS" {
		e.monthly("custom metric", customMetrics[text(r, "metricName")], e.prices.Metric, r)
	}
}

// insights are custom metrics of the cluster and of each service and task definition
// (https://github.com/aws-observability/observability-best-practices/issues/123).
func (e *estimator) insights(r Resource) {
	for _, one := range list(r, "settings") {
		if setting, _ := one.(map[string]any); get[string](setting, "name") == "containerInsights" && get[string](setting, "value") != "disabled" {
			e.usage("Container Insights %.2f per metric and month", e.prices.Metric)
		}
	}
}

// copies are paid by what changes in the database, and by how long they are kept: the first one is whole.
func (e *estimator) copies(Resource) {
	price := "a price that is not in the table"
	if e.prices.Usage.Snapshots != 0 {
		price = fmt.Sprintf("%.3f", e.prices.Usage.Snapshots)
	}
	e.Usage = append(e.Usage, "copies of snapshots "+price+" per GB and month, and their transfer")
}

func (e *estimator) instance(r Resource) {
	class := text(r, "instanceType")
	e.hourly("EC2 "+class, 1, e.prices.EC2[class], r)
	e.disk(1, get[map[string]any](r.Properties, "rootBlockDevice"), r, e.monthly)
}

// disk adds a volume; one without a size has that of its image, which is not known here.
func (e *estimator) disk(count float64, volume map[string]any, r Resource, add func(what string, count, price float64, r Resource)) {
	size, kind := get[float64](volume, "volumeSize"), cmp.Or(get[string](volume, "volumeType"), "gp3")
	if size == 0 {
		e.unknown("EBS volume of the image's size", r)
		return
	}
	add("EBS "+kind+" GB", count*size, e.prices.EBS[kind], r)
}

func (e *estimator) endpoint(r Resource) {
	if text(r, "vpcEndpointType") != "Interface" {
		return // S3's gateway is free
	}
	e.hourly("interface endpoint and zone", e.zones(r, "subnetIds"), e.prices.Endpoint, r)
	e.usage("endpoints %.2f per GB", e.prices.Usage.Endpoint)
}

// balancer includes an address in every zone.
func (e *estimator) balancer(r Resource) {
	e.hourly("load balancer", 1, e.prices.LoadBalancer, r)
	e.usage("load balancer %.3f per capacity unit and hour", e.prices.Usage.Capacity)
	if !get[bool](r.Properties, "internal") {
		e.hourly("public IPv4 address", e.zones(r, "subnets"), e.prices.PublicIPv4, r)
	}
}

// noExtendedSupport is what an instance has that upgrades before it costs extra, by its processors:
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/extended-support.html.
const noExtendedSupport = "open-source-rds-extended-support-disabled"

// database doubles instance and storage for a standby in another zone.
func (e *estimator) database(r Resource) {
	class, storage := text(r, "instanceClass"), cmp.Or(text(r, "storageType"), "gp2")
	zones := 1.0
	if get[bool](r.Properties, "multiAz") {
		zones = 2
	}
	engine := text(r, "engine")
	what, price := "RDS "+class, e.prices.Of(Class{"RDS", engine, class})
	switch engine {
	case "mysql", "mariadb":
	case postgres:
		what = "RDS " + engine + " " + class
	default:
		what, price = "RDS "+engine+" "+class, 0
	}
	if e.count(r.Type) > 1 { // the instance before a restore, which never stops, beside the current one
		e.hourly(what, zones, price, r)
	} else {
		e.nightlyAt(what, zones, price*hoursPerMonth, r)
	}
	if (engine == "mysql" || engine == postgres) && text(r, "engineLifecycleSupport") != noExtendedSupport {
		e.unknown("RDS extended support, once the version's standard support has ended", r)
	}
	e.monthly("RDS "+storage+" GB", zones*number(r, "allocatedStorage"), e.prices.RDSStorage[storage], r)
}

// serverless is paid by the capacity that it has from second to second, which the table has no price of.
func (e *estimator) serverless(r Resource) {
	e.unknown("Aurora Serverless v2, by its capacity", r)
}

func (e *estimator) cache(r Resource, nodes string) {
	engine, class := text(r, "engine"), text(r, "nodeType")
	e.hourly("ElastiCache "+engine+" "+class, math.Max(1, number(r, nodes)), e.prices.Elasticache[engine][class], r)
}

func text(r Resource, key string) string    { return get[string](r.Properties, key) }
func number(r Resource, key string) float64 { return get[float64](r.Properties, key) }
func list(r Resource, key string) []any     { return get[[]any](r.Properties, key) }

// get is a value of a type, or that type's zero value.
func get[T any](values map[string]any, key string) T {
	value, _ := values[key].(T)
	return value
}

// zones is how many subnets a list has. Before the first deployment it is not known; the stack's zones are.
func (e *estimator) zones(r Resource, key string) float64 {
	if subnets := list(r, key); len(subnets) > 0 {
		return float64(len(subnets))
	}
	zones := map[string]bool{}
	for _, other := range e.resources {
		if other.Type == "aws:ec2/subnet:Subnet" {
			zones[text(other, "availabilityZone")] = true
		}
	}
	return float64(len(zones))
}
