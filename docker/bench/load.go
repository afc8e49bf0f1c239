package main

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// measurement is one kind of load: a page, so many busy keep-alive connections, and perhaps others that are mostly idle.
type measurement struct {
	page       string
	busy, idle int
}

var measurements = []measurement{
	{healthPage, 4, 0}, {healthPage, 64, 0}, {fullPage, 4, 0}, {fullPage, 64, 0},
	{healthPage, 4, 64}, {healthPage, 64, 64}, {fullPage, 4, 64}, {fullPage, 64, 64},
}

// warmUp is how long a load lasts before it is measured, in seconds.
const warmUp = 3

// busiest is the load for the article's image with our image's memory limit.
var busiest = measurement{fullPage, 64, 0}

func (m measurement) String() string {
	text := fmt.Sprintf("`%s`, %d connections", m.page, m.busy)
	if m.idle > 0 {
		text += fmt.Sprintf(", %d idle ones held", m.idle)
	}
	return text
}

// load is the result of a measurement.
type load struct {
	perSecond float64
	p99       time.Duration
	errors    int    // requests without an answer, or with another status than 2xx or 3xx
	lost      int    // attempts of the idle connections that failed
	died      string // how the container ended, if it did
	memory    int64  // that the container used, taken with the most connections only
}

func (l load) failed() bool { return l.errors+l.lost > 0 || l.died != "" }

func (l load) String() string {
	text := fmt.Sprintf("%.0f/s, p99 %s", l.perSecond, milliseconds(l.p99))
	switch {
	case l.died != "":
		return "died: " + l.died
	case l.perSecond == 0:
		text = "no answer"
	}
	if n := l.errors + l.lost; n > 0 {
		text += fmt.Sprintf(", %d failed", n)
	}
	return text
}

// load warms the page up, then measures. If the container dies, that is a result, not an error.
func (b *bench) load(c *container, m measurement) (result load, err error) {
	lost := func() int { return 0 }
	if m.idle > 0 {
		lost = holdIdle(b.ctx, c.url+healthPage, m.idle)
	}
	defer func() { result.lost = lost() }()
	for _, seconds := range []int{warmUp, b.seconds} {
		out, wrkErr := b.docker("run", "--rm", "--label", label, "--network", b.network, toolTag("wrk"), "--threads", "2",
			"--connections", strconv.Itoa(m.busy), "--duration", fmt.Sprintf("%ds", seconds), "--timeout", "10s", "--latency",
			"http://"+c.name+":"+c.port+m.page)
		if result.died, err = b.fate(c); err != nil || result.died != "" {
			return result, err
		}
		if wrkErr != nil {
			return result, wrkErr
		}
		if result, err = parseWrk(out); err != nil {
			return result, err
		}
	}
	if m.busy > 4 && m.idle > 0 {
		result.memory, err = b.memory(c)
	}
	return result, err
}

var (
	wrkRate   = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP99    = regexp.MustCompile(`(?m)^\s+99%\s+([0-9.]+[a-z]+)`)
	wrkStatus = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
	wrkSocket = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
)

// parseWrk reads what wrk --latency prints.
func parseWrk(out string) (l load, err error) {
	rate, p99 := wrkRate.FindStringSubmatch(out), wrkP99.FindStringSubmatch(out)
	if rate == nil || p99 == nil {
		return l, fmt.Errorf("wrk's output has no rate or no distribution:\n%s", out)
	}
	if l.perSecond, err = strconv.ParseFloat(rate[1], 64); err != nil {
		return l, err
	}
	if l.p99, err = time.ParseDuration(p99[1]); err != nil {
		return l, err
	}
	counts := slices.Concat(match(wrkStatus, out), match(wrkSocket, out))
	for _, count := range counts {
		n, err := strconv.Atoi(count)
		if err != nil {
			return l, err
		}
		l.errors += n
	}
	return l, nil
}

func match(pattern *regexp.Regexp, text string) []string {
	if found := pattern.FindStringSubmatch(text); found != nil {
		return found[1:]
	}
	return nil
}

// holdIdle keeps n connections open as a load balancer keeps its own: each carries a request now and then (every 3 s) and is
// idle in between. The function that it returns ends them and says how many of the requests failed.
func holdIdle(ctx context.Context, url string, n int) (release func() int) {
	ctx, cancel := context.WithCancel(ctx)
	var group, opened sync.WaitGroup
	var failed atomic.Int64
	for range n {
		opened.Add(1)
		spawn(&group, func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
			defer client.CloseIdleConnections()
			for first := true; ; first = false {
				if err := get(ctx, client, url); err != nil && ctx.Err() == nil {
					if failed.Add(1) == 1 {
						say("a connection that is held: %v", err)
					}
				}
				if first {
					opened.Done()
				}
				select {
				case <-ctx.Done():
					return
				case <-time.After(3 * time.Second):
				}
			}
		})
	}
	opened.Wait()
	return func() int {
		cancel()
		group.Wait()
		return int(failed.Load())
	}
}

// spawn runs f beside the caller, as part of a group.
func spawn(group *sync.WaitGroup, f func()) {
	group.Add(1)
	go func() {
		defer group.Done()
		f()
	}()
}

// tally counts requests across a stop.
type tally struct {
	requests, failed int
	took             time.Duration // from TERM to the end of the container
}

const (
	busyAtStop = 50
	// stopPage needs no database; both images can serve it to 50 connections within the patience of a health check.
	stopPage = "/diagnostics/request"
	// stopSeconds is the time between TERM and KILL; ECS's default.
	stopSeconds = 30
)

// acrossStop keeps 50 connections busy as a load balancer would, stops the container that serves them, and goes on with a fresh
// one as soon as the old one fails two health checks in a row, a second apart.
func (b *bench) acrossStop(old, fresh *container) (tally, error) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	var target atomic.Pointer[container]
	target.Store(old)

	var group sync.WaitGroup
	var requests, failed atomic.Int64
	for range busyAtStop {
		spawn(&group, func() {
			client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
			defer client.CloseIdleConnections()
			for ctx.Err() == nil {
				err := get(ctx, client, target.Load().url+stopPage)
				if ctx.Err() != nil {
					return
				}
				requests.Add(1)
				if err != nil {
					failed.Add(1)
					time.Sleep(100 * time.Millisecond) // or a refused connection would be asked for thousands of times
				}
			}
		})
	}
	spawn(&group, func() {
		client := &http.Client{Transport: &http.Transport{}, Timeout: 5 * time.Second}
		for missed := 0; missed < 2; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Second):
			}
			if get(ctx, client, old.url+healthPage) == nil {
				missed = 0
			} else {
				missed++
			}
		}
		target.Store(fresh)
	})

	time.Sleep(3 * time.Second)
	began := time.Now()
	_, err := b.docker("stop", "--time", strconv.Itoa(stopSeconds), old.id)
	took := time.Since(began)
	time.Sleep(5 * time.Second)
	cancel()
	group.Wait()
	return tally{int(requests.Load()), int(failed.Load()), took}, err
}
