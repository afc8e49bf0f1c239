package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// place is a repository as a client of registries reaches it.
type place struct {
	repository string // host/path
	auth       authn.Authenticator
}

// copyImage brings an image into another repository under a tag. Its digest stays what it is, and is compared in the end.
func copyImage(ctx context.Context, from *deployment, to target, chosen release, repository, tag string) error {
	source, err := from.target.place(ctx, from.outputs.RepositoryURL)
	if err != nil {
		return err
	}
	destination, err := to.place(ctx, repository)
	if err != nil {
		return err
	}
	has, err := digestAt(ctx, destination, tag)
	switch {
	case err != nil:
		return fmt.Errorf("looking for %s in %s: %w", tag, repository, err)
	case has == chosen.Digest:
		return nil
	case has != "":
		return fmt.Errorf("%s has %s already, and it is another image: %s, where the promoted one is %s", repository, tag, has, chosen.Digest)
	}
	size, err := transfer(ctx, source, destination, chosen.Digest, tag)
	if err != nil {
		return fmt.Errorf("copying %s@%s to %s:%s: %w", from.outputs.RepositoryURL, chosen.Digest, repository, tag, err)
	}
	if has, err = digestAt(ctx, destination, tag); err != nil {
		return fmt.Errorf("looking for %s in %s after the copy: %w", tag, repository, err)
	}
	if has != chosen.Digest {
		return fmt.Errorf("after the copy %s:%s is %q, %s expected", repository, tag, has, chosen.Digest)
	}
	return to.copied(ctx, image{Tag: tag, Digest: chosen.Digest, Pushed: time.Now()}, repository, size)
}

// digestAt is what a tag names; empty where there is no such tag.
func digestAt(ctx context.Context, at place, tag string) (string, error) {
	reference, err := name.NewTag(at.repository + ":" + tag)
	if err != nil {
		return "", err
	}
	found, err := remote.Head(reference, remote.WithContext(ctx), remote.WithAuth(at.auth))
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return found.Digest.String(), nil
}

// transfer copies an image, or a list of images for several platforms, and returns the size of what it names.
func transfer(ctx context.Context, from, to place, digest, tag string) (int64, error) {
	source, err := name.NewDigest(from.repository + "@" + digest)
	if err != nil {
		return 0, err
	}
	destination, err := name.NewTag(to.repository + ":" + tag)
	if err != nil {
		return 0, err
	}
	found, err := remote.Get(source, remote.WithContext(ctx), remote.WithAuth(from.auth))
	if err != nil {
		return 0, err
	}
	push := []remote.Option{remote.WithContext(ctx), remote.WithAuth(to.auth)}
	if slices.Contains([]types.MediaType{types.OCIImageIndex, types.DockerManifestList}, found.MediaType) {
		index, err := found.ImageIndex()
		if err != nil {
			return 0, err
		}
		return found.Size, remote.WriteIndex(destination, index, push...)
	}
	one, err := found.Image()
	if err != nil {
		return 0, err
	}
	manifest, err := one.Manifest()
	if err != nil {
		return 0, err
	}
	size := manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return size, remote.Write(destination, one, push...)
}
