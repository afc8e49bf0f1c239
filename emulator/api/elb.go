package api

import (
	"cmp"
	"context"
	"slices"

	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// elbPage is the most that a page of Elastic Load Balancing holds, and what it holds unless asked otherwise.
const elbPage = 400

// selected narrows resources down to ARNs and names; one that is not there is the error.
func selected(all []account.Resource, arns, names []string, missing error) ([]account.Resource, error) {
	if len(arns) == 0 && len(names) == 0 {
		return all, nil
	}
	var found []account.Resource
	for _, wanted := range append(slices.Clone(arns), names...) {
		i := slices.IndexFunc(all, func(r account.Resource) bool {
			return r.Outputs.Text("arn") == wanted || r.Outputs.Text("name") == wanted
		})
		if i < 0 {
			return nil, missing
		}
		found = append(found, all[i])
	}
	return found, nil
}

// describeLoadBalancers answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeLoadBalancers.html.
func (s *Server) describeLoadBalancers(_ context.Context, in *elb.DescribeLoadBalancersInput) (*elb.DescribeLoadBalancersOutput, error) {
	found, err := selected(s.account.List(account.BalancerToken), in.LoadBalancerArns, in.Names, refuse("LoadBalancerNotFound", "One or more load balancers not found"))
	if err != nil {
		return nil, err
	}
	part, next, err := page(found, in.Marker, in.PageSize, elbPage)
	return &elb.DescribeLoadBalancersOutput{NextMarker: next, LoadBalancers: convert(part, func(r account.Resource) types.LoadBalancer {
		v := r.Outputs
		one := types.LoadBalancer{
			LoadBalancerArn: ptr(r.ID), LoadBalancerName: ptr(v.Text("name")), DNSName: ptr(v.Text("dnsName")), CanonicalHostedZoneId: ptr(v.Text("zoneId")),
			VpcId: ptr(v.Text("vpcId")), SecurityGroups: v.Strings("securityGroups"), Type: types.LoadBalancerTypeEnum(v.Text("loadBalancerType")),
			IpAddressType: types.IpAddressType(v.Text("ipAddressType")), Scheme: types.LoadBalancerSchemeEnumInternetFacing,
			State: &types.LoadBalancerState{Code: types.LoadBalancerStateEnumActive},
			AvailabilityZones: convert(v.Strings("subnets"), func(id string) types.AvailabilityZone {
				subnet, _ := s.account.Read(account.SubnetToken, id)
				return types.AvailabilityZone{SubnetId: ptr(id), ZoneName: optional(subnet.Outputs.Text("availabilityZone"))}
			}),
		}
		if v.True("internal") {
			one.Scheme = types.LoadBalancerSchemeEnumInternal
		}
		return one
	})}, err
}

// describeListeners answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html.
func (s *Server) describeListeners(_ context.Context, in *elb.DescribeListenersInput) (*elb.DescribeListenersOutput, error) {
	if in.LoadBalancerArn == nil && len(in.ListenerArns) == 0 {
		return nil, refuse("ValidationError", "You must specify either listener ARNs or a load balancer ARN")
	}
	all := s.account.List(account.ListenerToken)
	if in.LoadBalancerArn != nil {
		if _, ok := s.account.Read(account.BalancerToken, *in.LoadBalancerArn); !ok {
			return nil, refuse("LoadBalancerNotFound", "One or more load balancers not found")
		}
		all = slices.DeleteFunc(all, func(r account.Resource) bool { return r.Outputs.Text("loadBalancerArn") != *in.LoadBalancerArn })
	}
	found, err := selected(all, in.ListenerArns, nil, refuse("ListenerNotFound", "One or more listeners not found"))
	if err != nil {
		return nil, err
	}
	part, next, err := page(found, in.Marker, in.PageSize, elbPage)
	return &elb.DescribeListenersOutput{NextMarker: next, Listeners: convert(part, func(r account.Resource) types.Listener {
		v := r.Outputs
		one := types.Listener{
			ListenerArn: ptr(r.ID), LoadBalancerArn: ptr(v.Text("loadBalancerArn")), Port: optionalInt32(v, "port"), Protocol: types.ProtocolEnum(v.Text("protocol")),
			DefaultActions: convert(v.Blocks("defaultActions[*]"), actionOf), SslPolicy: optional(v.Text("sslPolicy")),
		}
		if certificate := v.Text("certificateArn"); certificate != "" {
			one.Certificates = []types.Certificate{{CertificateArn: ptr(certificate)}}
		}
		return one
	})}, err
}

// describeTargetGroups answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetGroups.html.
func (s *Server) describeTargetGroups(_ context.Context, in *elb.DescribeTargetGroupsInput) (*elb.DescribeTargetGroupsOutput, error) {
	all := s.account.List(account.TargetGroupToken)
	if in.LoadBalancerArn != nil {
		if _, ok := s.account.Read(account.BalancerToken, *in.LoadBalancerArn); !ok {
			return nil, refuse("LoadBalancerNotFound", "One or more load balancers not found")
		}
		all = slices.DeleteFunc(all, func(r account.Resource) bool {
			return !slices.Contains(r.Outputs.Strings("loadBalancerArns"), *in.LoadBalancerArn)
		})
	}
	found, err := selected(all, in.TargetGroupArns, in.Names, refuse("TargetGroupNotFound", "One or more target groups not found"))
	if err != nil {
		return nil, err
	}
	part, next, err := page(found, in.Marker, in.PageSize, elbPage)
	return &elb.DescribeTargetGroupsOutput{NextMarker: next, TargetGroups: convert(part, func(r account.Resource) types.TargetGroup {
		v, check := r.Outputs, r.Outputs.Map("healthCheck")
		return types.TargetGroup{
			TargetGroupArn: ptr(r.ID), TargetGroupName: ptr(v.Text("name")), Port: optionalInt32(v, "port"), Protocol: types.ProtocolEnum(v.Text("protocol")),
			ProtocolVersion: optional(v.Text("protocolVersion")), TargetType: types.TargetTypeEnum(v.Text("targetType")), VpcId: ptr(v.Text("vpcId")),
			LoadBalancerArns: v.Strings("loadBalancerArns"), HealthCheckEnabled: ptr(check.True("enabled")), HealthCheckPath: ptr(check.Text("path")),
			HealthCheckPort: ptr(check.Text("port")), HealthCheckProtocol: types.ProtocolEnum(check.Text("protocol")), HealthCheckIntervalSeconds: optionalInt32(check, "interval"),
			HealthCheckTimeoutSeconds: optionalInt32(check, "timeout"), HealthyThresholdCount: optionalInt32(check, "healthyThreshold"),
			UnhealthyThresholdCount: optionalInt32(check, "unhealthyThreshold"), Matcher: &types.Matcher{HttpCode: ptr(check.Text("matcher"))},
		}
	})}, err
}

// describeTargetHealth answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html.
func (s *Server) describeTargetHealth(ctx context.Context, in *elb.DescribeTargetHealthInput) (*elb.DescribeTargetHealthOutput, error) {
	group, ok := s.account.Read(account.TargetGroupToken, text(in.TargetGroupArn))
	if !ok {
		return nil, refuse("TargetGroupNotFound", "One or more target groups not found")
	}
	targets, err := s.runtime.Targets(ctx, group.ID)
	if err != nil {
		return nil, err
	}
	out, published := &elb.DescribeTargetHealthOutput{}, s.publisher(ctx)
	for _, t := range targets {
		id, port := published(t.ID, t.Port)
		if len(in.Targets) > 0 && !slices.ContainsFunc(in.Targets, func(d types.TargetDescription) bool { return text(d.Id) == id }) {
			continue
		}
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, types.TargetHealthDescription{
			Target:          &types.TargetDescription{Id: &id, Port: &port},
			HealthCheckPort: ptr(cmp.Or(group.Outputs.Text("healthCheck.port"), "traffic-port")),
			TargetHealth: &types.TargetHealth{
				State: types.TargetHealthStateEnum(t.State), Reason: types.TargetHealthReasonEnum(t.Reason), Description: optional(t.Words),
			},
		})
	}
	return out, nil
}

