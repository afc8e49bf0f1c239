package layers

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

var wednesday = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func opened(t *testing.T, dir string, now time.Time) *LayerCache {
	t.Helper()
	s, err := Open(t.Context(), dir, now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func reference(t *testing.T, s *LayerCache, image string) name.Tag {
	t.Helper()
	tag, err := name.NewTag(s.Reference(image))
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

// push does what docker does, and returns what it has pushed.
func push(t *testing.T, s *LayerCache, image string) v1.Image {
	t.Helper()
	made, err := random.Image(1_000_000, 2)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference(t, s, image), made); err != nil {
		t.Fatal(err)
	}
	if err := s.Keep(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	return made
}

func kept(t *testing.T, s *LayerCache) int {
	t.Helper()
	list, err := s.Kept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestNextJob: what one job has kept the next one reads; of an image that takes another's place nothing is left of the other.
func TestNextJob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "none yet")
	first := opened(t, dir, wednesday)
	if kept(t, first) != 0 {
		t.Error("a new cache is not empty")
	}
	push(t, first, "server")
	push(t, first, "node")
	made := push(t, first, "server")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	next := opened(t, dir, wednesday.AddDate(0, 0, 2))
	found, err := remote.Image(reference(t, next, "server"))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := made.Digest()
	if got, err := found.Digest(); err != nil || got != want {
		t.Errorf("server is %v (%v), %v was pushed", got, err, want)
	}
	config, _ := made.ConfigFile()
	layers, err := next.Layers("server")
	if err != nil || !slices.Equal(layers, []string{config.RootFS.DiffIDs[0].String(), config.RootFS.DiffIDs[1].String()}) {
		t.Errorf("its layers are %v (%v)", layers, err)
	}
	if layers, err := next.Layers("assets"); err != nil || layers != nil {
		t.Errorf("the layers of what was never pushed are %v (%v)", layers, err)
	}
	if list, err := next.Kept(t.Context()); err != nil || !slices.Equal(list, []string{next.Reference("node"), next.Reference("server")}) {
		t.Errorf("kept are %v (%v)", list, err)
	}
	if size, err := next.Size(); err != nil || size < 4_000_000 || size > 4_100_000 {
		t.Errorf("two images of two megabytes take %d bytes (%v)", size, err)
	}
}

// TestNextWeek: layers live until Monday, however often they are found.
func TestNextWeek(t *testing.T) {
	dir := t.TempDir()
	push(t, opened(t, dir, wednesday), "server")
	sunday, monday := wednesday.AddDate(0, 0, 4), wednesday.AddDate(0, 0, 5)
	if n := kept(t, opened(t, dir, sunday)); n != 1 {
		t.Errorf("on Sunday there are %d images", n)
	}
	if n := kept(t, opened(t, dir, monday)); n != 0 {
		t.Errorf("on Monday there are %d images", n)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != "2026-W49" {
		t.Errorf("on disk are %v (%v)", entries, err)
	}
}

// TestDamagedCache: a folder that was cut off on its way between two jobs counts as empty.
func TestDamagedCache(t *testing.T) {
	for what, damage := range map[string]func(path string) error{
		"an index cut off": func(path string) error { return os.Truncate(filepath.Join(path, "index.json"), 40) },
		"another layer": func(path string) error {
			blobs, err := filepath.Glob(filepath.Join(path, "blobs", "sha256", "*"))
			if err != nil {
				return err
			}
			return os.WriteFile(blobs[0], []byte("damaged"), 0o600)
		},
		"no blobs":            func(path string) error { return os.RemoveAll(filepath.Join(path, "blobs")) },
		"a file in its place": func(path string) error { _ = os.RemoveAll(path); return os.WriteFile(path, nil, 0o600) },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			push(t, opened(t, dir, wednesday), "server")
			if err := damage(filepath.Join(dir, "2026-W48")); err != nil {
				t.Fatal(err)
			}
			s := opened(t, dir, wednesday)
			if n := kept(t, s); n != 0 {
				t.Errorf("%d images are left", n)
			}
			push(t, s, "server")
		})
	}
	if _, err := Open(t.Context(), "/dev/null/layers", wednesday); err == nil || !strings.Contains(err.Error(), "/dev/null/layers") {
		t.Errorf("a folder that cannot be: %v", err)
	}
	var out strings.Builder
	if err := (Stages{Folder: "/dev/null/layers", Out: &out}).Run(t.Context()); err != nil || !strings.HasPrefix(out.String(), "no layers are kept: ") {
		t.Errorf("without a folder the job fails: %v\n%s", err, out.String())
	}
}
