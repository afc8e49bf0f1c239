package config

import (
	"encoding/base64"
	"regexp"
	"strings"
)

// databasePassword is what RDS accepts (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html): 8 to 41
// printable ASCII characters without slash, quotes, at sign and space.
var databasePassword = regexp.MustCompile(`^[!#-&(-.0-?A-~]{8,41}$`)

// validateSecrets checks the values of secrets. A value is never part of an error.
func (c *Config) validateSecrets(p *problems) {
	for _, v := range sortedKeys(c.Secrets) {
		switch value := c.Secrets[v]; {
		case value == "":
			p.add("secrets."+v, "empty, which Secrets Manager refuses; remove it, or set a value")
		case len(value) > 65536: // https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
			p.add("secrets."+v, "has %d bytes; Secrets Manager takes 65536", len(value))
		case v == "DB_PASSWORD" && !databasePassword.MatchString(value):
			p.add("secrets."+v, `has %d characters; RDS takes 8 to 41 printable ASCII characters without / " ' @ and space`, len(value))
		case v == "APP_KEY" && !applicationKey(value):
			p.add("secrets."+v, "not a key of Laravel: base64: and 32 bytes in Base64, as `php artisan key:generate --show` prints it")
		}
	}
}

// applicationKey tells whether Laravel can encrypt with a key: 32 bytes, or 16 for AES-128 (Illuminate\Encryption\Encrypter::supported).
func applicationKey(text string) bool {
	key := []byte(text)
	if encoded, ok := strings.CutPrefix(text, "base64:"); ok {
		key, _ = base64.StdEncoding.DecodeString(encoded)
	}
	return len(key) == 32 || len(key) == 16
}
