package config

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ReleaseName names the version that the image holds: release.name, or the last commit that touched what goes into the image.
// A commit elsewhere (this program, its documentation) is not a new release, and deploys nothing.
func (c *Config) ReleaseName() (string, error) {
	if c.Release.Name != "" {
		return c.Release.Name, nil
	}
	return c.TreeRelease()
}

// TreeRelease names what lies in the working tree. Empty arguments stand for the defaults of image.app and image.dockerfile.
func TreeRelease(app, dockerfile string) (string, error) {
	c := defaults()
	c.Image.App, c.Image.Dockerfile = ImageSources(app, dockerfile)
	return c.TreeRelease()
}

// ImageSources are the folder of the application and the Dockerfile; empty arguments stand for the defaults.
func ImageSources(app, dockerfile string) (string, string) {
	c := defaults()
	return cmp.Or(app, c.Image.App), cmp.Or(dockerfile, c.Image.Dockerfile)
}

// TreeRelease names what lies in the working tree.
func (c *Config) TreeRelease() (string, error) {
	paths := []string{c.Image.App, filepath.Dir(c.Image.Dockerfile)}
	commit, err := git(append([]string{"log", "-1", "--abbrev=12", "--format=%h", "--"}, paths...)...)
	if err != nil {
		return "", fmt.Errorf("release.name: not given, and git does not know it: %w", err)
	}
	name := strings.TrimSpace(commit)
	if name == "" {
		name = "uncommitted"
	}
	changes, err := treeChanges(".", paths)
	if err != nil {
		return "", fmt.Errorf("release.name: looking for uncommitted changes: %w", err)
	}
	own, err := ownRelease(c.Image.App)
	if err != nil {
		return "", fmt.Errorf("release.name: reading the repository %s: %w", c.Image.App, err)
	}
	return name + changes + own, nil
}

// ownRelease names the version of an application that is a clone or a submodule: this program's repository knows nothing of what
// is in it.
func ownRelease(app string) (string, error) {
	if _, err := os.Stat(filepath.Join(app, ".git")); err != nil {
		return "", nil
	}
	commit, err := git("-C", app, "log", "-1", "--abbrev=12", "--format=%h")
	if err != nil {
		return "", err
	}
	changes, err := treeChanges(app, []string{"."})
	return "-app." + strings.TrimSpace(commit) + changes, err
}

// treeChanges returns "" for a clean tree and -dirty.HASH otherwise; the same changes have the same hash.
func treeChanges(repository string, paths []string) (string, error) {
	git := func(args ...string) (string, error) { return git(append([]string{"-C", repository}, args...)...) }
	changed, err := git(append([]string{"diff", "HEAD", "--binary", "--"}, paths...)...)
	if err != nil {
		changed = "" // a repository without a commit has no HEAD
	}
	untracked, err := git(append([]string{"ls-files", "--others", "--exclude-standard", "-z", "--"}, paths...)...)
	if err != nil {
		return "", err
	}
	if changed == "" && untracked == "" {
		return "", nil
	}
	hash := sha256.New()
	hash.Write([]byte(changed))
	for file := range strings.SplitSeq(strings.TrimSuffix(untracked, "\x00"), "\x00") {
		if file == "" {
			continue // nothing is untracked
		}
		content, err := os.ReadFile(filepath.Join(repository, file))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
		fmt.Fprintf(hash, "%s\x00%d\x00", file, len(content))
		hash.Write(content)
	}
	return "-dirty." + hex.EncodeToString(hash.Sum(nil))[:12], nil
}

func git(args ...string) (string, error) {
	command := exec.Command("git", args...)
	var out, complaint bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaint
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return out.String(), nil
}

// Prefixes of tags tell the registry's lifecycle rules what an image is for.
const (
	ReleaseTagPrefix = "release-"
	ReviewTagPrefix  = "review-"
)

// tagPrefix puts images of review environments under the registry's shorter rule.
func tagPrefix(class string) string {
	if class == ClassReview {
		return ReviewTagPrefix
	}
	return ReleaseTagPrefix
}

// ReleaseTag is the tag of a release in an environment of this class.
func ReleaseTag(class, release string) string { return tagPrefix(class) + release }

// Platform is what images for these instance types are built for; none stand for the default.
func Platform(instanceTypes []string) (string, error) {
	c := defaults()
	if len(instanceTypes) > 0 {
		c.Cluster.InstanceTypes = instanceTypes
	}
	var p problems
	types := c.instanceTypes(&p)
	if err := errors.Join(p...); err != nil {
		return "", err
	}
	return types[0].Platform(), nil
}

// ReleaseOfTag returns the release that a tag of the registry names; false for any other tag.
func ReleaseOfTag(tag string) (string, bool) {
	for _, prefix := range []string{ReleaseTagPrefix, ReviewTagPrefix} {
		if release, ok := strings.CutPrefix(tag, prefix); ok {
			return release, true
		}
	}
	return "", false
}

// TestBuild is what `make test-app` builds for a stack file: its Dockerfile, the folder of the application, and the ARGs. text returns
// what the file says of a key, empty where it says nothing.
func TestBuild(text func(key string) string) (dockerfile, app string, args map[string]string) {
	c := defaults()
	c.Image.App, c.Image.Dockerfile = ImageSources(text("image.app"), text("image.dockerfile"))
	c.Image.BaseImage, c.Image.Extensions = cmp.Or(text("image.baseImage"), c.Image.BaseImage), text("image.extensions")
	c.Database.RequireTLS = false // the certificates of RDS are for what is deployed
	return c.Image.Dockerfile, c.Image.App, c.BuildArgs("test")
}

// BuildArgs are the ARGs of docker/Dockerfile. The certificates of RDS come from AWS, for the region only: the image verifies
// the database's name with them.
func (c *Config) BuildArgs(release string) map[string]string {
	args := map[string]string{"APP": c.Image.App, "BASE_IMAGE": c.Image.BaseImage, "RELEASE": release}
	if c.Image.Extensions != "" {
		args["PHP_EXTENSIONS"] = c.Image.Extensions
	}
	if c.Database.RequireTLS {
		args["RDS_CA_URL"] = fmt.Sprintf("https://truststore.pki.rds.amazonaws.com/%[1]s/%[1]s-bundle.pem", c.Region)
	}
	return args
}
