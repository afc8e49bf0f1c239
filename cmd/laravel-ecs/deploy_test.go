package main

import (
	"context"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// shelf is a target with a registry only.
type shelf struct {
	target
	at   place
	told []image
}

func (s *shelf) place(context.Context, string) (place, error) { return s.at, nil }

func (s *shelf) copied(_ context.Context, pushed image, _ string, size int64) error {
	pushed.Pushed = time.Time{}
	if size > 0 {
		s.told = append(s.told, pushed)
	}
	return nil
}

func newShelf(t *testing.T, repository string) *shelf {
	t.Helper()
	server := httptest.NewServer(registry.New())
	t.Cleanup(server.Close)
	return &shelf{at: place{strings.TrimPrefix(server.URL, "http://") + "/" + repository, authn.Anonymous}}
}

// push puts a made-up image on a shelf and returns its digest.
func (s *shelf) push(t *testing.T, tag string) string {
	t.Helper()
	made, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := name.NewTag(s.at.repository + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference, made); err != nil {
		t.Fatal(err)
	}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func TestCopyImage(t *testing.T) {
	staging, prod := newShelf(t, "staging"), newShelf(t, "prod")
	digest := staging.push(t, "release-one")
	from := &deployment{target: staging}
	chosen := release{image: image{Digest: digest}, name: "one"}
	for range 2 { // the second time it is there
		if err := copyImage(t.Context(), from, prod, chosen, "prod", "release-one"); err != nil {
			t.Fatal(err)
		}
	}
	if has, err := digestAt(t.Context(), prod.at, "release-one"); err != nil || has != digest {
		t.Errorf("prod has %s, %v; %s expected", has, err, digest)
	}
	if len(prod.told) != 1 || prod.told[0] != (image{Tag: "release-one", Digest: digest}) {
		t.Errorf("the account is told of %v", prod.told)
	}
	prod.push(t, "release-two")
	if err := copyImage(t.Context(), from, prod, chosen, "prod", "release-two"); err == nil || !strings.Contains(err.Error(), "it is another image") {
		t.Errorf("over another image: %v", err)
	}
	chosen.Digest = "sha256:" + strings.Repeat("0", 64)
	if err := copyImage(t.Context(), from, prod, chosen, "prod", "release-three"); err == nil || !strings.Contains(err.Error(), "copying") {
		t.Errorf("of an image that is not there: %v", err)
	}
}

func TestDeployRefuses(t *testing.T) {
	root := atRoot(t)
	t.Setenv("CLOUD", "")
	copied := t.TempDir()
	for _, file := range []string{"Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(copied, file), strings.Replace(string(text), "[m6i.large, m5.large]", "[m7g.medium]", 1))
	}
	t.Chdir(copied)
	for command, says := range map[string]string{
		"deploy --stack prod":                "FROM=stack is missing",
		"deploy --stack prod --from prod":    "FROM=stack is missing",
		"deploy --stack prod --from nowhere": "there is no Pulumi.nowhere.yaml",
		"deploy --stack prod --from staging": "Pulumi.prod.yaml has linux/arm64, Pulumi.staging.yaml has linux/amd64: one image cannot run on both",
	} {
		if err := run(t.Context(), strings.Fields(command), io.Discard); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", command, err)
		}
	}
}
