package release

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	defer func(limit, pause time.Duration) { smokeLimit, smokePause = limit, pause }(smokeLimit, smokePause)
	smokeLimit, smokePause = 700*time.Millisecond, 10*time.Millisecond
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		count := requests.Add(1)
		w.Header().Set("Server", "awselb/2.0")
		switch r.URL.Path {
		case "/late":
			if count < 4 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		case "/old":
			http.Redirect(w, r, "/login", http.StatusFound)
		case "/login":
		case "/hang":
			<-r.Context().Done()
		default:
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<h1>502 Bad   Gateway</h1>")
		}
	}))
	defer server.Close()
	for path, says := range map[string]string{
		"/late": "", "/old": "",
		"/broken": "502 Bad Gateway (awselb/2.0) from " + server.URL + "/broken: <h1>502 Bad Gateway</h1>",
		"/hang":   "does not answer 200 within 700ms",
	} {
		requests.Store(0)
		ctx, cancel := context.WithTimeout(t.Context(), smokeLimit)
		err := answers(ctx, &http.Client{Timeout: 300 * time.Millisecond}, server.URL+path)
		cancel()
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v", path, err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), smokeLimit)
	defer cancel()
	server.Close()
	if err := answers(ctx, http.DefaultClient, server.URL); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody is there: %v", err)
	}
}

// TestSmoke asks the output url, or the address that is given, for the health check of the stack file and for the page.
func TestSmoke(t *testing.T) {
	defer func(limit time.Duration) { smokeLimit = limit }(smokeLimit)
	smokeLimit = 2 * time.Second // a handshake on a busy machine takes more than a fraction of one
	var asked []string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked = append(asked, r.URL.Path) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	p := newProject(t, story(), "four", "config:\n  x:loadBalancer:\n    healthCheck:\n      path: /healthy\n", map[string]any{"url": server.URL + "/"})
	if err := Smoke(t.Context(), p.session(), SmokeOptions{Insecure: true}); err != nil || fmt.Sprint(asked) != "[/healthy /]" {
		t.Errorf("%v %v", asked, err)
	}
	if !strings.Contains(p.out.String(), server.URL+"/healthy answers 200 after ") {
		t.Errorf("%s", p.out.String())
	}
	if err := Smoke(t.Context(), p.session(), SmokeOptions{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody signed: %v", err)
	}
	if err := Smoke(t.Context(), p.session(), SmokeOptions{URL: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "http://127.0.0.1:1/healthy does not answer 200") {
		t.Errorf("another address: %v", err)
	}
	night := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "<title>%s</title><h1>Asleep</h1><p>It wakes at 07:00, Monday to Friday (Europe/Paris).</p>", strings.Repeat("Asleep ", 100))
	}))
	defer night.Close()
	wakes := map[string]any{"wakes": "at 07:00, Monday to Friday (Europe/Paris)"}
	sleeps := newProject(t, story(), "four", "config: {}\n", map[string]any{"url": night.URL, "schedule": wakes})
	if err := Smoke(t.Context(), sleeps.session(), SmokeOptions{}); err != nil || !strings.Contains(sleeps.out.String(), "is asleep, so nothing was asked; it wakes at 07:00") {
		t.Errorf("asleep: %v\n%s", err, sleeps.out.String())
	}
	hours := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, wakes["wakes"]) }))
	defer hours.Close()
	awake := newProject(t, story(), "four", "config: {}\n", map[string]any{"url": hours.URL, "schedule": wakes})
	if err := Smoke(t.Context(), awake.session(), SmokeOptions{}); err != nil || !strings.Contains(awake.out.String(), hours.URL+"/ answers 200 after ") {
		t.Errorf("a page that says the same while it is awake: %v\n%s", err, awake.out.String())
	}
	wakes["wakes"] = "at 08:00"
	other := newProject(t, story(), "four", "config: {}\n", map[string]any{"url": night.URL, "schedule": wakes})
	if err := Smoke(t.Context(), other.session(), SmokeOptions{}); err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("a 503 that is not the page of the night: %v", err)
	}
	none := newProject(t, story(), "four", "config: {}\n", nil)
	if err := Smoke(t.Context(), none.session(), SmokeOptions{}); err == nil || !strings.Contains(err.Error(), "it has no web tasks") {
		t.Errorf("without an address: %v", err)
	}
}
