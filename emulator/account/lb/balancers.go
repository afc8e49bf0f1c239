package lb

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/s3"
)

var balancerTypes = []account.Type{
	{
		Token: account.BalancerToken, Args: lb.LoadBalancerArgs{}, State: lb.LoadBalancer{},
		Name:     account.Name{Property: "name", Max: 32},
		ForceNew: []string{"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"},
		Defaults: account.Values{
			"clientKeepAlive": 3600.0, "desyncMitigationMode": "defensive", "dnsRecordClientRoutingPolicy": "any_availability_zone",
			"dropInvalidHeaderFields": false, "enableCrossZoneLoadBalancing": true, "enableDeletionProtection": false, "enableHttp2": true,
			"enableTlsVersionAndCipherSuiteHeaders": false, "enableWafFailOpen": false, "enableXffClientPort": false, "enableZonalShift": false,
			"idleTimeout": 60.0, "internal": false, "ipAddressType": "ipv4", "loadBalancerType": "application", "preserveHostHeader": false,
			"xffHeaderProcessingMode": "append",
		},
		Refs: []account.Ref{
			{Path: "subnets[*]", Type: account.SubnetToken, By: "id", Missing: "SubnetNotFound", InUse: "DependencyViolation"},
			{Path: "subnetMappings[*].subnetId", Type: account.SubnetToken, By: "id", Missing: "SubnetNotFound", InUse: "DependencyViolation"},
			{Path: "securityGroups[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidSecurityGroup", InUse: "DependencyViolation"},
		},
		Check:  checkBalancer,
		Create: createBalancer,
		Update: func(tx *account.Tx, _, next *account.Resource) error { return placeBalancer(tx, next) },
		Delete: deleteBalancer,
	},
	{
		Token: account.TargetGroupToken, Args: lb.TargetGroupArgs{}, State: lb.TargetGroup{},
		Name:     account.Name{Property: "name", Max: 32},
		ForceNew: []string{"name", "namePrefix", "ipAddressType", "port", "protocol", "protocolVersion", "targetType", "vpcId"},
		Defaults: account.Values{
			"deregistrationDelay": 300.0, "lambdaMultiValueHeadersEnabled": false, "proxyProtocolV2": false, "slowStart": 0.0, "targetType": "instance",
			"healthCheck": map[string]any{
				"enabled": true, "healthyThreshold": 3.0, "unhealthyThreshold": 3.0, "interval": 30.0, "timeout": 5.0,
				"path": "/", "port": "traffic-port", "protocol": "HTTP", "matcher": "200",
			},
			"stickiness": map[string]any{"type": "lb_cookie", "enabled": false, "cookieDuration": 86400.0, "cookieName": ""},
			"targetGroupHealth": map[string]any{
				"dnsFailover":           map[string]any{"minimumHealthyTargetsCount": "1", "minimumHealthyTargetsPercentage": "off"},
				"unhealthyStateRouting": map[string]any{"minimumHealthyTargetsCount": 1.0, "minimumHealthyTargetsPercentage": "off"},
			},
			"ipAddressType": "ipv4", "loadBalancingAlgorithmType": "round_robin", "loadBalancingAnomalyMitigation": "off",
			"loadBalancingCrossZoneEnabled": "use_load_balancer_configuration",
		},
		Refs:   []account.Ref{{Path: "vpcId", Type: account.VPCToken, By: "id", Missing: "ValidationError", InUse: ""}},
		Check:  checkTargetGroup,
		Create: createTargetGroup,
	},
}

var edgeName = regexp.MustCompile(`^[0-9A-Za-z-]+$`)

// edgeName applies the rule for the names of load balancers and target groups.
func checkName(r *account.Rules) {
	r.Conflict("name", "namePrefix")
	r.Length("name", 1, 32)
	r.Length("namePrefix", 1, 6)
	for _, path := range []string{"name", "namePrefix"} {
		r.Matches(path, edgeName, "only letters, digits and hyphens are allowed")
		r.Each(path, func(place, text string) {
			if strings.HasPrefix(text, "-") || strings.HasSuffix(text, "-") && path == "name" {
				r.Refuse(place, "%q cannot begin or end with a hyphen", text)
			}
		})
	}
}

