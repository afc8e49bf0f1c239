// Package ecr holds image repositories.
package ecr

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: ecrTypes, Functions: registryFunctions}
