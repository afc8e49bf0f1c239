package system_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// result is what the load saw during one step.
type result struct {
	step     string
	took     time.Duration
	all      []request
	failed   []request
	p50, p99 time.Duration // of all but the slow requests
}

func (l *load) stop(step string) result {
	took := time.Since(l.begin)
	l.cancel()
	l.group.Wait()
	r := result{step: step, took: took, all: l.all}
	var times []time.Duration
	for _, one := range l.all {
		if one.err != nil {
			r.failed = append(r.failed, one)
		}
		if one.kind != "slow" {
			times = append(times, one.end.Sub(one.due))
		}
	}
	slices.Sort(times)
	if n := len(times); n > 0 {
		r.p50, r.p99 = times[n/2], times[n*99/100]
	}
	return r
}

func (r result) rate() float64 { return float64(len(r.all)) / r.took.Seconds() }

// reasons are the first few different failures.
func (r result) reasons() string {
	var list []string
	for _, one := range r.failed {
		text := one.kind + ": " + one.err.Error()
		if !slices.ContainsFunc(list, func(other string) bool { return strings.HasSuffix(other, text) }) {
			list = append(list, fmt.Sprintf("after %.1f s: %s", one.sent.Sub(r.all[0].due).Seconds(), text))
		}
		if len(list) == 5 {
			break
		}
	}
	return strings.Join(list, "\n")
}

// table is the results as the documentation shows them.
func table(results []result) string {
	var b strings.Builder
	b.WriteString("| step | seconds | requests | failed | p50 ms | p99 ms |\n|---|---|---|---|---|---|\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %.0f | %d | %d | %d | %d |\n", r.step, r.took.Seconds(), len(r.all), len(r.failed), r.p50.Milliseconds(), r.p99.Milliseconds())
	}
	return b.String()
}

// badServer answers as the example does, but not always.
type badServer struct {
	fault     string
	seen, bad atomic.Int64
}

// ServeHTTP answers one request.
func (s *badServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	visits := 0
	if cookie, err := r.Cookie("visits"); err == nil {
		fmt.Sscan(cookie.Value, &visits) //nolint:errcheck // our own
	}
	faulty := s.seen.Add(1)%20 == 0
	switch {
	case s.fault == "drops" && faulty:
		s.bad.Add(1)
		if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
			conn.Close()
		}
		return
	case s.fault == "refuses" && faulty:
		s.bad.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	case s.fault == "stalls" && faulty:
		s.bad.Add(1)
		time.Sleep(300 * time.Millisecond)
	case s.fault == "forgets" && visits == 3:
		s.bad.Add(1)
		visits = 0
	}
	if r.URL.Path == "/diagnostics/slow" {
		time.Sleep(100 * time.Millisecond)
	}
	http.SetCookie(w, &http.Cookie{Name: "visits", Value: fmt.Sprint(visits + 1)})
	fmt.Fprintf(w, `<dd id="session">%d</dd>`, visits+1)
}

// TestLoadSees shows that the load notices what it is there to notice.
func TestLoadSees(t *testing.T) {
	for _, fault := range []string{"nothing", "drops", "refuses", "forgets", "stalls"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			handler := &badServer{fault: fault}
			server := httptest.NewServer(handler)
			defer server.Close()
			l := startLoad(server.Listener.Addr().String())
			time.Sleep(3 * time.Second)
			r := l.stop(fault)
			bad := int(handler.bad.Load())
			switch fault {
			case "nothing":
				if len(r.failed) > 0 || r.rate() < wantedRate {
					t.Errorf("%d failed, %.0f a second: %s", len(r.failed), r.rate(), r.reasons())
				}
			case "forgets":
				if bad == 0 || len(r.failed) == 0 || r.failed[0].kind != "visitor" {
					t.Errorf("%d sessions were forgotten, the load saw %d failures: %s", bad, len(r.failed), r.reasons())
				}
			case "stalls":
				if bad == 0 || len(r.failed) > 0 || r.p99 < 300*time.Millisecond || r.p50 > 200*time.Millisecond {
					t.Errorf("%d requests stalled: %d failed, p50 %s, p99 %s", bad, len(r.failed), r.p50, r.p99)
				}
			default:
				if bad == 0 || len(r.failed) != bad || r.reasons() == "" {
					t.Errorf("%d requests went wrong, the load saw %d: %s", bad, len(r.failed), r.reasons())
				}
			}
			if fault != "nothing" && !strings.Contains(table([]result{r}), fmt.Sprintf("| %d |", len(r.failed))) {
				t.Errorf("the table hides it:\n%s", table([]result{r}))
			}
		})
	}
}
