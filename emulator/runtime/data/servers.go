// Package data runs the servers behind RDS instances (MariaDB), ElastiCache nodes (memcached and Valkey), buckets and queues.
package data

import "github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"

// Servers are the database and cache servers of one state folder.
type Servers struct {
	*machine.Machine

	program []byte // the emulated S3 and SQS
}

// New prepares the servers.
func New(m *machine.Machine) *Servers { return &Servers{Machine: m} }
