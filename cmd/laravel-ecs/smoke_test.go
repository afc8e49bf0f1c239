package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestAnswers(t *testing.T) {
	defer func(limit, pause time.Duration) { smokeLimit, smokePause = limit, pause }(smokeLimit, smokePause)
	smokeLimit, smokePause = 2*time.Second, 10*time.Millisecond
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
		"/hang":   "does not answer 200 within 2s",
	} {
		requests.Store(0)
		ctx, cancel := context.WithTimeout(t.Context(), smokeLimit)
		err := answers(ctx, &http.Client{Timeout: 500 * time.Millisecond}, server.URL+path)
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
