package account

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// imageToken is the type under which the account keeps what was pushed; no program declares it.
const imageToken = "aws:ecr/pushedImage:PushedImage"

var (
	imageTag    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// PutImage records an image that was pushed to a repository under a tag, or without one. Pushing the same image again
// changes nothing; another image under a tag of an immutable repository is refused. The registry should ask before it
// accepts a push.
func (a *Account) PutImage(repository, tag, digest string, sizeBytes int64, at time.Time) error {
	return a.change(context.Background(), func(tx *Tx) error {
		repo, ok := tx.Get(repositoryToken, repository)
		switch {
		case !ok:
			return tx.Refuse("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", repository, tx.AccountID())
		case tag != "" && !imageTag.MatchString(tag):
			return tx.Refuse("InvalidParameterException", "Invalid image tag %q: letters, digits and _ . - are allowed, 128 at most", tag)
		case !imageDigest.MatchString(digest):
			return tx.Refuse("InvalidParameterException", "Invalid image digest %q: sha256: and 64 hexadecimal digits are needed", digest)
		}
		if tag != "" {
			holder, tagged := tx.imageByTag(repository, tag)
			switch {
			case tagged && holder.Outputs.Text("imageDigest") == digest:
				return nil
			case tagged && repo.Outputs.Text("imageTagMutability") == "IMMUTABLE":
				return tx.Refuse("ImageTagAlreadyExistsException",
					"The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the repository is immutable: push under a new tag", tag, repository)
			case tagged:
				tags := slices.DeleteFunc(holder.Outputs.Strings("imageTags"), func(t string) bool { return t == tag })
				tx.Patch(imageToken, holder.ID, Values{"imageTags": list(tags...)})
			}
		}
		id := repository + "@" + digest
		image, known := tx.Get(imageToken, id)
		if !known {
			image = Resource{Type: imageToken, ID: id, Inputs: Values{}, Outputs: Values{
				"repositoryName": repository, "imageDigest": digest, "imageTags": []any{},
				"imageSizeInBytes": float64(sizeBytes), "imagePushedAt": float64(at.Unix()),
			}}
		}
		if tags := image.Outputs.Strings("imageTags"); tag != "" {
			image.Outputs["imageTags"] = list(unique(append(tags, tag))...)
		}
		tx.Put("", image)
		return nil
	})
}

// images are the images of a repository, the one pushed last first.
func (tx *Tx) images(repository string) []Resource {
	images := slices.DeleteFunc(tx.List(imageToken), func(r Resource) bool { return r.Outputs.Text("repositoryName") != repository })
	slices.SortStableFunc(images, func(x, y Resource) int {
		first, _ := x.Outputs.Int("imagePushedAt")
		second, _ := y.Outputs.Int("imagePushedAt")
		return second - first
	})
	return images
}

func (tx *Tx) imageByTag(repository, tag string) (Resource, bool) {
	for _, image := range tx.images(repository) {
		if slices.Contains(image.Outputs.Strings("imageTags"), tag) {
			return image, true
		}
	}
	return Resource{}, false
}

// getImage answers for an image by digest, by tag, or for the newest one.
func getImage(tx *Tx, args Values) (Values, error) {
	repository := args.Text("repositoryName")
	if _, ok := tx.Get(repositoryToken, repository); !ok {
		return nil, tx.Refuse("RepositoryNotFoundException", "The repository with name '%s' does not exist in the registry with id '%s'", repository, tx.AccountID())
	}
	digest, tag := args.Text("imageDigest"), args.Text("imageTag")
	given := 0
	for _, set := range []bool{digest != "", tag != "", args.True("mostRecent")} {
		if set {
			given++
		}
	}
	if digest == "" && tag == "" && given != 1 || args.True("mostRecent") && given > 1 {
		return nil, fmt.Errorf("one of imageDigest, imageTag, mostRecent must be set")
	}
	for _, image := range tx.images(repository) {
		out := image.Outputs
		if digest != "" && out.Text("imageDigest") != digest || tag != "" && !slices.Contains(out.Strings("imageTags"), tag) {
			continue
		}
		host := tx.registryHost()
		return Values{
			"id": out["imageDigest"], "imageDigest": out["imageDigest"], "imagePushedAt": out["imagePushedAt"],
			"imageSizeInBytes": out["imageSizeInBytes"], "imageTags": out["imageTags"], "registryId": tx.AccountID(),
			"repositoryName": repository, "imageUri": host + "/" + repository + "@" + out.Text("imageDigest"),
			"imageTag": optional(args, "imageTag"), "mostRecent": optional(args, "mostRecent"),
		}, nil
	}
	wanted := strings.Trim(tag+" "+digest, " ")
	return nil, tx.Refuse("ImageNotFoundException", "The image with imageId %s does not exist within the repository with name '%s' in the registry with id '%s'",
		wanted, repository, tx.AccountID())
}

// optional is an argument as it stands, or nothing.
func optional(args Values, name string) any {
	if args.Has(name) {
		return args[name]
	}
	return nil
}

// PushedImage is an image of a repository.
type PushedImage struct {
	Digest string
	Tags   []string
	At     time.Time
}

// Images lists what was pushed to a repository.
func (a *Account) Images(repository string) []PushedImage {
	var images []PushedImage
	for _, image := range a.List(imageToken) {
		if image.Outputs.Text("repositoryName") != repository {
			continue
		}
		at, _ := image.Outputs.Int("imagePushedAt")
		images = append(images, PushedImage{
			Digest: image.Outputs.Text("imageDigest"), Tags: image.Outputs.Strings("imageTags"), At: time.Unix(int64(at), 0),
		})
	}
	return images
}
