package runner

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// registry is the image registry of all open stacks under the address of the API: each stack has an account and a registry of its own
// here, and `laravel-ecs deploy` copies an image from one into another by one set of credentials, as it may on AWS.
type registry struct{ h *host }

// repositoryPath is that of the registry protocol (OCI Distribution Specification 1.1, "Endpoints").
var repositoryPath = regexp.MustCompile(`^/v2/(.+)/(?:manifests|blobs|tags)/(.+)$`)

// ServeHTTP passes a request on to the registry of the stack that has the repository.
func (g registry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := repositoryPath.FindStringSubmatch(r.URL.Path)
	if parts == nil { // the question whether this is a registry
		w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
		return
	}
	o := g.h.ofRepository(parts[1])
	if o == nil || o.Machine == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"errors":[{"code":"NAME_UNKNOWN","message":"no open stack has the repository %s"}]}`, parts[1])
		return
	}
	address, err := o.Machine.Registry(r.Context())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: address})
		p.Out.Host = p.In.Host // uploads go on where the registry says, which must be here
	}}
	if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") && !strings.Contains(parts[2], ":") {
		manifest, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(manifest))
		proxy.ModifyResponse = func(answer *http.Response) error {
			if answer.StatusCode != http.StatusCreated {
				return nil
			}
			return o.Account().PutImage(parts[1], parts[2], answer.Header.Get("Docker-Content-Digest"), size(manifest), time.Now())
		}
	}
	proxy.ServeHTTP(w, r)
}

// size is what an image takes: its configuration and its layers.
func size(manifest []byte) int64 {
	var m struct {
		Config struct{ Size int64 }
		Layers []struct{ Size int64 }
	}
	if json.Unmarshal(manifest, &m) != nil {
		return 0
	}
	sum := m.Config.Size
	for _, layer := range m.Layers {
		sum += layer.Size
	}
	return sum
}

// mainStack is the stack of the command.
func (h *host) mainStack() *open {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.opened[h.main.Stack.Name]
}

// ofRepository is the open stack that has a repository, nil where none has it.
func (h *host) ofRepository(name string) *open {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, o := range h.opened {
		if _, has := o.Account().Read(account.RepositoryToken, name); has {
			return o
		}
	}
	return nil
}

// ecrOperations are those of Amazon ECR's API, by the prefix of their header.
const ecrOperations = "AmazonEC2ContainerRegistry_V20150921."

// ServeHTTP answers AWS's API for the stack of the command, and the registry and what Amazon ECR says of a repository for every open stack.
func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answering := h.mainStack()
	if operation := r.Header.Get("X-Amz-Target"); strings.HasPrefix(operation, ecrOperations) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		var in struct {
			RepositoryName string `json:"repositoryName"`
		}
		if json.Unmarshal(body, &in) == nil && in.RepositoryName != "" {
			if o := h.ofRepository(in.RepositoryName); o != nil {
				answering = o
			}
		}
	}
	answering.api.ServeHTTP(w, r)
}
