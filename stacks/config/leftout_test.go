package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// inFolder makes files in a folder of the test, and makes it the current one.
func inFolder(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		err := os.MkdirAll(filepath.Dir(name), 0o755)
		if err == nil {
			err = os.WriteFile(name, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLeftOut: what the image lacks is named once, and what every skeleton has is no news.
func TestLeftOut(t *testing.T) {
	const htaccess = "<IfModule mod_rewrite.c>\n    RewriteEngine On\n    # Handle X-XSRF-Token Header\n    RewriteCond %{REQUEST_FILENAME} !-d\n    RewriteRule ^ index.php [L]\n</IfModule>\n"
	inFolder(t, map[string]string{"app/.env.example": "", "app/storage/.gitignore": "", "app/storage/framework/views/a.php": "", "app/storage/logs/laravel.log": "", "app/public/.htaccess": htaccess})
	image := Image{App: "app", Dockerfile: "docker/Dockerfile"}
	if lines := image.LeftOut(); lines != nil {
		t.Errorf("of a skeleton: %q", lines)
	}
	inFolder(t, map[string]string{
		"app/.env": "", "app/.env.production": "", "app/Dockerfile": "", "app/storage/oauth-private.key": "", "app/storage/app/a": "", "app/storage/app/b": "",
		"app/storage/app/c": "", "app/public/.htaccess": htaccess + "Redirect 301 /old /new\nHeader set X-Frame-Options DENY\n",
	})
	if err := os.Symlink("../storage/app/public", "app/public/storage"); err != nil {
		t.Fatal(err)
	}
	lines := image.LeftOut()
	for k, want := range []string{
		"app/.env, app/.env.production: not in the image",
		"app/storage/app/a, app/storage/app/b, app/storage/app/c and 1 more: not in the image",
		"app/Dockerfile: not used",
		"app/public/storage -> ../storage/app/public: links are not followed",
		`app/public/.htaccess: not read, with ["Redirect 301 /old /new" "Header set X-Frame-Options DENY"]`,
	} {
		if k >= len(lines) || !strings.HasPrefix(lines[k], want) {
			t.Errorf("line %d of %q does not begin with %q", k, lines, want)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines", len(lines))
	}
}

// TestBuildFlags: credentials and proxies of the shell are handed over by name, never by value, and an SSH agent only where the lock needs it.
func TestBuildFlags(t *testing.T) {
	for _, name := range append(slices.Clone(proxies), "COMPOSER_AUTH", "SSH_AUTH_SOCK", "COMPOSER_HOME", "XDG_CONFIG_HOME", "NPM_CONFIG_USERCONFIG", "npm_config_userconfig", "NODE_AUTH_TOKEN") {
		t.Setenv(name, "")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	inFolder(t, map[string]string{"Pulumi.yaml": "name: laravel-ecs\n", "Pulumi.s.yaml": "config:\n  laravel-ecs:image: {app: app}\n", "app/composer.lock": `{"source": {"url": "https://x"}}`})
	flags := func() string {
		t.Helper()
		file, err := ReadFile(".", "s")
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(file.BuildFlags("."), " ")
	}
	t.Setenv("SSH_AUTH_SOCK", "/tmp/agent")
	t.Setenv("NPM_TOKEN", "secret-value") // which no file names
	if got := flags(); got != "" {
		t.Errorf("without credentials: %s", got)
	}
	t.Setenv("COMPOSER_AUTH", `{"bearer": {"x": "secret-value"}}`)
	t.Setenv("https_proxy", "http://user:secret-value@proxy:3128")
	write := func(file, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(home, ".config/composer/auth.json"), "{}")
	write("app/composer.lock", `{"source": {"url": "git@github.com:acme/private.git"}}`)
	if got, want := flags(), "--secret id=auth.json,src="+home+"/.config/composer/auth.json --secret id=COMPOSER_AUTH,env=COMPOSER_AUTH --ssh default --build-arg https_proxy"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	write("app/auth.json", "{}")
	if got, want := flags(), "--secret id=auth.json,src=app/auth.json --secret id=home-auth.json,src="+home+"/.config/composer/auth.json --secret id=COMPOSER_AUTH"; !strings.HasPrefix(got, want) {
		t.Errorf("with auth.json in the application, too: %s, want %s", got, want)
	}

	write(filepath.Join(home, ".npmrc"), "prefix=~/.npm\n//npm.example.com:8443/acme/:_authToken=secret-value\n")
	write("app/.npmrc", "@acme:registry=https://npm.example.com/\n//npm.example.com/:_authToken=${NPM_TOKEN}\n")
	if got, want := flags(), " --ssh default --secret id=NPM_TOKEN,env=NPM_TOKEN --build-arg https_proxy"; !strings.HasSuffix(got, want) {
		t.Errorf("with a token that .npmrc names, and a login to another registry: %s", got)
	}
	write("app/.npmrc", "@acme:registry=https://npm.example.com:8443/acme/\n")
	if got, want := flags(), " --ssh default --secret id=npmrc,src="+home+"/.npmrc --build-arg https_proxy"; !strings.HasSuffix(got, want) {
		t.Errorf("with a login to the registry of a scope: %s", got)
	}
	write(filepath.Join(home, ".npmrc"), "//npm.example.com:8443/acme/:_authToken=${NPM_TOKEN}\n//other.example.com/:_authToken=${NODE_AUTH_TOKEN}\n")
	t.Setenv("NODE_AUTH_TOKEN", "secret-value")
	if got, want := flags(), " --secret id=npmrc,src="+home+"/.npmrc --secret id=NPM_TOKEN,env=NPM_TOKEN --build-arg https_proxy"; !strings.HasSuffix(got, want) {
		t.Errorf("with a login that names a variable, and one to a registry that the application does not name: %s", got)
	}
}
