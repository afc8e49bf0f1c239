package infra

import (
	"fmt"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// ImageArgs describes the image of one release.
type ImageArgs struct {
	Registry *Registry
	// Tag is the immutable tag of the release.
	Tag string
	// Build builds and pushes the image. Without it, as for a rollback, the image must be in the registry.
	Build bool
	// Context is the folder that the builder gets. Dockerfile is relative to the program, as for docker build -f.
	Context, Dockerfile string
	// Platform is that of the instances: linux/amd64 or linux/arm64.
	Platform string
	// BuildArgs are the Dockerfile's ARGs.
	BuildArgs map[string]string
}

// Image is an image in the registry, named by digest.
type Image struct {
	pulumi.ResourceState

	// Reference is repository@sha256:digest, which always means the same image.
	Reference pulumi.StringOutput `pulumi:"reference"`
	// Digest is sha256:digest.
	Digest pulumi.StringOutput `pulumi:"digest"`
}

// NewImage builds and pushes the image of a release, or looks up one that is in the registry.
func NewImage(ctx *pulumi.Context, name string, args ImageArgs, opts ...pulumi.ResourceOption) (*Image, error) {
	image := &Image{}
	if err := ctx.RegisterComponentResource("laravel:infra:Image", name, image, opts...); err != nil {
		return nil, err
	}
	if args.Build {
		if err := image.build(ctx, name, args); err != nil {
			return nil, fmt.Errorf("building image: %w", err)
		}
	} else {
		found := ecr.GetImageOutput(ctx, ecr.GetImageOutputArgs{
			RepositoryName: args.Registry.Name,
			RegistryId:     args.Registry.ID.ToStringPtrOutput(),
			ImageTag:       pulumi.StringPtr(args.Tag),
		}, pulumi.Parent(image))
		image.Reference = pulumi.Sprintf("%s@%s", args.Registry.URL, found.ImageDigest())
	}
	image.Digest = image.Reference.ApplyT(digestOf).(pulumi.StringOutput)
	return image, ctx.RegisterResourceOutputs(image, pulumi.Map{"reference": image.Reference, "digest": image.Digest})
}

func (i *Image) build(ctx *pulumi.Context, name string, args ImageArgs) error {
	// A token is valid for 12 hours, so every run that pushes gets one.
	token := ecr.GetAuthorizationTokenOutput(ctx, ecr.GetAuthorizationTokenOutputArgs{
		RegistryId: args.Registry.ID.ToStringPtrOutput(),
	}, pulumi.Parent(i))
	built, err := docker.NewImage(ctx, name+"-image", &docker.ImageArgs{
		ImageName: pulumi.Sprintf("%s:%s", args.Registry.URL, args.Tag),
		Build: &docker.DockerBuildArgs{
			Context:        pulumi.String(args.Context),
			Dockerfile:     pulumi.String(args.Dockerfile),
			Platform:       pulumi.String(args.Platform),
			Args:           pulumi.ToStringMap(args.BuildArgs),
			BuilderVersion: docker.BuilderVersionBuilderBuildKit,
		},
		Registry: &docker.RegistryArgs{
			Server:   args.Registry.URL,
			Username: token.UserName(),
			Password: pulumi.ToSecret(token.Password()).(pulumi.StringOutput),
		},
	}, pulumi.Parent(i))
	if err != nil {
		return err
	}
	i.Reference = built.RepoDigest
	return nil
}

var reference = regexp.MustCompile(`^[^@\s]+@(sha256:[0-9a-f]{64})$`)

// digestOf returns the digest of a reference. pulumi-docker 4 reads it from the local Docker engine, and reports <none>@<none> when the
// image is not there (pulumi-docker#812). Without this check the deployment would fail later, with a less clear message.
func digestOf(ref string) (string, error) {
	match := reference.FindStringSubmatch(ref)
	if match == nil {
		return "", fmt.Errorf("image %q has no digest: the push did not reach the registry; run again", ref)
	}
	return match[1], nil
}
