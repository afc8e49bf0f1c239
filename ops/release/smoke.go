package release

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// The tasks were healthy when the deployment ended: what is still missing is a name that spreads, or a target that registers.
var (
	smokeLimit = 90 * time.Second
	smokePause = 2 * time.Second
)

// SmokeOptions say where the stack is asked.
type SmokeOptions struct {
	URL      string // empty: the stack's output url
	Insecure bool   // accepts a certificate that nobody has signed
}

// Smoke asks a deployed stack as a visitor does: its health check and its page must answer 200, redirects followed. A stack that sleeps
// (environment.schedule) answers its page of the night; that is said, and no failure: make up at night puts it to sleep again.
func Smoke(ctx context.Context, s *session.Session, o SmokeOptions) error {
	url, wakes := o.URL, ""
	if url == "" {
		outputs, err := s.Outputs(ctx)
		if err != nil {
			return err
		}
		if url = outputs.URL; url == "" {
			return fmt.Errorf("the stack %s has no output url: it has no web tasks (web.count)", s.Stack)
		}
		if outputs.Schedule != nil {
			wakes = outputs.Schedule.Wakes
		}
	}
	url = strings.TrimSuffix(url, "/")
	client := &http.Client{Timeout: 10 * time.Second}
	if o.Insecure {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // asked for
	}
	ctx, cancel := context.WithTimeout(ctx, smokeLimit)
	defer cancel()
	if wakes != "" && asleep(ctx, client, url, wakes) {
		fmt.Fprintf(s.Out, "%s is asleep, so nothing was asked; it wakes %s, or with make wake STACK=%[1]s\n", s.Stack, wakes)
		return nil
	}
	for _, path := range []string{cmp.Or(s.File.Text("loadBalancer.healthCheck.path"), "/up"), "/"} {
		begin := time.Now()
		if err := answers(ctx, client, url+path); err != nil {
			return err
		}
		fmt.Fprintf(s.Out, "%s%s answers 200 after %.1f seconds\n", url, path, time.Since(begin).Seconds())
	}
	return nil
}

// asleep tells whether an address answers the page of the night, which says when the stack wakes.
func asleep(ctx context.Context, client *http.Client, url, wakes string) bool {
	response, text, err := get(ctx, client, url)
	return err == nil && response.StatusCode == http.StatusServiceUnavailable && strings.Contains(text, html.EscapeString(wakes))
}

// answers returns when an address answers 200, or what it answered last.
func answers(ctx context.Context, client *http.Client, url string) error {
	last := errors.New("nothing")
	for {
		answered, err := ask200(ctx, client, url)
		if err == nil {
			return nil
		}
		if answered || ctx.Err() == nil { // the end of the time says less than what came before
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("smoke test: %s does not answer 200 within %s: %w", url, smokeLimit, last)
		case <-time.After(smokePause):
		}
	}
}

// ask200 makes one request. The error of another answer than 200 shows its beginning.
func ask200(ctx context.Context, client *http.Client, url string) (answered bool, err error) {
	response, text, err := get(ctx, client, url)
	if err != nil {
		return false, err
	}
	if response.StatusCode == http.StatusOK {
		return true, nil
	}
	return true, fmt.Errorf("%s (%s) from %s: %s", response.Status, cmp.Or(response.Header.Get("Server"), "no Server header"), response.Request.URL, text[:min(len(text), 500)])
}

// get makes one request. It reads as much as a page of the night has at most, and the text is that in one line.
func get(ctx context.Context, client *http.Client, url string) (response *http.Response, text string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, "", err
	}
	if response, err = client.Do(request); err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 1024)) // one that breaks off is shown as far as it came
	return response, strings.Join(strings.Fields(string(body)), " "), nil
}
