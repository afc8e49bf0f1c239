// Package lb holds load balancers, their target groups, listeners and rules.
package lb

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/s3"
)

// Service is Elastic Load Balancing with application load balancers.
var Service = account.Service{Types: []account.Type{balancer, targetGroup, listener, listenerCertificate, listenerRule}}

var edgeName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]*[0-9A-Za-z])?$`)

// name are the rules for the names of load balancers and target groups.
var name = []account.Rule{
	account.Length("name", 1, 32),
	account.Matches("name", edgeName, "only letters, digits and hyphens are allowed, no hyphen at the beginning or the end"),
}

var balancer = account.Type{
	Token: account.BalancerToken, Args: lb.LoadBalancerArgs{}, State: lb.LoadBalancer{},
	Name:     account.Name{Property: "name", Max: 32},
	ForceNew: []string{"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"},
	Defaults: account.Values{
		"clientKeepAlive": 3600.0, "desyncMitigationMode": "defensive", "dnsRecordClientRoutingPolicy": "any_availability_zone",
		"dropInvalidHeaderFields": false, "enableCrossZoneLoadBalancing": false, "enableDeletionProtection": false, "enableHttp2": true,
		"enableTlsVersionAndCipherSuiteHeaders": false, "enableWafFailOpen": false, "enableXffClientPort": false, "enableZonalShift": false,
		"idleTimeout": 60.0, "internal": false, "ipAddressType": "ipv4", "loadBalancerType": "application", "preserveHostHeader": false,
		"xffHeaderProcessingMode": "append", "connectionLogs": map[string]any{"bucket": "", "enabled": false, "prefix": ""},
	},
	Along: map[string][]string{"subnets": {"subnetMappings"}}, // customizeDiffLoadBalancerALB in internal/service/elbv2/load_balancer.go
	Refs: []account.Ref{
		{Path: "subnets[*]", Type: account.SubnetToken, By: "id", Missing: "SubnetNotFound", InUse: "DependencyViolation"},
		{Path: "securityGroups[*]", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidSecurityGroup", InUse: "DependencyViolation"},
	},
	Rules: append([]account.Rule{
		account.Text("name", func(text string) string {
			if strings.HasPrefix(text, "internal-") {
				return `cannot begin with "internal-"`
			}
			return ""
		}),
		account.OneOf("loadBalancerType", "application", "gateway", "network"),
		account.OneOf("desyncMitigationMode", "monitor", "defensive", "strictest"),
		account.Between("idleTimeout", 1, 4000),
		account.ExactlyOne("subnets", "subnetMappings"),
	}, name...),
	Identity: account.Identity{
		ID: "{arn}", ARN: "elasticloadbalancing:loadbalancer/{arnSuffix}", Outputs: account.Values{"arnSuffix": "app/{name}/{hex:16}"},
		Taken: "DuplicateLoadBalancerName: A load balancer with the same name '{name}' exists, but with different settings",
	},
	Create:   createBalancer,
	Complete: placeBalancer,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		if r.Outputs.True("enableDeletionProtection") {
			return tx.Refuse("OperationNotPermitted",
				"Load balancer '%s' cannot be deleted because deletion protection is enabled: deploy with enableDeletionProtection false first", r.ID)
		}
		return nil
	},
}

func createBalancer(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if kind := r.Outputs.Text("loadBalancerType"); kind != "application" {
		return fmt.Errorf("creating load balancer %s: the emulator has application load balancers only, not %s", name, kind)
	}
	scheme := ""
	if r.Outputs.True("internal") {
		scheme = "internal-"
	}
	r.Outputs["dnsName"] = fmt.Sprintf("%s%s-%s.%s.elb.amazonaws.com", scheme, name, tx.Digits(10), tx.Region())
	r.Outputs["zoneId"] = tx.BalancerZone()
	return nil
}

// placeBalancer applies the rules about subnets, groups and logs.
func placeBalancer(tx *account.Tx, r *account.Resource) error {
	subnets := r.Inputs.Strings("subnets")
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
	tx.DefaultGroup(r, "securityGroups", vpc)
	r.Outputs["vpcId"] = vpc
	var mappings []any
	for _, subnet := range subnets {
		mappings = append(mappings, map[string]any{"subnetId": subnet, "allocationId": "", "ipv6Address": "", "outpostId": "", "privateIpv4Address": ""})
	}
	r.Outputs["subnetMappings"] = mappings
	if bucket := r.Outputs.Text("accessLogs.bucket"); bucket != "" && r.Outputs.True("accessLogs.enabled") {
		if why := s3.RefusesLogs(tx, bucket); why != "" {
			return tx.Refuse("InvalidConfigurationRequest", "Access Denied for bucket: %s. Please check S3bucket permission: %s", bucket, why)
		}
	}
	return nil
}
