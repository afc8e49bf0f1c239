package account

// imageToken is the type under which the account keeps what was pushed; no program declares it.
const imageToken = "aws:ecr/pushedImage:PushedImage"

// Tokens of the types that other types look up.
const (
	VPCToken             = "aws:ec2/vpc:Vpc"
	SubnetToken          = "aws:ec2/subnet:Subnet"
	InternetGatewayToken = "aws:ec2/internetGateway:InternetGateway"
	RouteTableToken      = "aws:ec2/routeTable:RouteTable"
	RouteToken           = "aws:ec2/route:Route"
	AssociationToken     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	EIPToken             = "aws:ec2/eip:Eip"
	NatGatewayToken      = "aws:ec2/natGateway:NatGateway"
	InstanceToken        = "aws:ec2/instance:Instance"
	VPCEndpointToken     = "aws:ec2/vpcEndpoint:VpcEndpoint"
	SecurityGroupToken   = "aws:ec2/securityGroup:SecurityGroup"
	FlowLogToken         = "aws:ec2/flowLog:FlowLog"
	LaunchTemplateToken  = "aws:ec2/launchTemplate:LaunchTemplate"
	KeyPairToken         = "aws:ec2/keyPair:KeyPair"
	IngressRuleToken     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	EgressRuleToken      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	RoleToken            = "aws:iam/role:Role"
	RolePolicyToken      = "aws:iam/rolePolicy:RolePolicy"
	AttachmentToken      = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	InstanceProfileToken = "aws:iam/instanceProfile:InstanceProfile"
	GroupToken           = "aws:autoscaling/group:Group"
)

const CertificateToken = "aws:acm/certificate:Certificate"

const (
	RepositoryToken      = "aws:ecr/repository:Repository"
	LifecyclePolicyToken = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
)

const (
	ClusterToken          = "aws:ecs/cluster:Cluster"
	CapacityProviderToken = "aws:ecs/capacityProvider:CapacityProvider"
	ClusterProvidersToken = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
)

const ServiceToken = "aws:ecs/service:Service"

const (
	TaskToken        = "aws:ecs/taskDefinition:TaskDefinition"
	RetiredTaskToken = "aws:ecs/retiredTaskDefinition:RetiredTaskDefinition" // revisions that no program declares any more
	TaskFamilyToken  = "aws:ecs/taskFamily:TaskFamily"                       // how many revisions a family has had
)

const (
	CacheClusterToken     = "aws:elasticache/cluster:Cluster"
	CacheReplicationToken = "aws:elasticache/replicationGroup:ReplicationGroup"
	CacheSubnetGroupToken = "aws:elasticache/subnetGroup:SubnetGroup"
)

const (
	ManagedPolicyToken  = "aws:iam/policy:Policy"
	OpenIDProviderToken = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
)

const (
	KeyToken   = "aws:kms/key:Key"
	AliasToken = "aws:kms/alias:Alias"
)

const (
	BalancerToken    = "aws:lb/loadBalancer:LoadBalancer"
	TargetGroupToken = "aws:lb/targetGroup:TargetGroup"
)

const (
	ListenerToken     = "aws:lb/listener:Listener"
	ListenerRuleToken = "aws:lb/listenerRule:ListenerRule"
)

const (
	DatabaseToken               = "aws:rds/instance:Instance"
	DatabaseSubnetGroupToken    = "aws:rds/subnetGroup:SubnetGroup"
	DatabaseParameterGroupToken = "aws:rds/parameterGroup:ParameterGroup"
	DatabaseSnapshotToken       = "aws:rds/snapshot:Snapshot"
)

const (
	RecordToken = "aws:route53/record:Record"
	ZoneToken   = "aws:route53/zone:Zone" // exists before the program; see Account.Seed
)

const (
	BucketToken           = "aws:s3/bucketV2:BucketV2"
	BucketPolicyToken     = "aws:s3/bucketPolicy:BucketPolicy"
	BucketEncryptionToken = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	PublicAccessToken     = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
)

const (
	ScalableTargetToken = "aws:appautoscaling/target:Target"
	ScalingPolicyToken  = "aws:appautoscaling/policy:Policy"
)

const (
	SecretToken          = "aws:secretsmanager/secret:Secret"
	SecretVersionToken   = "aws:secretsmanager/secretVersion:SecretVersion"
	ScheduledSecretToken = "aws:secretsmanager/scheduledSecret:ScheduledSecret" // deleted, within its recovery window
)

const WebACLToken = "aws:wafv2/webAcl:WebAcl"

const (
	LogGroupToken     = "aws:cloudwatch/logGroup:LogGroup"
	AlarmToken        = "aws:cloudwatch/metricAlarm:MetricAlarm"
	DashboardToken    = "aws:cloudwatch/dashboard:Dashboard"
	TopicToken        = "aws:sns/topic:Topic"
	SubscriptionToken = "aws:sns/topicSubscription:TopicSubscription"
)
