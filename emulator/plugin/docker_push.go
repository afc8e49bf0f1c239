package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// deliver makes the image and returns the outputs of the real resource.
func (p *dockerPlugin) deliver(ctx context.Context, timeout float64, inputs resource.PropertyMap) (resource.PropertyMap, error) {
	ctx, done := p.operation(ctx, timeout)
	defer done()
	image := toValues(inputs)
	name, build := image.Text("imageName"), p.at(buildOf(image))
	outputs := inputs.Copy()
	outputs["baseImageName"] = resource.NewStringProperty(name)
	outputs["imageName"] = resource.NewStringProperty(name)
	outputs["context"] = resource.NewStringProperty(buildOf(image).Context)
	outputs["dockerfile"] = resource.NewStringProperty(relative(build.Context, build.Dockerfile))
	outputs["platform"] = resource.NewStringProperty(build.Platform)
	outputs["registryServer"] = resource.NewStringProperty(image.Text("registry.server"))
	if p.cfg.Images != nil {
		if err := p.cfg.Images.Build(ctx, build); err != nil {
			return nil, err
		}
	}
	digest, err := p.push(ctx, build, image.Map("registry"))
	if err != nil {
		return nil, err
	}
	repository, _, err := splitName(name)
	if err != nil {
		return nil, err
	}
	outputs["repoDigest"] = resource.NewStringProperty(repository + "@" + digest)
	return outputs, nil
}

// push delivers the image to the registry. Without Images there is none, and the digest is that of the build's inputs:
// the same for the same files and arguments, another one for others.
func (p *dockerPlugin) push(ctx context.Context, b Build, registry account.Values) (string, error) {
	repository, tag, err := splitName(b.Name)
	if err != nil {
		return "", err
	}
	name, isECR := ecrName(repository)
	if isECR {
		if _, ok := p.cfg.Account.Find("aws:ecr/repository:Repository", "repositoryUrl", repository); !ok {
			return "", fmt.Errorf("pushing %s: name unknown: The repository with name '%s' does not exist in the registry", b.Name, name)
		}
		if !registry.Has("username") || !registry.Has("password") {
			return "", fmt.Errorf("pushing %s: no basic auth credentials: give registry.username and registry.password", b.Name)
		}
	}
	if p.cfg.Images != nil {
		digest, err := p.cfg.Images.Push(ctx, b.Name, repository, tag)
		if err != nil {
			return "", fmt.Errorf("pushing %s: %w", b.Name, err)
		}
		return digest, nil
	}
	digest, err := inputsDigest(b)
	if err == nil && isECR {
		err = p.cfg.Account.PutImage(name, tag, digest, 0, time.Now())
	}
	if err != nil {
		return "", fmt.Errorf("pushing %s: %w", b.Name, err)
	}
	return digest, nil
}

// inputsDigest stands for the digest of an image that is not built.
func inputsDigest(b Build) (string, error) {
	b.Name, b.Context, b.Dockerfile = "", "", "" // Digest covers the files, wherever they are
	text, err := json.Marshal(b)
	if err != nil {
		return "", err
	}
	return "sha256:" + account.StableHex(string(text), 64), nil
}

// ecrName is the name of the repository behind a URL of ECR.
func ecrName(repository string) (string, bool) {
	host, name, _ := strings.Cut(repository, "/")
	return name, strings.Contains(host, ".dkr.ecr.")
}

// splitName cuts registry/repository:tag. A name without a registry cannot be pushed.
func splitName(name string) (repository, tag string, err error) {
	host, path, found := strings.Cut(name, "/")
	if !found || path == "" || !strings.ContainsAny(host, ".:") && host != "localhost" {
		return "", "", fmt.Errorf("%q is not fully qualified: prefix it with its registry, such as docker.io/repository/image:tag", name)
	}
	repository, tag = name, "latest"
	if colon := strings.LastIndex(path, ":"); colon >= 0 {
		repository, tag = host+"/"+path[:colon], path[colon+1:]
	}
	if tag == "" {
		return "", "", errors.New("the tag is empty")
	}
	return repository, tag, nil
}
