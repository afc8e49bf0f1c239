package main

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config"

	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// The tasks were healthy when the deployment ended: what is still missing is a name that spreads, or a target that registers.
var (
	smokeLimit = 90 * time.Second
	smokePause = 2 * time.Second
)

// smoke asks a deployed stack as a visitor does: its health check and its page must answer 200, redirects followed.
func smoke(ctx context.Context, o options) error {
	url, err := targetOf(o).url(ctx)
	if err != nil {
		return err
	}
	settings, err := config.ReadFile(o.root, o.stack)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 10 * time.Second}
	if o.onThisMachine() {
		client.Transport = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // its certificate is self-signed
	}
	ctx, cancel := context.WithTimeout(ctx, smokeLimit)
	defer cancel()
	for _, path := range []string{cmp.Or(settings.Text("loadBalancer.healthCheck.path"), "/up"), "/"} {
		begin := time.Now()
		if err := answers(ctx, client, strings.TrimSuffix(url, "/")+path); err != nil {
			return err
		}
		fmt.Fprintf(o.out, "%s%s answers 200 after %.1f seconds\n", strings.TrimSuffix(url, "/"), path, time.Since(begin).Seconds())
	}
	return nil
}

// answers returns when an address answers 200, or what it answered last.
func answers(ctx context.Context, client *http.Client, url string) error {
	last := errors.New("nothing")
	for {
		answered, err := ask(ctx, client, url)
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

// ask makes one request. The error of another answer than 200 shows its beginning.
func ask(ctx context.Context, client *http.Client, url string) (answered bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err
	}
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(response.Body, 300)) // a body that breaks off is shown as far as it came
	if response.StatusCode == http.StatusOK {
		return true, nil
	}
	return true, fmt.Errorf("%s (%s) from %s: %s", response.Status, cmp.Or(response.Header.Get("Server"), "no Server header"), response.Request.URL, strings.Join(strings.Fields(string(text)), " "))
}
