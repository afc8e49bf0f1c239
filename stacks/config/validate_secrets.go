package config

import (
	"encoding/base64"
	"regexp"
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
