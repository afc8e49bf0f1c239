package config

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// proxies are the build arguments that every Dockerfile has (https://docs.docker.com/reference/dockerfile/#predefined-args): they are no part
// of the cache, nor of the image.
var proxies = []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

// npmTokens are the variables whose values docker/build/frontend/credentials.mjs knows what to do with: npm's and that of GitHub's setup-node.
var npmTokens = []string{"NPM_TOKEN", "NODE_AUTH_TOKEN"}

// npmFiles are the settings of the front end's package managers, and their locks: they name variables and registries.
var npmFiles = []string{".npmrc", ".yarnrc", ".yarnrc.yml", "bunfig.toml", "pnpm-workspace.yaml",
	"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"}

// npmLogin is a line of .npmrc that logs in to a registry, its host in parentheses: https://docs.npmjs.com/cli/v11/configuring-npm/npmrc#auth-related-configuration.
var npmLogin = regexp.MustCompile(`(?m)^\s*//([^/:\s=]+(?::\d+)?)[^=\s]*:(?:_authToken|_auth|_password)\s*=.*$`)

// npmFlags are those for private npm registries: the home's .npmrc if it logs in to a registry that the application's files name, and
// variables that these files or such a login name. GitHub's setup-node writes //registry.npmjs.org/:_authToken=${NODE_AUTH_TOKEN}
// (https://github.com/actions/setup-node, src/authutil.ts).
func npmFlags(app string) (flags []string) {
	var text strings.Builder
	for _, name := range npmFiles {
		content, _ := os.ReadFile(filepath.Join(app, name)) // most are not there
		text.Write(content)
	}
	home := cmp.Or(os.Getenv("NPM_CONFIG_USERCONFIG"), os.Getenv("npm_config_userconfig"), userFolder(".npmrc"))
	if logins, err := os.ReadFile(home); err == nil {
		application := text.String()
		for _, login := range npmLogin.FindAllStringSubmatch(string(logins), -1) {
			if strings.Contains(application, login[1]) {
				if len(flags) == 0 {
					flags = append(flags, "--secret", "id=npmrc,src="+home)
				}
				text.WriteString(login[0])
			}
		}
	}
	for _, name := range npmTokens {
		if os.Getenv(name) != "" && strings.Contains(text.String(), name) {
			flags = append(flags, "--secret", "id="+name+",env="+name)
		}
	}
	return flags
}

// BuildFlags are the flags of docker build that give the builder this shell's credentials for Composer and npm, where there are any, and its proxy.
// Each names a file or a variable, never a value. Without them the list is empty. Root is the folder of the stack file.
func (s *File) BuildFlags(root string) (flags []string) {
	app := filepath.Join(root, s.imageConfig().Image.App)
	// Composer takes both files, the application's before its home's: https://getcomposer.org/doc/articles/authentication-for-private-packages.md,
	// https://getcomposer.org/doc/03-cli.md#composer-home.
	id := "auth.json"
	if file := filepath.Join(app, "auth.json"); isFile(file) {
		flags, id = append(flags, "--secret", "id=auth.json,src="+file), "home-auth.json"
	}
	for _, home := range []string{os.Getenv("COMPOSER_HOME"), userFolder(".config/composer"), userFolder(".composer")} {
		if file := filepath.Join(home, "auth.json"); home != "" && isFile(file) {
			flags = append(flags, "--secret", "id="+id+",src="+file)
			break
		}
	}
	if os.Getenv("COMPOSER_AUTH") != "" {
		flags = append(flags, "--secret", "id=COMPOSER_AUTH,env=COMPOSER_AUTH")
	}
	if os.Getenv("SSH_AUTH_SOCK") != "" && locksSSH(app) {
		flags = append(flags, "--ssh", "default")
	}
	flags = append(flags, npmFlags(app)...)
	for _, name := range proxies {
		if os.Getenv(name) != "" {
			flags = append(flags, "--build-arg", name)
		}
	}
	return flags
}

