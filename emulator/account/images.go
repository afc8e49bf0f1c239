package account

import (
	"context"
	"regexp"
	"slices"
	"time"
)

var (
	imageTag    = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)
	imageDigest = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
)

// PutImage records an image that was pushed to a repository under a tag, or without one. Pushing the same image again
// changes nothing; another image under a tag of an immutable repository is refused. The registry should ask before it
// accepts a push.
func (a *Account) PutImage(repository, tag, digest string, sizeBytes int64, at time.Time) error {
	return a.Change(context.Background(), func(tx *Tx) error {
		repo, ok := tx.Get(RepositoryToken, repository)
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
				tx.Patch(imageToken, holder.ID, Values{"imageTags": Texts(tags...)})
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
			image.Outputs["imageTags"] = Texts(Unique(append(tags, tag))...)
		}
		tx.Put("", image)
		return nil
	})
}

// Images are the images of a repository, the one pushed last first.
func (tx *Tx) Images(repository string) []Resource {
	images := slices.DeleteFunc(tx.List(imageToken), func(r Resource) bool { return r.Outputs.Text("repositoryName") != repository })
	slices.SortStableFunc(images, func(x, y Resource) int {
		first, _ := x.Outputs.Int("imagePushedAt")
		second, _ := y.Outputs.Int("imagePushedAt")
		return second - first
	})
	return images
}

func (tx *Tx) imageByTag(repository, tag string) (Resource, bool) {
	for _, image := range tx.Images(repository) {
		if slices.Contains(image.Outputs.Strings("imageTags"), tag) {
			return image, true
		}
	}
	return Resource{}, false
}

// PushedImage is an image of a repository.
type PushedImage struct {
	Digest    string
	Tags      []string
	At        time.Time
	SizeBytes int64
}

// Images lists what was pushed to a repository, and what is assumed to have been.
func (a *Account) Images(repository string) []PushedImage {
	a.mu.Lock()
	defer a.mu.Unlock()
	var images []PushedImage
	for _, image := range (&Tx{account: a}).found(repository) {
		at, _ := image.Outputs.Int("imagePushedAt")
		size, _ := image.Outputs.Int("imageSizeInBytes")
		images = append(images, PushedImage{
			Digest: image.Outputs.Text("imageDigest"), Tags: image.Outputs.Strings("imageTags"), At: time.Unix(int64(at), 0), SizeBytes: int64(size),
		})
	}
	return images
}

// AssumeImage lets every repository of the account answer for a tag that is not pushed to it: an image that was pushed before the account
// was opened. A push under the tag takes its place. The same tag always has the same digest.
func (a *Account) AssumeImage(tag string) error {
	return a.Change(context.Background(), func(tx *Tx) error {
		tx.Put("", Resource{Type: assumedImageToken, ID: tag, Inputs: Values{}, Outputs: Values{
			"imageDigest": "sha256:" + StableHex(tag, 64), "imageTags": Texts(tag), "imageSizeInBytes": 0.0, "imagePushedAt": 0.0,
		}})
		return nil
	})
}

// found are the images of a repository, then the assumed ones whose tags it does not have.
func (tx *Tx) found(repository string) []Resource {
	images := tx.Images(repository)
	for _, assumed := range tx.List(assumedImageToken) {
		if _, pushed := tx.imageByTag(repository, assumed.ID); !pushed {
			images = append(images, assumed)
		}
	}
	return images
}

// ImageOf is the image that a repository has under a tag.
func (tx *Tx) ImageOf(repository, tag string) (Resource, bool) {
	for _, image := range tx.found(repository) {
		if slices.Contains(image.Outputs.Strings("imageTags"), tag) {
			return image, true
		}
	}
	return Resource{}, false
}

// HasImage tells whether an image was pushed to any repository under a tag.
func (a *Account) HasImage(tag string) bool {
	return slices.ContainsFunc(a.List(imageToken), func(r Resource) bool { return slices.Contains(r.Outputs.Strings("imageTags"), tag) })
}
