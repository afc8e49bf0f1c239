package haproxy

import (
	"errors"
	"fmt"
	"os"

	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

func (r *Balancer) targetsFile() string { return r.Path("targets.json") }

// LoadTargets reads the registered targets.
func (r *Balancer) LoadTargets() (targets []Target, err error) {
	if err := machine.ReadJSON(r.targetsFile(), &targets); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("reading the targets: %w", err)
	}
	return targets, nil
}

func (r *Balancer) saveTargets(targets []Target) error {
	if err := machine.WriteJSON(r.targetsFile(), targets); err != nil {
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
