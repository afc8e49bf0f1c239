package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// This file says what an image is made of: files that Git knows, and settings of the stack file. The release's name has both.

// DefaultBaseImage is Debian 13 as of its point release of October 2026, the index of all platforms. docker/Dockerfile has it too: with the file
// the names of releases change. https://github.com/docker-library/repo-info lists the digests.
const DefaultBaseImage = "debian:trixie-20261005-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f"

// LocalBaseImage is the default base image as this machine makes it (docker/base.sh); a release has the same name with either.
const LocalBaseImage = "laravel-ecs/base:trixie"

// Names of a release end with these: the hash of settings that are not the defaults, and image.rebuild.
const (
	settingsPart = "-image."
	rebuildPart  = "-rebuild."
)

// imageConfig is the part of a stack file that the image is made from, over the defaults.
func (s *File) imageConfig() *Config {
	c := defaults()
	set := func(into *string, path string) { *into = cmp.Or(s.Text(path), *into) }
	set(&c.Image.App, "image.app")
	set(&c.Image.Context, "image.context")
	set(&c.Image.Dockerfile, "image.dockerfile")
	set(&c.Image.BaseImage, "image.baseImage")
	set(&c.Image.PHP, "image.php")
	set(&c.Image.PHPSource.URL, "image.phpSource.url")
	set(&c.Image.PHPSource.Suite, "image.phpSource.suite")
	set(&c.Image.PHPSource.Key, "image.phpSource.key")
	set(&c.Image.Extensions, "image.extensions")
	set(&c.Database.Engine, "database.engine") // whose driver of PHP the image has
	set(&c.Image.Rebuild, "image.rebuild")
	for name, where := range c.Image.Caches.byName() {
		set(where, "image.caches."+name)
	}
	c.Image.Packages = s.List("image.packages")
	set(&c.Image.Assets.PHP, "image.assets.php")
	set(&c.Image.Assets.Script, "image.assets.script")
	if node := s.find("image.buildEnv"); node != nil && node.Decode(&c.Image.BuildEnv) != nil {
		c.Image.BuildEnv = nil // the program refuses it
	}
	set(&c.Environment.Shares, "environment.shares")
	if types := s.List("cluster.instanceTypes"); len(types) > 0 {
		c.Cluster.InstanceTypes = types
	}
	set(&c.Cluster.Capacity, "cluster.capacity")
	c.Cluster.ARM64 = s.Text("cluster.arm64") == "true"
	return c
}

// extensions are the words of image.extensions, with the driver of the database's engine; empty where they are those of the Dockerfile.
func (c *Config) extensions() string {
	if e := c.Database.engine(); c.Image.Extensions == "" && e.Word != "" && e.Words() != engines.StandardWords {
		return e.Words()
	}
	return c.Image.Extensions
}

// validateDriver wants the driver of the database's engine among image.extensions. It is that of a shared server, too.
func (c *Config) validateDriver(p *problems) {
	e := c.Database.engine()
	if c.Image.Extensions == "" || e.Word == "" || slices.ContainsFunc(strings.Fields(c.Image.Extensions), func(name string) bool {
		word, known := known.Extension(name)
		return word == e.Word || !known && name == e.Word
	}) {
		return
	}
	p.add("image.extensions", "%s is missing, PHP's driver for database.engine %s: add it", e.Word, e.Name)
}

// TreeRelease is the name of the version in the working tree, with the settings of a stack file.
func (s *File) TreeRelease() (string, error) { return s.imageConfig().TreeRelease() }

