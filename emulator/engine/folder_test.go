package engine

import (
	"os"
	"path/filepath"
	"testing"
)

// TestStateFolderIsPrivate: it holds secrets in plain text, also where the folder was there before.
func TestStateFolderIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := openFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	for name, want := range map[string]os.FileMode{".": 0o700, "lock": 0o600, "version": 0o600} {
		if info, err := os.Stat(f.path(name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the mode %v, %v", name, info.Mode().Perm(), err)
		}
	}
}
