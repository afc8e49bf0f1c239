// Package data runs the servers behind RDS instances (MariaDB) and ElastiCache nodes (memcached and Valkey).
package data

import "github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"

// Servers are the database and cache servers of one state folder.
type Servers struct{ *machine.Machine }

// New prepares the servers.
func New(m *machine.Machine) *Servers { return &Servers{m} }
