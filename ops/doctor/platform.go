package doctor

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// StandardWords are the words of image.extensions without that key: PHP_EXTENSIONS in docker/Dockerfile.
const StandardWords = engines.StandardWords

// Extensions are those of the image with these words of image.extensions.
func Extensions(words []string) map[string]bool {
	have := map[string]bool{}
	for _, word := range append([]string{known.PHP}, words...) {
		if at, ok := known.Extension(word); ok {
			word = at
		}
		for _, name := range known.ExtensionsOf(word) {
			have[name] = true
		}
	}
	return have
}

// wordFor is the word of image.extensions that brings an extension; empty where Debian has none.
func wordFor(extension string) string {
	word, _ := known.Extension(extension)
	return word
}

// platform compares `php` and `ext-*` of composer.json and composer.lock with the image, as docker/build/platform.php does in the build.
func (a *Application) platform(php string, words []string) (wrong []string, extensions []string) {
	all := append([]Project{a.Composer}, a.Lock.Packages...)
	all[0].Name = "composer.json"
	standIns := map[string]bool{} // polyfills: https://getcomposer.org/doc/04-schema.md#provide
	for _, p := range all {
		for _, links := range []map[string]string{p.Provide, p.Replace} {
			for name := range links {
				standIns[name] = true
			}
		}
	}
	have, asked := Extensions(words), map[string][]string{}
	for _, p := range all {
		who := strings.TrimSpace(p.Name + " " + p.Version)
		for _, what := range slices.Sorted(maps.Keys(p.Require)) {
			extension, ext := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(what), " ", "-"), "ext-")
			switch {
			case what == "php" || what == "php-64bit":
				if ok, known := satisfies(php+".99", p.Require[what]); known && !ok {
					wrong = append(wrong, fmt.Sprintf("php %s is asked for by %s, and the image has %s", p.Require[what], who, php))
				}
			case ext && !have[extension] && !standIns["ext-"+extension]:
				asked[extension] = append(asked[extension], who)
			}
		}
	}
	for _, extension := range slices.Sorted(maps.Keys(asked)) {
		text := fmt.Sprintf("ext-%s is asked for by %s, and is not in the image", extension, strings.Join(asked[extension], ", "))
		if word := wordFor(extension); word != "" {
			extensions = append(extensions, word)
		} else {
			text += "; Debian has no package of it"
		}
		wrong = append(wrong, text)
	}
	return wrong, slices.Compact(slices.Sorted(slices.Values(extensions)))
}

// unlocked are the packages of composer.json that composer.lock does not have, or has in another version: Composer refuses to install then
// (Composer\Package\Locker::getMissingRequirementInfo).
func (a *Application) unlocked() (list []string) {
	versions, instead := map[string]string{}, map[string]bool{}
	for _, p := range a.Lock.Packages {
		versions[p.Name] = p.Version
		for _, links := range []map[string]string{p.Provide, p.Replace} {
			for name := range links {
				instead[name] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a.Composer.Require)) {
		version, locked := versions[name]
		if !strings.Contains(name, "/") || instead[name] && !locked {
			continue // PHP itself, or a package that another one replaces
		}
		if ok, known := satisfies(version, a.Composer.Require[name]); !locked {
			list = append(list, name+" is not in it")
		} else if known && !ok {
			list = append(list, fmt.Sprintf("%s is %s, and composer.json asks for %s", name, version, a.Composer.Require[name]))
		}
	}
	return list
}

var (
	pipe  = regexp.MustCompile(`\s*\|\|?\s*`)
	tilde = regexp.MustCompile(`~\s*(\d+\.\d+)($|[\s,|])`)
)

// satisfies compares a version with a constraint of Composer's (https://getcomposer.org/doc/articles/versions.md). Not known are branches,
// stability flags and what else the library does not read.
func satisfies(version, constraint string) (ok, known bool) {
	v, err := semver.NewVersion(version)
	if err != nil {
		return false, false
	}
	// ~1.2 is below 2 there, and below 1.3 here.
	text := tilde.ReplaceAllString(pipe.ReplaceAllString(constraint, " || "), "^$1$2")
	c, err := semver.NewConstraint(text)
	if err != nil {
		return false, false
	}
	// A lock has a pre-release only where minimum-stability lets it in (https://getcomposer.org/doc/04-schema.md#minimum-stability), and then
	// ^4.0 has 4.0.0-beta5, and not 5.0.0-beta1: its bounds are 4.0.0.0-dev and 5.0.0.0-dev (parseConstraint in src/VersionParser.php of
	// composer/semver). So it is where its release will be.
	release, err := v.SetPrerelease("")
	return c.Check(v) || err == nil && c.Check(&release), true
}
