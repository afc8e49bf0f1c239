package state

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/google/renameio/v2"
)

// Store keeps the records of services, in a folder or, without one, in memory.
type Store struct {
	dir string

	mu          sync.Mutex
	registering sync.Mutex
	memory      map[string][]byte
}

// OpenStore uses a folder, which must exist when something is kept. Empty means memory.
func OpenStore(dir string) *Store { return &Store{dir: dir, memory: map[string][]byte{}} }

func (s *Store) path(cluster, service string) string {
	return filepath.Join(s.dir, "service-"+PlainName(cluster+"/"+service)+".json")
}

// Load reads what is recorded of a service; a new one has no primary deployment.
func (s *Store) Load(cluster, service string) (Service, error) {
	found := Service{Cluster: cluster, Service: service}
	path := s.path(cluster, service)
	s.mu.Lock()
	data, err := s.memory[path], error(nil)
	s.mu.Unlock()
	if s.dir != "" {
		data, err = os.ReadFile(path)
	}
	switch {
	case errors.Is(err, os.ErrNotExist) || err == nil && data == nil:
		return found, nil
	case err == nil:
		err = json.Unmarshal(data, &found)
	}
	if err != nil {
		return found, fmt.Errorf("reading the deployments of %s/%s: %w", cluster, service, err)
	}
	return found, nil
}

// Save keeps a record.
func (s *Store) Save(service Service) error {
	data, err := json.MarshalIndent(service, "", "  ")
	path := s.path(service.Cluster, service.Service)
	switch {
	case err == nil && s.dir != "":
		err = renameio.WriteFile(path, data, 0o600)
	case err == nil:
		s.mu.Lock()
		s.memory[path] = data
		s.mu.Unlock()
	}
	if err != nil {
		return fmt.Errorf("keeping the deployments of %s: %w", service.Service, err)
	}
	return nil
}

// revisionsFile holds when each revision of a task definition was registered, and each image first seen.
func (s *Store) revisionsFile() string { return filepath.Join(s.dir, "revisions.json") }

// Revisions returns when each revision was registered, by ARN.
func (s *Store) Revisions() (map[string]time.Time, error) {
	all := map[string]time.Time{}
	s.mu.Lock()
	defer s.mu.Unlock()
	data := s.memory[s.revisionsFile()]
	if s.dir != "" {
		var err error
		if data, err = os.ReadFile(s.revisionsFile()); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	if data == nil {
		return all, nil
	}
	return all, json.Unmarshal(data, &all)
}

// Register records that a revision is registered now, unless that is known already.
func (s *Store) Register(arn string) error {
	s.registering.Lock()
	defer s.registering.Unlock()
	all, err := s.Revisions()
	if _, known := all[arn]; known || err != nil {
		return err
	}
	all[arn] = time.Now()
	data, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if s.dir != "" {
		return renameio.WriteFile(s.revisionsFile(), data, 0o600)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory[s.revisionsFile()] = data
	return nil
}

// Remove forgets a service.
func (s *Store) Remove(cluster, service string) error {
	path := s.path(cluster, service)
	s.mu.Lock()
	delete(s.memory, path)
	s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_.-]+`)

// PlainName makes a text fit for the name of a file, container or volume.
func PlainName(s string) string { return notInNames.ReplaceAllString(s, "-") }

// ID makes the id of a task: 32 hexadecimal digits.
func ID() string {
	var raw [16]byte
	rand.Read(raw[:]) //nolint:errcheck,gosec // never fails
	return hex.EncodeToString(raw[:])
}
