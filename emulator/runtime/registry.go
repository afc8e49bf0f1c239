package runtime

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// stagingTag names an image in the registry until the repository's rules let it have its own tag.
const stagingTag = "laravel-ecs-incoming"

var manifestTypes = []string{
	"application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.distribution.manifest.list.v2+json",
	"application/vnd.oci.image.manifest.v1+json", "application/vnd.oci.image.index.v1+json",
}

// ensureRegistry runs the registry that holds every repository, and returns its loopback address.
func (r *Runtime) ensureRegistry(ctx context.Context) (string, error) {
	unlock := r.locks.lock("registry")
	defer unlock()
	port, err := r.registryPort(ctx)
	if err != nil {
		return "", err
	}
	address := "127.0.0.1:" + port
	id, made, err := r.ensurePart(ctx, part{
		role: "registry", owner: "registry", name: "registry", image: "registry", volume: "registry", folder: "/var/lib/docker-registry",
		publish: []string{address + ":5000"},
	})
	if err != nil || !made {
		return address, err
	}
	return address, r.waitFor(ctx, "the image registry", id, 30*time.Second, func(ctx context.Context) error {
		answer, err := registryCall(ctx, http.MethodGet, "http://"+address+"/v2/", nil, "")
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	})
}

// Registry returns the loopback address of the registry, which it starts where it does not run.
func (r *Runtime) Registry(ctx context.Context) (string, error) { return r.ensureRegistry(ctx) }

// registryPort is the port the registry has already, else a free one. It is fixed, so that it survives restarts.
func (r *Runtime) registryPort(ctx context.Context) (string, error) {
	if address, err := r.registryAddress(ctx); err != nil || address != "" {
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
func (r *Runtime) Push(ctx context.Context, localImage, repositoryURL, tag string) (digest string, err error) {
	name, reference, ok := ecrName(repositoryURL, r.account.ID(), r.account.Region())
	if !ok || reference != "" {
		return "", fmt.Errorf("pushing %s: %q is not a repository of account %s in %s", localImage, repositoryURL, r.account.ID(), r.account.Region())
	}
	if _, ok := r.account.Find(tokenRepository, "name", name); !ok {
		return "", fmt.Errorf("pushing %s: RepositoryNotFoundException: the repository %q does not exist in account %s", localImage, name, r.account.ID())
	}
	address, err := r.ensureRegistry(ctx)
	if err != nil {
		return "", err
	}
	unlock := r.locks.lock("push " + name)
	defer unlock()
	staged := address + "/" + name + ":" + stagingTag
	if _, err := r.docker.run(ctx, "tag", localImage, staged); err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	defer r.docker.run(context.WithoutCancel(ctx), "rmi", "--no-prune", staged) //nolint:errcheck // only a name
	if _, err := r.docker.run(ctx, "push", "--quiet", staged); err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	manifest, kind, digest, err := r.manifest(ctx, address, name, stagingTag)
	if err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	// The account refuses another image under a tag of an immutable repository. The image's own tag is set after that.
	if err := r.account.PutImage(name, tag, digest, imageSize(manifest), time.Now()); err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	answer, err := registryCall(ctx, http.MethodPut, manifestURL(address, name, tag), manifest, kind)
	if err != nil {
		return "", fmt.Errorf("pushing %s: %w", localImage, err)
	}
	return digest, answer.Body.Close()
}

// manifest fetches what a tag or digest names in the registry.
func (r *Runtime) manifest(ctx context.Context, address, name, reference string) (body []byte, kind, digest string, err error) {
	answer, err := registryCall(ctx, http.MethodGet, manifestURL(address, name, reference), nil, "")
	if err != nil {
		return nil, "", "", err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return body, answer.Header.Get("Content-Type"), answer.Header.Get("Docker-Content-Digest"), err
}

// imageSize adds up what a manifest says of its layers.
func imageSize(manifest []byte) int64 {
	var parsed struct {
		Config struct{ Size int64 }
		Layers []struct{ Size int64 }
	}
	_ = json.Unmarshal(manifest, &parsed) // a list of manifests has no size of its own
	size := parsed.Config.Size
	for _, layer := range parsed.Layers {
		size += layer.Size
	}
	return size
}

// removeRepository deletes a repository's images, and the registry with the last repository.
func (r *Runtime) removeRepository(ctx context.Context, res account.Resource) error {
	if len(r.list(tokenRepository)) == 0 {
		return r.removeOwned(ctx, "registry")
	}
	address, err := r.ensureRegistry(ctx)
	if err != nil {
		return err
	}
	name := text(res.Outputs, "name")
	answer, err := registryCall(ctx, http.MethodGet, "http://"+address+"/v2/"+name+"/tags/list", nil, "")
	if err != nil {
		return nil // nothing was ever pushed
	}
	defer answer.Body.Close()
	var list struct{ Tags []string }
	if err := json.NewDecoder(answer.Body).Decode(&list); err != nil {
		return fmt.Errorf("listing the images of %s: %w", name, err)
	}
	for _, tag := range list.Tags {
		_, _, digest, err := r.manifest(ctx, address, name, tag)
		if err != nil {
			continue // another tag of the same image was deleted before
		}
		deleted, err := registryCall(ctx, http.MethodDelete, manifestURL(address, name, digest), nil, "")
		if err != nil {
			return fmt.Errorf("deleting %s of %s: %w", tag, name, err)
		}
		deleted.Body.Close() // no content
	}
	return nil
}

func manifestURL(address, name, reference string) string {
	return "http://" + address + "/v2/" + name + "/manifests/" + reference
}

func registryCall(ctx context.Context, method, url string, body []byte, kind string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header["Accept"] = manifestTypes
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking the image registry: %w", err)
	}
	if answer.StatusCode >= 300 {
		answer.Body.Close() // the status says it
		return nil, fmt.Errorf("asking the image registry: %s %s: %s", method, url, answer.Status)
	}
	return answer, nil
}

var ecrPattern = regexp.MustCompile(`^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([a-z0-9][a-z0-9._/-]*)((?::[\w][\w.-]*)?(?:@sha256:[0-9a-f]{64})?)$`)

// ecrName splits an image name in this account's ECR into repository and reference (":tag", "@sha256:...", or nothing).
func ecrName(image, accountID, region string) (name, reference string, ok bool) {
	m := ecrPattern.FindStringSubmatch(image)
	if m == nil || m[1] != accountID || m[2] != region {
		return "", "", false
	}
	return m[3], m[4], true
}

// localName is where the engine finds an image: ECR's on the loopback registry, any other under its own name.
func localName(image, accountID, region, registry string) (name string, fromECR bool) {
	repository, reference, ok := ecrName(image, accountID, region)
	if !ok {
		return image, false
	}
	if at := strings.Index(reference, "@"); at > 0 {
		reference = reference[at:] // the digest decides; the engine takes no tag beside it
	}
	return registry + "/" + repository + reference, true
}
