package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	client "github.com/laravel-ecs/laravel-ecs/ops/docker"
)

// rebuilds is how often each image is built again. An odd number has a median.
const rebuilds = 3

// step is one stage of a Dockerfile, and what its instructions took in a rebuild.
type step struct {
	stage string
	took  time.Duration
}

// measureRebuilds changes a line of PHP and builds again: the images in turn, so that whatever else the machine does slows both.
func (b *bench) measureRebuilds(images ...*image) error {
	took := map[*image][]time.Duration{}
	for try := range rebuilds {
		for _, image := range images {
			if err := touch(filepath.Join(image.app, "app/Http/Controllers/HomeController.php"), try); err != nil {
				return err
			}
			duration, progress, err := b.timedBuild(image)
			if err != nil {
				return fmt.Errorf("the %s image: %w", image.name, err)
			}
			took[image] = append(took[image], duration)
			image.steps = steps(progress)
		}
	}
	for _, image := range images {
		image.rebuild = median(took[image])
		var same []time.Duration
		for range rebuilds {
			duration, _, err := b.timedBuild(image)
			if err != nil {
				return fmt.Errorf("the unchanged %s image: %w", image.name, err)
			}
			same = append(same, duration)
		}
		image.unchanged = median(same)
		say("%s image: rebuilt in %s, in %s without a change", image.name, seconds(image.rebuild), seconds(image.unchanged))
	}
	return nil
}

// timedBuild builds an image, and returns the time and what the builder prints.
func (b *bench) timedBuild(image *image) (time.Duration, string, error) {
	cmd := exec.CommandContext(b.ctx, client.Client(), buildArguments(image, image.tag, "--progress", "plain")...)
	cmd.Env = append(os.Environ(), "DOCKER_BUILDKIT=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Run(); err != nil {
		text := out.String()
		return 0, "", errors.Join(err, errors.New(text[max(0, len(text)-2000):]))
	}
	return time.Since(began), out.String(), nil
}

var (
	stepNamed = regexp.MustCompile(`(?m)^#(\d+) \[(\S+) +\d+/\d+\] `)
	stepDone  = regexp.MustCompile(`(?m)^#(\d+) DONE (\d+\.\d)s$`)
)

// steps reads the builder's plain progress: the stages that took at least a tenth of a second, the longest first. What came from its cache
// is not "DONE". Stages run beside each other, and a stage starts when those that it reads from have ended.
func steps(progress string) (list []step) {
	stages := map[string]string{}
	for _, found := range stepNamed.FindAllStringSubmatch(progress, -1) {
		stages[found[1]] = found[2]
	}
	took := map[string]time.Duration{}
	for _, found := range stepDone.FindAllStringSubmatch(progress, -1) {
		if tenths, err := strconv.Atoi(strings.ReplaceAll(found[2], ".", "")); err == nil && stages[found[1]] != "" {
			took[stages[found[1]]] += time.Duration(tenths) * 100 * time.Millisecond
		}
	}
	for stage, duration := range took {
		if duration > 0 {
			list = append(list, step{stage, duration})
		}
	}
	slices.SortFunc(list, func(a, b step) int { return cmp.Or(cmp.Compare(b.took, a.took), strings.Compare(a.stage, b.stage)) })
	return list
}
