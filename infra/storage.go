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
}

// Storage is a private bucket for files that outlive containers. People get them by the application, or by URLs that it signs.
type Storage struct {
	pulumi.ResourceState

	Bucket pulumi.StringOutput `pulumi:"bucket"`
	ARN    pulumi.StringOutput `pulumi:"arn"`

	region string
}

// NewStorage registers the bucket.
func NewStorage(ctx *pulumi.Context, name string, args StorageArgs, opts ...pulumi.ResourceOption) (*Storage, error) {
	s := &Storage{region: args.Region}
	if err := ctx.RegisterComponentResource("laravel:infra:Storage", name, s, opts...); err != nil {
		return nil, err
	}
	// A bucket with files in it cannot be deleted, and would end a destroy halfway.
	child := pulumi.Composite(pulumi.Parent(s), pulumi.RetainOnDelete(!args.ForceDestroy))
	bucket, err := NewPrivateBucket(ctx, name+"-bucket", PrivateBucketArgs{
		ForceDestroy: args.ForceDestroy, Protect: args.Protect, Versioned: args.VersionDays > 0, Days: args.VersionDays, Lasting: true, ExpireDays: args.ExpireDays,
	}, child)
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
	}, child, pulumi.DependsOn([]pulumi.Resource{bucket.access})); err != nil {
		return nil, fmt.Errorf("creating rules for other origins: %w", err)
	}
	s.Bucket, s.ARN = bucket.Bucket, bucket.Arn
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"bucket": s.Bucket, "arn": s.ARN})
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
