package release

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

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
