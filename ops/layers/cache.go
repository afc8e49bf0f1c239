// Package layers keeps the layers of images in a folder between the jobs of a pipeline whose Docker engine begins empty each time.
package layers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/crane"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// refName is where an OCI layout says what an image is called.
// https://github.com/opencontainers/image-spec/blob/main/annotations.md
const refName = "org.opencontainers.image.ref.name"

// LayerCache is a folder of images as an OCI layout. While it is open it is also a registry on loopback, which every Docker engine of
// this machine reads from and pushes to without a login.
type LayerCache struct {
	folder  layout.Path
	address string
	server  *http.Server
	asked   atomic.Bool // whether a request came
}

// Open opens the cache of this week below dir and removes those of other weeks: a layer that is found is not built again, so the
// packages in it get no security update. A damaged cache is removed as well.
func Open(ctx context.Context, dir string, now time.Time) (*LayerCache, error) {
	year, week := now.ISOWeek()
	name := fmt.Sprintf("%d-W%02d", year, week)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	for _, entry := range entries {
		if entry.Name() != name {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, entry.Name())))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("removing old layers: %w", err)
	}
	path := filepath.Join(dir, name)
	c, err := open(ctx, path)
	if err == nil {
		return c, nil
	}
	if removeErr := os.RemoveAll(path); removeErr != nil {
		return nil, errors.Join(err, removeErr)
	}
	return open(ctx, path)
}

func open(ctx context.Context, path string) (*LayerCache, error) {
	folder, err := layout.FromPath(path)
	if errors.Is(err, os.ErrNotExist) {
		folder, err = layout.Write(path, empty.Index)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if err := check(folder); err != nil {
		return nil, fmt.Errorf("checking %s: %w", path, err)
	}
	blobs := filepath.Join(path, "blobs") // a layout and the registry keep a blob in the same file
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving %s: %w", path, err)
	}
	quiet := log.New(io.Discard, "", 0)
	images := registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)), registry.Logger(quiet))
	c := &LayerCache{folder: folder, address: listener.Addr().String()}
	c.server = &http.Server{ErrorLog: quiet, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.asked.Store(true)
		images.ServeHTTP(w, r)
	})}
	go c.server.Serve(listener) //nolint:errcheck // it ends with Close
	if err := c.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), c.Close())
	}
	return c, nil
}

// check compares every file with the digest that it is named after: a builder that meets a damaged layer asks for it again and again, for
// more than a minute each.
func check(folder layout.Path) error {
	paths, err := filepath.Glob(filepath.Join(string(folder), "blobs", "sha256", "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		digest, _, err := v1.SHA256(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return err
		}
		if digest.Hex != filepath.Base(path) {
			return fmt.Errorf("%s is damaged", path)
		}
	}
	return nil
}

// load pushes the manifests of the folder to the registry, which holds manifests in memory only.
func (c *LayerCache) load(ctx context.Context) error {
	index, err := c.folder.ImageIndex()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, entry := range manifest.Manifests {
		image, err := c.folder.Image(entry.Digest)
		if err != nil {
			return err
		}
		if err := crane.Push(image, c.Reference(entry.Annotations[refName]), crane.WithContext(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// Reference is the name of an image while the cache is open.
func (c *LayerCache) Reference(image string) string { return c.address + "/" + image + ":kept" }

// Kept lists the references, in order, of the images that were in the cache when it was opened, and of those pushed since.
func (c *LayerCache) Kept(ctx context.Context) ([]string, error) {
	images, err := crane.Catalog(c.address, crane.WithContext(ctx))
	slices.Sort(images)
	for i, image := range images {
		images[i] = c.Reference(image)
	}
	return images, err
}

// Keep stores an image that was pushed to its reference. It replaces an earlier one of the same name, whose own layers are removed.
func (c *LayerCache) Keep(ctx context.Context, image string) error {
	pushed, err := crane.Pull(c.Reference(image), crane.WithContext(ctx))
	if err != nil {
		return err
	}
	if err := c.folder.ReplaceImage(pushed, match.Name(image), layout.WithAnnotations(map[string]string{refName: image})); err != nil {
		return err
	}
	unused, err := c.folder.GarbageCollect()
	for _, blob := range unused {
		err = errors.Join(err, c.folder.RemoveBlob(blob))
	}
	return err
}

// Layers are the digests of the layers of a kept image; none where no image has the name.
func (c *LayerCache) Layers(image string) ([]string, error) {
	index, err := c.folder.ImageIndex()
	if err != nil {
		return nil, err
	}
	found, err := partial.FindImages(index, match.Name(image))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	config, err := found[0].ConfigFile()
	if err != nil {
		return nil, err
	}
	var layers []string
	for _, layer := range config.RootFS.DiffIDs {
		layers = append(layers, layer.String())
	}
	return layers, nil
}

// Size is how many bytes the cache has.
func (c *LayerCache) Size() (total int64, err error) {
	err = filepath.Walk(string(c.folder), func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// Close stops the registry. The folder keeps the images.
func (c *LayerCache) Close() error { return c.server.Close() }
