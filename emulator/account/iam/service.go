// Package iam holds roles, their policies and identity providers.
package iam

import (
	"slices"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Service is what the account has of it.
var Service = account.Service{Types: slices.Concat(iamTypes, iamPolicyTypes), Functions: identityFunctions}
