package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegistryArgs describes where an environment keeps its images.
type RegistryArgs struct {
	// UntaggedDays is after how many days an image without a tag is deleted (the article's rule).
	UntaggedDays int
	// ReleasesKept is how many releases are kept for a rollback.
	ReleasesKept int
	// ReviewDays is how long images of review environments are kept.
	ReviewDays int
	// ForceDelete lets a destroy delete the images.
	ForceDelete bool
}

// Tag prefixes, by which the lifecycle rules select images.
const (
	ReleaseTagPrefix = "release-"
	ReviewTagPrefix  = "review-"
)

// Registry is a private ECR repository with immutable tags.
type Registry struct {
	pulumi.ResourceState

	URL  pulumi.StringOutput `pulumi:"url"`
	ARN  pulumi.StringOutput `pulumi:"arn"`
	Name pulumi.StringOutput `pulumi:"name"`
	ID   pulumi.StringOutput `pulumi:"registryId"`
}

// NewRegistry registers the repository and its lifecycle rules.
func NewRegistry(ctx *pulumi.Context, name string, args RegistryArgs, opts ...pulumi.ResourceOption) (*Registry, error) {
	r := &Registry{}
	if err := ctx.RegisterComponentResource("laravel:infra:Registry", name, r, opts...); err != nil {
		return nil, err
	}
	repository, err := ecr.NewRepository(ctx, name+"-repo", &ecr.RepositoryArgs{
		ImageTagMutability:         pulumi.String("IMMUTABLE"),
		ImageScanningConfiguration: &ecr.RepositoryImageScanningConfigurationArgs{ScanOnPush: pulumi.Bool(true)},
		EncryptionConfigurations: ecr.RepositoryEncryptionConfigurationArray{
			&ecr.RepositoryEncryptionConfigurationArgs{EncryptionType: pulumi.String("AES256")},
		},
		ForceDelete: pulumi.Bool(args.ForceDelete),
	}, pulumi.Parent(r))
	if err != nil {
		return nil, fmt.Errorf("creating repository: %w", err)
	}
	_, err = ecr.NewLifecyclePolicy(ctx, name+"-lifecycle", &ecr.LifecyclePolicyArgs{
		Repository: repository.Name,
		Policy:     pulumi.JSONMarshal(lifecycleRules(args)),
	}, pulumi.Parent(r))
	if err != nil {
		return nil, fmt.Errorf("creating lifecycle policy: %w", err)
	}
	r.URL, r.ARN, r.Name, r.ID = repository.RepositoryUrl, repository.Arn, repository.Name, repository.RegistryId
	return r, ctx.RegisterResourceOutputs(r, pulumi.Map{"url": r.URL, "arn": r.ARN, "name": r.Name, "registryId": r.ID})
}

// lifecycleRules has no rule for tag status "any": such a rule can delete the image that runs (aws/containers-roadmap#1078).
func lifecycleRules(args RegistryArgs) map[string]any {
	expire := map[string]any{"type": "expire"}
	rule := func(priority int, description string, selection map[string]any) any {
		return map[string]any{"rulePriority": priority, "description": description, "selection": selection, "action": expire}
	}
	return map[string]any{"rules": []any{
		rule(1, fmt.Sprintf("Untagged images go after %d days", args.UntaggedDays), map[string]any{
			"tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": args.UntaggedDays,
		}),
		rule(2, fmt.Sprintf("The last %d releases stay for a rollback", args.ReleasesKept), map[string]any{
			"tagStatus": "tagged", "tagPrefixList": []any{ReleaseTagPrefix}, "countType": "imageCountMoreThan", "countNumber": args.ReleasesKept,
		}),
		rule(3, fmt.Sprintf("Review images go after %d days", args.ReviewDays), map[string]any{
			"tagStatus": "tagged", "tagPrefixList": []any{ReviewTagPrefix}, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": args.ReviewDays,
		}),
	}}
}
