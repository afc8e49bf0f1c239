package infra

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// PrivateBucketArgs are the settings in which private buckets differ.
type PrivateBucketArgs struct {
	ForceDestroy, Protect bool
	// KeyARN is the KMS key; nil means S3's own key (SSE-S3).
	KeyARN pulumi.StringInput
	// Days is after how long objects are deleted, or earlier versions of them when the bucket is Versioned.
	Days      int
	Versioned bool
	// Lasting keeps objects until somebody deletes them, in a bucket with or without versions. ExpireDays is by the beginning of keys.
	Lasting    bool
	ExpireDays map[string]int
	// Statements are for the bucket's policy, which also refuses access without TLS.
	Statements func(arn pulumi.StringOutput) []Statement
	// LatePolicy leaves the policy to setPolicy, which can name what needs the bucket.
	LatePolicy bool
}

// PrivateBucket is a bucket without public access, over TLS only.
type PrivateBucket struct {
	*s3.BucketV2
	// access is the public access block. While it is being set, S3 answers other changes with 409 (terraform-provider-aws#7628).
	access pulumi.Resource
	// ready is what must exist before AWS accepts the bucket for logs.
	ready []pulumi.Resource
}

// NewPrivateBucket registers a bucket and its settings under one logical name.
func NewPrivateBucket(ctx *pulumi.Context, name string, args PrivateBucketArgs, opts ...pulumi.ResourceOption) (*PrivateBucket, error) {
	bucket, err := s3.NewBucketV2(ctx, name, &s3.BucketV2Args{ForceDestroy: pulumi.Bool(args.ForceDestroy)},
		append(opts, pulumi.Protect(args.Protect))...)
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
	if err := encrypt(ctx, name, bucket, args.KeyARN, opts...); err != nil {
		return nil, err
	}
	if err := expire(ctx, name, bucket, args, opts...); err != nil {
		return nil, err
	}
	made := &PrivateBucket{BucketV2: bucket, access: public}
	if args.LatePolicy {
		return made, nil
	}
	var statements []Statement
	if args.Statements != nil {
		statements = args.Statements(bucket.Arn)
	}
	return made, made.setPolicy(ctx, name, statements, opts...)
}

// setPolicy registers the policy of the bucket. It has one only.
func (b *PrivateBucket) setPolicy(ctx *pulumi.Context, name string, statements []Statement, opts ...pulumi.ResourceOption) error {
	policy, err := s3.NewBucketPolicy(ctx, name, &s3.BucketPolicyArgs{
		Bucket: b.ID(),
		Policy: PolicyDocument(append(statements, refuseWithoutTLS("s3:*", b.Arn, pulumi.Sprintf("%s/*", b.Arn)))...),
		// S3 refuses a policy with 409 while a public access block is being set.
	}, append(opts, pulumi.DependsOn([]pulumi.Resource{b.access}))...)
	b.ready = []pulumi.Resource{policy}
	return err
}

func encrypt(ctx *pulumi.Context, name string, bucket *s3.BucketV2, key pulumi.StringInput, opts ...pulumi.ResourceOption) error {
	rule := &s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
		ApplyServerSideEncryptionByDefault: &s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
			SseAlgorithm: pulumi.String("AES256"),
		},
	}
	if key != nil {
		rule = &s3.BucketServerSideEncryptionConfigurationV2RuleArgs{
			ApplyServerSideEncryptionByDefault: &s3.BucketServerSideEncryptionConfigurationV2RuleApplyServerSideEncryptionByDefaultArgs{
				SseAlgorithm: pulumi.String("aws:kms"), KmsMasterKeyId: key.ToStringOutput(),
			},
			BucketKeyEnabled: pulumi.Bool(true), // one call to KMS for many objects
		}
	}
	_, err := s3.NewBucketServerSideEncryptionConfigurationV2(ctx, name, &s3.BucketServerSideEncryptionConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules:  s3.BucketServerSideEncryptionConfigurationV2RuleArray{rule},
	}, opts...)
	return err
}

func expire(ctx *pulumi.Context, name string, bucket *s3.BucketV2, args PrivateBucketArgs, opts ...pulumi.ResourceOption) error {
	rule := &s3.BucketLifecycleConfigurationV2RuleArgs{
		Id: pulumi.String("expire"), Status: pulumi.String("Enabled"),
		Filter: &s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String("")},
		AbortIncompleteMultipartUpload: &s3.BucketLifecycleConfigurationV2RuleAbortIncompleteMultipartUploadArgs{
			DaysAfterInitiation: pulumi.Int(1),
		},
	}
	if args.Versioned {
		versions, err := s3.NewBucketVersioningV2(ctx, name, &s3.BucketVersioningV2Args{
			Bucket:                  bucket.ID(),
			VersioningConfiguration: &s3.BucketVersioningV2VersioningConfigurationArgs{Status: pulumi.String("Enabled")},
		}, opts...)
		if err != nil {
			return err
		}
		opts = append(opts, pulumi.DependsOn([]pulumi.Resource{versions}))
	}
	if args.Versioned || args.Lasting { // a bucket that had versions keeps them when it makes no more
		rule.NoncurrentVersionExpiration = &s3.BucketLifecycleConfigurationV2RuleNoncurrentVersionExpirationArgs{NoncurrentDays: pulumi.Int(max(args.Days, 1))}
	} else {
		rule.Expiration = &s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(args.Days)}
	}
	_, err := s3.NewBucketLifecycleConfigurationV2(ctx, name, &s3.BucketLifecycleConfigurationV2Args{
		Bucket: bucket.ID(),
		Rules:  append(s3.BucketLifecycleConfigurationV2RuleArray{rule}, expirations(args)...),
	}, opts...)
	return err
}

// expirations are the rules of a bucket whose objects last, but for some. A deleted object of a bucket with versions leaves a marker, which S3
// removes when no version is left, if a rule says so (lifecycle-configuration-examples.html of the S3 user guide).
func expirations(args PrivateBucketArgs) (rules s3.BucketLifecycleConfigurationV2RuleArray) {
	if !args.Lasting {
		return nil
	}
	add := func(id, prefix string, expiration *s3.BucketLifecycleConfigurationV2RuleExpirationArgs) {
		rules = append(rules, &s3.BucketLifecycleConfigurationV2RuleArgs{
			Id: pulumi.String(id), Status: pulumi.String("Enabled"), Expiration: expiration,
			Filter: &s3.BucketLifecycleConfigurationV2RuleFilterArgs{Prefix: pulumi.String(prefix)},
		})
	}
	add("markers", "", &s3.BucketLifecycleConfigurationV2RuleExpirationArgs{ExpiredObjectDeleteMarker: pulumi.Bool(true)})
	for _, prefix := range sortedKeys(args.ExpireDays) {
		add("expire-"+prefix, prefix, &s3.BucketLifecycleConfigurationV2RuleExpirationArgs{Days: pulumi.Int(args.ExpireDays[prefix])})
	}
	return rules
}

// newAccessLogs registers the bucket for the load balancer's access logs. Only the log delivery service may write to it, and only the logs
// of this account, whose number is part of the path (ALB guide, "Enable access logs"; it names no condition that the service fulfils). It
// is encrypted with S3's own key, because the load balancer cannot write to a bucket with a KMS key.
func newAccessLogs(ctx *pulumi.Context, name string, days int, forceDestroy bool, parent pulumi.Resource) (*PrivateBucket, error) {
	account := AccountID(ctx, parent)
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
