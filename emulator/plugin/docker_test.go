package plugin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

const digest = "sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// workshop records what it is asked to build.
type workshop struct {
	builds []Build
	pushes []string
}

func (w *workshop) Build(_ context.Context, b Build) error {
	w.builds = append(w.builds, b)
	return nil
}

func (w *workshop) Push(_ context.Context, local, repository, tag string) (string, error) {
	w.pushes = append(w.pushes, local+" "+repository+" "+tag)
	return digest, nil
}

// site is a program's folder with an application and a repository to push to.
type site struct {
	tester
	root       string
	repository string
	inputs     map[string]any
}

func newSite(t *testing.T, images Images) site {
	t.Helper()
	root := t.TempDir()
	a := newAccount(t)
	cloud := newAWSTester(t, a, nil)
	_, made := cloud.made("aws:ecr/repository:Repository", "app", props(map[string]any{"imageTagMutability": "IMMUTABLE"}))
	s := site{tester{t, newDocker(Config{Account: a, Root: root, Images: images})}, root, made.Properties["repositoryUrl"].StringValue(), nil}
	s.write("docker/Dockerfile", "FROM scratch\n")
	s.write("docker/Dockerfile.dockerignore", "*\n!app\n**/*.log\n")
	s.write("app/index.php", "<?php\n")
	s.inputs = map[string]any{
		"imageName": s.repository + ":v1",
		"build": map[string]any{
			"context": ".", "dockerfile": "docker/Dockerfile", "platform": "linux/amd64", "builderVersion": "BuilderBuildKit",
			"args": map[string]any{"RELEASE": "v1"},
		},
		"registry": map[string]any{"server": s.repository, "username": "AWS", "password": "token"},
	}
	return s
}

func (s site) write(name, text string) {
	s.t.Helper()
	path := filepath.Join(s.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s site) digest() string {
	s.t.Helper()
	return s.valid(imageToken, "image", props(s.inputs))["build"].ObjectValue()["contextDigest"].StringValue()
}

func TestContextDigest(t *testing.T) {
	s := newSite(t, nil)
	first := s.digest()
	for name, test := range map[string]struct {
		file, text string
		changes    bool
	}{
		"outside of the allow-list": {"README.md", "hello", false},
		"excluded again":            {"app/laravel.log", "oops", false},
		"a new file":                {"app/routes.php", "<?php", true},
		"the Dockerfile":            {"docker/Dockerfile", "FROM scratch\nUSER 33\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			before := s.digest()
			s.write(test.file, test.text)
			if changed := s.digest() != before; changed != test.changes {
				t.Errorf("the digest changed: %v", changed)
			}
		})
	}
	before := s.digest()
	if before == first {
		t.Error("the digest did not change at all")
	}
	if err := os.Chmod(filepath.Join(s.root, "app", "index.php"), 0o755); err != nil {
		t.Fatal(err)
	}
	if s.digest() == before {
		t.Error("a changed mode does not change the digest")
	}
}

func TestIgnoredFoldersAreNotRead(t *testing.T) {
	s := newSite(t, nil)
	s.write("node_modules/big/index.js", "x")
	if err := os.Chmod(filepath.Join(s.root, "node_modules"), 0o000); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(s.root, "node_modules"), 0o755) })
	s.digest()
	matcher, err := ignoreRules(s.root, filepath.Join(s.root, "docker", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for folder, want := range map[string]bool{"app": true, "node_modules": false, ".local": false, "app/deep": false} {
		if got := mayHoldExceptions(matcher, folder); got != want {
			t.Errorf("%s may hold exceptions: %v", folder, got)
		}
	}
}

func TestImageRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(inputs, build map[string]any)
		property string
		reason   string
	}{
		"unknown input":    {func(in, _ map[string]any) { in["tags"] = []any{"a"} }, "tags", "not an input"},
		"unknown in build": {func(_, b map[string]any) { b["secrets"] = map[string]any{} }, "build.secrets", "not an input"},
		"no name":          {func(in, _ map[string]any) { delete(in, "imageName") }, "imageName", "required"},
		"local name":       {func(in, _ map[string]any) { in["imageName"] = "app:v1" }, "imageName", "fully qualified"},
		"no Dockerfile":    {func(_, b map[string]any) { b["dockerfile"] = "Dockerfile" }, "build.dockerfile", "could not open"},
		"no context":       {func(_, b map[string]any) { b["context"] = "nowhere" }, "build.context", "no folder"},
		"wrong kind":       {func(_, b map[string]any) { b["args"] = "a=b" }, "build.args", "must be a map"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			test.change(s.inputs, s.inputs["build"].(map[string]any))
			failures := s.check(imageToken, "image", nil, props(s.inputs)).Failures
			if len(failures) != 1 || string(failures[0].Property) != test.property || !strings.Contains(failures[0].Reason, test.reason) {
				t.Errorf("failures are %v", failures)
			}
		})
	}
}

