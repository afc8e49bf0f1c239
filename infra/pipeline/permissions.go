package pipeline

// permissions are the actions that the provider calls, by resource type and by function.
var permissions = joined(cdnPermissions, withAurora(map[string][]permission{
	"aws:acm/certificate:Certificate": {
		reading("acm:DescribeCertificate acm:ListTagsForCertificate"),
		{"acm:RequestCertificate", newCerts},
		{"acm:AddTagsToCertificate", unclaimedCert},
		{"acm:AddTagsToCertificate acm:DeleteCertificate acm:RemoveTagsFromCertificate acm:UpdateCertificateOptions", certificates},
	},
	"aws:acm/certificateValidation:CertificateValidation": {reading("acm:DescribeCertificate")},
	"aws:appautoscaling/policy:Policy": {
		reading("application-autoscaling:DescribeScalingPolicies cloudwatch:DescribeAlarms cloudwatch:GetMetricData"),
		{"application-autoscaling:DeleteScalingPolicy application-autoscaling:PutScalingPolicy", scaling},
		{"cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm", scalingAlarms},
		{"cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm", sharedAlarms},
	},
	"aws:appautoscaling/target:Target": {
		reading("application-autoscaling:DescribeScalableTargets application-autoscaling:ListTagsForResource"),
		{"application-autoscaling:DeregisterScalableTarget application-autoscaling:RegisterScalableTarget", scaling},
		{"application-autoscaling:TagResource application-autoscaling:UntagResource", scalingTags}, // a later tag comes alone
		{"iam:CreateServiceLinkedRole", rolesLinked},
	},
	"aws:autoscaling/group:Group": {
		reading("autoscaling:DescribeAutoScalingGroups autoscaling:DescribeInstanceRefreshes autoscaling:DescribeScalingActivities autoscaling:DescribeTags autoscaling:DescribeWarmPool"),
		{"autoscaling:CancelInstanceRefresh autoscaling:CreateAutoScalingGroup autoscaling:CreateOrUpdateTags autoscaling:DeleteAutoScalingGroup autoscaling:DeleteTags autoscaling:DisableMetricsCollection autoscaling:EnableMetricsCollection autoscaling:ResumeProcesses autoscaling:SetInstanceProtection autoscaling:StartInstanceRefresh autoscaling:SuspendProcesses autoscaling:TerminateInstanceInAutoScalingGroup autoscaling:UpdateAutoScalingGroup", groups},
		{"iam:CreateServiceLinkedRole", rolesLinked},
		{"iam:PassRole", rolesPassed},
	},
	// Neither recovery points nor vaults may be deleted, nor the key: a pipeline that is taken over must not reach the copies.
	"aws:backup/plan:Plan": {
		reading("backup:GetBackupPlan backup:ListTags"),
		{"backup:CreateBackupPlan backup:DeleteBackupPlan backup:TagResource backup:UntagResource backup:UpdateBackupPlan", plans},
	},
	"aws:backup/selection:Selection": {
		reading("backup:GetBackupSelection"),
		{"backup:CreateBackupSelection backup:DeleteBackupSelection", ownPlans},
		{"iam:CreateServiceLinkedRole", rolesLinked},
		{"iam:PassRole", rolesPassed},
	},
	"aws:backup/vault:Vault": { // https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html
		reading("backup:DescribeBackupVault backup:ListTags kms:DescribeKey"),
		{"backup:CreateBackupVault backup:TagResource backup:UntagResource", vaults},
		{"backup:CreateBackupVault backup:TagResource backup:UntagResource", vaultsThere},
		{"backup-storage:MountCapsule", anything},
		{"kms:CreateGrant kms:Decrypt kms:GenerateDataKey kms:RetireGrant", keys},
	},
	"aws:cloudwatch/dashboard:Dashboard": {
		reading("cloudwatch:GetDashboard"),
		{"cloudwatch:DeleteDashboards cloudwatch:PutDashboard", dashboards},
	},
	"aws:cloudwatch/eventRule:EventRule": {
		{"events:DeleteRule events:DescribeRule events:DisableRule events:EnableRule events:ListTagsForResource events:PutRule events:TagResource events:UntagResource", eventRules},
	},
	"aws:cloudwatch/eventTarget:EventTarget": {{"events:ListTargetsByRule events:PutTargets events:RemoveTargets", eventRules}},
	"aws:cloudwatch/logGroup:LogGroup": {
		reading("logs:DescribeLogGroups logs:ListTagsForResource"),
		{"logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy logs:PutRetentionPolicy logs:TagResource logs:UntagResource", logGroups},
	},
	"aws:cloudwatch/metricAlarm:MetricAlarm": {
		reading("cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource"),
		{"cloudwatch:DeleteAlarms cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource", alarms},
	},
	// The default group of a new VPC has no tags: an administrator empties and tags it, in the first deployment.
	"aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {
		reading("ec2:DescribeSecurityGroupRules ec2:DescribeSecurityGroups"),
		{"ec2:CreateTags ec2:DeleteTags ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress", ec2Owned},
	},
	"aws:ec2/eip:Eip": append(made("elastic-ip", "ec2:AllocateAddress", "ec2:AssociateAddress ec2:DisassociateAddress ec2:ReleaseAddress"),
		reading("ec2:DescribeAddresses ec2:DescribeAddressesAttribute"),
		permission{"ec2:AssociateAddress ec2:DisassociateAddress", interfaces}), // the network interface has no tags; address and instance have
	"aws:ec2/flowLog:FlowLog": append(made("vpc-flow-log", "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs"),
		reading("ec2:DescribeFlowLogs"), permission{"iam:PassRole", rolesPassed}),
	"aws:ec2/instance:Instance": append(made("instance", "ec2:RunInstances", "ec2:ModifyInstanceAttribute ec2:ModifyInstanceMetadataOptions ec2:StartInstances ec2:StopInstances ec2:TerminateInstances"),
		reading("ec2:DescribeImages ec2:DescribeInstanceAttribute ec2:DescribeInstanceCreditSpecifications ec2:DescribeInstances ec2:DescribeInstanceTypes ec2:DescribeNetworkInterfaces ec2:DescribeTags ec2:DescribeVolumes"),
		permission{"ec2:RunInstances", instances}, permission{"iam:PassRole", rolesPassed}),
	"aws:ec2/internetGateway:InternetGateway": append(made("internet-gateway", "ec2:CreateInternetGateway", "ec2:AttachInternetGateway ec2:DeleteInternetGateway ec2:DetachInternetGateway"),
		reading("ec2:DescribeInternetGateways")),
	// Auto Scaling checks whether the caller may run the template: hence RunInstances, and the parameter of the AMI.
	"aws:ec2/launchTemplate:LaunchTemplate": append(made("launch-template", "ec2:CreateLaunchTemplate", "ec2:CreateLaunchTemplateVersion ec2:DeleteLaunchTemplate ec2:DeleteLaunchTemplateVersions ec2:ModifyLaunchTemplate ec2:RunInstances"),
		reading("ec2:DescribeLaunchTemplates ec2:DescribeLaunchTemplateVersions"),
		permission{"ec2:RunInstances", scope{"ec2:{region}:{account}:instance/*", whenMaking}},
		permission{"ec2:RunInstances", instances}, permission{"iam:PassRole", rolesPassed}, permission{"ssm:GetParameters", images}),
	"aws:ec2/natGateway:NatGateway": append(made("natgateway", "ec2:CreateNatGateway", "ec2:DeleteNatGateway"),
		reading("ec2:DescribeNatGateways")),
	"aws:ec2/route:Route": {
		reading("ec2:DescribeRouteTables"),
		{"ec2:CreateRoute ec2:DeleteRoute ec2:ReplaceRoute", ec2Owned},
	},
	"aws:ec2/routeTable:RouteTable": append(made("route-table", "ec2:CreateRouteTable", "ec2:DeleteRouteTable"),
		reading("ec2:DescribeRouteTables")),
	"aws:ec2/routeTableAssociation:RouteTableAssociation": {
		reading("ec2:DescribeRouteTables"),
		{"ec2:AssociateRouteTable ec2:DisassociateRouteTable ec2:ReplaceRouteTableAssociation", ec2Owned},
	},
	"aws:ec2/securityGroup:SecurityGroup": append(made("security-group", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress"),
		reading("ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroupRules ec2:DescribeSecurityGroups")),
	"aws:ec2/subnet:Subnet": append(made("subnet", "ec2:CreateSubnet", "ec2:DeleteSubnet ec2:ModifySubnetAttribute"),
		reading("ec2:DescribeNetworkInterfaces ec2:DescribeSubnets")),
	"aws:ec2/vpc:Vpc": append(made("vpc", "ec2:CreateVpc", "ec2:DeleteVpc ec2:ModifyVpcAttribute"),
		reading("ec2:DescribeAccountAttributes ec2:DescribeNetworkAcls ec2:DescribeRouteTables ec2:DescribeSecurityGroups ec2:DescribeVpcAttribute ec2:DescribeVpcs")),
	"aws:ec2/vpcEndpoint:VpcEndpoint": append(made("vpc-endpoint", "ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints ec2:ModifyVpcEndpoint"),
		reading("ec2:DescribePrefixLists ec2:DescribeVpcEndpoints")),
	"aws:ecr/lifecyclePolicy:LifecyclePolicy": {{"ecr:DeleteLifecyclePolicy ecr:GetLifecyclePolicy ecr:PutLifecyclePolicy", repositories}},
	"aws:ecr/repository:Repository": {
		reading("ecr:DescribeRepositories ecr:ListTagsForResource"),
		{"ecr:CreateRepository ecr:DeleteRepository ecr:PutImageScanningConfiguration ecr:PutImageTagMutability ecr:TagResource ecr:UntagResource", repositories},
	},
	"aws:ecs/capacityProvider:CapacityProvider": {
		reading("ecs:DescribeCapacityProviders"),
		{"ecs:CreateCapacityProvider ecs:DeleteCapacityProvider ecs:TagResource ecs:UntagResource ecs:UpdateCapacityProvider", ecsThings},
		{"autoscaling:CreateOrUpdateTags", groups}, // ECS adds its tag to the group
	},
	"aws:ecs/cluster:Cluster": {
		reading("ecs:DescribeClusters"),
		{"ecs:CreateCluster ecs:DeleteCluster ecs:TagResource ecs:UntagResource ecs:UpdateCluster ecs:UpdateClusterSettings", ecsThings},
		{"iam:CreateServiceLinkedRole", rolesLinked},
	},
	"aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": {
		reading("ecs:DescribeClusters"),
		{"ecs:PutClusterCapacityProviders", ecsThings},
	},
	"aws:ecs/service:Service": {
		reading("ecs:DescribeServices ecs:DescribeTasks ecs:ListTagsForResource ecs:ListTasks"),
		{"ecs:CreateService ecs:DeleteService ecs:TagResource ecs:UntagResource ecs:UpdateService", ecsThings},
		{"ecs:CreateService ecs:DeleteService ecs:TagResource ecs:UntagResource ecs:UpdateService", sharedServices},
	},
	"laravel:infra:LentBalancer": { // what only environments with environment.shares have: make review-down drops their database in a task (ops/run/drop.go)
		{"ecs:RunTask", sharedRuns},
		{"logs:FilterLogEvents", sharedLogs},
	},
	"aws:ecs/taskDefinition:TaskDefinition": {
		reading("ecs:DescribeTaskDefinition"), // without deregistering: a rollback needs the revision
		{"ecs:RegisterTaskDefinition ecs:TagResource ecs:UntagResource", ecsThings},
		{"iam:PassRole", rolesPassed},
	},
	"aws:elasticache/cluster:Cluster": {
		reading("elasticache:DescribeCacheClusters elasticache:ListTagsForResource"),
		{"elasticache:AddTagsToResource elasticache:CreateCacheCluster elasticache:DeleteCacheCluster elasticache:ModifyCacheCluster elasticache:RebootCacheCluster elasticache:RemoveTagsFromResource", cacheThings},
		{"elasticache:CreateCacheCluster elasticache:ModifyCacheCluster", cacheOthers},
		{"iam:CreateServiceLinkedRole", rolesLinked},
	},
	"aws:elasticache/replicationGroup:ReplicationGroup": {
		reading("elasticache:DescribeCacheClusters elasticache:DescribeReplicationGroups elasticache:ListTagsForResource"),
		{"elasticache:AddTagsToResource elasticache:CreateReplicationGroup elasticache:CreateSnapshot elasticache:DecreaseReplicaCount elasticache:DeleteReplicationGroup elasticache:IncreaseReplicaCount elasticache:ModifyReplicationGroup elasticache:RemoveTagsFromResource", cacheThings},
		{"elasticache:CreateReplicationGroup elasticache:CreateSnapshot elasticache:DeleteReplicationGroup elasticache:ModifyReplicationGroup", cacheOthers},
		{"iam:CreateServiceLinkedRole", rolesLinked},
	},
	"aws:elasticache/subnetGroup:SubnetGroup": {
		reading("elasticache:DescribeCacheSubnetGroups elasticache:ListTagsForResource"),
		{"elasticache:AddTagsToResource elasticache:CreateCacheSubnetGroup elasticache:DeleteCacheSubnetGroup elasticache:ModifyCacheSubnetGroup elasticache:RemoveTagsFromResource", cacheThings},
	},
	"aws:iam/instanceProfile:InstanceProfile": {
		{"iam:AddRoleToInstanceProfile iam:CreateInstanceProfile iam:DeleteInstanceProfile iam:GetInstanceProfile iam:RemoveRoleFromInstanceProfile iam:TagInstanceProfile iam:UntagInstanceProfile", profiles},
		{"iam:PassRole", rolesPassed},
	},
	"aws:iam/role:Role": {
		{"iam:CreateRole iam:UpdateAssumeRolePolicy", rolesBounded},
		{"iam:DeleteRole iam:GetRole iam:ListAttachedRolePolicies iam:ListInstanceProfilesForRole iam:ListRolePolicies iam:TagRole iam:UntagRole iam:UpdateRole iam:UpdateRoleDescription", roles},
	},
	"aws:iam/rolePolicy:RolePolicy": {
		{"iam:DeleteRolePolicy iam:GetRolePolicy", roles},
		{"iam:PutRolePolicy", rolesBounded},
	},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
		{"iam:DetachRolePolicy iam:ListAttachedRolePolicies", roles},
		{"iam:AttachRolePolicy", rolesAttached},
	},
	"aws:kms/key:Key": {
		reading("kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags"),
		{"kms:CreateKey", newKeys},
		{"kms:TagResource", unclaimedKeys},
		{"kms:EnableKeyRotation kms:TagResource kms:UntagResource kms:UpdateKeyDescription", keys},
	},
	"aws:lb/listener:Listener": {
		reading("elasticloadbalancing:DescribeListenerAttributes elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeTags"),
		{"elasticloadbalancing:AddTags elasticloadbalancing:CreateListener elasticloadbalancing:DeleteListener elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyListenerAttributes elasticloadbalancing:RemoveTags", balancers},
	},
	"aws:lb/listenerRule:ListenerRule": {
		reading("elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTags"),
		{"elasticloadbalancing:AddTags elasticloadbalancing:CreateRule elasticloadbalancing:DeleteRule elasticloadbalancing:ModifyRule elasticloadbalancing:RemoveTags elasticloadbalancing:SetRulePriorities", balancers},
		{"elasticloadbalancing:CreateRule", sharedListeners},
		{"elasticloadbalancing:AddTags", newSharedRules},
		{"elasticloadbalancing:AddTags elasticloadbalancing:DeleteRule elasticloadbalancing:ModifyRule elasticloadbalancing:RemoveTags elasticloadbalancing:SetRulePriorities", sharedRules},
	},
	"aws:lb/loadBalancer:LoadBalancer": {
		reading("elasticloadbalancing:DescribeCapacityReservation elasticloadbalancing:DescribeLoadBalancerAttributes elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTags"),
		{"elasticloadbalancing:AddTags elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:DeleteLoadBalancer elasticloadbalancing:ModifyLoadBalancerAttributes elasticloadbalancing:RemoveTags elasticloadbalancing:SetIpAddressType elasticloadbalancing:SetSecurityGroups elasticloadbalancing:SetSubnets", balancers},
		{"iam:CreateServiceLinkedRole", rolesLinked},
	},
	"aws:lb/targetGroup:TargetGroup": {
		reading("elasticloadbalancing:DescribeTags elasticloadbalancing:DescribeTargetGroupAttributes elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetHealth"),
		{"elasticloadbalancing:AddTags elasticloadbalancing:CreateTargetGroup elasticloadbalancing:DeleteTargetGroup elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes elasticloadbalancing:RemoveTags", balancers},
	},
	"aws:rds/eventSubscription:EventSubscription": {
		reading("rds:DescribeEventSubscriptions rds:ListTagsForResource"),
		{"rds:AddSourceIdentifierToSubscription rds:AddTagsToResource rds:CreateEventSubscription rds:DeleteEventSubscription rds:ModifyEventSubscription rds:RemoveSourceIdentifierFromSubscription rds:RemoveTagsFromResource", databases},
	},
	"aws:rds/instance:Instance": {
		reading("rds:DescribeBlueGreenDeployments rds:DescribeDBInstances rds:ListTagsForResource"),
		// blue-green-deployments-authorizing-access.html in the RDS user guide, and what the provider calls around it.
		{"rds:CreateBlueGreenDeployment rds:CreateDBInstanceReadReplica", databases},
		{"rds:CreateBlueGreenDeployment rds:DeleteBlueGreenDeployment rds:SwitchoverBlueGreenDeployment", deployments},
		{"rds:AddTagsToResource rds:CreateDBInstanceReadReplica rds:DeleteDBInstance rds:ModifyDBInstance rds:PromoteReadReplica", dbCopies},
		{"rds:AddTagsToResource rds:CreateDBInstance rds:CreateDBSnapshot rds:DeleteDBInstance rds:ModifyDBInstance rds:RebootDBInstance rds:RemoveTagsFromResource rds:RestoreDBInstanceFromDBSnapshot rds:RestoreDBInstanceToPointInTime", databases},
		{"rds:CreateDBInstance rds:CreateDBInstanceReadReplica rds:ModifyDBInstance rds:RestoreDBInstanceFromDBSnapshot rds:RestoreDBInstanceToPointInTime", optionGroups},
		{"rds:CreateDBSnapshot", dbSnapshots},                 // the final one, of an instance of its own
		{"rds:RestoreDBInstanceFromDBSnapshot", oldSnapshots}, // those that were made without tags
		{"iam:CreateServiceLinkedRole", rolesLinked},
		{"iam:PassRole", rolesPassed},
	},
	"aws:rds/parameterGroup:ParameterGroup": {
		reading("rds:DescribeDBParameterGroups rds:DescribeDBParameters rds:ListTagsForResource"),
		{"rds:AddTagsToResource rds:CreateDBParameterGroup rds:DeleteDBParameterGroup rds:ModifyDBParameterGroup rds:RemoveTagsFromResource rds:ResetDBParameterGroup", databases},
	},
	"aws:rds/subnetGroup:SubnetGroup": {
		reading("rds:DescribeDBSubnetGroups rds:ListTagsForResource"),
		{"rds:AddTagsToResource rds:CreateDBSubnetGroup rds:DeleteDBSubnetGroup rds:ModifyDBSubnetGroup rds:RemoveTagsFromResource", databases},
	},
	"aws:route53/record:Record": {
		{"route53:GetHostedZone route53:ListResourceRecordSets", zones},
		{"route53:GetChange", zoneChanges},
		{"route53:ChangeResourceRecordSets", zoneRecords},
	},
	"aws:s3/bucketCorsConfigurationV2:BucketCorsConfigurationV2":                                 bucketSetting("s3:GetBucketCORS s3:PutBucketCORS"),
	"aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2":                       bucketSetting("s3:GetLifecycleConfiguration s3:PutLifecycleConfiguration"),
	"aws:s3/bucketOwnershipControls:BucketOwnershipControls":                                     bucketSetting("s3:GetBucketOwnershipControls s3:PutBucketOwnershipControls"),
	"aws:s3/bucketPolicy:BucketPolicy":                                                           bucketSetting("s3:DeleteBucketPolicy s3:GetBucketPolicy s3:PutBucketPolicy"),
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     bucketSetting("s3:GetBucketPublicAccessBlock s3:PutBucketPublicAccessBlock"),
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": bucketSetting("s3:GetEncryptionConfiguration s3:PutEncryptionConfiguration"),
	"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               bucketSetting("s3:GetBucketVersioning s3:PutBucketVersioning"),
	// The provider reads every setting of a bucket, also those with a resource type of their own.
	"aws:s3/bucketV2:BucketV2": {
		{"s3:CreateBucket s3:DeleteBucket s3:GetAccelerateConfiguration s3:GetBucketAcl s3:GetBucketCORS s3:GetBucketLocation s3:GetBucketLogging s3:GetBucketObjectLockConfiguration s3:GetBucketPolicy s3:GetBucketRequestPayment s3:GetBucketTagging s3:GetBucketVersioning s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetLifecycleConfiguration s3:GetReplicationConfiguration s3:ListBucket s3:ListBucketVersions s3:PutBucketTagging", buckets},
		{"s3:DeleteObject s3:DeleteObjectVersion", bucketObjects}, // forceDestroy empties it first
	},
	// A schedule has no tags. Its role decides what it may call.
	"aws:scheduler/schedule:Schedule": {
		{"scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule scheduler:UpdateSchedule", schedules},
		{"iam:PassRole", rolesPassed},
		// A deployment wakes an environment that sleeps, and puts it to sleep again.
		reading("elasticloadbalancing:DescribeTargetHealth"),
		{"rds:StartDBInstance rds:StopDBInstance", databases},
	},
	"aws:secretsmanager/secret:Secret": {
		{"secretsmanager:CreateSecret secretsmanager:DeleteSecret secretsmanager:DescribeSecret secretsmanager:GetResourcePolicy secretsmanager:TagResource secretsmanager:UntagResource secretsmanager:UpdateSecret", secrets},
	},
	"aws:secretsmanager/secretVersion:SecretVersion": {
		{"secretsmanager:DescribeSecret secretsmanager:GetSecretValue secretsmanager:PutSecretValue secretsmanager:UpdateSecretVersionStage", secrets},
	},
	"aws:sns/topic:Topic": {
		{"sns:CreateTopic sns:DeleteTopic sns:GetTopicAttributes sns:ListTagsForResource sns:SetTopicAttributes sns:TagResource sns:UntagResource", topics},
	},
	"aws:sns/topicPolicy:TopicPolicy": {
		{"sns:GetTopicAttributes sns:SetTopicAttributes", topics},
	},
	"aws:sns/topicSubscription:TopicSubscription": {
		{"sns:GetSubscriptionAttributes sns:ListSubscriptionsByTopic sns:Subscribe", topics},
		{"sns:SetSubscriptionAttributes sns:Unsubscribe", subscriptions},
	},
	"aws:sqs/queue:Queue": {
		{"sqs:CreateQueue sqs:DeleteQueue sqs:GetQueueAttributes sqs:ListQueueTags sqs:SetQueueAttributes sqs:TagQueue sqs:UntagQueue", queues},
	},
	"aws:sqs/queuePolicy:QueuePolicy": {{"sqs:GetQueueAttributes sqs:SetQueueAttributes", queues}},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": append(made("security-group-rule", "ec2:AuthorizeSecurityGroupEgress", "ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupEgress"),
		reading("ec2:DescribeSecurityGroupRules")),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": append(made("security-group-rule", "ec2:AuthorizeSecurityGroupIngress", "ec2:ModifySecurityGroupRules ec2:RevokeSecurityGroupIngress"),
		reading("ec2:DescribeSecurityGroupRules")),
	"aws:wafv2/webAcl:WebAcl": {
		reading("wafv2:ListTagsForResource"),
		{"wafv2:CreateWebACL wafv2:DeleteWebACL wafv2:GetWebACL wafv2:TagResource wafv2:UntagResource wafv2:UpdateWebACL", firewalls},
		{"wafv2:CreateWebACL wafv2:UpdateWebACL", ruleSets},
	},
	"aws:wafv2/webAclAssociation:WebAclAssociation": {
		{"elasticloadbalancing:SetWebAcl", anything}, // names no resource; the next line names the load balancer
		{"wafv2:AssociateWebACL wafv2:DisassociateWebACL wafv2:GetWebACLForResource", guarded},
		{"wafv2:AssociateWebACL wafv2:GetWebACL", firewalls},
	},
	// WAF makes a delivery to the log group, in the caller's name and with a policy of CloudWatch Logs, which names no resource:
	// https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html.
	"aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": {
		{"wafv2:DeleteLoggingConfiguration wafv2:GetLoggingConfiguration wafv2:PutLoggingConfiguration", firewalls},
		{"logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeResourcePolicies logs:PutResourcePolicy", anything},
	},
	"docker:index/image:Image":                            {{"ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:CompleteLayerUpload ecr:GetDownloadUrlForLayer ecr:InitiateLayerUpload ecr:PutImage ecr:UploadLayerPart", repositories}},
	"aws:cloudwatch/getLogGroups:getLogGroups":            {reading("logs:DescribeLogGroups")},
	"aws:ec2/getRouteTable:getRouteTable":                 {reading("ec2:DescribeNetworkInterfaces ec2:DescribeRouteTables")},
	"aws:ec2/getRouteTables:getRouteTables":               {reading("ec2:DescribeRouteTables")},
	"aws:ec2/getSubnet:getSubnet":                         {reading("ec2:DescribeSubnets")},
	"aws:ec2/getVpc:getVpc":                               {reading("ec2:DescribeRouteTables ec2:DescribeVpcAttribute ec2:DescribeVpcs")},
	"aws:ec2/getVpcEndpoint:getVpcEndpoint":               {reading("ec2:DescribePrefixLists ec2:DescribeVpcEndpoints")},
	"aws:ecr/getAuthorizationToken:getAuthorizationToken": {reading("ecr:GetAuthorizationToken")},
	"aws:ecr/getImage:getImage":                           {{"ecr:DescribeImages", repositories}},
	"aws:ecs/getService:getService":                       {reading("ecs:DescribeServices ecs:ListTagsForResource")},
	"aws:index/getAvailabilityZones:getAvailabilityZones": {reading("ec2:DescribeAvailabilityZones")},
	"aws:rds/getInstance:getInstance":                     {reading("rds:DescribeDBInstances rds:ListTagsForResource")},
	"aws:rds/getSubnetGroup:getSubnetGroup":               {reading("rds:DescribeDBSubnetGroups")},
	"aws:route53/getZone:getZone":                         {reading("route53:ListHostedZones"), {"route53:GetHostedZone route53:ListTagsForResource", zones}},
	"aws:ssm/getParameter:getParameter":                   {{"ssm:GetParameter", images}},
}))
