// Command bench measures the image against the article's (article/Dockerfile): the same application on the same base, in one
// run, on one machine. `make bench-image` calls it; it writes docs/benchmarks.md. It needs a Docker engine and nothing else:
// the load generator has its own image.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

const (
	base  = "laravel-ecs/base:trixie"
	label = "laravel-ecs.bench=1"
	key   = "APP_KEY=base64:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
	// The requested pages: the health check, and a page with a session in memcached, five queries and a view.
	healthPage, fullPage = "/up", "/"
)

func main() {
	out := flag.String("out", "docs/benchmarks.md", "file to write")
	seconds := flag.Int("seconds", 10, "duration of one measurement of load")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *out, *seconds)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out string, seconds int) (err error) {
	dir, err := os.MkdirTemp("", "laravel-ecs-bench-")
	if err != nil {
		return err
	}
	b := &bench{ctx: ctx, dir: dir, seconds: seconds}
	defer func() { err = errors.Join(err, b.cleanUp()) }()

	article, ours, err := b.prepare()
	if err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	for _, image := range []*image{article, ours} {
		if err := b.measureBuild(image); err != nil {
			return fmt.Errorf("building the %s image: %w", image.name, err)
		}
	}
	if err := b.measureRebuilds(article, ours); err != nil {
		return fmt.Errorf("building again: %w", err)
	}
	if err := b.measureWithoutGD(ours); err != nil {
		return fmt.Errorf("building without gd: %w", err)
	}
	if err := b.startServices(); err != nil {
		return fmt.Errorf("starting MariaDB and memcached: %w", err)
	}
	plain := ours.withoutPreload()
	for _, image := range []*image{article, ours, plain} {
		if err := b.measureRun(image); err != nil {
			return fmt.Errorf("measuring the %s image: %w", image.name, err)
		}
	}
	if err := b.measureTight(article, ours.limit); err != nil {
		return fmt.Errorf("measuring the article's image in %s: %w", ours.limit, err)
	}
	for _, image := range []*image{article, ours} {
		if err := b.measureStop(image); err != nil {
			return fmt.Errorf("stopping the %s image under load: %w", image.name, err)
		}
	}
	machine, err := b.machine()
	if err != nil {
		return err
	}
	text := report(machine, seconds, article, ours, plain)
	fmt.Print(text)
	rest, err := others(out)
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(text+rest), 0o644)
}

// measureBuild takes an image's sizes.
func (b *bench) measureBuild(image *image) (err error) {
	say("building the %s image", image.name)
	if err := b.build(image, image.tag); err != nil {
		return err
	}
	image.disk, image.packed, err = b.sizes(image.tag)
	return err
}

// measureWithoutGD measures the size without the extension gd.
func (b *bench) measureWithoutGD(ours *image) (err error) {
	tag := ours.tag + "-nogd"
	if err := b.build(ours, tag, "--build-arg", "PHP_EXTENSIONS=bcmath intl mbstring memcached mysql opcache redis xml zip"); err != nil {
		return err
	}
	ours.diskWithoutGD, _, err = b.sizes(tag)
	return err
}

// measureRun takes the load, each kind on a container of its own, and the median of the times from start to ready.
func (b *bench) measureRun(image *image) error {
	say("running the %s image", image.name)
	if err := b.migrate(image); err != nil {
		return err
	}
	var starts []time.Duration
	for _, m := range measurements {
		if image.partly && m.idle > 0 {
			continue
		}
		c, l, err := b.loadFresh(image, m)
		if err != nil {
			return err
		}
		starts = append(starts, c.ready)
		image.loads[m] = l
		image.memory = max(image.memory, l.memory)
	}
	image.start = median(starts)
	return nil
}

// loadFresh measures a load on a new container, so that abandoned requests of one measurement do not disturb the next.
func (b *bench) loadFresh(image *image, m measurement) (c *container, l load, err error) {
	if c, err = b.start(image); err != nil {
		return c, l, err
	}
	l, err = b.load(c, m)
	say("%s image, %s: %s", image.name, m, l)
	return c, l, errors.Join(err, b.remove(c))
}

// measureTight measures an image with the memory limit of the other one.
func (b *bench) measureTight(image *image, limit string) (err error) {
	tight := *image
	tight.name += " in " + limit
	tight.limit = limit
	_, image.tight, err = b.loadFresh(&tight, busiest)
	return err
}

func (b *bench) measureStop(image *image) error {
	old, err := b.start(image)
	if err != nil {
		return err
	}
	fresh, err := b.start(image)
	if err != nil {
		return err
	}
	if image.stop, err = b.acrossStop(old, fresh); err != nil {
		return err
	}
	say("%s image across a stop: %s", image.name, image.stop)
	return errors.Join(b.remove(old), b.remove(fresh))
}

// releases is the heading under which the page shows what `make soak` found.
const releases = "\n# Releases under load\n"

// others returns the parts of the page that are not of this report.
func others(page string) (string, error) {
	text, err := os.ReadFile(page)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if _, rest, found := strings.Cut(string(text), releases); found {
		return releases + rest, nil
	}
	return "", nil
}
