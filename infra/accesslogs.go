package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// accessLogs is the bucket the load balancer writes to.
type accessLogs struct {
	bucket pulumi.StringOutput
	// ready is what must exist before AWS accepts the bucket for logs.
	ready []pulumi.Resource
}

// newAccessLogs registers a private bucket that only the log delivery service may write to, over TLS only.
func newAccessLogs(ctx *pulumi.Context, name string, days int, forceDestroy bool, opts ...pulumi.ResourceOption) (*accessLogs, error) {
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{ForceDestroy: pulumi.Bool(forceDestroy)}, opts...)
	if err != nil {
		return nil, err
	}
	public, err := s3.NewBucketPublicAccessBlock(ctx, name, &s3.BucketPublicAccessBlockArgs{
		Bucket:          bucket.ID(),
		BlockPublicAcls: pulumi.Bool(true), BlockPublicPolicy: pulumi.Bool(true),
		IgnorePublicAcls: pulumi.Bool(true), RestrictPublicBuckets: pulumi.Bool(true),
	}, opts...)
	if err != nil {
		return nil, err
	}
	if _, err := s3.NewBucketOwnershipControls(ctx, name, &s3.BucketOwnershipControlsArgs{
		Bucket: bucket.ID(),
		Rule:   &s3.BucketOwnershipControlsRuleArgs{ObjectOwnership: pulumi.String("BucketOwnerEnforced")},
	}, opts...); err != nil {
		return nil, err
	}
	// SSE-S3: the load balancer cannot write to a bucket with a KMS key (ALB guide, "Access logs").
	if _, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketServerSideEncryptionConfigurationV2RuleArray{&s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: &s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("AES256"),
			},
		}},
	}, opts...); err != nil {
		return nil, err
	}
	if _, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules: s3.BucketLifecycleConfigurationV2RuleArray{&s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String("expire"), Status: pulumi.String("Enabled"),
			Filter:     &s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
			Expiration: &s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(days)},
			AbortIncompleteMultipartUpload: &s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
				DaysAfterInitiation: pulumi.Int(1),
			},
		}},
	}, opts...); err != nil {
		return nil, err
	}
	policy, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: bucket.ID(),
		Policy: policyDocument(
			Statement{
				Principals: map[string]any{"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
				Actions:    []string{"s3:PutObject"},
				Resources:  []pulumi.StringInput{pulumi.Sprintf("%s/AWSLogs/*", bucket.Arn)},
			},
			Statement{
				Effect:     "Deny",
				Principals: map[string]any{"AWS": "*"},
				Actions:    []string{"s3:*"},
				Resources:  []pulumi.StringInput{bucket.Arn, pulumi.Sprintf("%s/*", bucket.Arn)},
				Condition:  map[string]any{"Bool": map[string]string{"aws:SecureTransport": "false"}},
			},
		),
		// A public access block that arrives in the same moment makes S3 answer 409 to the policy.
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{public}))...)
	if err != nil {
		return nil, err
	}
	return &accessLogs{bucket: bucket.Bucket, ready: []pulumi.Resource{policy}}, nil
}
