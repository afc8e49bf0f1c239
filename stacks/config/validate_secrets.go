package config

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

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
