package rotate

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// opened is a session of a stack file in a project whose application is app.
func opened(t *testing.T, stackFile string, app map[string]string) *session.Session {
	t.Helper()
	root := t.TempDir()
	files := map[string]string{"Pulumi.yaml": "name: x\n", "Pulumi.review-x.yaml": stackFile}
	for name, text := range app {
		files["app/"+name] = text
	}
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s, err := session.Open(root, "review-x", &strings.Builder{}, &strings.Builder{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlan(t *testing.T) {
	for name, test := range map[string]struct {
		file, secret string
		steps        []deploy.Values
		says         string
	}{
		"the first rotation": {"config: {}\n", config.DBPassword, []deploy.Values{{"rotation.DB_PASSWORD": 2}}, "log in as laravel_b. laravel_a still works"},
		"another one":        {"config: {x:rotation: {DB_PASSWORD: 8}, x:database: {username: shop}}\n", config.DBPassword, []deploy.Values{{"rotation.DB_PASSWORD": 9}}, "log in as shop_a. shop_b still works"},
		"a schema":           {"config: {x:environment: {shares: staging}}\n", config.DBPassword, []deploy.Values{{"rotation.DB_PASSWORD": 2}}, "log in as review_x_b."},
		"the master":         {"config: {}\n", config.MasterPassword, []deploy.Values{{"rotation.DB_MASTER_PASSWORD": 1}}, "make review-up"},
		"the key":            {"config: {x:image: {app: app}}\n", config.AppKey, []deploy.Values{{"rotation.APP_PREVIOUS_KEYS": 1}, {"rotation.APP_KEY": 1, "rotation.APP_PREVIOUS_KEYS": nil}}, "stay readable"},
		"the cache": {"config: {x:environment: {class: production}}\n", config.CachePassword,
			[]deploy.Values{{"rotation.REDIS_PASSWORD": 1, "cache.auth": "rotate"}, {"cache.auth": "set"}}, "The password before does not work any more."},
		"a cache that reviews may share": {"config: {x:rotation: {REDIS_PASSWORD: 1}, x:cache: {engine: redis, auth: set}}\n", config.CachePassword,
			[]deploy.Values{{"rotation.REDIS_PASSWORD": 2, "cache.auth": "rotate"}}, "Run make review-up for each of them"},
		"one's own for the cache": {"config: {x:environment: {class: production}, x:secrets: {REDIS_PASSWORD: a}}\n", config.CachePassword,
			[]deploy.Values{{"cache.auth": "rotate"}, {"cache.auth": "set"}}, "The password before does not work any more."},
		"one's own for a redis of one's own": {"config: {x:cache: {engine: memcached}, x:secrets: {REDIS_PASSWORD: a}}\n", config.CachePassword, []deploy.Values{{}}, "No task has the old value"},
		"one's own":                          {"config: {x:secrets: {TOKEN: a}}\n", "TOKEN", []deploy.Values{{}}, "No task has the old value"},
	} {
		s := opened(t, test.file, map[string]string{"composer.json": `{"require": {"laravel/framework": "^12.1"}}`})
		if r, err := plan(s, test.secret); err != nil || !reflect.DeepEqual(r.steps, test.steps) || !strings.Contains(r.ends, test.says) {
			t.Errorf("%s: %v, %v, %s", name, err, r.steps, r.ends)
		}
	}
	for file, test := range map[string]struct{ secret, says string }{
		"config: {x:environment: {guestOf: shop-prod}}\n": {config.DBPassword, "with environment.guestOf shop-prod makes the users of the database"},
		"config: {x:environment: {shares: staging}}\n":    {config.MasterPassword, "the master password is that of staging: rotate it there"},
		"config: {x:database: {endpoint: db.internal}}\n": {config.MasterPassword, "database.endpoint, db.internal, is not the program's: change its password there"},
		"config: {x:cache: {encryptTransit: false}}\n":    {config.CachePassword, "has no cache with a password of its own"},
		"config: {x:secrets: {DB_PASSWORD: hunter2}}\n":   {config.DBPassword, "rename it to secrets.DB_MASTER_PASSWORD"},
		"config: {x:secrets: {TOKEN: hunter2}}\n":         {"TOKENS", "has no secrets.TOKENS, and the program generates"},
	} {
		if _, err := plan(opened(t, file, nil), test.secret); err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestKeepsOldKeys(t *testing.T) {
	lock := func(version string) string {
		return `{"packages": [{"name": "laravel/tinker", "version": "v2.1"}, {"name": "laravel/framework", "version": "` + version + `"}]}`
	}
	need := func(versions string) string { return `{"require": {"laravel/framework": "` + versions + `"}}` }
	for name, test := range map[string]struct {
		app  map[string]string
		says string // of the refusal
	}{
		"locked":               {map[string]string{"composer.lock": lock("v11.0.1"), "composer.json": need("^10.0 || ^11.0")}, ""},
		"locked and too old":   {map[string]string{"composer.lock": lock("v10.48.29"), "composer.json": need("^10.0 || ^11.0")}, "app/composer.lock has Laravel 10"},
		"not locked":           {map[string]string{"composer.json": need("^12.0")}, ""},
		"perhaps too old":      {map[string]string{"composer.json": need("^11.0|^9.0")}, "app/composer.json has Laravel 9"},
		"reads them itself":    {map[string]string{"composer.lock": lock("v10.1.0"), "config/app.php": "env('APP_PREVIOUS_KEYS')"}, ""},
		"nothing is known":     {map[string]string{"composer.json": "{}"}, "no version of laravel/framework is found"},
		"a configuration only": {map[string]string{"composer.lock": lock("v10.1.0"), "config/app.php": "env('APP_KEY')"}, "Upgrade Laravel; or read APP_PREVIOUS_KEYS in config/app.php yourself"},
	} {
		s := opened(t, "config: {x:image: {app: app}}\n", test.app)
		err := keepsOldKeys(s.Root, s.File)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