func TestImagePreview(t *testing.T) {
	s := newSite(t, nil)
	inputs := s.valid(imageToken, "image", props(s.inputs))
	planned, err := s.create(imageToken, "image", inputs, true)
	if err != nil {
		t.Fatal(err)
	}
	if !planned.Properties["repoDigest"].IsComputed() || planned.Properties["imageName"].StringValue() != s.repository+":v1" {
		t.Errorf("the preview promises %v", planned.Properties)
	}
	s.inputs["imageName"] = unknown // a repository that does not exist yet
	if inputs = s.valid(imageToken, "image", props(s.inputs)); !inputs["build"].ObjectValue().HasValue("contextDigest") {
		t.Error("the context does not depend on the name")
	}
}

func TestImageIsBuiltAndPushed(t *testing.T) {
	shop := &workshop{}
	s := newSite(t, shop)
	_, made := s.made(imageToken, "image", props(s.inputs))
	if string(made.ID) != s.repository+":v1" {
		t.Errorf("the id is %q", made.ID)
	}
	for name, want := range map[resource.PropertyKey]string{
		"baseImageName": s.repository + ":v1", "imageName": s.repository + ":v1", "registryServer": s.repository,
		"repoDigest": s.repository + "@" + digest, "context": ".", "dockerfile": "docker/Dockerfile", "platform": "linux/amd64",
	} {
		if got := made.Properties[name]; !got.IsString() || got.StringValue() != want {
			t.Errorf("%s is %v, not %q", name, got, want)
		}
	}
	if len(shop.builds) != 1 || len(shop.pushes) != 1 {
		t.Fatalf("%d builds, pushes %v", len(shop.builds), shop.pushes)
	}
	b := shop.builds[0]
	if b.Context != s.root || b.Dockerfile != filepath.Join(s.root, "docker", "Dockerfile") || b.Args["RELEASE"] != "v1" {
		t.Errorf("the build is %+v", b)
	}
	if want := s.repository + ":v1 " + s.repository + " v1"; shop.pushes[0] != want {
		t.Errorf("the push is %q, not %q", shop.pushes[0], want)
	}
	if password := made.Properties["registry"].ObjectValue()["password"]; !password.IsSecret() {
		t.Error("the password of the registry is in plain state")
	}
}

func TestImageOfARehearsal(t *testing.T) {
	s := newSite(t, nil)
	_, first := s.made(imageToken, "image", props(s.inputs))
	inputs, again := s.made(imageToken, "image", props(s.inputs))
	if first.Properties["repoDigest"].StringValue() != again.Properties["repoDigest"].StringValue() {
		t.Error("the same files have another digest")
	}
	// Another image under the tag of an immutable repository.
	s.inputs["build"].(map[string]any)["args"] = map[string]any{"RELEASE": "v2"}
	next := s.valid(imageToken, "image", props(s.inputs))
	if _, err := s.create(imageToken, "image", next, false); err == nil || !strings.Contains(err.Error(), "ImageTagAlreadyExistsException") {
		t.Errorf("overwriting a tag gives %v", err)
	}
	if d := s.diff(imageToken, "x", inputs, next); d.DetailedDiff["build.args.RELEASE"].Kind != sdk.DiffUpdate {
		t.Errorf("a new release gives %v", d)
	}
}

func TestImagePushRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s site)
		want   string
	}{
		"no repository": {func(s site) {
			s.inputs["imageName"] = strings.Replace(s.repository, "/app", "/other", 1) + ":v1"
		}, "does not exist in the registry"},
		"no credentials": {func(s site) { delete(s.inputs, "registry") }, "no basic auth credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, nil)
			test.change(s)
			inputs := s.valid(imageToken, "image", props(s.inputs))
			if _, err := s.create(imageToken, "image", inputs, false); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the push gives %v", err)
			}
		})
	}
}

func TestNewCredentialsAreNoChange(t *testing.T) {
	s := newSite(t, nil)
	old := s.valid(imageToken, "image", props(s.inputs))
	s.inputs["registry"] = map[string]any{"server": s.repository, "username": "AWS", "password": "another token"}
	if d := s.diff(imageToken, "x", old, s.valid(imageToken, "image", props(s.inputs))); d.Changes != sdk.DiffNone {
		t.Errorf("the diff is %v", d)
	}
}
