package stacks_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

const (
	small   = "these environments are small and cheap; Pulumi.prod.yaml has it"
	noHTTPS = "the stack has no domain, so HTTP only"
	oneZone = "a test of an hour needs no second node; Pulumi.prod.yaml has it"
	costs   = "interface endpoints cost by the hour and zone; network.endpoints adds them"
)

// beyondProduction is an exception of every stack but production.
func beyondProduction(reason string) map[string]string {
	return map[string]string{"local": reason, "review": reason, "staging": reason}
}

// open tells whether a rule admits the whole internet.
func open(r infratest.Resource) bool {
	return text(r, "cidrIpv4") == "0.0.0.0/0" || text(r, "cidrIpv6") == "::/0"
}

// webOnly is a rule that is not open, or is about port 80 or 443 alone.
func webOnly(r infratest.Resource) bool {
	from, _ := at(r, "fromPort")
	to, _ := at(r, "toPort")
	return !open(r) || from.DeepEquals(to) && from.IsNumber() && (from.NumberValue() == 80 || from.NumberValue() == 443)
}

func noSecrets(c map[string]any) bool {
	list, _ := c["environment"].([]any)
	return !slices.ContainsFunc(list, func(one any) bool {
		entry, _ := one.(map[string]any)
		return slices.Contains([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "ECS_ENGINE_AUTH_DATA", "APP_KEY", "DB_PASSWORD"}, entry["name"].(string))
	})
}

func yes(key string) func(map[string]any) bool {
	return func(c map[string]any) bool { on, _ := c[key].(bool); return on }
}

// statements are those of the policy of a resource.
func statements(r infratest.Resource) []infratest.Statement {
	var policy infratest.Policy
	if err := json.Unmarshal([]byte(text(r, "policy")), &policy); err != nil {
		return nil
	}
	return policy.Statement
}

// allowsNone is a policy without a statement that allows what a check is about.
func allowsNone(check func(infratest.Statement) bool) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool {
		list := statements(r)
		return len(list) > 0 && !slices.ContainsFunc(list, func(s infratest.Statement) bool { return s.Effect == "Allow" && check(s) })
	}
}

// everything is IAM.1's: all actions on all resources.
func everything(s infratest.Statement) bool {
	return slices.Contains(s.Action, "*") && slices.Contains(s.Resource, "*")
}

// wholeService is IAM.21's: all actions of a service, whatever the resources are.
func wholeService(s infratest.Statement) bool {
	return slices.ContainsFunc(s.Action, func(action string) bool { return strings.HasSuffix(action, ":*") })
}

func everyone(s infratest.Statement) bool {
	return slices.ContainsFunc(slices.Collect(maps.Values(s.Principal)), func(who infratest.Texts) bool { return slices.Contains(who, "*") })
}

// tlsOnly is a policy that denies everything to requests without TLS.
func tlsOnly(r infratest.Resource) bool {
	return slices.ContainsFunc(statements(r), func(s infratest.Statement) bool {
		return s.Effect == "Deny" && everyone(s) && slices.Contains(s.Action, "s3:*") && slices.Equal(s.Condition["Bool"]["aws:SecureTransport"], infratest.Texts{"false"})
	})
}

// every checks all entries of a list, of which there must be one.
func every(path string, check func(entry infratest.Resource) bool) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool {
		list, there := at(r, path)
		if !there || !list.IsArray() || len(list.ArrayValue()) == 0 {
			return false
		}
		for _, entry := range list.ArrayValue() {
			if !entry.IsObject() || !check(infratest.Resource{Inputs: entry.ObjectValue()}) {
				return false
			}
		}
		return true
	}
}

// highRisk are the ports of EC2.19.
var highRisk = []float64{20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300}

// safePorts is a rule that is not open, or not to a port of high risk.
func safePorts(r infratest.Resource) bool {
	from, _ := at(r, "fromPort")
	to, _ := at(r, "toPort")
	if !open(r) {
		return true
	}
	if !from.IsNumber() || !to.IsNumber() { // all ports
		return false
	}
	return !slices.ContainsFunc(highRisk, func(port float64) bool { return from.NumberValue() <= port && port <= to.NumberValue() })
}

// encryptedDisks are all disks of a template, or the one of an instance.
func encryptedDisks(r infratest.Resource) bool {
	if r.Type == natInstance {
		return on("rootBlockDevice.encrypted")(r)
	}
	return every("blockDeviceMappings", is("ebs.encrypted", "true"))(r)
}

