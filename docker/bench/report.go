package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// row is one line of the table.
type row struct{ what, article, ours, factor, target, met string }

// The targets that the image was built to.
const (
	maxDisk          = 240 << 20
	maxDiskWithoutGD = 190 << 20
	minRebuildFactor = 5
	minPageFactor    = 8
	maxIdleP99       = 50 * time.Millisecond
	maxStart         = 2 * time.Second
)

func rows(article, ours *image) []row {
	table := []row{
		{"size on disk", mib(article.disk), mib(ours.disk), times(article.disk, ours.disk), "≤ " + mib(maxDisk), verdict(ours.disk <= maxDisk)},
		{"the same without gd", "", mib(ours.diskWithoutGD), "", "≤ " + mib(maxDiskWithoutGD), verdict(ours.diskWithoutGD <= maxDiskWithoutGD)},
		{"size in a registry (gzip)", mib(article.packed), mib(ours.packed), times(article.packed, ours.packed), "", ""},
		{"rebuild after a changed line of PHP", seconds(article.rebuild), seconds(ours.rebuild), times(article.rebuild, ours.rebuild),
			fmt.Sprintf("%d ×", minRebuildFactor), verdict(article.rebuild >= minRebuildFactor*ours.rebuild)},
		{"the same build without a change", seconds(article.unchanged), seconds(ours.unchanged), "", "", ""},
	}
	for _, m := range measurements {
		a, o := article.loads[m], ours.loads[m]
		r := row{what: m.String(), article: a.String(), ours: o.String(), factor: times(o.perSecond, a.perSecond)}
		switch {
		case m.idle == 0 && m.page == fullPage:
			r.target, r.met = fmt.Sprintf("%d ×", minPageFactor), verdict(o.perSecond >= minPageFactor*a.perSecond && !o.failed())
		case m.idle > 0 && m.page == healthPage && m.busy == 4:
			r.target, r.met = "p99 < "+milliseconds(maxIdleP99), verdict(o.p99 < maxIdleP99 && !o.failed())
		}
		table = append(table, r)
	}
	return append(table,
		row{what: "the article's image with our memory limit, " + busiest.String(), article: article.tight.String()},
		row{"memory, with 64 busy and 64 idle connections", mib(article.memory), mib(ours.memory), times(article.memory, ours.memory), "", ""},
		row{"start to ready", seconds(article.start) + ", with the migration", seconds(ours.start), times(article.start, ours.start), "≤ " + seconds(maxStart), verdict(ours.start <= maxStart)},
		row{"a migration with nothing to do, before the start", "", seconds(ours.migration), "", "", ""},
		row{fmt.Sprintf("failed requests during a stop, %d busy connections", busyAtStop), article.stop.String(), ours.stop.String(), "", "0", verdict(ours.stop.failed == 0)},
	)
}

func (t tally) String() string {
	return fmt.Sprintf("%d of %d; stopped in %s", t.failed, t.requests, seconds(t.took))
}

// report is docs/benchmarks.md.
func report(machine string, duration int, article, ours, plain *image) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# The image, measured

`+"`make bench-image`"+` wrote this page, in one run on one machine (%s). It compares the article's image
([docker/bench/article](../docker/bench/article)) with ours: the same example application, the same Debian 13, the same MariaDB and
memcached. Compare the ratios; absolute figures depend on the machine.

| | article | ours | factor | our target | |
|---|---|---|---|---|---|
`, machine)
	for _, r := range rows(article, ours) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", r.what, r.article, r.ours, r.factor, r.target, r.met)
	}
	fmt.Fprintf(&b, `
## Where a rebuild's time goes

The stages that a changed line of PHP builds again, each with the sum of its instructions in the last rebuild. Everything else comes from the
builder's cache. The stages requirements, autoload and app are one after the other: what Composer reads has to be known before its packages are,
these before the class map, and the class map before Laravel starts. Each is a container that starts and a layer that is written, whatever runs in it.

| | stages |
|---|---|
| article | %s |
| ours | %s |
`, list(article.steps), list(ours.steps))
	fmt.Fprintf(&b, `
## Preload

opcache.preload compiles the class files that every request uses, before php-fpm forks. The table compares the image with an empty list:

| | without preload | with | |
|---|---|---|---|
`)
	for _, m := range measurements {
		if m.idle == 0 {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", m, plain.loads[m], ours.loads[m], times(ours.loads[m].perSecond, plain.loads[m].perSecond))
		}
	}
	fmt.Fprintf(&b, "| start to ready | %s | %s | |\n", seconds(plain.start), seconds(ours.start))
	fmt.Fprintf(&b, `
## Method

- Our image runs with the settings of the task definition: %[1]s of memory, a read-only root file system, no capabilities, a user other than
  root. The article sets no hard limit: its image gets %[2]s, and one measurement repeats with our limit. There is no swap.
- wrk creates the load on the same machine: %[3]d s for each figure, after %[5]d s of warm-up, on a new container. `+"`/up`"+` is the health page.
  `+"`/`"+` is a page with a new session in memcached, five queries and a view. "Failed" counts requests without a response or with an error
  status.
- Idle connections imitate a load balancer: each sends one `+"`/up`"+` every 3 s and is idle in between.
- A rebuild is the median of %[6]d, after adding a line to a controller. The two images are built in turn. Where packagist does not answer, Composer installs from a folder: the
  article's rebuild then saves its downloads, which is to its advantage.
- "Start to ready" is the time from `+"`docker run`"+` to the first 200 of `+"`/up`"+`, the median of eight (without preload: of four). Our image migrates before,
  in a container of its own.
- The stop is `+"`docker stop --time %[4]d`"+` under load. The client requests `+"`/up`"+` every second, as a load balancer does, and switches to a second
  container after two bad responses. PID 1 of the article's image is a shell, which ignores the signal: the image serves until Docker kills it.
`, ours.limit, article.limit, duration, stopSeconds, warmUp, rebuilds)
	return b.String()
}

// list is stages with their times.
func list(steps []step) string {
	var words []string
	for _, one := range steps {
		words = append(words, fmt.Sprintf("%s %.1f s", one.stage, one.took.Seconds()))
	}
	return strings.Join(words, ", ")
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "**not met**"
}

func mib(bytes int64) string { return fmt.Sprintf("%.0f MiB", float64(bytes)/(1<<20)) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func milliseconds(d time.Duration) string {
	if d < 10*time.Millisecond {
		return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}

// times is the quotient of two figures.
func times[N int64 | float64 | time.Duration](a, b N) string {
	if b == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f ×", float64(a)/float64(b))
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
