// Package acm holds certificates.
package acm

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: certificateTypes}
