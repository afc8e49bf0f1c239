package rotate

import (
	"slices"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// This file has the rotation of REDIS_PASSWORD. ElastiCache accepts the new AUTH token beside the one before it (ROTATE), until it is told to
// accept the last one only (SET; ElastiCache user guide, "Authenticating with the Valkey and Redis OSS AUTH command"). SET is a deployment of its
// own: the one that brings the token ends when all tasks have it.

// cacheSteps are a deployment with the new password and, unless review environments may use the one before, a deployment that ends that.
func cacheSteps(settings *config.File, first deploy.Values) []deploy.Values {
	steps := []deploy.Values{joined(first, deploy.Values{"cache.auth": config.AuthRotate})}
	if !sharesCache(settings) {
		steps = append(steps, deploy.Values{"cache.auth": config.AuthSet})
	}
	return steps
}

func cacheAbout(settings *config.File) []string {
	about := []string{"first deployment: the cache accepts a new password beside the one before, and the tasks are replaced"}
	if sharesCache(settings) {
		return []string{"the cache accepts a new password beside the one before, and the tasks are replaced"}
	}
	return append(about, "second deployment: the cache accepts the new password only (cache.auth: set)")
}

func cacheEnds(settings *config.File) string {
	if sharesCache(settings) {
		return "The password before still works, for review environments that share this cache. Run make review-up for each of them, then set cache.auth: set and run make up, which ends it."
	}
	return "The password before does not work any more."
}

// sharesCache tells whether review environments may share the stack's cache.
func sharesCache(settings *config.File) bool {
	return slices.Contains([]string{"staging", "local"}, text(settings, "environment.class", "staging"))
}

// ownCachePassword tells whether the stack has a cache with a password.
func ownCachePassword(settings *config.File) bool {
	cache := config.Cache{
		Engine: text(settings, "cache.engine", config.Valkey), EncryptTransit: settings.Get("cache.encryptTransit") != false,
		Auth: text(settings, "cache.auth", config.AuthRotate), Endpoint: settings.Text("cache.endpoint"),
	}
	return settings.Text("environment.shares") == "" && cache.Authenticates()
}
