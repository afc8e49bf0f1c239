// Package release is about what a stack runs, ran and could run: it lists releases, returns to one, moves requests to a new one, and
// brings one from another stack. Nothing is written into a stack file before the deployment that the line stands for has succeeded.
package release

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Image is the image of a release in the registry.
type Image struct {
	Release, Tag, Digest string
	Pushed               time.Time
}

// images are the releases of a repository, the one pushed last first. Its other tags (layers, caches) are left out.
func images(ctx context.Context, client *ecr.Client, repositoryURL string) ([]Image, error) {
	_, repository, _ := strings.Cut(repositoryURL, "/")
	pages := ecr.NewDescribeImagesPaginator(client, &ecr.DescribeImagesInput{
		RepositoryName: &repository,
		Filter:         &types.DescribeImagesFilter{TagStatus: types.TagStatusTagged},
	})
	var list []Image
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the images of %s: %w", repository, err)
		}
		for _, detail := range page.ImageDetails {
			for _, tag := range detail.ImageTags {
				if name, ok := config.ReleaseOfTag(tag); ok {
					list = append(list, Image{Release: name, Tag: tag, Digest: aws.ToString(detail.ImageDigest), Pushed: aws.ToTime(detail.ImagePushedAt)})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Image) int { return b.Pushed.Compare(a.Pushed) })
	return list, nil
}