// taggable finds what an ARN of Elastic Load Balancing names.
func (s *Server) taggable(arn string) (account.Resource, error) {
	for _, token := range []string{account.BalancerToken, account.ListenerToken, account.ListenerRuleToken, account.TargetGroupToken} {
		if r, ok := s.account.Read(token, arn); ok {
			return r, nil
		}
	}
	return account.Resource{}, refuse("LoadBalancerNotFound", "One or more resources not found: %s", arn)
}

// describeTags answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html: 20 resources at most.
func (s *Server) describeTags(_ context.Context, in *elb.DescribeTagsInput) (*elb.DescribeTagsOutput, error) {
	if len(in.ResourceArns) > 20 {
		return nil, refuse("ValidationError", "Up to 20 resources can be specified")
	}
	out := &elb.DescribeTagsOutput{}
	for _, arn := range in.ResourceArns {
		r, err := s.taggable(arn)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: ptr(arn), Tags: convert(tags(r.Outputs), func(t [2]string) types.Tag {
			return types.Tag{Key: ptr(t[0]), Value: ptr(t[1])}
		})})
	}
	return out, nil
}

// addTags answers https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html.
func (s *Server) addTags(_ context.Context, in *elb.AddTagsInput) (*elb.AddTagsOutput, error) {
	for _, arn := range in.ResourceArns {
		r, err := s.taggable(arn)
		if err != nil {
			return nil, err
		}
		for _, property := range []string{"tags", "tagsAll"} {
			all := map[string]any{}
			for key, value := range r.Outputs.Map(property) {
				all[key] = value
			}
			for _, tag := range in.Tags {
				all[text(tag.Key)] = text(tag.Value)
			}
			if err := s.account.Tamper(r.Type, r.ID, property, all); err != nil {
				return nil, err
			}
		}
	}
	return &elb.AddTagsOutput{}, nil
}
