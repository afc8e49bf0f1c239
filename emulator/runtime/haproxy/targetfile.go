package haproxy

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// TargetsFile holds the registered targets.
func (r *Balancer) TargetsFile() string { return r.Path("targets.json") }

// LoadTargets reads the registered targets.
func (r *Balancer) LoadTargets() ([]Target, error) {
	data, err := os.ReadFile(r.TargetsFile())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	var targets []Target
	if err == nil {
		err = json.Unmarshal(data, &targets)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the targets: %w", err)
	}
	return targets, nil
}

func (r *Balancer) saveTargets(targets []Target) error {
	data, err := json.MarshalIndent(targets, "", "  ")
	if err == nil {
		err = machine.WriteFile(r.TargetsFile(), data)
	}
	if err != nil {
		return fmt.Errorf("keeping the targets: %w", err)
	}
	return nil
}

func (r *Balancer) changeTargets(change func([]Target) []Target) error {
	targets, err := r.LoadTargets()
	if err != nil {
		return err
	}
	return r.saveTargets(change(targets))
}
