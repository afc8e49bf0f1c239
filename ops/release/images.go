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

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Image is the image of a release in the registry.
type Image struct {
	Release, Digest string
	Pushed          time.Time
}

// imageList has the images of releases, the one pushed last first.
type imageList []Image

// images reads the registry of a stack. Its other tags (layers, caches) are left out.
func images(ctx context.Context, s *session.Session, repositoryURL string) (list imageList, err error) {
	configuration, err := s.AWS(ctx)
	if err != nil {
		return nil, err
	}
	_, repository, _ := strings.Cut(repositoryURL, "/")
	details, err := session.All(ctx, "listing the images of "+repository, ecr.NewDescribeImagesPaginator(ecr.NewFromConfig(configuration), &ecr.DescribeImagesInput{
		RepositoryName: &repository, Filter: &types.DescribeImagesFilter{TagStatus: types.TagStatusTagged},
	}), func(page *ecr.DescribeImagesOutput) []types.ImageDetail { return page.ImageDetails })
	if err != nil {
		return nil, err
	}
	for _, detail := range details {
		for _, tag := range detail.ImageTags {
			if name, ok := config.ReleaseOfTag(tag); ok {
				list = append(list, Image{Release: name, Digest: aws.ToString(detail.ImageDigest), Pushed: aws.ToTime(detail.ImagePushedAt)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Image) int { return b.Pushed.Compare(a.Pushed) })
	return list, nil
}

// find returns the image of a release, or says what the registry has.
func (l imageList) find(name string) (Image, error) {
	for _, image := range l {
		if image.Release == name {
			return image, nil
		}
	}
	return Image{}, fmt.Errorf("there is no image of release %s in the registry; it has %s", name, l)
}

// String lists the names of the releases.
func (l imageList) String() string {
	var names []string
	for _, image := range l {
		if !slices.Contains(names, image.Release) {
			names = append(names, image.Release)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
