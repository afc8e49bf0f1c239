package vpc

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// EndpointsArgs names the AWS services that instances reach inside the VPC.
type EndpointsArgs struct {
	VpcID           pulumi.StringInput
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Region          string
	// Services are the last parts of endpoint service names: ecr.api, logs, ... Each costs about 7 USD per zone and month.
	Services []string
}

// Endpoints are interface endpoints. A network without NAT needs them; in others they are optional.
type Endpoints struct {
	pulumi.ResourceState

	ready []pulumi.Resource
}

// Ready are the endpoints. What runs on the network must be deleted before them.
func (e *Endpoints) Ready() []pulumi.Resource { return e.ready }

// NewEndpoints registers one interface endpoint per service. With private DNS, clients need no other configuration.
func NewEndpoints(ctx *pulumi.Context, name string, args EndpointsArgs, opts ...pulumi.ResourceOption) (*Endpoints, error) {
	e := &Endpoints{}
	if err := ctx.RegisterComponentResource("laravel:infra:Endpoints", name, e, opts...); err != nil {
		return nil, err
	}
	for _, service := range args.Services {
		endpoint, err := ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
			VpcId:             args.VpcID,
			ServiceName:       pulumi.Sprintf("com.amazonaws.%s.%s", args.Region, service),
			VpcEndpointType:   pulumi.String("Interface"),
			SubnetIds:         args.SubnetIDs,
			SecurityGroupIds:  pulumi.StringArray{args.SecurityGroupID},
			PrivateDnsEnabled: pulumi.Bool(true),
			Tags:              nameTag(name + "-" + service),
		}, pulumi.Parent(e))
		if err != nil {
			return nil, fmt.Errorf("creating endpoint %s: %w", service, err)
		}
		e.ready = append(e.ready, endpoint)
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{})
}

// createS3Endpoint registers the gateway endpoint of S3, which is free. ECR keeps image layers in S3, so all of them come this way.
func (n *Network) createS3Endpoint(ctx *pulumi.Context, name string) error {
	tables := pulumi.StringArray{n.dataTable.ID()}
	for _, table := range n.privateTables {
		tables = append(tables, table.ID())
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, name+"-s3", &ec2.VpcEndpointArgs{
		VpcId:           n.vpc.ID(),
		ServiceName:     pulumi.Sprintf("com.amazonaws.%s.s3", n.args.Region),
		VpcEndpointType: pulumi.String("Gateway"),
		RouteTableIds:   tables,
		Tags:            nameTag(name + "-s3"),
	}, pulumi.Parent(n))
	n.ready = append(n.ready, endpoint)
	return err
}
