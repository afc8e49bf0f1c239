// Package secrets holds secrets.
package secrets

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: secretTypes}