// imageSettings are the settings that make another image of the same files, by their keys, without defaults. The region of the
// certificates is not among them: a registry is in one region. Nor is the platform of an environment that runs on another one's cluster.
func (c *Config) imageSettings() map[string]string {
	usual := defaults()
	all := map[string]string{}
	add := func(key, value string, same ...string) {
		if !slices.Contains(same, value) {
			all[key] = value
		}
	}
	add("image.app", c.Image.App, usual.Image.App, "")
	add("image.context", c.Image.context(), c.Image.App)
	add("image.dockerfile", c.Image.Dockerfile, usual.Image.Dockerfile, "")
	add("image.baseImage", c.Image.BaseImage, usual.Image.BaseImage, LocalBaseImage, "")
	add("image.php", c.Image.PHP, usual.Image.PHP, "")
	if source := c.Image.PHPSource; source.URL != "" {
		add("image.phpSource", fmt.Sprintf("%s %s %s", source.URL, source.Suite, source.Key))
	}
	add("image.extensions", strings.Join(strings.Fields(c.extensions()), " "), "")
	for name, where := range c.Image.Caches.byName() {
		add("image.caches."+name, *where, *usual.Image.Caches.byName()[name], "")
	}
	add("image.packages", strings.Join(slices.Sorted(slices.Values(c.Image.Packages)), " "), "")
	add("image.assets.php", c.Image.Assets.PHP, Auto, "")
	add("image.assets.script", c.Image.Assets.Script, "")
	for name, value := range c.Image.BuildEnv {
		add("image.buildEnv."+name, strconv.Quote(value))
	}
	if platform, err := c.platform(); err == nil && c.Environment.Shares == "" {
		add("cluster.instanceTypes", platform, "linux/amd64")
	}
	return all
}

// Where a cache of Laravel's is made.
const (
	AtBuild = "build"
	AtStart = "start"
	Nowhere = "none"
)

// byName has the caches by the names of artisan's commands: config:cache, event:cache, route:cache, view:cache.
func (c *Caches) byName() map[string]*string {
	return map[string]*string{"config": &c.Config, "event": &c.Event, "route": &c.Route, "view": &c.View}
}

// made lists the caches that are made there, for the arguments of docker/Dockerfile.
func (c *Caches) made(where string) string {
	all := c.byName()
	return strings.Join(slices.DeleteFunc(sortedKeys(all), func(name string) bool { return *all[name] != where }), " ")
}

func (c *Caches) validate(p *problems) {
	p.oneOf("image.caches.config", c.Config, AtStart, Nowhere)
	p.oneOf("image.caches.event", c.Event, AtBuild, AtStart, Nowhere)
	p.oneOf("image.caches.route", c.Route, AtBuild, AtStart, Nowhere)
	p.oneOf("image.caches.view", c.View, AtBuild, AtStart, Nowhere)
}

// settingsSuffix is what the settings add to the name of a release; nothing where all are the defaults. An application with a repository of
// its own has commits of its own in the name, and its folder need not be there.
func (c *Config) settingsSuffix(own bool) (suffix string) {
	settings := c.imageSettings()
	if own && c.Image.Context == "" {
		delete(settings, "image.app")
	}
	if len(settings) > 0 {
		hash := sha256.New()
		for _, key := range sortedKeys(settings) {
			fmt.Fprintf(hash, "%s=%s\n", key, settings[key])
		}
		suffix = settingsPart + hex.EncodeToString(hash.Sum(nil))[:8]
	}
	if c.Image.Rebuild != "" {
		suffix += rebuildPart + c.Image.Rebuild
	}
	return suffix
}

