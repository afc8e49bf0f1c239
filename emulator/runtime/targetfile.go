package runtime

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

func (r *Runtime) targetsFile() string { return filepath.Join(r.stateDir, "runtime", "targets.json") }

func (r *Runtime) loadTargets() ([]target, error) {
	data, err := os.ReadFile(r.targetsFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var targets []target
	if err == nil {
		err = json.Unmarshal(data, &targets)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the targets: %w", err)
	}
	return targets, nil
}

func (r *Runtime) saveTargets(targets []target) error {
	data, err := json.MarshalIndent(targets, "", "  ")
	if err == nil {
		err = writeFile(r.targetsFile(), data)
	}
	if err != nil {
		return fmt.Errorf("keeping the targets: %w", err)
	}
	return nil
}

func (r *Runtime) changeTargets(change func([]target) []target) error {
	targets, err := r.loadTargets()
	if err != nil {
		return err
	}
	return r.saveTargets(change(targets))
}
