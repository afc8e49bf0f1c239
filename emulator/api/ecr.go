package api

import (
	"cmp"
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func (s *Server) repository(name string) (account.Resource, error) {
	r, ok := s.account.Read(account.RepositoryToken, name)
	if !ok {
		return r, refuse("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", name, s.account.ID())
	}
	return r, nil
}

// describeRepositories answers https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeRepositories.html: 100 a page, 1000 at most.
func (s *Server) describeRepositories(_ context.Context, in *ecr.DescribeRepositoriesInput) (*ecr.DescribeRepositoriesOutput, error) {
	found := s.account.List(account.RepositoryToken)
	if len(in.RepositoryNames) > 0 {
		found = nil
		for _, name := range in.RepositoryNames {
			r, err := s.repository(name)
			if err != nil {
				return nil, err
			}
			found = append(found, r)
		}
	}
	part, next, err := page(found, in.NextToken, cmpLimit(in.MaxResults, 100), 1000)
	return &ecr.DescribeRepositoriesOutput{NextToken: next, Repositories: convert(part, func(r account.Resource) types.Repository {
		v := r.Outputs
		return types.Repository{
			RepositoryName: ptr(v.Text("name")), RepositoryArn: ptr(v.Text("arn")), RepositoryUri: ptr(v.Text("repositoryUrl")), RegistryId: ptr(s.account.ID()),
			ImageTagMutability:         types.ImageTagMutability(cmp.Or(v.Text("imageTagMutability"), "MUTABLE")),
			ImageScanningConfiguration: &types.ImageScanningConfiguration{ScanOnPush: v.True("imageScanningConfiguration.scanOnPush")},
		}
	})}, err
}

// cmpLimit is the page size that a request asks for, or the operation's own.
func cmpLimit(asked *int32, otherwise int32) *int32 {
	if asked == nil {
		return &otherwise
	}
	return asked
}

// describeImages answers https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html: 100 a page, 1000 at most.
func (s *Server) describeImages(ctx context.Context, in *ecr.DescribeImagesInput) (*ecr.DescribeImagesOutput, error) {
	name := text(in.RepositoryName)
	if _, err := s.repository(name); err != nil {
		return nil, err
	}
	if err := s.runtime.RecordImages(ctx, name); err != nil {
		return nil, err
	}
	var all []types.ImageDetail
	for _, image := range s.account.Images(name) {
		all = append(all, types.ImageDetail{
			ImageDigest: ptr(image.Digest), ImageTags: image.Tags, ImagePushedAt: ptr(image.At), ImageSizeInBytes: ptr(image.SizeBytes),
			RepositoryName: ptr(name), RegistryId: ptr(s.account.ID()), ImageManifestMediaType: ptr("application/vnd.docker.distribution.manifest.v2+json"),
		})
	}
	if len(in.ImageIds) > 0 {
		var wanted []types.ImageDetail
		for _, id := range in.ImageIds {
			i := slices.IndexFunc(all, func(d types.ImageDetail) bool { return isImage(d, id) })
			if i < 0 {
				return nil, refuse("ImageNotFoundException", "The image with imageId {imageDigest:'%s', imageTag:'%s'} does not exist within the repository with name '%s' in the registry with id '%s'",
					cmp.Or(text(id.ImageDigest), "null"), cmp.Or(text(id.ImageTag), "null"), name, s.account.ID())
			}
			wanted = append(wanted, all[i])
		}
		return &ecr.DescribeImagesOutput{ImageDetails: wanted}, nil
	}
	if in.Filter != nil {
		all = slices.DeleteFunc(all, func(d types.ImageDetail) bool {
			return in.Filter.TagStatus == types.TagStatusTagged && len(d.ImageTags) == 0 || in.Filter.TagStatus == types.TagStatusUntagged && len(d.ImageTags) > 0
		})
	}
	part, next, err := page(all, in.NextToken, cmpLimit(in.MaxResults, 100), 1000)
	return &ecr.DescribeImagesOutput{ImageDetails: part, NextToken: next}, err
}

func isImage(d types.ImageDetail, id types.ImageIdentifier) bool {
	return (id.ImageDigest == nil || *id.ImageDigest == *d.ImageDigest) && (id.ImageTag == nil || slices.Contains(d.ImageTags, *id.ImageTag))
}

// getAuthorizationToken answers https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html: "valid for 12 hours".
func (s *Server) getAuthorizationToken(ctx context.Context, _ *ecr.GetAuthorizationTokenInput) (*ecr.GetAuthorizationTokenOutput, error) {
	endpoint, _ := ctx.Value(urlKey{}).(string) // where this server answers
	if s.registry == nil {
		address, err := s.runtime.Registry(ctx)
		if err != nil {
			return nil, err
		}
		if endpoint = "https://" + address; strings.HasPrefix(address, "127.0.0.1:") {
			endpoint = "http://" + address
		}
	}
	return &ecr.GetAuthorizationTokenOutput{AuthorizationData: []types.AuthorizationData{{
		AuthorizationToken: ptr(base64.StdEncoding.EncodeToString([]byte("AWS:emulated"))), ExpiresAt: ptr(time.Now().Add(12 * time.Hour)),
		ProxyEndpoint: &endpoint,
	}}}, nil
}
