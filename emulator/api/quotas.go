package api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas/types"
)

// defaultQuotas are AWS's defaults of quotas that a stack meets, by code. Sources: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html,
// https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html,
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html and, for what a new account may run,
// https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html.
var defaultQuotas = map[string]struct {
	service, name string
	value         float64
}{
	"L-F678F1CE": {"vpc", "VPCs per Region", 5},
	"L-A4707A72": {"vpc", "Internet gateways per Region", 5},
	"L-0EA8095F": {"vpc", "Inbound or outbound rules per security group", 60},
	"L-0263D0A3": {"ec2", "EC2-VPC Elastic IPs", 5},
	"L-1216C47A": {"ec2", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 5},
	"L-34B43A08": {"ec2", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 5},
	"L-53DA6B97": {"elasticloadbalancing", "Application Load Balancers per Region", 50},
	"L-B22855CB": {"elasticloadbalancing", "Target Groups per Region", 3000},
	"L-7B6409FD": {"rds", "DB instances", 40},
	"L-3032A538": {"fargate", "Fargate On-Demand vCPU resource count", 6},
	"L-36FBB829": {"fargate", "Fargate Spot vCPU resource count", 6},
	"L-952B80B8": {"rds", "DB clusters", 40},
}

// getServiceQuota answers https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html. No quota of the
// emulated account was ever raised, so it refuses as AWS does for a quota that has no value but the default.
func (s *Server) getServiceQuota(_ context.Context, in *servicequotas.GetServiceQuotaInput) (*servicequotas.GetServiceQuotaOutput, error) {
	return nil, refuse("NoSuchResourceException", "The request failed because the specified quota %s of the service %s has no applied value.", text(in.QuotaCode), text(in.ServiceCode))
}

// getDefaultQuota answers https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetAWSDefaultServiceQuota.html.
func (s *Server) getDefaultQuota(_ context.Context, in *servicequotas.GetAWSDefaultServiceQuotaInput) (*servicequotas.GetAWSDefaultServiceQuotaOutput, error) {
	code := text(in.QuotaCode)
	quota, known := defaultQuotas[code]
	if !known || quota.service != text(in.ServiceCode) {
		return nil, refuse("NoSuchResourceException", "The request failed because the specified quota %s of the service %s does not exist.", code, text(in.ServiceCode))
	}
	return &servicequotas.GetAWSDefaultServiceQuotaOutput{Quota: &types.ServiceQuota{
		QuotaCode: &code, QuotaName: &quota.name, ServiceCode: &quota.service, Value: &quota.value, Adjustable: true,
	}}, nil
}
