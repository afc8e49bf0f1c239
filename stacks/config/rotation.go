package config

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
)

// Secrets that the program generates.
const (
	// AppKey is Laravel's key. Keys of earlier generations stay in PreviousKeys, so what they have encrypted can be read.
	AppKey       = "APP_KEY"
	PreviousKeys = "APP_PREVIOUS_KEYS"
	// DBPassword is the application's. Two users of the database alternate (docs/adr/0019).
	DBPassword = "DB_PASSWORD"
	// MasterPassword is that of database.username, which makes the application's users. Only the container that does it gets it.
	MasterPassword = "DB_MASTER_PASSWORD"
	// CachePassword is the AUTH token of valkey and redis. ElastiCache accepts the last two until cache.auth: set.
	CachePassword = "REDIS_PASSWORD"
)

var generated = []string{AppKey, PreviousKeys, DBPassword, MasterPassword}

// Rotated are the secrets that have a generation in the section rotation.
var Rotated = []string{AppKey, DBPassword, MasterPassword, CachePassword}

// maxAppKeys bounds the list of previous keys, which every container gets in its environment.
const maxAppKeys = 50

// Generation is the generation of a secret: DB_PASSWORD begins with 1, the others with 0.
func (c *Config) Generation(secret string) int {
	if generation, given := c.Rotation[secret]; given {
		return generation
	}
	return FirstGeneration(secret)
}

// FirstGeneration is the generation of a secret that was never rotated.
func FirstGeneration(secret string) int {
	if secret == DBPassword {
		return 1
	}
	return 0
}

// KnownAppKeys is the highest generation of APP_KEY whose key the application accepts. In the first of the two steps of a rotation it is
// one more than the generation that the application encrypts with.
func (c *Config) KnownAppKeys() int {
	return max(c.Generation(AppKey), c.Generation(PreviousKeys))
}

// maxUser is the longest name of a user that MySQL accepts (https://dev.mysql.com/doc/refman/8.4/en/user-names.html); MariaDB has 128.
const maxUser = 32

// DatabaseUser is the application's user of a generation. base is database.username or, on a shared server, the schema. The names of two
// generations in a row differ; a hash keeps long names apart.
func DatabaseUser(base string, generation int) string {
	suffix := "_a"
	if generation%2 == 0 {
		suffix = "_b"
	}
	if room := maxUser - len(suffix); len(base) > room {
		base = fmt.Sprintf("%s_%x", base[:room-7], sha256.Sum256([]byte(base)))[:room]
	}
	return base + suffix
}

func (c *Config) validateRotation(p *problems) {
	for _, secret := range sortedKeys(c.Rotation) {
		key := "rotation." + secret
		switch {
		case secret == PreviousKeys:
			if n := c.Rotation[secret]; n < c.Generation(AppKey) || n > c.Generation(AppKey)+1 {
				p.add(key, "%d is not APP_KEY's generation or the next one, %d or %d: make rotate-secret NAME=APP_KEY sets it", n, c.Generation(AppKey), c.Generation(AppKey)+1)
			}
		case !slices.Contains(Rotated, secret):
			p.add(key, "not a generated secret (%s): a new value of secrets.%s is deployed as it is", strings.Join(Rotated, ", "), secret)
		case secret == AppKey:
			p.between(key, c.Rotation[secret], 0, maxAppKeys)
		default:
			p.between(key, c.Rotation[secret], FirstGeneration(secret), 1_000_000)
		}
	}
	if c.Generation(CachePassword) > 0 && (c.Environment.Shares != "" || !c.Cache.Authenticates()) {
		p.add("rotation."+CachePassword, "this stack has no cache with a password of its own (cache.engine, cache.encryptTransit, cache.auth, environment.shares): remove it")
	}
	for _, secret := range []string{AppKey, MasterPassword, CachePassword} {
		if _, given := c.Secrets[secret]; given && c.Generation(secret) > 0 {
			p.add("rotation."+secret, "secrets.%s has a value, so no generation of it is made: remove one of them", secret)
		}
	}
	if _, given := c.Secrets[PreviousKeys]; given && c.KnownAppKeys() > 0 {
		p.add("secrets."+PreviousKeys, "the program sets it from rotation.%s: remove it", AppKey)
	}
}
