package account

// Tokens of the types that other types look up.
const (
	vpcToken             = "aws:ec2/vpc:Vpc"
	subnetToken          = "aws:ec2/subnet:Subnet"
	internetGatewayToken = "aws:ec2/internetGateway:InternetGateway"
	routeTableToken      = "aws:ec2/routeTable:RouteTable"
	routeToken           = "aws:ec2/route:Route"
	associationToken     = "aws:ec2/routeTableAssociation:RouteTableAssociation"
	eipToken             = "aws:ec2/eip:Eip"
	natGatewayToken      = "aws:ec2/natGateway:NatGateway"
	instanceToken        = "aws:ec2/instance:Instance"
	vpcEndpointToken     = "aws:ec2/vpcEndpoint:VpcEndpoint"
	securityGroupToken   = "aws:ec2/securityGroup:SecurityGroup"
	flowLogToken         = "aws:ec2/flowLog:FlowLog"
	launchTemplateToken  = "aws:ec2/launchTemplate:LaunchTemplate"
	keyPairToken         = "aws:ec2/keyPair:KeyPair"
	ingressRuleToken     = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	egressRuleToken      = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
	roleToken            = "aws:iam/role:Role"
	rolePolicyToken      = "aws:iam/rolePolicy:RolePolicy"
	attachmentToken      = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	instanceProfileToken = "aws:iam/instanceProfile:InstanceProfile"
	groupToken           = "aws:autoscaling/group:Group"
)
