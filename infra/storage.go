package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// StorageArgs describes the bucket for the application's files.
type StorageArgs struct {
	Region string
	// Origins are those of the application's pages, which may upload to a signed URL and read what they uploaded.
	Origins []pulumi.StringInput
	// VersionDays is how long deleted and overwritten files are kept; 0: not at all.
	VersionDays int
	// ExpireDays is, by the beginning of a file's key, after how long it is deleted.
	ExpireDays map[string]int
	// ForceDestroy deletes the bucket with its files. Without it a destroy leaves both where they are, as settings and policy.
	ForceDestroy, Protect bool
	// Read is for a distribution that reads files: Admit registers the bucket's policy then.
	Read bool
}

// Storage is a private bucket for files that outlive containers. People get them by the application, or by URLs that it signs.
type Storage struct {
	pulumi.ResourceState

	Bucket pulumi.StringOutput `pulumi:"bucket"`
	ARN    pulumi.StringOutput `pulumi:"arn"`

	// Domain is the bucket's host name in its region.
	Domain pulumi.StringOutput

	region string
	name   string
	bucket *PrivateBucket
	child  pulumi.ResourceOption
}

// NewStorage registers the bucket.
func NewStorage(ctx *pulumi.Context, name string, args StorageArgs, opts ...pulumi.ResourceOption) (*Storage, error) {
	s := &Storage{region: args.Region, name: name + "-bucket"}
	if err := ctx.RegisterComponentResource("laravel:infra:Storage", name, s, opts...); err != nil {
		return nil, err
	}
	// A bucket with files in it cannot be deleted, and would end a destroy halfway.
	s.child = pulumi.Composite(pulumi.Parent(s), pulumi.RetainOnDelete(!args.ForceDestroy))
	bucket, err := NewPrivateBucket(ctx, name+"-bucket", PrivateBucketArgs{
		ForceDestroy: args.ForceDestroy, Protect: args.Protect, Versioned: args.VersionDays > 0, Days: args.VersionDays, Lasting: true, ExpireDays: args.ExpireDays,
		LatePolicy: args.Read,
	}, s.child)
	if err != nil {
		return nil, fmt.Errorf("creating bucket: %w", err)
	}
	if _, err := s3.NewBucketCorsConfigurationV2(ctx, name+"-bucket", &s3.BucketCorsConfigurationV2Args{
		Bucket: bucket.ID(),
		CorsRules: s3.BucketCorsConfigurationV2CorsRuleArray{&s3.BucketCorsConfigurationV2CorsRuleArgs{
			AllowedOrigins: pulumi.StringArray(args.Origins), AllowedMethods: pulumi.ToStringArray([]string{"GET", "HEAD", "POST", "PUT"}),
			// A signature decides what is allowed; ETag is what the parts of a multipart upload are named by.
			AllowedHeaders: pulumi.ToStringArray([]string{"*"}), ExposeHeaders: pulumi.ToStringArray([]string{"ETag"}), MaxAgeSeconds: pulumi.Int(3600),
		}},
	}, s.child, pulumi.DependsOn([]pulumi.Resource{bucket.access})); err != nil {
		return nil, fmt.Errorf("creating rules for other origins: %w", err)
	}
	s.bucket, s.Bucket, s.ARN, s.Domain = bucket, bucket.Bucket, bucket.Arn, bucket.BucketRegionalDomainName
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"bucket": s.Bucket, "arn": s.ARN})
}

// Admit lets a distribution of CloudFront read the files below a prefix, and nobody else by it: the condition is its ARN
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html).
func (s *Storage) Admit(ctx *pulumi.Context, prefix string, distributionARN pulumi.StringInput) error {
	return s.bucket.setPolicy(ctx, s.name, []Statement{{
		Principals: map[string]any{"Service": "cloudfront.amazonaws.com"}, Actions: []string{"s3:GetObject"},
		Resources: []pulumi.StringInput{pulumi.Sprintf("%s/%s*", s.ARN, prefix)},
		Condition: map[string]any{"StringEquals": map[string]any{"AWS:SourceArn": distributionARN}},
	}}, s.child)
}

// Env are the variables of Laravel's disk s3 (config/filesystems.php of laravel/framework), but not FILESYSTEM_DISK: whether it is the default
// one depends on the application. There is no key among them, not even an empty one: the AWS SDK then takes the role of the task.
func (s *Storage) Env() map[string]pulumi.StringInput {
	return map[string]pulumi.StringInput{"AWS_BUCKET": s.Bucket, "AWS_DEFAULT_REGION": pulumi.String(s.region)}
}

// statements are what Laravel's disk s3 needs of the bucket (https://github.com/thephpleague/flysystem, src/AwsS3V3/AwsS3V3Adapter.php).
// Every upload names the access list "private", and a copy reads that of its source: hence the two actions on access lists, which change
// nothing in a bucket whose access lists are off. S3 refuses any other list there: setVisibility, or visibility public.
func (s *Storage) statements() []Statement {
	return []Statement{
		{Actions: []string{"s3:ListBucket"}, Resources: []pulumi.StringInput{s.ARN}},
		{
			Actions:   []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:GetObjectAcl", "s3:PutObject", "s3:PutObjectAcl"},
			Resources: []pulumi.StringInput{pulumi.Sprintf("%s/*", s.ARN)},
		},
	}
}
