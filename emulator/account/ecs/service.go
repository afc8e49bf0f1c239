// Package ecs holds clusters, task definitions, services and their scaling.
package ecs

import (
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: slices.Concat(clusterTypes, taskTypes, serviceTypes, scalingTypes), Functions: serviceFunctions}
