package machine

import (
	"encoding/json"
	"errors"
	"os"

	"github.com/google/renameio/v2"
)

// ReadJSON reads a file of JSON.
func ReadJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, into)
}

// WriteJSON replaces a file with JSON, in one step.
func WriteJSON(path string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return renameio.WriteFile(path, data, 0o600)
}

// WriteFile replaces a file in one step.
func WriteFile(path string, data []byte) error { return renameio.WriteFile(path, data, 0o600) }

// RemoveFile removes a file; a missing one is fine.
func RemoveFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
