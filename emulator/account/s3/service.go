// Package s3 holds buckets.
package s3

import (
	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: s3Types}
