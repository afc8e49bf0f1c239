package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// newAccessLogs registers the bucket for the load balancer's access logs. Only the log delivery service may write to it. It is encrypted
// with S3's own key, because the load balancer cannot write to a bucket with a KMS key (ALB guide, "Access logs").
func newAccessLogs(ctx *pulumi.Context, name string, days int, forceDestroy bool, opts ...pulumi.ResourceOption) (*PrivateBucket, error) {
	return NewPrivateBucket(ctx, name, PrivateBucketArgs{
		ForceDestroy: forceDestroy, Days: days,
		Statements: func(arn pulumi.StringOutput) []Statement {
			return []Statement{{
				Principals: map[string]any{"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
				Actions:    []string{"s3:PutObject"},
				Resources:  []pulumi.StringInput{pulumi.Sprintf("%s/AWSLogs/*", arn)},
			}}
		},
	}, opts...)
}
