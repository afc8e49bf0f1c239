package api

import "github.com/laravel-ecs/laravel-ecs/emulator/runtime"

var _ Runtime = (*runtime.Runtime)(nil)