func checkBalancer(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	checkName(&r)
	r.Each("name", func(place, text string) {
		if strings.HasPrefix(text, "internal-") {
			r.Refuse(place, `%q cannot begin with "internal-"`, text)
		}
	})
	r.OneOf("loadBalancerType", "application", "gateway", "network")
	r.OneOf("ipAddressType", "ipv4", "dualstack", "dualstack-without-public-ipv4")
	r.OneOf("desyncMitigationMode", "monitor", "defensive", "strictest")
	r.OneOf("xffHeaderProcessingMode", "append", "preserve", "remove")
	r.Between("idleTimeout", 1, 4000)
	r.Between("clientKeepAlive", 60, 604800)
	r.ExactlyOne("subnets", "subnetMappings")
	for _, logs := range []string{"accessLogs", "connectionLogs"} {
		r.Each(logs+".prefix", func(place, text string) {
			if strings.HasPrefix(text, "/") || strings.HasSuffix(text, "/") || strings.Contains(text, "AWSLogs") {
				r.Refuse(place, `%q must not begin or end with "/" or contain AWSLogs`, text)
			}
		})
	}
	return r.Problems
}

func createBalancer(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Find(account.BalancerToken, "name", name); taken {
		return tx.Refuse("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings; choose another name", name)
	}
	if kind := r.Outputs.Text("loadBalancerType"); kind != "application" {
		return fmt.Errorf("creating load balancer %s: the embedded cloud has application load balancers only, not %s", name, kind)
	}
	suffix := "app/" + name + "/" + tx.Hex(16)
	r.ID = tx.ARN("elasticloadbalancing", "loadbalancer/"+suffix)
	scheme := ""
	if r.Outputs.True("internal") {
		scheme = "internal-"
	}
	r.Outputs["arn"] = r.ID
	r.Outputs["arnSuffix"] = suffix
	r.Outputs["dnsName"] = fmt.Sprintf("%s%s-%s.%s.elb.amazonaws.com", scheme, name, tx.Digits(10), tx.Region())
	r.Outputs["zoneId"] = tx.BalancerZone()
	return placeBalancer(tx, r)
}

// placeBalancer applies the rules about subnets, groups and logs.
func placeBalancer(tx *account.Tx, r *account.Resource) error {
	subnets := append(r.Inputs.Strings("subnets"), r.Inputs.Strings("subnetMappings[*].subnetId")...)
	zones, vpc, mixed := tx.ZonesOf(subnets)
	switch {
	case mixed:
		return tx.Refuse("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", vpc)
	case len(zones) < 2:
		return tx.Refuse("ValidationError", "At least two subnets in two different Availability Zones must be specified; these lie in %s", strings.Join(zones, ", "))
	case len(zones) < len(subnets):
		return tx.Refuse("InvalidConfigurationRequest",
			"A load balancer cannot be attached to multiple subnets in the same Availability Zone: %d subnets lie in %s; give one for each zone",
			len(subnets), strings.Join(zones, ", "))
	}
	if _, open := tx.InternetGatewayOf(vpc); !open && !r.Outputs.True("internal") {
		return tx.Refuse("InvalidSubnet", "VPC %s has no internet gateway: attach one, or make the load balancer internal", vpc)
	}
	if other, found := tx.GroupOutsideVPC(r.Outputs.Strings("securityGroups"), vpc); found {
		return tx.Refuse("InvalidConfigurationRequest", "One or more security groups are invalid: %s is in %s and the load balancer in %s",
			other.ID, other.Outputs.Text("vpcId"), vpc)
	}
	if network, ok := tx.Get(account.VPCToken, vpc); ok && len(r.Outputs.Strings("securityGroups")) == 0 {
		r.Outputs["securityGroups"] = account.Texts(network.Outputs.Text("defaultSecurityGroupId"))
	}
	r.Outputs["vpcId"] = vpc
	var mappings []any
	for _, subnet := range subnets {
		mappings = append(mappings, map[string]any{"subnetId": subnet, "allocationId": "", "ipv6Address": "", "outpostId": "", "privateIpv4Address": ""})
	}
	r.Outputs["subnetMappings"], r.Outputs["subnets"] = mappings, account.Texts(subnets...)
	for _, logs := range []string{"accessLogs", "connectionLogs"} {
		bucket := r.Outputs.Text(logs + ".bucket")
		if !r.Outputs.True(logs+".enabled") || bucket == "" {
			continue
		}
		if why, ok := s3.AcceptsLogs(tx, bucket, r.Outputs.Text(logs+".prefix")); !ok {
			return tx.Refuse("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission: %s", bucket, why)
		}
	}
	return nil
}

func deleteBalancer(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("enableDeletionProtection") {
		return tx.Refuse("OperationNotPermitted",
			"Load balancer '%s' cannot be deleted because deletion protection is enabled: deploy with enableDeletionProtection false first", r.ID)
	}
	return nil
}

