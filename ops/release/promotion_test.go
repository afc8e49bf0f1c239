package release

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

const instances = "  x:cluster:\n    instanceTypes: [m6i.large]\n"

var quiet = registry.Logger(log.New(io.Discard, "", 0))

// push puts an image or an index under a tag and returns its digest.
func push(t *testing.T, host, repository, tag string, what remote.Taggable) string {
	t.Helper()
	to, err := name.NewTag(host + "/" + repository + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Push(to, what); err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(to)
	if err != nil {
		t.Fatal(err)
	}
	return found.Digest.String()
}

func made(t *testing.T) v1.Image {
	t.Helper()
	image, err := random.Image(1000, 2)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestCopyImage(t *testing.T) {
	server := httptest.NewServer(registry.New(quiet))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	at := func(repository string) place {
		found, err := registryOf(t.Context(), newProject(t, &fakeAWS{registry: server.URL}, "one", "config: {}\n", nil).session(), "elsewhere.example/"+repository)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	staging, prod := at("team/staging"), at("prod")
	index := mutate.AppendManifests(mutate.IndexMediaType(v1Index(t), "application/vnd.oci.image.index.v1+json"), mutate.IndexAddendum{Add: made(t)})
	for tag, what := range map[string]remote.Taggable{"release-one": made(t), "release-many": index} {
		digest := push(t, host, "team/staging", tag, what)
		for range 2 { // the second time it is there
			if err := copyImage(t.Context(), staging, prod, digest, tag); err != nil {
				t.Fatal(err)
			}
		}
		if has, err := digestAt(t.Context(), prod, tag); err != nil || has != digest {
			t.Errorf("%s: prod has %s, %v; %s expected", tag, has, err, digest)
		}
	}
	digest := push(t, host, "team/staging", "release-two", made(t))
	push(t, host, "prod", "release-two", made(t))
	if err := copyImage(t.Context(), staging, prod, digest, "release-two"); err == nil || !strings.Contains(err.Error(), "it is another image") {
		t.Errorf("over another image: %v", err)
	}
	if err := copyImage(t.Context(), staging, prod, "sha256:"+strings.Repeat("0", 64), "release-three"); err == nil || !strings.Contains(err.Error(), "copying") {
		t.Errorf("of an image that is not there: %v", err)
	}
}

func v1Index(t *testing.T) v1.ImageIndex {
	t.Helper()
	index, err := random.Index(500, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// TestDeploy copies what the source runs and compares what the stack runs afterwards.
func TestDeploy(t *testing.T) {
	for _, pushedMeanwhile := range []bool{false, true} {
		server := httptest.NewServer(registry.New(quiet))
		defer server.Close()
		host := strings.TrimPrefix(server.URL, "http://")
		f := story()
		f.registry = server.URL
		digest := push(t, host, "app", "release-four", made(t))
		f.images[3][0]["imageDigest"] = digest
		runs := digest
		if pushedMeanwhile {
			runs = digestOf("other")
		}
		p := newProject(t, f, "four", "config:\n"+instances+"  x:environment:\n    class: review\n", map[string]any{"imageDigest": runs})
		p.write("Pulumi.from.yaml", "config:\n  x:image:\n    extensions: gd\n"+instances, 0o644)
		before := p.read("Pulumi.s.yaml")
		err := Deploy(t.Context(), p.session(), DeployOptions{From: "from", To: "four"})
		if pushedMeanwhile != (err != nil) || err != nil && !strings.Contains(err.Error(), "digest mismatch: another image was pushed meanwhile: s runs "+runs) {
			t.Errorf("pushed meanwhile: %t, %v", pushedMeanwhile, err)
		}
		if want := "s gets the image as it is, with the settings of from:\nimage.extensions: Pulumi.s.yaml has the default, Pulumi.from.yaml has gd\n"; !strings.Contains(p.err.String(), want) {
			t.Errorf("of the difference it says %q", p.err.String())
		}
		if deployed := p.read("deployed"); !strings.Contains(deployed, "name: four") || !strings.Contains(deployed, "build: false") || p.read("Pulumi.s.yaml") != before {
			t.Errorf("deployed was\n%s\nand the file is\n%s", deployed, p.read("Pulumi.s.yaml"))
		}
		found, err := registryOf(t.Context(), p.session(), "r.example/app")
		if err != nil {
			t.Fatal(err)
		}
		if has, err := digestAt(t.Context(), found, "review-four"); err != nil || has != digest {
			t.Errorf("the copy is %q, %v", has, err)
		}
	}
}

func TestDeployRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		file, source string
		options      DeployOptions
		says         string
	}{
		"no source":       {"config:\n" + instances, "config:\n" + instances, DeployOptions{}, "deploy needs --from STACK"},
		"itself":          {"config:\n" + instances, "config:\n" + instances, DeployOptions{From: "s"}, "--from s (FROM=) is the same stack"},
		"no such stack":   {"config:\n" + instances, "config:\n" + instances, DeployOptions{From: "nowhere"}, "there is no Pulumi.nowhere.yaml"},
		"pinned":          {"config:\n" + instances + "  x:release:\n    name: two\n", "config:\n" + instances, DeployOptions{From: "from"}, "Pulumi.s.yaml pins release two"},
		"blue/green":      {"config:\n" + instances + "  x:release:\n    strategy: blueGreen\n", "config:\n" + instances, DeployOptions{From: "from"}, "make deploy is for rolling"},
		"other instances": {"config:\n" + instances, "config:\n  x:cluster:\n    instanceTypes: [m7g.medium]\n", DeployOptions{From: "from"}, "Pulumi.s.yaml has linux/amd64, Pulumi.from.yaml has linux/arm64: one image cannot run on both"},
		"other extensions": {"config:\n" + instances + "  x:image:\n    extensions: gd\n", "config:\n" + instances, DeployOptions{From: "from"},
			"the image of from is not made as Pulumi.s.yaml says: make the two files equal, or name the release with --to (TO=)\nimage.extensions: Pulumi.s.yaml has gd, Pulumi.from.yaml has the default"},
		"other region": {"config:\n  aws:region: eu-west-1\n" + instances, "config:\n  aws:region: us-east-1\n" + instances, DeployOptions{From: "from"},
			"aws:region: Pulumi.s.yaml has eu-west-1, Pulumi.from.yaml has us-east-1: the image of from cannot verify the database's certificate in eu-west-1; build the release there (make up STACK=s)"},
		"unknown release":  {"config:\n" + instances, "config:\n" + instances, DeployOptions{From: "from", To: "nine"}, "there is no image of release nine"},
		"another checkout": {"config:\n" + instances, "config:\n" + instances, DeployOptions{From: "from"}, "from runs release four, and this checkout is "},
	} {
		p := newProject(t, story(), "four", test.file, nil)
		p.write("Pulumi.from.yaml", test.source, 0o644)
		if err := Deploy(t.Context(), p.session(), test.options); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
		if p.read("calls") != "" {
			t.Errorf("%s: pulumi was called: %s", name, p.read("calls"))
		}
	}
}

// TestFirstDeployment: there is no registry to copy into.
func TestFirstDeployment(t *testing.T) {
	p := newProject(t, story(), "four", "config: {}\n", map[string]any{"repositoryUrl": ""})
	source, err := session.Open(p.root, "s", &p.out, &p.err)
	if err != nil {
		t.Fatal(err)
	}
	if err := transferImage(t.Context(), source, p.session(), Image{Release: "four"}); err == nil || !strings.Contains(err.Error(), "s has no registry yet to copy an image into: its first deployment is make up STACK=s") {
		t.Errorf("%v", err)
	}
}
