package pipeline

import "strings"

// What a pipeline may do on AWS is one table (permissions.go): for each resource type and function of the program, the actions that
// the provider calls, and their resources. Actions, resources and condition keys are those of AWS's Service Authorization Reference
// (https://docs.aws.amazon.com/service-authorization/latest/reference/reference.html). Where an ARN holds the resource's name, that
// begins with application and stack. A condition asks for the tags that the provider puts on every resource (whenOurs). What is "always"
// allowed by name has no tags: S3 reads them only with attribute-based access control, which is off
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html). "*" is for actions that AWS defines without a resource, and for those that read settings only.

// scope is the resources that an action is allowed on, and the condition. Resources are ARNs without "arn:" and the partition, separated by spaces.
type scope struct {
	resources string
	when      condition
}

// condition names an entry of conditions.
type condition string

const (
	always        condition = ""
	whenOwned     condition = "owned"     // it has the tags of the environment
	whenMaking    condition = "making"    // it is created with the tags of the environment
	whenUnclaimed condition = "unclaimed" // it has no tag of an environment yet
	whenAdopting  condition = "adopting"  // tags of the environment, on what has none yet
	whenOurs      condition = "ours"      // by action: made with the tags of the environment, or changed if it has them (byTags)
	whenBounded   condition = "bounded"   // only roles with the environment's permissions boundary
	whenAttaching condition = "attaching" // only such roles, and only the policies that the program attaches
	whenPassing   condition = "passing"   // only to the services that the program gives roles to
	whenLinking   condition = "linking"   // only the service-linked roles that are needed
	whenGranting  condition = "granting"  // only to services of AWS
	whenThere     condition = "there"     // only in the region of the copies
	whenScaling   condition = "scaling"   // only tasks of ECS
	whenResolving condition = "resolving" // only the environment's host names
	whenNaming    condition = "naming"    // only certificates for the environment's host names
	whenInShared  condition = "{shared}"  // only in the cluster of the environment that is shared
)

// and is true when both are.
func (c condition) and(other condition) condition {
	return condition(strings.Trim(string(c+"+"+other), "+"))
}

