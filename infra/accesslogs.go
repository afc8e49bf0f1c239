package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// newAccessLogs registers the bucket for the load balancer's access logs. Only the log delivery service may write to it, and only the logs
// of this account, whose number is part of the path (ALB guide, "Enable access logs"; it names no condition that the service fulfils). It
// is encrypted with S3's own key, because the load balancer cannot write to a bucket with a KMS key.
func newAccessLogs(ctx *pulumi.Context, name string, days int, forceDestroy bool, parent pulumi.Resource) (*PrivateBucket, error) {
	account := aws.GetCallerIdentityOutput(ctx, aws.GetCallerIdentityOutputArgs{}, pulumi.Parent(parent)).AccountId()
	return NewPrivateBucket(ctx, name, PrivateBucketArgs{
		ForceDestroy: forceDestroy, Days: days,
		Statements: func(arn pulumi.StringOutput) []Statement {
			return []Statement{{
				Principals: map[string]any{"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
				Actions:    []string{"s3:PutObject"},
				Resources:  []pulumi.StringInput{pulumi.Sprintf("%s/AWSLogs/%s/*", arn, account)},
			}}
		},
	}, pulumi.Parent(parent))
}