var (
	healthCodes = regexp.MustCompile(`^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$`)
	digits      = regexp.MustCompile(`^[0-9]+$`)
)

func checkTargetGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	checkName(&r)
	r.OneOf("targetType", "instance", "ip", "lambda", "alb")
	r.OneOf("protocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE")
	r.OneOf("protocolVersion", "HTTP1", "HTTP2", "GRPC")
	r.OneOf("ipAddressType", "ipv4", "ipv6")
	r.OneOf("loadBalancingAlgorithmType", "round_robin", "least_outstanding_requests", "weighted_random")
	r.OneOf("loadBalancingCrossZoneEnabled", "true", "false", "use_load_balancer_configuration")
	if in.Text("targetType") != "lambda" && !in.IsUnknown("targetType") {
		for _, name := range []string{"port", "protocol", "vpcId"} {
			if !in.Has(name) {
				r.Refuse(name, "must be specified when targetType is not lambda")
			}
		}
	}
	r.Between("port", 1, 65535)
	r.Between("deregistrationDelay", 0, 3600)
	if slow, ok := in.Int("slowStart"); ok && slow != 0 && (slow < 30 || slow > 900) {
		r.Refuse("slowStart", "%d is not 0 or 30-900", slow)
	}
	if slow, _ := in.Int("slowStart"); slow > 0 && in.Text("loadBalancingAlgorithmType") == "least_outstanding_requests" {
		r.Refuse("slowStart", "is not possible with least_outstanding_requests")
	}
	r.OneOf("stickiness.type", "lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto")
	r.Between("stickiness.cookieDuration", 1, 604800)
	if in.Text("stickiness.type") == "app_cookie" && !in.Has("stickiness.cookieName") {
		r.Refuse("stickiness.cookieName", "is required with app_cookie")
	}
	checkHealth(&r)
	return r.Problems
}

func checkHealth(r *account.Rules) {
	in := r.In
	r.Between("healthCheck.interval", 5, 300)
	r.Between("healthCheck.timeout", 2, 120)
	r.Between("healthCheck.healthyThreshold", 2, 10)
	r.Between("healthCheck.unhealthyThreshold", 2, 10)
	r.OneOf("healthCheck.protocol", "HTTP", "HTTPS", "TCP")
	r.Length("healthCheck.path", 1, 1024)
	r.Each("healthCheck.path", func(place, text string) {
		if !strings.HasPrefix(text, "/") {
			r.Refuse(place, `%q must start with "/"`, text)
		}
	})
	r.Each("healthCheck.port", func(place, text string) {
		port, err := strconv.Atoi(text)
		if text != "traffic-port" && (err != nil || !digits.MatchString(text) || port < 1 || port > 65535) {
			r.Refuse(place, "%q is not traffic-port or a port of 1-65535", text)
		}
	})
	web := in.Text("protocol") == "HTTP" || in.Text("protocol") == "HTTPS"
	if web && in.Text("healthCheck.protocol") == "TCP" {
		r.Refuse("healthCheck.protocol", "TCP health checks are not supported for a target group with protocol %s", in.Text("protocol"))
	}
	if web && in.Text("protocolVersion") != "GRPC" {
		r.Matches("healthCheck.matcher", healthCodes, "codes of 200 to 499, such as 200, 200,202 or 200-299")
	}
	interval, timeout := 30, 5
	if n, ok := in.Int("healthCheck.interval"); ok {
		interval = n
	}
	if n, ok := in.Int("healthCheck.timeout"); ok {
		timeout = n
	}
	if web && timeout >= interval && !in.IsUnknown("healthCheck.interval") && !in.IsUnknown("healthCheck.timeout") {
		r.Refuse("healthCheck.timeout", "health check timeout '%d' must be smaller than the interval '%d'", timeout, interval)
	}
}

func createTargetGroup(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Find(account.TargetGroupToken, "name", name); taken {
		return tx.Refuse("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings; choose another name", name)
	}
	suffix := "targetgroup/" + name + "/" + tx.Hex(16)
	r.ID = tx.ARN("elasticloadbalancing", suffix)
	r.Outputs["arn"] = r.ID
	r.Outputs["arnSuffix"] = suffix
	if protocol := r.Outputs.Text("protocol"); protocol == "HTTP" || protocol == "HTTPS" {
		account.SetDefault(r.Outputs, "protocolVersion", "HTTP1")
	}
	return nil
}
