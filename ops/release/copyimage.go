package release

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// transferImage brings a release's image from one stack's registry into another's.
func transferImage(ctx context.Context, source, to *session.Session, chosen Image) error {
	values, err := to.AllOutputs(ctx, false)
	if err != nil {
		return fmt.Errorf("%w\n(its first deployment is make up STACK=%s, by hand, once: it makes the registry)", err, to.Stack)
	}
	repositoryURL, _ := values["repositoryUrl"].(string)
	if repositoryURL == "" {
		return fmt.Errorf("%s has no registry yet to copy an image into: its first deployment is make up STACK=%[1]s, by hand, once", to.Stack)
	}
	outputs, err := source.Outputs(ctx)
	if err != nil {
		return err
	}
	from, err := registryOf(ctx, source, outputs.RepositoryURL)
	if err != nil {
		return err
	}
	destination, err := registryOf(ctx, to, repositoryURL)
	if err != nil {
		return err
	}
	return copyImage(ctx, from, destination, chosen.Digest, config.ReleaseTag(to.File.Text("environment.class"), chosen.Release))
}

// copyImage brings an image into another repository under a tag. Its digest stays what it is, and is compared in the end.
func copyImage(ctx context.Context, from, to place, digest, tag string) error {
	has, err := digestAt(ctx, to, tag)
	switch {
	case err != nil:
		return fmt.Errorf("looking for %s in %s: %w", tag, to.repository, err)
	case has == digest:
		return nil
	case has != "":
		return fmt.Errorf("%s has %s already, and it is another image: %s, where the one to deploy is %s", to.repository, tag, has, digest)
	}
	if err := transfer(ctx, from, to, digest, tag); err != nil {
		return fmt.Errorf("copying %s@%s to %s:%s: %w", from.repository, digest, to.repository, tag, err)
	}
	if has, err = digestAt(ctx, to, tag); err != nil {
		return fmt.Errorf("looking for %s in %s after the copy: %w", tag, to.repository, err)
	}
	if has != digest {
		return fmt.Errorf("digest mismatch: another image was pushed meanwhile: %s:%s is %q after the copy of %s", to.repository, tag, has, digest)
	}
	return nil
}

// digestAt is what a tag names; empty where there is no such tag.
func digestAt(ctx context.Context, at place, tag string) (string, error) {
	found, err := remote.Head(at.repository.Tag(tag), remote.WithContext(ctx), remote.WithAuth(at.auth))
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return found.Digest.String(), nil
}

// transfer copies an image, or a list of images for several platforms.
func transfer(ctx context.Context, from, to place, digest, tag string) error {
	found, err := remote.Get(from.repository.Digest(digest), remote.WithContext(ctx), remote.WithAuth(from.auth))
	if err != nil {
		return err
	}
	push := []remote.Option{remote.WithContext(ctx), remote.WithAuth(to.auth)}
	if found.MediaType.IsIndex() {
		index, err := found.ImageIndex()
		if err != nil {
			return err
		}
		return remote.WriteIndex(to.repository.Tag(tag), index, push...)
	}
	image, err := found.Image()
	if err != nil {
		return err
	}
	return remote.Write(to.repository.Tag(tag), image, push...)
}
