package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// stagingTag names an image in the registry until the repository's rules let it have its own tag.
const stagingTag = "laravel-ecs-incoming"

// Registry runs the registry that holds every repository, and returns its loopback address.
func (r *Host) Registry(ctx context.Context) (string, error) {
	unlock := r.Locks.Lock("registry")
	defer unlock()
	port, err := r.registryPort(ctx)
	if err != nil {
		return "", err
	}
	address := "127.0.0.1:" + port
	id, made, err := r.EnsurePart(ctx, machine.Part{
		Role: "registry", Owner: "registry", Name: "registry", Image: "registry", Volume: "registry", Folder: "/var/lib/docker-registry",
		Publish: []string{address + ":5000"},
	})
	if err != nil || !made {
		return address, err
	}
	return address, r.WaitFor(ctx, "the image registry", id, 30*time.Second, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/v2/", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
}

// registryPort is the port the registry has already, else a free one. It is fixed, so that it survives restarts.
func (r *Host) registryPort(ctx context.Context) (string, error) {
	if address, err := r.RegistryAddress(ctx); err != nil || address != "" {
		return strings.TrimPrefix(address, "127.0.0.1:"), err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("finding a port for the image registry: %w", err)
	}
	defer listener.Close() // it served only to find the port
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}

// Push gives a local image to an ECR repository under a tag and returns the digest the registry reports.
// repositoryURL is ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME.
func (r *Host) Push(ctx context.Context, localImage, repositoryURL, tag string) (digest string, err error) {
	repository, reference, ok := ECRName(repositoryURL, r.Account.ID(), r.Account.Region())
	if !ok || reference != "" {
		return "", fmt.Errorf("pushing %s: %q is not a repository of account %s in %s", localImage, repositoryURL, r.Account.ID(), r.Account.Region())
	}
	if _, ok := r.Account.Find(account.RepositoryToken, "name", repository); !ok {
		return "", fmt.Errorf("pushing %s: RepositoryNotFoundException: the repository %q does not exist in account %s", localImage, repository, r.Account.ID())
	}
	address, err := r.Registry(ctx)
	if err != nil {
		return "", err
	}
	unlock := r.Locks.Lock("push " + repository)
	defer unlock()
	if digest, err = r.push(ctx, localImage, address, repository, tag); err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	return digest, nil
}

// push stages an image. The account refuses another image under a tag of an immutable repository; the image's own tag is set after that.
func (r *Host) push(ctx context.Context, localImage, address, repository, tag string) (string, error) {
	staged := address + "/" + repository + ":" + stagingTag
	if _, err := r.Docker.Run(ctx, "tag", localImage, staged); err != nil {
		return "", err
	}
	defer r.Docker.Run(context.WithoutCancel(ctx), "rmi", "--no-prune", staged) //nolint:errcheck // only a name
	if _, err := r.Docker.Run(ctx, "push", "--quiet", staged); err != nil {
		return "", err
	}
	found, err := Fetch(ctx, address, repository, stagingTag)
	if err != nil {
		return "", err
	}
	if err := r.Account.PutImage(repository, tag, found.Digest.String(), ImageSize(found.Manifest), time.Now()); err != nil {
		return "", err
	}
	own, err := name.NewTag(address+"/"+repository+":"+tag, name.Insecure)
	if err != nil {
		return "", err
	}
	return found.Digest.String(), remote.Tag(own, found, remote.WithContext(ctx))
}

// Fetch gets the manifest that a tag or a digest names in the registry.
func Fetch(ctx context.Context, address, repository, reference string) (*remote.Descriptor, error) {
	separator := ":"
	if strings.HasPrefix(reference, "sha256:") {
		separator = "@"
	}
	ref, err := name.ParseReference(address+"/"+repository+separator+reference, name.Insecure)
	if err != nil {
		return nil, err
	}
	return remote.Get(ref, remote.WithContext(ctx))
}

// ImageSize adds up what a manifest says of its layers; a list of manifests has no size of its own.
func ImageSize(text []byte) int64 {
	manifest, err := v1.ParseManifest(bytes.NewReader(text))
	if err != nil {
		return 0
	}
	size := manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return size
}

// tags lists a repository's tags; none where nothing was ever pushed.
func tags(ctx context.Context, address, repository string) ([]string, error) {
	repo, err := name.NewRepository(address+"/"+repository, name.Insecure)
	if err != nil {
		return nil, err
	}
	all, err := remote.List(repo, remote.WithContext(ctx))
	var refused *transport.Error
	if errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound {
		return nil, nil
	}
	return all, err
}

// RecordImages tells the account of images that were pushed to the registry past the provider, by `docker push` for example.
func (r *Host) RecordImages(ctx context.Context, repository string) error {
	address, err := r.RegistryAddress(ctx)
	if err != nil || address == "" {
		return err
	}
	all, err := tags(ctx, address, repository)
	if err != nil {
		return fmt.Errorf("listing the images of %s: %w", repository, err)
	}
	known := r.Account.Images(repository)
	for _, tag := range all {
		if tag == stagingTag {
			continue
		}
		found, err := Fetch(ctx, address, repository, tag)
		if err != nil {
			return fmt.Errorf("looking at %s:%s: %w", repository, tag, err)
		}
		if slices.ContainsFunc(known, func(p account.PushedImage) bool {
			return p.Digest == found.Digest.String() && slices.Contains(p.Tags, tag)
		}) {
			continue
		}
		// The account may be a copy that is only read, so the time is kept apart.
		key := "image " + repository + ":" + tag + "@" + found.Digest.String()
		if err := r.Store.Register(key); err != nil {
			return err
		}
		seen, err := r.Store.Revisions()
		if err != nil {
			return err
		}
		if err := r.Account.PutImage(repository, tag, found.Digest.String(), ImageSize(found.Manifest), seen[key]); err != nil {
			r.Logf("the image %s:%s: %v", repository, tag, err) // ECR would have refused the push
		}
	}
	return nil
}

// RemoveRepository deletes a repository's images, and the registry with the last repository.
func (r *Host) RemoveRepository(ctx context.Context, res account.Resource) error {
	if len(r.List(account.RepositoryToken)) == 0 {
		return r.RemoveOwned(ctx, "registry")
	}
	address, err := r.Registry(ctx)
	if err != nil {
		return err
	}
	repository := res.Outputs.Text("name")
	all, err := tags(ctx, address, repository)
	if err != nil {
		return fmt.Errorf("listing the images of %s: %w", repository, err)
	}
	for _, tag := range all {
		found, err := Fetch(ctx, address, repository, tag)
		if err != nil {
			continue // another tag of the same image was deleted before
		}
		ref, err := name.NewDigest(address+"/"+repository+"@"+found.Digest.String(), name.Insecure)
		if err == nil {
			err = remote.Delete(ref, remote.WithContext(ctx))
		}
		if err != nil {
			return fmt.Errorf("deleting %s of %s: %w", tag, repository, err)
		}
	}
	return nil
}

var ecrPattern = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9._/-]*)((?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?)$`)

// ECRName splits an image name in this account's ECR into repository and reference (":tag", "@sha256:...", or nothing).
func ECRName(image, accountID, region string) (name, reference string, ok bool) {
	m := ecrPattern.FindStringSubmatch(image)
	if m == nil || m[1] != accountID || m[2] != region {
		return "", "", false
	}
	return m[3], m[4], true
}

// LocalName is where the engine finds an image: ECR's on the loopback registry, any other under its own name.
func LocalName(image, accountID, region, registry string) (name string, fromECR bool) {
	repository, reference, ok := ECRName(image, accountID, region)
	if !ok {
		return image, false
	}
	if at := strings.Index(reference, "@"); at > 0 {
		reference = reference[at:] // the digest decides; the engine takes no tag beside it
	}
	return registry + "/" + repository + reference, true
}

// RegistryAddress is where the registry answers, if there is one.
func (r *Host) RegistryAddress(ctx context.Context) (string, error) {
	found, err := r.Docker.Inspect(ctx, r.Name+"-registry")
	if err != nil || len(found) == 0 || len(found[0].HostConfig.PortBindings["5000/tcp"]) == 0 {
		return "", err
	}
	return "127.0.0.1:" + found[0].HostConfig.PortBindings["5000/tcp"][0].HostPort, nil
}

// ForgetImages removes the names under which images came from a registry that is gone. Images that a build still names stay.
func (r *Host) ForgetImages(ctx context.Context, registry string) {
	out, err := r.Docker.Run(ctx, "image", "ls", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}}")
	if err != nil {
		return
	}
	for line := range strings.Lines(out) {
		fields := strings.Fields(line)
		if len(fields) != 3 || !strings.HasPrefix(fields[0], registry+"/") {
			continue
		}
		name := fields[0] + ":" + fields[1]
		if fields[1] == "<none>" {
			name = fields[0] + "@" + fields[2]
		}
		if _, err := r.Docker.Run(ctx, "image", "rm", "--no-prune", name); err != nil {
			r.Logf("leaving image %s: %v", name, err)
		}
	}
}