const (
	template    = "aws:ec2/launchTemplate:LaunchTemplate"
	natInstance = "aws:ec2/instance:Instance"
	fleet       = "aws:autoscaling/group:Group"
	ingress     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	endpoint    = "aws:ec2/vpcEndpoint:VpcEndpoint"
	balancer    = "aws:lb/loadBalancer:LoadBalancer"
	listener    = "aws:lb/listener:Listener"
	target      = "aws:lb/targetGroup:TargetGroup"
	webACL      = "aws:wafv2/webAcl:WebAcl"
	definition  = "aws:ecs/taskDefinition:TaskDefinition"
	rdsDB       = "aws:rds/instance:Instance"
	cacheGroup  = "aws:elasticache/replicationGroup:ReplicationGroup"
	blocked     = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
)

func interfaceEndpoint(service string) func(infratest.Resource) bool {
	return func(r infratest.Resource) bool { return strings.HasSuffix(text(r, "serviceName"), "."+service) }
}

var controls = []control{
	{"ACM.1", "certificates that renew themselves", "aws:acm/certificate:Certificate", false, is("validationMethod", "DNS"), nil},
	{"ACM.2", "RSA keys of 2048 bits or more", "aws:acm/certificate:Certificate", false, not(is("keyAlgorithm", "RSA_1024")), nil},
	{"AutoScaling.2", "a group in several zones", fleet, true, atLeast("vpcZoneIdentifiers", 2), nil},
	{"AutoScaling.3", "IMDSv2 in the group's template", template, true, is("metadataOptions.httpTokens", "required"), nil},
	{"AutoScaling.5", "no public addresses in the group's template", template, true, func(r infratest.Resource) bool {
		return not(has("networkInterfaces[0]"))(r) || every("networkInterfaces", not(on("associatePublicIpAddress")))(r)
	}, nil},
	{"AutoScaling.6", "several instance types", fleet, true, atLeast("mixedInstancesPolicy.launchTemplate.overrides", 2), map[string]string{"local": "this machine is the only instance"}},
	{"AutoScaling.9", "a launch template", fleet, true, has("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId"), nil},
	{"EC2.2", "a default security group without rules", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", true, func(r infratest.Resource) bool {
		return !has("ingress[0]")(r) && !has("egress[0]")(r)
	}, map[string]string{"review": "only an administrator can empty the group, which has no tags (network.emptyDefaultGroup); nothing is in it"}},
	{"EC2.3", "encrypted volumes", template + "|" + natInstance, true, encryptedDisks, nil},
	{"EC2.6", "flow logs", "aws:ec2/flowLog:FlowLog", true, present, nil},
	{"EC2.8", "IMDSv2 on instances", natInstance, false, is("metadataOptions.httpTokens", "required"), nil},
	{"EC2.10", "an endpoint of the EC2 API", endpoint, true, interfaceEndpoint("ec2"), map[string]string{"*": costs}},
	{"EC2.15", "subnets without public addresses", "aws:ec2/subnet:Subnet", true, not(on("mapPublicIpOnLaunch")), nil},
	{"EC2.18", "the internet reaches ports 80 and 443 only", ingress, true, webOnly, nil},
	{"EC2.19", "no port of high risk is open to the internet", ingress, true, safePorts, nil},
	{"EC2.55", "an endpoint of ECR's API", endpoint, true, interfaceEndpoint("ecr.api"), map[string]string{"*": costs}},
	{"EC2.56", "an endpoint of ECR's registry", endpoint, true, interfaceEndpoint("ecr.dkr"), map[string]string{"*": costs}},
	{"EC2.57", "an endpoint of Systems Manager", endpoint, true, interfaceEndpoint("ssm"), map[string]string{"*": costs}},
	{"EC2.180", "source and destination checks on network interfaces", natInstance, false, not(has("sourceDestCheck")),
		beyondProduction("a NAT instance forwards what is not its own; Pulumi.prod.yaml has NAT gateways")},
	{"ECR.1", "images are scanned", "aws:ecr/repository:Repository", true, on("imageScanningConfiguration.scanOnPush"), nil},
	{"ECR.2", "tags that cannot move", "aws:ecr/repository:Repository", true, is("imageTagMutability", "IMMUTABLE"), nil},
	{"ECR.3", "a lifecycle policy", "aws:ecr/lifecyclePolicy:LifecyclePolicy", true, present, nil},
	{"ECS.2", "services without public addresses", "aws:ecs/service:Service", true, not(on("networkConfiguration.assignPublicIp")), nil},
	{"ECS.3", "no process namespace of the host", definition, true, not(is("pidMode", "host")), nil},
	{"ECS.4", "no privileged containers", definition, true, containers(func(c map[string]any) bool { return !yes("privileged")(c) }), nil},
	{"ECS.5", "read-only root file systems", definition, true, containers(yes("readonlyRootFilesystem")), beyondProduction("the agent of ECS Exec needs a file system that it can write to (access.exec)")},
	{"ECS.8", "no secrets in the environment", definition, true, containers(noSecrets), nil},
	{"ECS.9", "logs", definition, true, containers(func(c map[string]any) bool { return c["logConfiguration"] != nil }), nil},
	{"ECS.12", "Container Insights", "aws:ecs/cluster:Cluster", true, every("settings", func(setting infratest.Resource) bool {
		return text(setting, "name") != "containerInsights" || is("value", "enabled", "enhanced")(setting)
	}), beyondProduction("it costs by the metric; Pulumi.prod.yaml has it")},
	{"ECS.17", "not the host's network", definition, true, not(is("networkMode", "host")), nil},
	{"ECS.19", "managed termination protection", "aws:ecs/capacityProvider:CapacityProvider", true, is("autoScalingGroupProvider.managedTerminationProtection", "ENABLED"),
		map[string]string{"*": "an instance that is protected is never replaced for its age (cluster.maxInstanceDays); managed draining moves its tasks instead"}},
	{"ECS.20", "a user that is not root", definition, true, containers(func(c map[string]any) bool {
		user, _ := c["user"].(string)
		return user != "" && user != "root" && user != "0"
	}), nil},
	{"ElastiCache.1", "backups of the cache", cacheGroup, false, atLeast("snapshotRetentionLimit", 1), map[string]string{"review": small, "staging": small}},
	{"ElastiCache.2", "minor versions by themselves", cacheGroup, false, on("autoMinorVersionUpgrade"), nil},
	{"ElastiCache.3", "automatic failover", cacheGroup, false, on("automaticFailoverEnabled"), map[string]string{"review": oneZone, "staging": oneZone}},
	{"ElastiCache.4", "encryption at rest", cacheGroup, false, on("atRestEncryptionEnabled"), nil},
	{"ElastiCache.5", "encryption in transit", cacheGroup, false, on("transitEncryptionEnabled"), nil},
	{"ElastiCache.7", "a subnet group of its own", cacheGroup, false, has("subnetGroupName"), nil},
	{"ELB.1", "HTTP redirects to HTTPS", listener, true, func(r infratest.Resource) bool {
		return text(r, "protocol") != "HTTP" || every("defaultActions", is("redirect.protocol", "HTTPS"))(r)
	}, map[string]string{"review": noHTTPS, "staging": noHTTPS, "local": "a redirect would lead to port 443 of this machine"}},
	{"ELB.4", "invalid headers are dropped", balancer, true, on("dropInvalidHeaderFields"), nil},
	{"ELB.5", "access logs", balancer, true, on("accessLogs.enabled"), nil},
	{"ELB.6", "deletion protection", balancer, true, on("enableDeletionProtection"), beyondProduction("these environments can be destroyed in one step")},
	{"ELB.12", "desync mitigation", balancer, true, is("desyncMitigationMode", "defensive", "strictest"), nil},
	{"ELB.13", "several zones", balancer, true, atLeast("subnets", 2), nil},
	{"ELB.17", "a recommended TLS policy", listener, true, func(r infratest.Resource) bool {
		return text(r, "protocol") != "HTTPS" || slices.Contains([]string{"ELBSecurityPolicy-TLS13-1-3-2021-06", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"}, text(r, "sslPolicy"))
	}, nil},
	{"ELB.18", "HTTPS on every listener", listener, true, is("protocol", "HTTPS"), map[string]string{"*": "ELB.1 asks for the listener on port 80, which redirects"}},
	{"ELB.21", "encrypted health checks", target, true, is("healthCheck.protocol", "HTTPS"), beyondProduction("between load balancer and container is the private network; loadBalancer.containerTls encrypts there, too")},
	{"ELB.22", "encryption to the targets", target, true, is("protocol", "HTTPS"), beyondProduction("between load balancer and container is the private network; loadBalancer.containerTls encrypts there, too")},
	{"IAM.1", "no policy that allows everything", "aws:iam/rolePolicy:RolePolicy", true, allowsNone(everything), nil},
	{"IAM.21", "no policy that allows a whole service", "aws:iam/rolePolicy:RolePolicy", true, allowsNone(wholeService), nil},
	{"RDS.2", "a private database", rdsDB, true, not(on("publiclyAccessible")), nil},
	{"RDS.3", "encryption at rest", rdsDB, true, on("storageEncrypted"), nil},
	{"RDS.5", "a standby in another zone", rdsDB, true, on("multiAz"), beyondProduction(small)},
	{"RDS.6", "enhanced monitoring", rdsDB, true, atLeast("monitoringInterval", 1), beyondProduction(small)},
	{"RDS.8", "deletion protection", rdsDB, true, on("deletionProtection"), beyondProduction("these environments can be destroyed in one step")},
	{"RDS.9", "logs in CloudWatch", rdsDB, true, has("enabledCloudwatchLogsExports[0]"), beyondProduction(small)},
	{"RDS.10", "IAM authentication", rdsDB, true, on("iamDatabaseAuthenticationEnabled"), map[string]string{"*": "PHP's client takes a password; a token of 15 minutes is nothing for a pool of connections"}},
	{"RDS.11", "backups of 7 days", rdsDB, true, atLeast("backupRetentionPeriod", 7), beyondProduction(small)},
	{"RDS.13", "minor versions by themselves", rdsDB, true, on("autoMinorVersionUpgrade"), nil},
	{"RDS.17", "tags on snapshots", rdsDB, true, on("copyTagsToSnapshot"), nil},
	{"RDS.20", "notifications of the instance's events", "aws:rds/eventSubscription:EventSubscription", true, present, map[string]string{"review": "a test of an hour has no alarms"}},
	{"RDS.23", "a port that is not the default", rdsDB, true, func(r infratest.Resource) bool {
		port, _ := at(r, "port")
		return port.IsNumber() && port.NumberValue() != 3306
	},
		map[string]string{"*": "another port hides nothing from who is in the network; the security group admits the application only"}},
	{"RDS.25", "an administrator that is not called admin", rdsDB, true, not(is("username", "admin", "root", "administrator")), nil},
	{"S3.1", "no public buckets", blocked, true, on("blockPublicPolicy"), nil},
	{"S3.5", "requests by TLS only", "aws:s3/bucketPolicy:BucketPolicy", true, tlsOnly, nil},
	{"S3.8", "public access is blocked", blocked, true, func(r infratest.Resource) bool {
		return isTrue(r, "blockPublicAcls") && isTrue(r, "ignorePublicAcls") && isTrue(r, "restrictPublicBuckets")
	}, nil},
	{"S3.9", "logs of the bucket's own requests", "aws:s3/bucketLoggingV2:BucketLoggingV2", true, present, map[string]string{"*": "a bucket for logs would ask for another one; CloudTrail, which belongs to the account, records who reads files (data events)"}},
	{"S3.12", "no access lists", "aws:s3/bucketOwnershipControls:BucketOwnershipControls", true, is("rule.objectOwnership", "BucketOwnerEnforced"), nil},
	{"S3.13", "a lifecycle", "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2", true, present, nil},
	{"SecretsManager.1", "secrets that rotate by themselves", "aws:secretsmanager/secretRotation:SecretRotation", true, present,
		map[string]string{"*": "a rotation is a deployment (make rotate-secret): tasks get a secret when they start"}},
	{"SNS.4", "topics that are not public", "aws:sns/topicPolicy:TopicPolicy", false, allowsNone(everyone), nil},
	{"SQS.1", "queues encrypted at rest", "aws:sqs/queue:Queue", false, on("sqsManagedSseEnabled"), nil},
	{"SQS.3", "queues that are not public", "aws:sqs/queuePolicy:QueuePolicy", false, allowsNone(everyone), nil},
	{"WAF.10", "a web ACL with rules", webACL, false, atLeast("rules", 1), nil},
	{"WAF.12", "metrics of the rules", webACL, false, func(r infratest.Resource) bool {
		return on("visibilityConfig.cloudwatchMetricsEnabled")(r) && every("rules", on("visibilityConfig.cloudwatchMetricsEnabled"))(r)
	}, nil},
}