// Builds tells whether a deployment of the stack file builds an image, and does not only look one up.
func (s *File) Builds() bool {
	return s.Get("release.build") != false || s.Text("release.candidate") != ""
}

// locksSSH tells whether a package comes from a repository that is reached by SSH. An agent is in most shells, for other things.
func locksSSH(app string) bool {
	lock, err := os.ReadFile(filepath.Join(app, "composer.lock"))
	return err == nil && (strings.Contains(string(lock), `"url": "git@`) || strings.Contains(string(lock), `"url": "ssh://`))
}

func userFolder(name string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	if below, ok := strings.CutPrefix(name, ".config/"); ok {
		return filepath.Join(cmp.Or(os.Getenv("XDG_CONFIG_HOME"), filepath.Join(home, ".config")), below)
	}
	return filepath.Join(home, name)
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// DotenvKeys lists the variables that a .env.example asks for. Optional ones are commented out: #NAME=.
func DotenvKeys(text string) (asked, optional []string) {
	for line := range strings.Lines(text) {
		match := assignment.FindStringSubmatch(line)
		switch {
		case match == nil:
		case match[1] != "":
			optional = append(optional, match[2])
		default:
			asked = append(asked, match[2])
		}
	}
	return asked, optional
}

// assignment is a line that gives a variable a value. After a #, only a name in capitals is one: the rest is prose.
var assignment = regexp.MustCompile(`^\s*(#\s*)?(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=`)

// TestBuild is what `make test-app` builds: the Dockerfile, the folder of the application, and the build arguments.
func (s *File) TestBuild() (dockerfile, app string, args map[string]string) {
	c := s.imageConfig()
	args = c.BuildArgs("test")
	delete(args, CertificatesArg) // for deployed images
	return c.Image.Dockerfile, c.Image.App, args
}

// CertificatesArg is the build argument with the address of the certificates of RDS.
const CertificatesArg = "RDS_CA_URL"

// BuildArgs are the build arguments of docker/Dockerfile. The image has the certificates of RDS in the region, with which it verifies the
// database's where database.requireTls asks for that. It has them in any case: the same release is the same image.
func (c *Config) BuildArgs(release string) map[string]string {
	args := map[string]string{"APP": c.Image.App, "BASE_IMAGE": c.Image.BaseImage, "RELEASE": release}
	if c.Image.PHP != DebianPHP {
		args["PHP_VERSION"] = c.Image.PHP
	}
	if source := c.Image.PHPSource; source.URL != "" {
		args["PHP_SOURCE"] = source.URL + " " + source.Suite
		if source.Key != "" {
			args["PHP_KEY"] = filepath.Base(source.Key)
		}
	}
	if words := c.extensions(); words != "" {
		args["PHP_EXTENSIONS"] = words
	}
	if c.Image.Rebuild != "" {
		args["REBUILD"] = c.Image.Rebuild
	}
	if caches := c.Image.Caches; caches != defaults().Image.Caches {
		args["BUILD_CACHES"], args["START_CACHES"] = caches.made(AtBuild), caches.made(AtStart)
	}
	if c.Image.Context != "" {
		args["CONTEXT"] = filepath.Clean(c.Image.Context)
	}
	if len(c.Image.Packages) > 0 {
		args["PACKAGES"] = strings.Join(c.Image.Packages, " ")
	}
	if c.Image.Assets.PHP != Auto {
		args["ASSETS_PHP"] = c.Image.Assets.PHP
	}
	if c.Image.Assets.Script != "" {
		args["ASSETS_SCRIPT"] = c.Image.Assets.Script
	}
	if len(c.Image.BuildEnv) > 0 {
		text, _ := json.Marshal(c.Image.BuildEnv) // a map of strings has no error; its keys are sorted
		args["BUILD_ENV"] = string(text)
	}
	args[CertificatesArg] = fmt.Sprintf("https://truststore.pki.rds.amazonaws.com/%[1]s/%[1]s-bundle.pem", c.Region)
	return args
}
