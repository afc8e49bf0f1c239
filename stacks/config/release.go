package config

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// ReleaseName is the name of the version in the image: release.name, or the last commit that changed what the image is built from, with
// the settings of its build (docs/adr/0007). A commit elsewhere, such as in the documentation, is not a new release and deploys nothing.
func (c *Config) ReleaseName() (string, error) {
	if c.Release.Name != "" {
		return c.Release.Name, nil
	}
	return c.TreeRelease()
}

// ImageSources are the folder of the application and the Dockerfile; empty arguments mean the defaults.
func ImageSources(app, dockerfile string) (string, string) {
	c := defaults()
	return cmp.Or(app, c.Image.App), cmp.Or(dockerfile, c.Image.Dockerfile)
}

// TreeRelease is the name of the version in the working tree.
func (c *Config) TreeRelease() (string, error) {
	paths := c.Image.sources()
	commit, err := git(append([]string{"log", "-1", "--abbrev=12", "--format=%h", "--"}, paths...)...)
	if err != nil {
		return "", fmt.Errorf("release.name: not set, and Git has no commit to name the release after: %w", err)
	}
	name := strings.TrimSpace(commit)
	if name == "" {
		name = "uncommitted"
	}
	changes, err := treeChanges(".", paths)
	if err != nil {
		return "", fmt.Errorf("release.name: looking for uncommitted changes: %w", err)
	}
	own, err := ownRelease(c.Image.context())
	if err != nil {
		return "", fmt.Errorf("release.name: reading the repository %s: %w", c.Image.context(), err)
	}
	return name + changes + own + c.settingsSuffix(own != ""), nil
}

// ownRelease is the version of an application that is a Git repository of its own (a clone or a submodule). This program's repository
// does not record changes in it.
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

