package plugin

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// Build says what an image is built from.
type Build = docker.Build

// buildOf reads the build of an image's inputs and fills in the real provider's defaults.
func buildOf(image account.Values) Build {
	b := Build{
		Name: image.Text("imageName"), Context: cmp.Or(image.Text("build.context"), "."), Platform: image.Text("build.platform"),
		Digest: image.Text("build.contextDigest"), Classic: image.Text("build.builderVersion") == "BuilderV1", Args: map[string]string{},
	}
	b.Dockerfile = cmp.Or(image.Text("build.dockerfile"), filepath.Join(b.Context, "Dockerfile"))
	for key, value := range image.Map("build.args") {
		if text, ok := value.(string); ok {
			b.Args[key] = text
		}
	}
	return b
}

// hashContext computes the digest of the files that a build would send to the Docker engine, with their paths and
// modes, and of the Dockerfile.
func hashContext(context, dockerfile string) (string, error) {
	ignore, err := ignoreRules(context, dockerfile)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	if err := hashFile(sum, "Dockerfile", dockerfile); err != nil {
		return "", err
	}
	err = filepath.WalkDir(context, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(context, path)
		if err != nil || rel == "." {
			return err
		}
		ignored, err := ignore.MatchesOrParentMatches(rel)
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if ignored && !mayHoldExceptions(ignore, rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if ignored {
			return nil
		}
		return hashEntry(sum, rel, path, entry)
	})
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// ignoreRules reads <Dockerfile>.dockerignore, which wins over the .dockerignore of the context.
func ignoreRules(context, dockerfile string) (*patternmatcher.PatternMatcher, error) {
	for _, path := range []string{dockerfile + ".dockerignore", filepath.Join(context, ".dockerignore")} {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		defer file.Close()
		patterns, err := ignorefile.ReadAll(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		matcher, err := patternmatcher.New(patterns)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return matcher, nil
	}
	return patternmatcher.New(nil)
}

// mayHoldExceptions tells whether a rule with ! can bring back something below an ignored folder.
func mayHoldExceptions(ignore *patternmatcher.PatternMatcher, folder string) bool {
	for _, pattern := range ignore.Patterns() {
		if pattern.Exclusion() && reachesBelow(strings.Split(filepath.ToSlash(pattern.String()), "/"), strings.Split(filepath.ToSlash(folder), "/")) {
			return true
		}
	}
	return false
}

// reachesBelow tells whether a pattern can match something in a folder.
func reachesBelow(pattern, folder []string) bool {
	for i, name := range folder {
		if i >= len(pattern) {
			return false
		}
		if pattern[i] == "**" {
			return true
		}
		if matched, err := filepath.Match(pattern[i], name); err != nil || !matched {
			return false
		}
	}
	return true
}

func hashEntry(sum hash.Hash, name, path string, entry fs.DirEntry) error {
	info, err := entry.Info()
	if err != nil {
		return err
	}
	fmt.Fprintf(sum, "%q %o\n", filepath.ToSlash(name), info.Mode())
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		fmt.Fprintf(sum, "%q\n", target)
		return err
	case info.Mode().IsRegular():
		return hashFile(sum, name, path)
	}
	return nil // sockets and devices are not sent to the engine
}

func hashFile(sum hash.Hash, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	content := sha256.New()
	if _, err := io.Copy(content, file); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = sum.Write(content.Sum(nil))
	return err
}
