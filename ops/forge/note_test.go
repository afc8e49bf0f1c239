package forge

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// waits replaces how jobs wait.
func waits(t *testing.T, wait func()) {
	t.Helper()
	before := Wait
	t.Cleanup(func() { Wait = before })
	Wait = func(time.Duration) <-chan time.Time {
		wait()
		done := make(chan time.Time)
		close(done)
		return done
	}
}

// says is a job that has one part.
func says(name, text string) func(map[string]string) {
	return func(parts map[string]string) { parts[name] = text }
}

// TestOneNote: each job replaces its part and leaves the others; a text that only quotes the marker is another one's.
func TestOneNote(t *testing.T) {
	waits(t, func() {})
	both(t, func(t *testing.T, s *server, r *Request) {
		s.notes = []found{
			{ID: 1, Body: "Looks good"}, {ID: 2, Body: "> " + marker + "\nquoted"}, {ID: 3, Body: "See\n" + marker}, {ID: 4, Body: "<!-- laravel-ecs note: staging -->\nof long ago"},
		}
		keep := func(change func(map[string]string), want Outcome, number int) {
			t.Helper()
			got, err := r.Keep(t.Context(), change)
			if err != nil || got != want || len(s.notes) != number {
				t.Errorf("%q, %v, %d notes; %q and %d expected", got, err, len(s.notes), want, number)
			}
		}
		keep(func(parts map[string]string) { delete(parts, "review") }, Absent, 4)
		keep(says("tests", "pass"), Created, 5) // on the third page from now on
		keep(says("environment staging", "### staging\n\n| a |"), Updated, 5)
		keep(says("environment prod", "### prod"), Updated, 5)
		keep(says("review", "<https://x>\n"), Updated, 5)
		keep(says("tests", "fail"), Updated, 5)
		keep(says("tests", "fail"), Unchanged, 5)
		want := marker + "\n<!-- laravel-ecs part: environment prod -->\n### prod\n\n<!-- laravel-ecs part: environment staging -->\n### staging\n\n| a |\n\n" +
			"<!-- laravel-ecs part: review -->\n<https://x>\n\n<!-- laravel-ecs part: tests -->\nfail\n\n"
		if body := s.notes[4].Body; body != want {
			t.Errorf("the note is\n%s", body)
		}
		s.notes[4].Body = strings.ReplaceAll(want, "\n", "\r\n") // a person edited it in a browser
		keep(says("review", "gone"), Updated, 5)
		if parts := split(s.notes[4].Body); parts["environment staging"] != "### staging\n\n| a |" || len(parts) != 4 {
			t.Errorf("the parts are %q", parts)
		}
	})
}

// TestWrittenOver: another job read the note before this one wrote, and writes what it read and its own part while this one waits.
func TestWrittenOver(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Request) {
		s.notes = []found{{ID: 1, Body: r.forge.join(map[string]string{"review": "<https://x>"})}}
		waited := 0
		waits(t, func() {
			if waited++; waited == 1 {
				s.notes[0].Body = r.forge.join(map[string]string{"review": "<https://x>", "tests": "pass"})
			}
		})
		if outcome, err := r.Keep(t.Context(), says("environment prod", "### prod")); err != nil || outcome != Updated || waited != 2 {
			t.Fatalf("%q, %v, waited %d times", outcome, err, waited)
		}
		want := map[string]string{"review": "<https://x>", "tests": "pass", "environment prod": "### prod"}
		if parts := split(s.notes[0].Body); !maps.Equal(parts, want) {
			t.Errorf("the parts are %q", parts)
		}
		waits(t, func() { s.notes[0].Body = marker })
		if _, err := r.Keep(t.Context(), says("tests", "fail")); err == nil || !strings.Contains(err.Error(), "again and again") {
			t.Errorf("others write over it for ever: %v", err)
		}
	})
}

// rounds lets jobs go on when all of those that are not done wait.
type rounds struct {
	sync.Mutex
	jobs    int
	waiting []chan struct{}
}

