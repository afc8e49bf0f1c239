// Package ec2 holds networks, firewalls, instances and the Auto Scaling groups that start them.
package ec2

import (
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: slices.Concat(networkTypes, gatewayTypes, firewallTypes, instanceTypes, fleetTypes, flowLogTypes), Functions: regionFunctions}
