package release

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
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
	return remote.Push(to.repository.Tag(tag), found, remote.WithContext(ctx), remote.WithAuth(to.auth))
}

// place is a repository as a client of registries reaches it.
type place struct {
	repository name.Repository
	auth       authn.Authenticator
}

// registryOf is where the images of a repository are fetched and pushed. Address and password come from the same request
// (GetAuthorizationToken, Amazon ECR API Reference): the address is that of the registry, whatever endpoint answered.
func registryOf(ctx context.Context, s *session.Session, repositoryURL string) (place, error) {
	configuration, err := s.AWS(ctx)
	if err != nil {
		return place{}, err
	}
	answer, err := ecr.NewFromConfig(configuration).GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{})
	if err != nil {
		return place{}, session.Explain(fmt.Errorf("logging in to the registry: %w", err))
	}
	if len(answer.AuthorizationData) == 0 {
		return place{}, errors.New("logging in to the registry: Amazon ECR gave no token")
	}
	data := answer.AuthorizationData[0]
	endpoint, err := url.Parse(aws.ToString(data.ProxyEndpoint))
	if err != nil {
		return place{}, fmt.Errorf("logging in to the registry: %w", err)
	}
	login, err := base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken))
	if err != nil {
		return place{}, fmt.Errorf("logging in to the registry: %w", err)
	}
	user, password, _ := strings.Cut(string(login), ":")
	_, path, _ := strings.Cut(repositoryURL, "/")
	var options []name.Option
	if endpoint.Scheme == "http" {
		options = append(options, name.Insecure)
	}
	repository, err := name.NewRepository(endpoint.Host+"/"+path, options...)
	if err != nil {
		return place{}, fmt.Errorf("repository %s: %w", repositoryURL, err)
	}
	return place{repository, &authn.Basic{Username: user, Password: password}}, nil
}
