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
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// refName is where an OCI layout says what an image is called.
// https://github.com/opencontainers/image-spec/blob/main/annotations.md
const refName = "org.opencontainers.image.ref.name"

// Shelf is a folder of images as an OCI layout. While it is open it is a registry on loopback, which every Docker engine of this
// machine reads from and pushes to without a login.
type Shelf struct {
	folder  layout.Path
	address string
	server  *http.Server
}

// Open opens the shelf of this week below dir and clears those of other weeks away: a layer that is found is not built, and the
// packages in it get no security update. What is damaged is cleared away as well.
func Open(ctx context.Context, dir string, now time.Time) (*Shelf, error) {
	year, week := now.ISOWeek()
	name := fmt.Sprintf("%d-W%02d", year, week)
	if err := clearOthers(dir, name); err != nil {
		return nil, fmt.Errorf("clearing old layers away: %w", err)
	}
	path := filepath.Join(dir, name)
	s, err := open(ctx, path)
	if err == nil {
		return s, nil
	}
	if removeErr := os.RemoveAll(path); removeErr != nil {
		return nil, errors.Join(err, removeErr)
	}
	return open(ctx, path)
}

func clearOthers(dir, week string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if entry.Name() != week {
			if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func open(ctx context.Context, path string) (*Shelf, error) {
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
	s := &Shelf{folder: folder, address: listener.Addr().String(), server: &http.Server{
		Handler:  registry.New(registry.WithBlobHandler(registry.NewDiskBlobHandler(blobs)), registry.Logger(quiet)),
		ErrorLog: quiet, ReadHeaderTimeout: time.Minute,
	}}
	go s.server.Serve(listener) //nolint:errcheck // it ends with Close
	if err := s.load(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("reading %s: %w", path, err), s.Close())
	}
	return s, nil
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

// load tells the registry which images there are; it holds manifests in memory only.
func (s *Shelf) load(ctx context.Context) error {
	index, err := s.folder.ImageIndex()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, entry := range manifest.Manifests {
		image, err := s.folder.Image(entry.Digest)
		if err != nil {
			return err
		}
		reference, err := name.NewTag(s.Reference(entry.Annotations[refName]))
		if err != nil {
			return err
		}
		if err := remote.Write(reference, image, remote.WithContext(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// Reference is what an image is called while the shelf is open.
func (s *Shelf) Reference(image string) string { return s.address + "/" + image + ":kept" }

// Kept lists the references, in order, of what was on the shelf when it was opened, and what has been pushed since.
func (s *Shelf) Kept(ctx context.Context) ([]string, error) {
	host, err := name.NewRegistry(s.address)
	if err != nil {
		return nil, err
	}
	images, err := remote.Catalog(ctx, host)
	slices.Sort(images)
	for i, image := range images {
		images[i] = s.Reference(image)
	}
	return images, err
}

// Keep puts an image on the shelf that was pushed to its reference, in the place of an earlier one.
func (s *Shelf) Keep(ctx context.Context, image string) error {
	reference, err := name.NewTag(s.Reference(image))
	if err != nil {
		return err
	}
	pushed, err := remote.Image(reference, remote.WithContext(ctx))
	if err != nil {
		return err
	}
	return s.folder.ReplaceImage(pushed, match.Name(image), layout.WithAnnotations(map[string]string{refName: image}))
}

// Layers are the digests of what an image on the shelf consists of, none of one that is not there.
func (s *Shelf) Layers(image string) ([]string, error) {
	index, err := s.folder.ImageIndex()
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

// Sweep removes the layers that no image has any more.
func (s *Shelf) Sweep() error {
	unused, err := s.folder.GarbageCollect()
	if err != nil {
		return err
	}
	for _, blob := range unused {
		if err := s.folder.RemoveBlob(blob); err != nil {
			return err
		}
	}
	return nil
}

// Size is how many bytes are on the shelf.
func (s *Shelf) Size() (total int64, err error) {
	err = filepath.Walk(string(s.folder), func(_ string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			total += info.Size()
		}
		return err
	})
	return total, err
}

// Close ends the registry. What was kept stays in the folder.
func (s *Shelf) Close() error { return s.server.Close() }
