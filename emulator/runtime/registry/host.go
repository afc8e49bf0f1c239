// Package registry is the image registry behind the emulated account's ECR repositories, on a loopback port.
package registry

import "github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"

// Host is the registry of one state folder.
type Host struct{ *machine.Machine }

// New prepares a registry.
func New(m *machine.Machine) *Host { return &Host{m} }
