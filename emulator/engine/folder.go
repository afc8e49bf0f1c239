package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// formatVersion is the layout of the state folder. It changes whenever an older program could not go on with it.
const formatVersion = "1"

// ErrBusy is the error when another process works on the same state folder.
var ErrBusy = errors.New("another run is at work")

// PortsFile is the file in a state folder in which the command remembers the ports of the load balancer.
const PortsFile = "ports.json"

// owned are the entries that the engine and its command create in a state folder. The lock goes last.
var owned = []string{"workspace", "state", "home", "logs", PortsFile, "account.json", "version", "lock"}

// kept is what may be in a state folder that has no version: the rest of a run that was killed early, and the folder in
// which the runtime keeps certificates and snapshots; and Pulumi's own folder, into which even `pulumi version` writes a log.
var kept = []string{"lock", "runtime", "home", "snapshots"}

// folder is the state folder while it is locked by this process. The lock goes with the process, however that ends.
type folder struct {
	dir  string
	lock *os.File
}

func openFolder(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the state folder: %w", err)
	}
	// It holds secrets in plain text, and one that was there may be open to others.
	if err := os.Chmod(dir, 0o700); err != nil {
		return nil, fmt.Errorf("closing the state folder to others: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the state folder: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		lock.Close()
		return nil, fmt.Errorf("%w in %s: wait until it is done", ErrBusy, dir)
	}
	if err := os.WriteFile(filepath.Join(dir, "version"), []byte(formatVersion+"\n"), 0o600); err != nil {
		lock.Close()
		return nil, fmt.Errorf("writing the version of the state folder: %w", err)
	}
	return &folder{dir: dir, lock: lock}, nil
}

// checkFolder refuses a folder of another format, and one that is somebody else's.
func checkFolder(dir string) error {
	version, err := os.ReadFile(filepath.Join(dir, "version"))
	switch {
	case err == nil && strings.TrimSpace(string(version)) == formatVersion:
		return nil
	case err == nil:
		return fmt.Errorf("the state folder %s has format %q and this program works with format %q: "+
			"take the system down with the program that made it, or remove the folder", dir, strings.TrimSpace(string(version)), formatVersion)
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("reading the state folder: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the state folder: %w", err)
	}
	for _, entry := range entries {
		if !slices.Contains(kept, entry.Name()) {
			return fmt.Errorf("%s is not a state folder and not empty: choose another one with --state", dir)
		}
	}
	return nil
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

func (f *folder) mkdir(name string) error { return os.MkdirAll(f.path(name), 0o700) }

func (f *folder) close() { f.lock.Close() }

// Remove deletes what Open created in a state folder, and the folder itself when nothing else is in it.
func (e *Engine) Remove() error { return removeFolder(e.folder.dir) }

// Wipe deletes a state folder of an earlier rehearsal, if it is one.
func Wipe(dir string) error {
	f, err := openFolder(dir)
	if err != nil {
		return err
	}
	defer f.close()
	return removeFolder(f.dir)
}

func removeFolder(dir string) error {
	for _, name := range owned {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("removing the state: %w", err)
		}
	}
	// These fail when something else is in them, which then stays.
	_ = os.Remove(filepath.Join(dir, "runtime"))
	_ = os.Remove(dir)
	return nil
}
