// Package watch holds log groups, alarms, dashboards and notifications.
package watch

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: watchTypes}
