package infra

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// newAccessLogs registers the bucket the load balancer writes to: only the log delivery service may. It is encrypted by S3's own
// key, because the load balancer cannot write to a bucket with a KMS key (ALB guide, "Access logs").
func newAccessLogs(ctx *pulumi.Context, name string, days int, forceDestroy bool, opts ...pulumi.ResourceOption) (*privateBucket, error) {
	return newPrivateBucket(ctx, name, privateBucketArgs{
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
