package config

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
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

// ServerUser begins the names of the application's users on a server that exists: other environments and projects may have users there.
func ServerUser(app, stack string) string { return strings.ReplaceAll(app+"_"+stack, "-", "_") }

// DatabaseUser is the application's user of a generation. base is database.username or, on a shared server, the schema, or ServerUser. The names of two
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

// masterPassword is what RDS accepts (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html): 8 to 41
// printable ASCII characters without slash, quotes, at sign and space.
var masterPassword = regexp.MustCompile(`^[!#-&(-.0-?A-~]{8,41}$`)

// validateSecrets checks the values of secrets. A value is never part of an error: it would end in terminals and in logs of pipelines.
func (c *Config) validateSecrets(p *problems) {
	for _, v := range sortedKeys(c.Secrets) {
		switch key, value := "secrets."+v, c.Secrets[v]; {
		case v == DBPassword:
			p.add(key, "the program generates it, because two users of the database alternate when it is rotated (make rotate-secret NAME=DB_PASSWORD). "+
				"A database that has this password keeps it for its master user: rename the key to secrets.%s; else remove it", MasterPassword)
		case value == SecretPlaceholder: // in a rehearsal
		case value == "":
			p.add(key, "empty, which Secrets Manager refuses; remove it, or set a value")
		case len(value) > 65536: // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
			p.add(key, "has %d bytes; Secrets Manager takes 65536", len(value))
		case v == MasterPassword && !masterPassword.MatchString(value):
			p.add(key, `has %d characters; RDS takes 8 to 41 printable ASCII characters without / " ' @ and space`, len(value))
		case v == AppKey && !applicationKeys(value), v == PreviousKeys && !applicationKeys(strings.Split(value, ",")...):
			p.add(key, "not a key of Laravel: base64: and 32 bytes in Base64, as `php artisan key:generate --show` prints it")
		}
	}
}

// applicationKeys tells whether Laravel can encrypt with keys: 32 bytes, or 16 for AES-128 (Illuminate\Encryption\Encrypter::supported).
func applicationKeys(texts ...string) bool {
	for _, text := range texts {
		key := []byte(text)
		if encoded, ok := strings.CutPrefix(text, "base64:"); ok {
			key, _ = base64.StdEncoding.DecodeString(encoded)
		}
		if len(key) != 32 && len(key) != 16 {
			return false
		}
	}
	return true
}

// Auto, Always and Never are the values of image.assets.php.
const (
	Auto   = "auto"
	Always = "always"
	Never  = "never"
)

// bundled are the beginnings of names that Vite and Laravel Mix write into the bundle (https://vite.dev/guide/env-and-mode,
// https://laravel.com/docs/8.x/mix#environment-variables).
var bundled = []string{"VITE_", "MIX_"}

// AtBuildOnly tells whether a variable has an effect only while the bundle is made.
func AtBuildOnly(name string) bool {
	return slices.ContainsFunc(bundled, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
}

var (
	secretName = regexp.MustCompile(`(^|_)(SECRET|PASSWORD|PASSWD|PASSPHRASE|PRIVATE|CREDENTIALS?|AUTH)(_|$)`)
	// keyName may be public: VITE_PUSHER_APP_KEY, VITE_MAPBOX_TOKEN. Without the prefix nothing says so.
	keyName = regexp.MustCompile(`(^|_)(KEY|TOKEN|DSN)(_|$)`)
)

// validateBuildEnv keeps secrets out of the bundle, and out of the layers and the history of the image.
func (c *Config) validateBuildEnv(p *problems) {
	for _, name := range sortedKeys(c.Image.BuildEnv) {
		key, value := "image.buildEnv."+name, c.Image.BuildEnv[name]
		const public = "everybody can read it in the browser's JavaScript and in the image"
		switch {
		case !variable.MatchString(name):
			p.add(key, "not a name of an environment variable")
		case secretName.MatchString(name), keyName.MatchString(name) && !AtBuildOnly(name):
			p.add(key, "the name is that of a secret, but %s; what the server needs belongs into secrets.%s, and what is public has another name, such as VITE_PUSHER_APP_KEY", public, name)
		case strings.HasPrefix(value, "base64:") && applicationKeys(value):
			p.add(key, "the value is a key of Laravel, but %s", public)
		default:
			for _, secret := range sortedKeys(c.Secrets) {
				if given := c.Secrets[secret]; len(given) >= 8 && given != SecretPlaceholder && strings.Contains(value, given) {
					p.add(key, "the value is that of secrets.%s, but %s", secret, public)
				}
			}
		}
	}
}
