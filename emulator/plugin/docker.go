package plugin

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pulumi/pulumi-docker/sdk/v4/go/docker"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const imageToken = "docker:index/image:Image"

var (
	dockerSettings = account.FieldsOf(docker.ProviderArgs{}.ElementType())
	imageInputs    = docker.ImageArgs{}.ElementType()
)

// dockerPlugin takes the place of the docker.Image resource of pulumi-docker v4.10.
type dockerPlugin struct {
	base
	cfg Config
}

func newDocker(cfg Config) *dockerPlugin { return &dockerPlugin{newBase("docker", "4.10.0"), cfg} }

// CheckConfig refuses settings that pulumi-docker does not have.
func (p *dockerPlugin) CheckConfig(_ context.Context, req sdk.CheckConfigRequest) (sdk.CheckConfigResponse, error) {
	return checkSettings(req, dockerSettings), nil
}

// Check applies the rules about the inputs and adds the digest of the build context, so that a changed file is a changed input.
func (p *dockerPlugin) Check(_ context.Context, req sdk.CheckRequest) (sdk.CheckResponse, error) {
	if string(req.Type) != imageToken {
		return sdk.CheckResponse{}, status.Errorf(codes.InvalidArgument, "resource type %s is not known to the emulator", req.Type)
	}
	values := toValues(req.News)
	if problems := account.CheckBlock("", values, imageInputs); len(problems) > 0 {
		return sdk.CheckResponse{Failures: failures(problems)}, nil
	}
	inputs := req.News.Copy()
	block := resource.PropertyMap{}
	if build := plain(inputs)["build"]; build.IsObject() {
		block = keepSecrets(build.ObjectValue(), inputs["build"].ObjectValue())
	}
	if !block.ContainsUnknowns() {
		digest, failed := p.contextDigest(buildOf(values))
		if failed != nil {
			return sdk.CheckResponse{Failures: []sdk.CheckFailure{*failed}}, nil
		}
		block["contextDigest"] = resource.NewStringProperty(digest)
	}
	if !block.HasValue("platform") {
		block["platform"] = resource.NewStringProperty("linux/" + runtime.GOARCH)
	}
	inputs["build"] = resource.NewObjectProperty(block)
	if name, known := values.String("imageName"); known {
		if _, _, err := splitName(name); err != nil {
			return sdk.CheckResponse{Failures: []sdk.CheckFailure{{Property: "imageName", Reason: err.Error()}}}, nil
		}
	}
	hidePassword(inputs)
	return sdk.CheckResponse{Properties: inputs}, nil
}

// hidePassword keeps the registry's password out of plain state, whatever the program did.
func hidePassword(inputs resource.PropertyMap) {
	registry := inputs["registry"]
	if !registry.IsObject() {
		return
	}
	copied := registry.ObjectValue().Copy()
	if password, ok := copied["password"]; ok && !password.IsSecret() {
		copied["password"] = resource.MakeSecret(password)
	}
	inputs["registry"] = resource.NewObjectProperty(copied)
}

// contextDigest finds the Dockerfile and the context and computes what the image is made from.
func (p *dockerPlugin) contextDigest(b Build) (string, *sdk.CheckFailure) {
	b = p.at(b)
	if info, err := os.Stat(b.Context); err != nil || !info.IsDir() {
		return "", &sdk.CheckFailure{Property: "build.context", Reason: fmt.Sprintf("there is no folder %s", b.Context)}
	}
	if _, err := os.Stat(b.Dockerfile); err != nil {
		return "", &sdk.CheckFailure{Property: "build.dockerfile", Reason: fmt.Sprintf("could not open dockerfile %s: it is relative to the program, not to the context", b.Dockerfile)}
	}
	digest, err := hashContext(b.Context, b.Dockerfile)
	if err != nil {
		return "", &sdk.CheckFailure{Property: "build.context", Reason: fmt.Sprintf("reading %s: %v", b.Context, err)}
	}
	return digest, nil
}

// at resolves the paths of a build against the program's folder.
func (p *dockerPlugin) at(b Build) Build {
	if !filepath.IsAbs(b.Context) {
		b.Context = filepath.Join(p.cfg.Root, b.Context)
	}
	if !filepath.IsAbs(b.Dockerfile) {
		b.Dockerfile = filepath.Join(p.cfg.Root, b.Dockerfile)
	}
	return b
}

// Diff rebuilds whenever an input changes, except for the registry's credentials, which change with every run.
func (p *dockerPlugin) Diff(_ context.Context, req sdk.DiffRequest) (sdk.DiffResponse, error) {
	diff := withoutCredentials(req.OldInputs).Diff(withoutCredentials(req.NewInputs))
	if diff == nil {
		return sdk.DiffResult{Changes: sdk.DiffNone}, nil
	}
	return sdk.DiffResult{
		Changes: sdk.DiffSome, ChangedKeys: diff.Keys(), DetailedDiff: sdk.NewDetailedDiffFromObjectDiff(diff, true),
	}, nil
}

func withoutCredentials(inputs resource.PropertyMap) resource.PropertyMap {
	inputs = plain(inputs)
	if registry := inputs["registry"]; registry.IsObject() {
		delete(registry.ObjectValue(), "username")
		delete(registry.ObjectValue(), "password")
	}
	return inputs
}

// Create builds and pushes.
func (p *dockerPlugin) Create(ctx context.Context, req sdk.CreateRequest) (sdk.CreateResponse, error) {
	if req.Preview {
		return sdk.CreateResponse{Properties: planned(req.Properties)}, nil
	}
	outputs, err := p.deliver(ctx, req.Timeout, req.Properties)
	if err != nil {
		return sdk.CreateResponse{}, refused(fmt.Errorf("building %s: %w", req.Name, err))
	}
	return sdk.CreateResponse{ID: resource.ID(toValues(req.Properties).Text("imageName")), Properties: outputs}, nil
}

// Update builds and pushes again.
func (p *dockerPlugin) Update(ctx context.Context, req sdk.UpdateRequest) (sdk.UpdateResponse, error) {
	if req.Preview {
		return sdk.UpdateResponse{Properties: planned(req.NewInputs)}, nil
	}
	outputs, err := p.deliver(ctx, req.Timeout, req.NewInputs)
	if err != nil {
		return sdk.UpdateResponse{}, refused(fmt.Errorf("building %s: %w", req.Name, err))
	}
	return sdk.UpdateResponse{Properties: outputs}, nil
}

// planned are the outputs of a preview: the digest is known only after the build, and buildOnPreview is off unless the
// program sets it. The emulator does not build at preview at all.
func planned(inputs resource.PropertyMap) resource.PropertyMap {
	outputs := inputs.Copy()
	for _, name := range []resource.PropertyKey{"baseImageName", "context", "dockerfile", "registryServer", "repoDigest"} {
		outputs[name] = unknown
	}
	return outputs
}

func relative(from, to string) string {
	if path, err := filepath.Rel(from, to); err == nil {
		return path
	}
	return to
}
