// Package route53 holds DNS records.
package route53

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: dnsTypes, Functions: dnsFunctions}
