package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inRepository makes a repository with a Dockerfile and its allow-list, and makes it the current folder.
func inRepository(t *testing.T) (do func(script string)) {
	t.Helper()
	t.Chdir(t.TempDir())
	do = func(script string) {
		t.Helper()
		command := exec.Command("sh", "-ec", "alias git='git -c user.name=t -c user.email=t@example.com'\n"+script)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", script, err, out)
		}
	}
	do(`mkdir -p docker/bench docker/testdata/x docker/lib app/tests docs examples/laravel && touch app/file docker/Dockerfile docker/lib/a docs/a docker/a_test.go
		touch docker/bench/main.go docker/testdata/x/file examples/laravel/file
		git init -q && git add -A`)
	ours, err := os.ReadFile(filepath.Join(repositoryRoot(t), "docker", "Dockerfile.dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("docker/Dockerfile.dockerignore", ours, 0o644); err != nil {
		t.Fatal(err)
	}
	do("git add -A && git commit -qm first")
	return do
}

// TestReleaseNameFollowsTheContext: what the builder gets changes the name, and what the allow-list keeps from it does not.
func TestReleaseNameFollowsTheContext(t *testing.T) {
	do := inRepository(t)
	settings := (&Config{Image: Image{App: "app", Dockerfile: "docker/Dockerfile"}}).imageSettings()
	if len(settings) != 1 {
		t.Errorf("the settings of the folder app are %v", settings)
	}
	name := func() string {
		t.Helper()
		name, err := defaults().TreeRelease()
		if err != nil {
			t.Fatal(err)
		}
		return name
	}
	before := name()
	if !regexp.MustCompile(`^[0-9a-f]{12}$`).MatchString(before) {
		t.Errorf("with default settings it is %q", before)
	}
	for file, changes := range map[string]bool{
		"docs/a": false, "docker/a_test.go": false, "docker/bench/main.go": false, "docker/testdata/x/file": false, "infra/new": false,
		"docker/lib/a": true, "docker/Dockerfile": true, "docker/Dockerfile.dockerignore": true, "app/file": true, "examples/laravel/file": true,
		"docker/lib/new": true,
	} {
		do("mkdir -p infra; echo '# x' >>" + file + "; git add -A; git commit -qm '" + file + "'")
		after := name()
		if changed := after != before; changed != changes {
			t.Errorf("a commit of %s changed the name: %v", file, changed)
		}
		do("echo '# y' >>" + file)
		if changed := name() != after; changed != changes {
			t.Errorf("a change of %s changed the name: %v", file, changed)
		}
		do("git checkout -q .")
		before = after
	}
}

