// Package lb holds load balancers, their listeners and target groups.
package lb

import (
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: slices.Concat(balancerTypes, listenerTypes)}
