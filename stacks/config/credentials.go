package config

import (
	"cmp"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// proxies are the build arguments that every Dockerfile has (https://docs.docker.com/reference/dockerfile/#predefined-args): they are no part
// of the cache, nor of the image.
var proxies = []string{"http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"}

// BuildFlags are the flags of docker build that give the builder this shell's credentials for Composer, where there are any, and its proxy.
// Each names a file or a variable, never a value. Without them the list is empty. Root is the folder of the stack file.
func (s *File) BuildFlags(root string) (flags []string) {
	app := filepath.Join(root, s.imageConfig().Image.App)
	for _, home := range []string{app, os.Getenv("COMPOSER_HOME"), userFolder(".config/composer"), userFolder(".composer")} {
		// Composer's home: https://getcomposer.org/doc/03-cli.md#composer-home
		if file := filepath.Join(home, "auth.json"); home != "" && isFile(file) {
			flags = append(flags, "--secret", "id=auth.json,src="+file)
			break
		}
	}
	if os.Getenv("COMPOSER_AUTH") != "" {
		flags = append(flags, "--secret", "id=COMPOSER_AUTH,env=COMPOSER_AUTH")
	}
	if os.Getenv("SSH_AUTH_SOCK") != "" && locksSSH(app) {
		flags = append(flags, "--ssh", "default")
	}
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