func (r *rounds) wait() {
	gate := make(chan struct{})
	r.Lock()
	r.waiting = append(r.waiting, gate)
	r.open()
	r.Unlock()
	<-gate
}

func (r *rounds) done() {
	r.Lock()
	defer r.Unlock()
	r.jobs--
	r.open()
}

func (r *rounds) open() {
	if len(r.waiting) == r.jobs {
		for _, gate := range r.waiting {
			close(gate)
		}
		r.waiting = nil
	}
}

// TestAtTheSameMoment: three jobs read before any of them writes, so each makes a note. One note remains, with all parts.
func TestAtTheSameMoment(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Request) {
		names := []string{"environment prod", "review", "tests"}
		reads, writes := &rounds{jobs: len(names)}, &rounds{jobs: len(names)}
		var read atomic.Int32
		s.reads = func() {
			if read.Add(1) <= int32(len(names)) {
				reads.wait()
			}
		}
		waits(t, writes.wait)
		errs := make(chan error)
		for _, name := range names {
			go func() {
				_, err := r.Keep(t.Context(), says(name, "of "+name))
				writes.done()
				errs <- err
			}()
		}
		for range names {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if len(s.notes) != 1 || !slices.Equal(slices.Sorted(maps.Keys(split(s.notes[0].Body))), names) {
			t.Errorf("the notes are %+v", s.notes)
		}
	})
}

// TestNothingElseIsDeleted: neither the note itself, where a page repeats it because another one has come meanwhile, nor a person's copy.
func TestNothingElseIsDeleted(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Request) {
		body := r.forge.join(map[string]string{"tests": "pass"})
		ours, copied := found{ID: 4, Body: body}, found{ID: 7, Body: body}
		copied.Author.ID, copied.User.ID = 99, 99
		s.notes = []found{{ID: 5, Body: "hello"}, ours, ours, copied}
		if outcome, err := r.Keep(t.Context(), says("tests", "pass")); err != nil || outcome != Unchanged || len(s.notes) != 4 {
			t.Errorf("%q, %v, %+v", outcome, err, s.notes)
		}
	})
}

// TestLongNote: the longest part is cut, and nothing of the others.
func TestLongNote(t *testing.T) {
	parts := map[string]string{"environment prod": "```\n" + strings.Repeat("a line\n", 20_000) + "```\nend", "review": "<https://x>", "tests": strings.Repeat("b", 20_000)}
	text := gitHub.join(parts)
	got := split(text)
	if len(text) > gitHub.longest || got["review"] != parts["review"] || got["tests"] != parts["tests"] || !strings.HasSuffix(got["environment prod"], "a line\n```"+cut) {
		t.Errorf("%d bytes, the parts are %.100q", len(text), got)
	}
	if again := gitHub.join(got); again != text {
		t.Error("a note that is cut is cut again")
	}
	if text := gitHub.join(map[string]string{"environment prod": "<details>\n\n```\n" + strings.Repeat("a line\n", 20_000) + "```\n</details>"}); !strings.Contains(text, "a line\n```\n</details>"+cut) {
		t.Errorf("the fold stays open: %q", text[len(text)-100:])
	}
	if stray := split(gitLab.join(map[string]string{"tests": "x\n<!-- laravel-ecs part: review -->\ny"})); len(stray) != 1 {
		t.Errorf("a text made another part: %q", stray)
	}
}

// TestSlowForge: a job whose look at the note is old does not write.
func TestSlowForge(t *testing.T) {
	defer func(before time.Duration) { settle = before }(settle)
	settle = 10 * time.Millisecond
	both(t, func(t *testing.T, s *server, r *Request) {
		s.slow = true
		if _, err := r.Keep(t.Context(), says("tests", "pass")); !errors.Is(err, context.DeadlineExceeded) || len(s.notes) > 0 {
			t.Errorf("%v, %v", err, s.notes)
		}
	})
}