// ImageDifferences lists the settings by which two stack files make different images of the same files.
func ImageDifferences(a, b *File) (list []string) {
	one, other := a.imageConfig(), b.imageConfig()
	with := func(c *Config) map[string]string {
		all := c.imageSettings()
		if c.Image.Rebuild != "" {
			all["image.rebuild"] = c.Image.Rebuild
		}
		return all
	}
	first, second := with(one), with(other)
	keys := sortedKeys(first)
	for _, key := range sortedKeys(second) {
		if _, both := first[key]; !both {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if first[key] != second[key] {
			list = append(list, fmt.Sprintf("%s: %s has %s, %s has %s", key,
				a.Name(), cmp.Or(first[key], "the default"), b.Name(), cmp.Or(second[key], "the default")))
		}
	}
	return list
}

// ReleaseCommit is the commit in the name of a release, and whether it is one of the application's own repository.
func ReleaseCommit(release string) (commit string, own bool) {
	commit, _, _ = strings.Cut(release, rebuildPart)
	commit, _, _ = strings.Cut(commit, settingsPart)
	if _, application, ok := strings.Cut(commit, "-app."); ok {
		commit, own = application, true
	}
	commit, _, _ = strings.Cut(commit, "-dirty.")
	return commit, own
}

// context is the folder that the builder gets of the application.
func (i Image) context() string { return cmp.Or(i.Context, i.App) }

// sources are the files that an image is made from, as Git's pathspecs: what the allow-list beside the Dockerfile names, without what it
// takes away again. Where there is no such list, they are the application's folder and that of the Dockerfile.
func (i Image) sources() []string {
	list := []string{i.context(), i.Dockerfile, i.Dockerfile + ignoreSuffix}
	text, err := os.ReadFile(i.Dockerfile + ignoreSuffix)
	patterns := strings.Fields(string(text))
	allowed := err == nil && slices.Contains(patterns, "*")
	if !allowed {
		return []string{i.context(), filepath.Dir(i.Dockerfile)}
	}
	for _, line := range strings.Split(string(text), "\n") {
		pattern := strings.TrimSpace(line)
		name, again := strings.CutPrefix(pattern, "!")
		switch name = strings.Trim(name, "/"); {
		case again && !strings.ContainsAny(name, "*?[") && name != "":
			list = append(list, name)
		// What holds in every folder is about secrets and generated files, which Git does not know either.
		case !again && strings.Contains(name, "/") && !strings.HasPrefix(name, "**/") && !strings.HasPrefix(name, "#"):
			list = append(list, ":(exclude,glob)"+name, ":(exclude,glob)"+name+"/**")
		}
	}
	return list
}

// ignoreSuffix makes the name of a Dockerfile's own ignore file (BuildKit).
const ignoreSuffix = ".dockerignore"

// DebianPHP is the version of PHP that Debian 13 has (https://packages.debian.org/trixie/php). docker/Dockerfile has it, too.
const DebianPHP = "8.4"

// KeysFolder is where the builder finds the keys of apt sources.
const KeysFolder = "docker/keys"

func (i Image) validatePHP(p *problems) {
	p.matches("image.php", i.PHP, phpVersion, "a version of PHP in quotes, such as \"8.4\"")
	source := i.PHPSource
	switch {
	case source.URL != "":
		p.matches("image.phpSource.url", source.URL, sourceURL, "the address of an apt source without a password, such as https://packages.sury.org/php")
		p.matches("image.phpSource.suite", source.Suite, sourceSuite, "a release of an apt source, such as trixie")
	case source.Key != "":
		p.add("image.phpSource.url", "missing, though image.phpSource.key is set")
	case i.PHP != DebianPHP:
		p.add("image.php", "%q is not %s, which Debian 13 has: name an apt source that has it, as phpSource: {url: https://packages.sury.org/php, key: %s/sury.gpg}", i.PHP, DebianPHP, KeysFolder)
	}
	if key := source.Key; key != "" {
		if info, err := os.Stat(key); filepath.ToSlash(filepath.Dir(filepath.Clean(key))) != KeysFolder || err != nil || info.IsDir() {
			p.add("image.phpSource.key", "%q is not a file in %s, where the builder finds the keys that sign an apt source", key, KeysFolder)
		} else if end := filepath.Ext(key); end != ".asc" && end != ".gpg" {
			p.add("image.phpSource.key", "%q does not end in .asc (text) or .gpg, by which apt knows the format", key)
		}
	}
	if i.Extensions == "" {
		return
	}
	if !extensionNames.MatchString(i.Extensions) {
		p.add("image.extensions", "%q is not names of PHP extensions with spaces between them, such as gd intl pdo_pgsql", i.Extensions)
		return
	}
	for _, name := range strings.Fields(i.Extensions) {
		// Another source has its own; the builder refuses what that does not have.
		if _, ok := known.Extension(name); !ok && source.URL == "" {
			p.add("image.extensions", "%q is no extension that Debian 13 has for PHP %s; %s lists them", name, DebianPHP, known.ExtensionsFile)
		}
	}
}