// TestReleaseNameFollowsTheSettings: each setting that makes another image makes another name, defaults make none, and every name is short,
// legal and has its commit.
func TestReleaseNameFollowsTheSettings(t *testing.T) {
	do := inRepository(t)
	plain, seen := "", map[string]string{}
	for _, test := range []struct{ what, image, more, pattern string }{
		{"nothing", "", "", `^[0-9a-f]{12}$`},
		{"a base image", "baseImage: debian:trixie-slim@sha256:abc", "", `^[0-9a-f]{12}-image\.[0-9a-f]{8}$`},
		{"another pin", "baseImage: debian:trixie-slim@sha256:abd", "", `-image\.[0-9a-f]{8}$`},
		{"extensions", "extensions: bcmath gd", "", `-image\.[0-9a-f]{8}$`},
		{"both", "baseImage: debian:trixie-slim@sha256:abc, extensions: bcmath gd", "", `-image\.[0-9a-f]{8}$`},
		{"a month", "rebuild: 2026-11", "", `^[0-9a-f]{12}-rebuild\.2026-11$`},
		{"the next month", "rebuild: 2026-12", "", `-rebuild\.2026-12$`},
		{"all", "baseImage: b, extensions: c, rebuild: 2026-11", "", `^[0-9a-f]{12}-image\.[0-9a-f]{8}-rebuild\.2026-11$`},
		{"a cache of the build", "caches: {route: build}", "", `-image\.[0-9a-f]{8}$`},
		{"a cache of the start", "caches: {view: start}", "", `-image\.[0-9a-f]{8}$`},
		{"ARM", "", "  laravel-ecs:cluster: {instanceTypes: [t4g.small]}\n", `-image\.[0-9a-f]{8}$`},
		{"a variable", "buildEnv: {VITE_APP_NAME: Shop}", "", `-image\.[0-9a-f]{8}$`},
		{"another value", "buildEnv: {VITE_APP_NAME: Store}", "", `-image\.[0-9a-f]{8}$`},
		{"an empty value", "buildEnv: {VITE_APP_NAME: ''}", "", `-image\.[0-9a-f]{8}$`},
		{"a line that looks like two", `buildEnv: {VITE_APP_NAME: "Shop\nimage.buildEnv.VITE_B=x"}`, "", `-image\.[0-9a-f]{8}$`},
		{"a script", "assets: {script: 'build:ssr'}", "", `-image\.[0-9a-f]{8}$`},
		{"PHP", "assets: {php: always}", "", `-image\.[0-9a-f]{8}$`},
		{"a folder", "app: app", "", `-image\.[0-9a-f]{8}$`},
		{"a context", "app: app/apps/shop, context: app", "", `-image\.[0-9a-f]{8}$`},
		{"packages", "packages: [ffmpeg]", "", `-image\.[0-9a-f]{8}$`},
		{"another PHP", "php: '8.3', phpSource: {url: 'https://packages.sury.org/php'}", "", `-image\.[0-9a-f]{8}$`},
		{"PHP of another release", "php: '8.3', phpSource: {url: 'https://packages.sury.org/php', suite: bookworm}", "", `-image\.[0-9a-f]{8}$`},
		{"PHP with another key", "php: '8.3', phpSource: {url: 'https://packages.sury.org/php', key: docker/keys/a.gpg}", "", `-image\.[0-9a-f]{8}$`},
		{"more packages", "packages: [ffmpeg, poppler-utils]", "", `-image\.[0-9a-f]{8}$`},
	} {
		file := fileWith(t, "shop", "config:\n  laravel-ecs:image: {"+test.image+"}\n"+test.more)
		name, err := file.TreeRelease()
		if err != nil || !regexp.MustCompile(test.pattern).MatchString(name) || !releasePattern.MatchString(name) {
			t.Errorf("%s makes %q, %v", test.what, name, err)
		}
		if other := seen[name]; other != "" {
			t.Errorf("%s makes the name of %s", test.what, other)
		}
		seen[name] = test.what
		plain = cut(plain, name)
		if commit, own := ReleaseCommit(name); commit != plain || own {
			t.Errorf("the commit of %s is %s, %v", name, commit, own)
		}
	}
	for _, same := range []string{"baseImage: " + DefaultBaseImage, "baseImage: " + LocalBaseImage, "app: examples/laravel", "test: none", "buildEnv: {}", "assets: {php: auto}", "extensions: ''", "caches: {route: start}", "packages: []", "php: '8.4'", "phpSource: {suite: trixie}", "context: examples/laravel"} {
		if name, err := fileWith(t, "shop", "config:\n  laravel-ecs:image: {"+same+"}\n").TreeRelease(); name != plain {
			t.Errorf("%s makes %s, %v", same, name, err)
		}
	}
	do("cd app && touch file && git init -q && git add -A && git commit -qm own")
	name, err := fileWith(t, "shop", "config:\n  laravel-ecs:image: {app: app, extensions: gd, rebuild: 2026-11}\n").TreeRelease()
	if err != nil || !regexp.MustCompile(`^[0-9a-f]{12}-app\.[0-9a-f]{12}-image\.[0-9a-f]{8}-rebuild\.2026-11$`).MatchString(name) {
		t.Errorf("with a clone it is %q, %v", name, err)
	}
	if commit, own := ReleaseCommit(name); !own || "-app."+commit != name[12:29] {
		t.Errorf("the commit of %s is %s, %v", name, commit, own)
	}
	if name, err := fileWith(t, "shop", "config:\n  laravel-ecs:image: {app: app}\n").TreeRelease(); strings.Contains(name, "-image.") {
		t.Errorf("a clone with defaults is %q, %v", name, err)
	}
	if name, err := fileWith(t, "shop", "config:\n  laravel-ecs:image: {app: app/apps/shop, context: app}\n").TreeRelease(); !strings.Contains(name, "-app.") {
		t.Errorf("a monorepo that is a clone is %q, %v: its commit is missing", name, err)
	}
}

// cut is the first name's commit.
func cut(first, name string) string {
	if first == "" {
		return name
	}
	return first
}

// TestImageDifferences: what two stack files make differently is said with both values.
func TestImageDifferences(t *testing.T) {
	inRepository(t)
	staging := fileWith(t, "staging", "config:\n  laravel-ecs:image: {extensions: gd, rebuild: 2026-11}\n  laravel-ecs:cluster: {instanceTypes: [t3.small]}\n")
	prod := fileWith(t, "prod", "config:\n  laravel-ecs:image: {baseImage: 'b@sha256:1', extensions: 'gd  '}\n  laravel-ecs:cluster: {instanceTypes: [m6i.large]}\n")
	want := []string{
		"image.baseImage: Pulumi.prod.yaml has b@sha256:1, Pulumi.staging.yaml has the default",
		"image.rebuild: Pulumi.prod.yaml has the default, Pulumi.staging.yaml has 2026-11",
	}
	if got := ImageDifferences(prod, staging); !slices.Equal(got, want) {
		t.Errorf("the differences are %q", got)
	}
	for _, test := range []struct{ image, want string }{
		{"buildEnv: {VITE_APP_NAME: Shop}", `image.buildEnv.VITE_APP_NAME: Pulumi.prod.yaml has "Shop", Pulumi.staging.yaml has the default`},
		{"buildEnv: {VITE_APP_NAME: ''}", `image.buildEnv.VITE_APP_NAME: Pulumi.prod.yaml has "", Pulumi.staging.yaml has the default`},
	} {
		prod := fileWith(t, "prod", "config:\n  laravel-ecs:image: {"+test.image+"}\n")
		if got := ImageDifferences(prod, fileWith(t, "staging", "config: {}\n")); !slices.Equal(got, []string{test.want}) {
			t.Errorf("with %s the differences are %q", test.image, got)
		}
	}
	if got := ImageDifferences(staging, staging); got != nil {
		t.Errorf("a file differs from itself: %q", got)
	}
}

