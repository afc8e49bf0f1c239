package account

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Sets are, by type, the lists that are sets to the provider (schema.TypeSet): their order says nothing, and AWS returns them in an order
// of its own. A test holds them to the provider's schema. Lists that are not here keep the program's order, or differ for ever.
var Sets = map[string][]string{
	"aws:acm/certificate:Certificate":                     {"subjectAlternativeNames"},
	"aws:acm/certificateValidation:CertificateValidation": {"validationRecordFqdns"},
	"aws:autoscaling/group:Group":                         {"loadBalancers", "tags", "vpcZoneIdentifiers"},
	"aws:cloudfront/distribution:Distribution": {
		"aliases", "customErrorResponses", "defaultCacheBehavior.allowedMethods", "defaultCacheBehavior.cachedMethods", "orderedCacheBehaviors[*].allowedMethods",
		"orderedCacheBehaviors[*].cachedMethods", "originGroups", "originGroups[*].failoverCriteria.statusCodes", "origins", "origins[*].customHeaders",
		"origins[*].customOriginConfig.originSslProtocols",
	},
	"aws:cloudwatch/metricAlarm:MetricAlarm":                     {"alarmActions", "okActions"},
	"aws:ec2/instance:Instance":                                  {"vpcSecurityGroupIds"},
	"aws:ec2/launchTemplate:LaunchTemplate":                      {"vpcSecurityGroupIds"},
	"aws:ec2/vpcEndpoint:VpcEndpoint":                            {"routeTableIds", "securityGroupIds", "subnetIds"},
	"aws:ecs/cluster:Cluster":                                    {"settings"},
	"aws:ecs/clusterCapacityProviders:ClusterCapacityProviders":  {"capacityProviders", "defaultCapacityProviderStrategies"},
	"aws:ecs/service:Service":                                    {"alarms.alarmNames", "capacityProviderStrategies", "loadBalancers", "networkConfiguration.securityGroups", "networkConfiguration.subnets"},
	"aws:ecs/taskDefinition:TaskDefinition":                      {"requiresCompatibilities", "volumes"},
	"aws:elasticache/cluster:Cluster":                            {"securityGroupIds"},
	"aws:elasticache/replicationGroup:ReplicationGroup":          {"securityGroupIds"},
	"aws:elasticache/subnetGroup:SubnetGroup":                    {"subnetIds"},
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider":        {"clientIdLists"},
	"aws:lb/listener:Listener":                                   {"defaultActions[*].forward.targetGroups"},
	"aws:lb/listenerRule:ListenerRule":                           {"actions[*].forward.targetGroups", "conditions", "conditions[*].hostHeader.values", "conditions[*].httpHeader.values", "conditions[*].pathPattern.values", "conditions[*].sourceIp.values"},
	"aws:lb/loadBalancer:LoadBalancer":                           {"securityGroups", "subnets"},
	"aws:rds/cluster:Cluster":                                    {"enabledCloudwatchLogsExports", "vpcSecurityGroupIds"},
	"aws:rds/clusterParameterGroup:ClusterParameterGroup":        {"parameters"},
	"aws:rds/instance:Instance":                                  {"enabledCloudwatchLogsExports", "vpcSecurityGroupIds"},
	"aws:rds/parameterGroup:ParameterGroup":                      {"parameters"},
	"aws:rds/subnetGroup:SubnetGroup":                            {"subnetIds"},
	"aws:rds/eventSubscription:EventSubscription":                {"eventCategories", "sourceIds"},
	"aws:route53/record:Record":                                  {"records"},
	"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2": {"corsRules", "corsRules[*].allowedHeaders", "corsRules[*].allowedMethods", "corsRules[*].allowedOrigins", "corsRules[*].exposeHeaders"},
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": {"rules"},
	"aws:wafv2/webAcl:WebAcl": {"rules"},
}

// unordered returns outputs with their sets in another order than the program's, as AWS returns them.
func unordered(token string, outputs Values) {
	for _, path := range Sets[token] {
		for _, place := range outputs.Expand(path) {
			slices.SortFunc(outputs.List(place), func(a, b any) int { return cmp.Compare(fmt.Sprint(b), fmt.Sprint(a)) })
		}
	}

}

// SortedKeys are the keys of a map in order.
func SortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
