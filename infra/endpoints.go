package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// EndpointsArgs names the AWS services that instances reach without leaving the VPC.
type EndpointsArgs struct {
	VpcID           pulumi.StringInput
	SubnetIDs       pulumi.StringArrayInput
	SecurityGroupID pulumi.StringInput
	Region          string
	// Services are the last parts of endpoint service names: ecr.api, logs, ... Each costs about 7 USD per zone and month.
	Services []string
}

// Endpoints are interface endpoints. They are what a network without NAT needs, and an option in any other.
type Endpoints struct{ pulumi.ResourceState }

// NewEndpoints registers one interface endpoint per service, with private DNS, so that no client needs to know.
func NewEndpoints(ctx *pulumi.Context, name string, args EndpointsArgs, opts ...pulumi.ResourceOption) (*Endpoints, error) {
	e := &Endpoints{}
	if err := ctx.RegisterComponentResource("laravel:infra:Endpoints", name, e, opts...); err != nil {
		return nil, err
	}
	for _, service := range args.Services {
		_, err := ec2.NewVpcEndpoint(ctx, name+"-"+service, &ec2.VpcEndpointArgs{
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
	}
	return e, ctx.RegisterResourceOutputs(e, pulumi.Map{})
}
