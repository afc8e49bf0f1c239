package account

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/renameio/v2"
)

// formatVersion is the format of the account's file. It changes whenever an older program could not read the file.
const formatVersion = 1

// state is what the account's file holds.
type state struct {
	Format    int                 `json:"format"`
	Region    string              `json:"region"`
	Counter   int                 `json:"counter"` // ids given so far
	Resources map[string]Resource `json:"-"`

	generation int // changes since the file was opened
}

// file is state with the resources as a list.
type file struct {
	state
	Resources []Resource `json:"resources"`
}

// store keeps the state in one file. Operations that finish while a write is under way share the next one, so many
// parallel changes cost few writes, and none returns before it is on disk.
type store struct {
	path string

	mu    sync.Mutex
	saved int // generation on disk
}

func (s *store) load(region string) (state, error) {
	fresh := state{Format: formatVersion, Region: region, Resources: map[string]Resource{}}
	if s.path == "" {
		return fresh, nil
	}
	text, err := os.ReadFile(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return state{}, err
	}
	var stored file
	if err := json.Unmarshal(text, &stored); err != nil {
		return state{}, fmt.Errorf("%s is not an account file (%w): remove its folder and deploy again", s.path, err)
	}
	if stored.Format != formatVersion {
		return state{}, fmt.Errorf("%s has format %d and this program works with format %d: take the system down with the program that made it, or remove the folder",
			s.path, stored.Format, formatVersion)
	}
	if stored.Region != region {
		return state{}, fmt.Errorf("%s is an account in %s, not in %s: take the system down first, or use another state folder", s.path, stored.Region, region)
	}
	loaded := stored.state
	loaded.Resources = make(map[string]Resource, len(stored.Resources))
	for _, r := range stored.Resources {
		loaded.Resources[key(r.Type, r.ID)] = r
	}
	return loaded, nil
}

// save returns when the generation, or a later one, is on disk.
func (s *store) save(generation int, snapshot func() (int, []byte, error)) error {
	if s.path == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved >= generation {
		return nil
	}
	current, text, err := snapshot()
	if err == nil {
		err = os.MkdirAll(filepath.Dir(s.path), 0o700)
	}
	if err == nil {
		err = renameio.WriteFile(s.path, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("saving the account: %w", err)
	}
	s.saved = current
	return nil
}

// snapshot renders the state as its file.
func (a *Account) snapshot() (int, []byte, error) {
	a.mu.Lock()
	stored := file{state: a.state, Resources: a.sorted("")}
	a.mu.Unlock()
	// Records are replaced, never changed, so they can be read without the lock.
	text, err := json.Marshal(stored)
	return stored.generation, text, err
}