var (
	anything   = scope{resources: "*"}
	ec2Owned   = scope{"ec2:{region}:{account}:*", whenOwned}
	ec2Birth   = scope{"ec2:{region}:{account}:*", whenMaking.and(bornIn + "ec2")}
	instances  = scope{"ec2:{region}::image/* ec2:{region}:{account}:volume/* ec2:{region}:{account}:network-interface/* ec2:{region}:{account}:key-pair/*", always}
	interfaces = scope{"ec2:{region}:{account}:network-interface/*", whenUnclaimed}

	certificates = scope{"acm:{region}:{account}:certificate/*", whenOwned}
	// ACM asks for AddTagsToCertificate when one is requested with tags (https://github.com/hashicorp/terraform-provider-aws/issues/11903),
	// and has no key that tells this from a later call. {published}: not for environments without host names.
	newCerts      = scope{"*", whenMaking.and(whenNaming)} // the request names no resource
	unclaimedCert = scope{"acm:{region}:{account}:certificate/{published}", whenAdopting}
	groups        = scope{"autoscaling:{region}:{account}:autoScalingGroup:*:autoScalingGroupName/{name}", whenOurs}
	scaling       = scope{"application-autoscaling:{region}:{account}:scalable-target/*", whenScaling.and(whenOurs)}
	scalingTags   = scope{"application-autoscaling:{region}:{account}:scalable-target/*", whenOurs}
	scalingAlarms = scope{"cloudwatch:{region}:{account}:alarm:TargetTracking-service/{name}", whenUnclaimed}
	alarms        = scope{"cloudwatch:{region}:{account}:alarm:{name}", whenOurs}
	dashboards    = scope{"cloudwatch::{account}:dashboard/{name}", always}
	eventRules    = scope{"events:{region}:{account}:rule/{name}", whenOurs}
	logGroups     = scope{"logs:{region}:{account}:log-group:{name} logs:{region}:{account}:log-group:/aws/rds/instance/{name} logs:{region}:{account}:log-group:/aws/rds/cluster/{name} logs:{region}:{account}:log-group:aws-waf-logs-{name}", whenOurs}
	repositories  = scope{"ecr:{region}:{account}:repository/{name}", whenOurs}
	ecsThings     = scope{"ecs:{region}:{account}:cluster/{name} ecs:{region}:{account}:service/{name} ecs:{region}:{account}:capacity-provider/{name} ecs:{region}:{account}:task-definition/{name}", whenOurs}
	cacheThings   = scope{"elasticache:{region}:{account}:cluster:{name} elasticache:{region}:{account}:replicationgroup:{name} elasticache:{region}:{account}:subnetgroup:{name} elasticache:{region}:{account}:snapshot:{name}", whenOurs}
	cacheOthers   = scope{"elasticache:{region}:{account}:snapshot:{name} elasticache:{region}:{account}:parametergroup:default.*", always} // AWS's groups, and snapshots at a deletion, have no tags
	roles         = scope{"iam::{account}:role/{name}", whenOurs}
	profiles      = scope{"iam::{account}:instance-profile/{name}", whenOurs}
	rolesBounded  = scope{"iam::{account}:role/{name}", whenBounded.and(whenOurs)}
	rolesAttached = scope{"iam::{account}:role/{name}", whenAttaching.and(whenOurs)}
	rolesPassed   = scope{"iam::{account}:role/{name}", whenPassing}
	rolesLinked   = scope{"iam::{account}:role/aws-service-role/*", whenLinking}
	balancers     = scope{"elasticloadbalancing:{region}:{account}:loadbalancer/app/{name} elasticloadbalancing:{region}:{account}:listener/app/{name} elasticloadbalancing:{region}:{account}:listener-rule/app/{name} elasticloadbalancing:{region}:{account}:targetgroup/{name}", whenOurs}
	databases     = scope{"rds:{region}:{account}:cluster:{name} rds:{region}:{account}:cluster-pg:{name} rds:{region}:{account}:db:{name} rds:{region}:{account}:es:{name} rds:{region}:{account}:pg:{name} rds:{region}:{account}:subgrp:{name} rds:{region}:{account}:snapshot:{name} rds:{region}:{account}:snapshot:rds:{name}", whenOurs}
	optionGroups  = scope{"rds:{region}:{account}:og:default* rds:{region}:{account}:pg:default.aurora-*", always} // AWS's, which have no tags
	dbSnapshots   = scope{"rds:{region}:{account}:snapshot:{name}", always}
	oldSnapshots  = scope{"rds:{region}:{account}:snapshot:{name} rds:{region}:{account}:snapshot:rds:{name}", whenUnclaimed}
	// A blue/green update: its deployment has a generated id and no tags (hashicorp/terraform-provider-aws#35623), and its instances are named
	// after the database. Switching over and deleting also need the rights on these. Review environments have no such updates.
	deployments   = scope{"rds:{region}:{account}:deployment:{permanent}", always}
	dbCopies      = scope{"rds:{region}:{account}:db:{name}-green-{permanent} rds:{region}:{account}:db:{name}-old1", always}
	zones         = scope{"route53:::hostedzone/*", always}
	zoneRecords   = scope{"route53:::hostedzone/*", whenResolving}
	zoneChanges   = scope{"route53:::change/*", always}
	buckets       = scope{"s3:::{name}", always}
	bucketObjects = scope{"s3:::{name}/*", always}
	schedules     = scope{"scheduler:{region}:{account}:schedule/default/{name}", always}
	secrets       = scope{"secretsmanager:{region}:{account}:secret:{name}", whenOurs}
	queues        = scope{"sqs:{region}:{account}:{name}", whenOurs}
	topics        = scope{"sns:{region}:{account}:{name}", whenOurs}
	subscriptions = scope{"sns:{region}:{account}:{name}", always}
	images        = scope{"ssm:{region}::parameter/aws/service/*", always}
	// What a review environment has in the environment that it shares: listener rules, and services in the cluster.
	sharedListeners = scope{"elasticloadbalancing:{region}:{account}:listener/app/{shared}", whenMaking}
	sharedRules     = scope{"elasticloadbalancing:{region}:{account}:listener-rule/app/{shared}", whenOwned}
	newSharedRules  = scope{"elasticloadbalancing:{region}:{account}:listener-rule/app/{shared}", whenMaking.and(bornIn + "elasticloadbalancing")}
	// The alarm of a service has the name of its cluster, too.
	sharedAlarms   = scope{"cloudwatch:{region}:{account}:alarm:TargetTracking-service/{shared}/{name}", whenUnclaimed}
	sharedServices = scope{"ecs:{region}:{account}:service/{shared}/{name}", whenOurs}
	// A task definition may have the host's folders, so a task of it must not run on another environment's instances. {sharing}: only for
	// environments that share.
	sharedRuns = scope{"ecs:{region}:{account}:task-definition/{name}", whenOwned.and(whenInShared)}
	sharedLogs = scope{"logs:{region}:{account}:log-group:{name}{sharing}", whenOwned}
	firewalls  = scope{"wafv2:{region}:{account}:regional/webacl/{name}", whenOurs}
	ruleSets   = scope{"wafv2:{region}:{account}:regional/managedruleset/*", always}
	guarded    = scope{"elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}", always}
	// Copies of the database: a plan and a vault in the region of the environment, a vault and its key in that of the copies.
	vaults        = scope{"backup:{region}:{account}:backup-vault:{name}", whenOurs}
	vaultsThere   = scope{"backup:{copies}:{account}:backup-vault:{name}", whenOurs}
	plans         = scope{"backup:{region}:{account}:backup-plan:*", whenOurs}
	ownPlans      = scope{"backup:{region}:{account}:backup-plan:*", whenOwned}
	keys          = scope{"kms:{copies}:{account}:key/*", whenOwned}
	newKeys       = scope{"*", whenMaking.and(whenThere)} // the request names no resource
	unclaimedKeys = scope{"kms:{copies}:{account}:key/*", whenAdopting}
	snapshots     = scope{"rds:{region}:{account}:snapshot:awsbackup:*", whenOwned}
	newSnapshots  = scope{"rds:{region}:{account}:snapshot:awsbackup:*", whenUnclaimed}
	copied        = scope{"rds:{copies}:{account}:snapshot:awsbackup:*", whenOwned}
	newCopies     = scope{"rds:{copies}:{account}:snapshot:awsbackup:*", whenUnclaimed}
	grants        = scope{"*", whenGranting}
)

// permission allows actions, given as words, on a scope.
type permission struct {
	actions string
	on      scope
}

// made is what EC2 needs to create a resource with its tags, to use others of the environment for it, and to change and delete it.
func made(kind, create, change string) []permission {
	return []permission{
		{create, scope{"ec2:{region}:{account}:" + kind + "/*", whenMaking}},
		{create + " " + change + " ec2:CreateTags ec2:DeleteTags", ec2Owned},
		{"ec2:CreateTags", ec2Birth},
	}
}

// reading allows actions that read settings, on everything.
func reading(actions string) permission { return permission{actions, anything} }

// bucketSetting is for resource types that are one setting of a bucket.
func bucketSetting(actions string) []permission { return []permission{{actions, buckets}} }