// treeChanges returns "" without uncommitted changes, and -dirty.HASH otherwise. The same changes have the same hash.
func treeChanges(repository string, paths []string) (string, error) {
	git := func(args ...string) (string, error) { return git(append([]string{"-C", repository}, args...)...) }
	changed, err := git(append([]string{"diff", "HEAD", "--binary", "--"}, paths...)...)
	if err != nil {
		changed = "" // without a commit there is no HEAD
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
			continue // no untracked files
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

// Prefixes of image tags, by which the registry's lifecycle rules select images.
const (
	ReleaseTagPrefix = "release-"
	ReviewTagPrefix  = "review-"
)

// tagPrefix is another one for review environments, whose images are kept for a shorter time.
func tagPrefix(class string) string {
	if class == ClassReview {
		return ReviewTagPrefix
	}
	return ReleaseTagPrefix
}

// ReleaseTag is the tag of a release in an environment of this class.
func ReleaseTag(class, release string) string { return tagPrefix(class) + release }

// Platform is the platform of images for what the stack file runs them on.
func (s *File) Platform() (string, error) { return s.imageConfig().platform() }

func (c *Config) platform() (string, error) {
	if c.Cluster.Fargate() {
		return c.Machine().Platform(), nil
	}
	var p problems
	types := c.instanceTypes(&p)
	if err := errors.Join(p...); err != nil {
		return "", err
	}
	return types[0].Platform(), nil
}

// ReleaseOfTag returns the release of an image tag; false for tags that name no release.
func ReleaseOfTag(tag string) (string, bool) {
	for _, prefix := range []string{ReleaseTagPrefix, ReviewTagPrefix} {
		if release, ok := strings.CutPrefix(tag, prefix); ok {
			return release, true
		}
	}
	return "", false
}

// Strategies of a release. Rolling replaces the tasks of one service. BlueGreen has two web services: the live colour, and a candidate
// that gets a share of the requests until it is promoted or aborted (docs/adr/0011).
const (
	Rolling   = "rolling"
	BlueGreen = "blueGreen"
)

// The colours of a blue/green environment. A rolling one is blue.
const (
	Blue  = "blue"
	Green = "green"
)

// Color is one set of web tasks: the release that it runs, and its share of the requests.
type Color struct {
	Name    string
	Release string // empty: the stack's
	Percent int
	Live    bool
}

// Idle tells whether a colour has no tasks: it is not live, and there is no candidate.
func (c Color) Idle() bool { return c.Name != "" && !c.Live && c.Release == "" }

// Suffix is part of the names of green's resources. Blue's have the names of a rolling environment.
func (c Color) Suffix() string {
	if c.Name == Green {
		return "-" + Green
	}
	return ""
}

// Colors lists the live colour first.
func (c *Config) Colors() []Color {
	r := c.Release
	live := Color{Name: r.Live, Percent: 100 - r.Percent, Live: true}
	if r.Strategy != BlueGreen {
		return []Color{live}
	}
	return []Color{live, {Name: OtherColor(r.Live), Release: r.Candidate, Percent: r.Percent}}
}

// ColorNames lists the colours that the strategy has, in an order that does not change when the live colour does.
func (c *Config) ColorNames() []string {
	if c.Release.Strategy == BlueGreen {
		return Colors
	}
	return []string{Blue}
}

// Colors are what release.live may be.
var Colors = []string{Blue, Green}

// OtherColor returns the colour that is not live; an empty name is the default, blue.
func OtherColor(live string) string {
	if live == Green {
		return Blue
	}
	return Green
}

// ReleaseSettings is the section release of the file over the defaults.
func (s *File) ReleaseSettings() (r Release, err error) {
	c := defaults()
	if node := s.find("release"); node != nil {
		var values any
		if err := node.Decode(&values); err != nil {
			return r, fmt.Errorf("%s: release: %w", s.stackFile, err)
		}
		raw, err := json.Marshal(values)
		if err == nil {
			err = decode("release", string(raw), &c.Release)
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", s.stackFile, err)
		}
	}
	c.Release.deriveSteps()
	var p problems
	c.Release.validateSteps(&p)
	return c.Release, errors.Join(p...)
}

// releasePattern has room for release- in a tag of ECR, which has at most 128 characters, and for what TreeRelease makes at most.
var releasePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,115}$`)

func (r Release) validate(p *problems, web int) {
	r.validateSteps(p)
	const what = "letters, digits, dots, dashes and underscores, at most 115"
	if r.Name != "" {
		p.matches("release.name", r.Name, releasePattern, what)
	}
	if !r.Build && r.Name == "" {
		p.add("release.build", "false needs release.name: the release to deploy")
	}
	p.oneOf("release.strategy", r.Strategy, Rolling, BlueGreen)
	p.oneOf("release.live", r.Live, Colors...)
	p.between("release.percent", r.Percent, 0, 100)
	if r.Candidate != "" {
		p.matches("release.candidate", r.Candidate, releasePattern, what)
	}
	switch {
	case r.Strategy == Rolling && (r.Candidate != "" || r.Percent != 0):
		p.add("release.candidate", "needs release.strategy blueGreen; rolling has one set of tasks")
	case r.Strategy == Rolling && r.Live != Blue:
		p.add("release.live", "%s is live, and a rolling environment is blue: make the release a candidate and promote it, then change the strategy", r.Live)
	case r.Strategy == BlueGreen && web == 0:
		p.add("release.strategy", "blueGreen needs web tasks, and web.count is 0")
	case r.Candidate == "" && r.Percent != 0:
		p.add("release.percent", "%d without release.candidate", r.Percent)
	case r.Candidate != "" && r.Name == "":
		p.add("release.candidate", "needs release.name: the release of the live colour")
	case r.Candidate != "" && r.Candidate == r.Name:
		p.add("release.candidate", "%s is live already", r.Candidate)
	}
}

// ofVisitors are the stack's own alarms that ECS can watch while it rolls the web service out: those on its target group.
var ofVisitors = []string{"no-answer", "no-task", "errors", "slow", "unhealthy"}

// ofOthers are the stack's own alarms that say nothing of new web tasks, or are on a service that follows them.
var ofOthers = regexp.MustCompile(`^(db-(cpu|storage|connections|backup|copy(-\d)?)|cache-(cpu|evictions|memory)(-\d)?|nat-(down|forwards)|queue-(age|dead)|disk|certificate|(web|worker|scheduler)-(cpu|memory|gone|unhealthy))$`)

func (j Judge) validateRolling(p *problems) {
	for _, alarm := range j.Alarms {
		if ofOthers.MatchString(alarm) {
			p.add("release.judge.alarms", "with release.strategy rolling, %q cannot judge a release: name one of %s, or another alarm by its full name", alarm, strings.Join(ofVisitors, ", "))
		}
	}
}
