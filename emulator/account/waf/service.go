// Package waf holds web access control lists.
package waf

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: wafTypes}
