package rotate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// firstWithKeys is the first version of Laravel that reads APP_PREVIOUS_KEYS (laravel.com/docs/11.x/encryption, "Gracefully Rotating
// Encryption Keys"; laravel/framework, src/Illuminate/Encryption/EncryptionServiceProvider.php). The encrypter of version 10 has one key.
const firstWithKeys = 11

// keepsOldKeys is an error where the application would lose everything that it has encrypted: it runs a Laravel that has one key only, and
// its configuration does not read the others itself.
func keepsOldKeys(root string, settings *config.File) error {
	folder, _ := config.ImageSources(settings.Text("image.app"), "")
	major, from := laravel(filepath.Join(root, folder))
	if major >= firstWithKeys {
		return nil
	}
	if own, err := os.ReadFile(filepath.Join(root, folder, "config", "app.php")); err == nil && strings.Contains(string(own), config.PreviousKeys) {
		return nil
	}
	found := "no version of laravel/framework is found in composer.lock and composer.json of " + folder
	if major > 0 {
		found = fmt.Sprintf("%s/%s has Laravel %d", folder, from, major)
	}
	return fmt.Errorf("APP_KEY was not rotated: %s, and Laravel reads %s from version %d on. A new key would log everybody out, and encrypted columns "+
		"could not be read any more. Upgrade Laravel; or read %[2]s in config/app.php yourself (docs/rotation.md)",
		found, config.PreviousKeys, firstWithKeys)
}

var number = regexp.MustCompile(`\d+`)

// laravel is the major version of an application's Laravel, 0 where none is found: that which is locked, else the lowest that is allowed.
func laravel(folder string) (major int, from string) {
	var lock struct {
		Packages []struct{ Name, Version string }
	}
	if text, err := os.ReadFile(filepath.Join(folder, "composer.lock")); err == nil && json.Unmarshal(text, &lock) == nil {
		for _, one := range lock.Packages {
			if one.Name == "laravel/framework" {
				major, _ = strconv.Atoi(number.FindString(one.Version))
				return major, "composer.lock"
			}
		}
	}
	var manifest struct{ Require map[string]string }
	if text, err := os.ReadFile(filepath.Join(folder, "composer.json")); err == nil && json.Unmarshal(text, &manifest) == nil {
		for _, allowed := range strings.Split(manifest.Require["laravel/framework"], "|") {
			if n, err := strconv.Atoi(number.FindString(allowed)); err == nil && (major == 0 || n < major) {
				major = n
			}
		}
	}
	return major, "composer.json"
}