func TestBuildArgs(t *testing.T) {
	inRepository(t)
	file := fileWith(t, "shop", "config:\n  laravel-ecs:image: {extensions: gd, rebuild: 2026-11, app: app/apps/shop, context: app/, packages: [ffmpeg, imagemagick]}\n  laravel-ecs:database: {requireTls: false}\n")
	c := file.imageConfig()
	c.Region = "eu-west-1"
	args := c.BuildArgs("r1")
	for key, want := range map[string]string{
		"REBUILD": "2026-11", "PHP_EXTENSIONS": "gd", "BASE_IMAGE": DefaultBaseImage, "RELEASE": "r1", "APP": "app/apps/shop",
		"CONTEXT": "app", "PACKAGES": "ffmpeg imagemagick",
		"RDS_CA_URL": "https://truststore.pki.rds.amazonaws.com/eu-west-1/eu-west-1-bundle.pem",
	} {
		if args[key] != want {
			t.Errorf("%s is %q, not %q", key, args[key], want)
		}
	}
	for name, test := range map[string][2]string{
		"":                          {"", ""},
		"route: start":              {"", ""}, // the Dockerfile has the defaults
		"route: build, event: none": {"route view", "config"},
		"config: none, view: start": {"event", "route view"},
	} {
		args := fileWith(t, "shop", "config:\n  laravel-ecs:image: {caches: {"+name+"}}\n").imageConfig().BuildArgs("r1")
		if got := [2]string{args["BUILD_CACHES"], args["START_CACHES"]}; got != test {
			t.Errorf("caches {%s} are %q, not %q", name, got, test)
		}
	}
	if args["PHP_VERSION"]+args["PHP_SOURCE"] != "" {
		t.Errorf("the default PHP is %v", args)
	}
	c.Image.PHP, c.Image.PHPSource = "8.3", PHPSource{URL: "https://packages.sury.org/php", Suite: "trixie", Key: "docker/keys/sury.gpg"}
	args = c.BuildArgs("r1")
	if args["PHP_VERSION"] != "8.3" || args["PHP_SOURCE"] != "https://packages.sury.org/php trixie" || args["PHP_KEY"] != "sury.gpg" {
		t.Errorf("PHP 8.3 is built with %v", args)
	}
	c.Image.BuildEnv = map[string]string{"VITE_B": `a "word"`, "VITE_A": "1"}
	c.Image.Assets = Assets{PHP: Never, Script: "build:ssr"}
	args = c.BuildArgs("r1")
	if args["BUILD_ENV"] != `{"VITE_A":"1","VITE_B":"a \"word\""}` || args["ASSETS_PHP"] != "never" || args["ASSETS_SCRIPT"] != "build:ssr" {
		t.Errorf("the bundle is made with %v", args)
	}
	if _, _, args := file.TestBuild(); args["RDS_CA_URL"] != "" || args["REBUILD"] != "2026-11" || args["PHP_EXTENSIONS"] != "gd" {
		t.Errorf("the tests' image is built with %v", args)
	}
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	return root
}

var root = func() string {
	folder, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	return filepath.Dir(filepath.Dir(folder))
}()

// fileWith writes the files of a project with one stack into a folder of their own and reads them.
func fileWith(t *testing.T, stack, text string) *File {
	t.Helper()
	folder := t.TempDir()
	for name, content := range map[string]string{"Pulumi.yaml": "name: laravel-ecs\n", "Pulumi." + stack + ".yaml": text} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	file, err := ReadFile(folder, stack)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestDefaultBaseImage: the Dockerfile has the same pin, so that a release has another name when it moves.
func TestDefaultBaseImage(t *testing.T) {
	dockerfile, err := os.ReadFile("../../docker/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(dockerfile), "\nARG BASE_IMAGE="+DefaultBaseImage+"\n") || !strings.Contains(DefaultBaseImage, "@sha256:") {
		t.Errorf("docker/Dockerfile does not start from %s", DefaultBaseImage)
	}
}
