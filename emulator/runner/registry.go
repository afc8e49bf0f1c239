package runner

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	images "github.com/laravel-ecs/laravel-ecs/emulator/runtime/registry"
)

// registry is the image registry of all open stacks, at the address of the API: each stack has an account and a registry
// of its own here, and `laravel-ecs deploy` copies an image from one into another with one set of credentials, as it may
// on AWS.
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
	if o == nil || o.machine() == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprintf(w, `{"errors":[{"code":"NAME_UNKNOWN","message":"no open stack has the repository %s"}]}`, parts[1])
		return
	}
	address, err := o.machine().Registry(r.Context())
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
		held, err := o.hold(r.Context()) // its account records the image
		if err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
		proxy.ModifyResponse = func(answer *http.Response) error {
			if answer.StatusCode != http.StatusCreated {
				return nil
			}
			return held.Account().PutImage(parts[1], parts[2], answer.Header.Get("Docker-Content-Digest"), images.ImageSize(manifest), time.Now())
		}
	}
	proxy.ServeHTTP(w, r)
}

// ofRepository is the open stack that has a repository, nil if none has it.
func (h *host) ofRepository(name string) *open {
	for _, o := range h.all() {
		if a := o.account(); a != nil {
			if _, has := a.Read(account.RepositoryToken, name); has {
				return o
			}
		}
	}
	return nil
}
