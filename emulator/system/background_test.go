package system_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// report of the application's own test pages.
type appReport struct {
	Now             int64
	Waiting, Failed int
	Marks           []struct{ Text, Container string }
	Ticks           []string
}

func (p *proof) ask(t *testing.T) appReport {
	t.Helper()
	response, body := get(t, browser(t), p.url("/proof/report"))
	var report appReport
	if err := json.Unmarshal([]byte(body), &report); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %v\n%s", response.Status, err, body)
	}
	return report
}

const jobs = 500

var startingWorker = regexp.MustCompile(`service laravel-local-worker\S*: starting`)

// background queues jobs in the moment in which a release replaces the worker, and again before somebody stops the worker.
func (p *proof) background(t *testing.T) {
	p.unharmed(t, fmt.Sprintf("a release and a worker's stop with %d jobs", jobs), func() {
		edit(t, p.page(), "Dispatch a job", "Dispatch one job")
		p.set(t, settings{"release.name": "jobs"})
		up := p.start(t, "up")
		up.await(t, "it starts a worker", func() bool { return startingWorker.MatchString(up.printed()) })
		p.queue(t, 1, jobs*3/5)
		p.finished(t, up.succeed(t))
		if _, body := get(t, browser(t), p.url("/")); !strings.Contains(body, "Dispatch one job") {
			t.Error("the release does not show what changed")
		}
		p.queue(t, jobs*3/5+1, jobs)
		time.Sleep(2 * time.Second)
		docker(t, "stop", p.tasks(t, "worker")[0].container)
		if waiting := p.ask(t).Waiting; waiting == 0 {
			t.Error("the worker was idle when it was stopped")
		} else {
			t.Logf("%d jobs waited when the worker had stopped", waiting)
		}
		p.finished(t, p.make(t, "up")) // brings the worker back
		eventually(t, 3*time.Minute, "the queue is empty", func() bool { return p.ask(t).Waiting == 0 })
	})
	report := p.ask(t)
	times, workers := map[string]int{}, map[string]int{}
	for _, mark := range report.Marks {
		times[mark.Text]++
		workers[mark.Container]++
	}
	repeats := len(report.Marks) - len(times)
	t.Logf("%d jobs: %d done, %d lost, %d repeats, %d failed; by worker: %v", jobs, len(times), jobs-len(times), repeats, report.Failed, workers)
	if len(times) != jobs || report.Failed > 0 {
		t.Errorf("of %d jobs %d were done and %d failed", jobs, len(times), report.Failed)
	}
	if repeats > 0 {
		t.Errorf("%d jobs ran twice, though every stop was graceful", repeats)
	}
	if len(workers) < 3 {
		t.Errorf("the jobs were not done by three workers, one after the other: %v", workers)
	}
}

func (p *proof) queue(t *testing.T, from, to int) {
	t.Helper()
	response, err := http.Post(p.url(fmt.Sprintf("/proof/queue?from=%d&to=%d&milliseconds=100", from, to)), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("queueing jobs: %s", response.Status)
	}
}

// schedulerReplaced replaces the scheduler so that no scheduler runs when a minute begins, twice.
func (p *proof) schedulerReplaced(t *testing.T) {
	from := time.Now()
	for i := range 2 {
		time.Sleep(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute + 52*time.Second)))
		p.set(t, settings{"scheduler.stopSeconds": 31 + i})
		out := p.make(t, "up")
		t.Logf("replaced from :52 on:\n%s", out)
	}
	p.ticks(t, from)
}

// ticks wants exactly one run of the schedule in every full minute since a time.
func (p *proof) ticks(t *testing.T, since time.Time) {
	// The last minute counts when its tick has had time to happen.
	time.Sleep(max(0, 15*time.Second-time.Since(time.Now().Truncate(time.Minute))))
	report := p.ask(t)
	perMinute := map[string]int{}
	for _, tick := range report.Ticks {
		perMinute[tick[:len("2006-01-02 15:04")]]++
	}
	var told []string
	for minute := since.UTC().Truncate(time.Minute).Add(time.Minute); minute.Before(time.Unix(report.Now, 0)); minute = minute.Add(time.Minute) {
		count := perMinute[minute.Format("2006-01-02 15:04")]
		told = append(told, fmt.Sprintf("%s: %d", minute.Format("15:04"), count))
		if count != 1 {
			t.Errorf("the schedule ran %d times at %s", count, minute.Format("15:04"))
		}
	}
	if len(told) == 0 {
		t.Error("not one full minute was looked at")
	}
	t.Logf("runs of the schedule by minute: %s", strings.Join(told, ", "))
}
