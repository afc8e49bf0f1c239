package runtime

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/haproxy"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

// TestConfigurationIsAccepted shows HAProxy the golden file.
func TestConfigurationIsAccepted(t *testing.T) {
	needDocker(t)
	r := newTest(t, runtimetest.New())
	image, err := r.ServiceImage(t.Context(), "haproxy")
	if err != nil {
		t.Fatal(err)
	}
	config, err := os.ReadFile("haproxy/testdata/haproxy.cfg")
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := haproxy.SelfSigned([]string{"localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("cd %s; cat > haproxy.cfg; sed -n '/^-----BEGIN/,$p' haproxy.cfg > listener443.pem; sed -i '/^-----BEGIN/,$d' haproxy.cfg; "+
		"echo share443_default_0 9000 > weights.map; echo closed > body443-rule5; haproxy -c -V -f haproxy.cfg 2>&1", haproxy.BalancerFolder)
	out, err := r.Docker.Feed(t.Context(), bytes.NewReader(append(config, certificate...)), "run", "--rm", "--interactive", "--label", r.StateLabel(), image, "sh", "-c", script)
	if err != nil || !strings.Contains(out, "Configuration file is valid") || strings.Contains(out, "WARNING") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestFrontDoor drives two colours behind one load balancer: HTTPS, the redirect, rules, and a canary under load.
func TestFrontDoor(t *testing.T) {
	s := newSystem(t)
	const green = runtimetest.GroupARN + "green"
	s.f.Put(account.CertificateToken, "cert", account.Values{"arn": "cert", "domainName": "app.example.com"})
	s.ensure(s.f.Put(account.TargetGroupToken, green, account.Values{"name": "green", "arn": green, "protocol": "HTTP", "deregistrationDelay": 5,
		"healthCheck": map[string]any{"path": "/up", "matcher": "200-299", "interval": 5, "timeout": 4, "healthyThreshold": 2, "unhealthyThreshold": 3}}))
	sticky := false
	shares := func(blue, other int) account.Resource {
		return s.f.Put(account.ListenerToken, "https", account.Values{"arn": "https", "port": 443, "protocol": "HTTPS", "certificateArn": "cert", "defaultActions": []any{map[string]any{
			"type": "forward", "forward": map[string]any{"targetGroups": []any{map[string]any{"arn": runtimetest.GroupARN, "weight": blue}, map[string]any{"arn": green, "weight": other}},
				"stickiness": map[string]any{"enabled": sticky, "duration": 3600.0}}}}})
	}
	s.ensure(shares(100, 0))
	s.ensure(s.f.Put(account.ListenerRuleToken, "r", account.Values{"listenerArn": "https", "priority": 1,
		"conditions": []any{map[string]any{"pathPattern": map[string]any{"values": []any{"/fixed/*"}}}, map[string]any{"hostHeader": map[string]any{"values": []any{"*.example.com"}}}},
		"actions":    []any{map[string]any{"type": "fixed-response", "fixedResponse": map[string]any{"contentType": "text/plain", "messageBody": "it's\nfixed", "statusCode": "403"}}}}))
	quick := func(_, web map[string]any) { delete(web, "healthCheck") }
	s.ensure(s.declare(s.define(1, "blue", "", quick), 1))
	s.service = "green"
	res := s.declare(s.define(2, "green", "", quick), 1)
	res.Outputs["loadBalancers"].([]any)[0].(map[string]any)["targetGroupArn"] = green
	s.ensure(s.f.Put(res.Type, res.ID, res.Outputs))

	secure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}} //nolint:gosec // it is self-signed
	url := fmt.Sprintf("https://localhost:%d", s.r.Ports[443])
	share := func() int {
		count := 0
		for range 200 {
			if strings.HasPrefix(s.fetch(t, secure, url+"/", ""), "200 green") {
				count++
			}
		}
		return count
	}
	if got := share(); got != 0 {
		t.Errorf("a share of 0%% got %d of 200 requests", got)
	}
	l := s.underLoad() // over HTTP, which still forwards to blue
	start := time.Now()
	s.ensure(shares(50, 50))
	t.Logf("moving the shares took %s", time.Since(start))
	if got := share(); got < 60 || got > 140 {
		t.Errorf("a share of 50%% got %d of 200 requests", got)
	}
	s.ensure(shares(0, 100))
	if got := share(); got != 200 {
		t.Errorf("a share of 100%% got %d of 200 requests", got)
	}
	sticky = true
	s.ensure(shares(50, 50))
	visitors := s.visitors(t, url, 8)
	if got := share(); got < 60 || got > 140 {
		t.Errorf("requests without a cookie: a share of 50%% got %d of 200", got)
	}
	for share := range 2 { // the cookie decides, also where the weight is 0
		s.ensure(shares(100*share, 100-100*share))
		for i, v := range visitors {
			for range 10 {
				if got := v.asks(s, t, url); got != v.color {
					t.Fatalf("visitor %d came to %s and then to %s, with %d%% for blue", i, v.color, got, 100*share)
				}
			}
		}
	}
	sticky = false // without stickiness the cookie says nothing
	s.ensure(shares(100, 0))
	for i, v := range visitors {
		for range 10 {
			if got := v.asks(s, t, url); got != "blue" {
				t.Fatalf("visitor %d gets %s, which has no share any more", i, got)
			}
		}
	}
	s.ensure(shares(0, 100))
	if got := s.fetch(t, secure, url+"/fixed/x", "app.example.com"); got != "403 it's\nfixed" {
		t.Errorf("the rule answers %q", got)
	}
	if got := s.fetch(t, secure, url+"/fixed/x", "example.org"); !strings.HasPrefix(got, "200 green") {
		t.Errorf("another host gets %q", got)
	}
	l.stop(t, "moving shares")
	s.ensure(s.f.Put(account.ListenerToken, runtimetest.ListenerARN, account.Values{"arn": runtimetest.ListenerARN, "port": 80, "protocol": "HTTP", "defaultActions": []any{map[string]any{
		"type": "redirect", "redirect": map[string]any{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}}}))
	plainClient := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := plainClient.Get(fmt.Sprintf("http://localhost:%d/a/b?c=d", s.r.Ports[80]))
	s.must(err)
	answer.Body.Close() // it is empty
	if want := url + "/a/b?c=d"; answer.StatusCode != http.StatusMovedPermanently || answer.Header.Get("Location") != want {
		t.Errorf("redirected with %s to %s, want %s", answer.Status, answer.Header.Get("Location"), want)
	}
	s.must(s.r.Down(t.Context()))
	if left, err := os.ReadDir(s.r.Path("")); err != nil || len(left) != 1 || !strings.HasPrefix(left[0].Name(), "certificate-") {
		t.Errorf("after down: %v, %v; want the certificate only", left, err)
	}
}

// visitor is a client that keeps cookies, and the colour that he got.
type visitor struct {
	client *http.Client
	color  string
}

// visitors makes some of each colour, n at least.
func (s *system) visitors(t *testing.T, url string, n int) (all []visitor) {
	t.Helper()
	seen := map[string]bool{}
	for len(all) < n || len(seen) < 2 {
		jar, err := cookiejar.New(nil)
		s.must(err)
		v := visitor{client: &http.Client{Jar: jar, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}} //nolint:gosec // it is self-signed
		v.color = v.asks(s, t, url)
		seen[v.color] = true
		if all = append(all, v); len(all) > 100 {
			t.Fatalf("100 visitors are all %s", v.color)
		}
	}
	return all
}

func (v visitor) asks(s *system, t *testing.T, url string) string {
	t.Helper()
	words := strings.Fields(s.fetch(t, v.client, url+"/", ""))
	if len(words) < 2 || words[0] != "200" {
		t.Fatalf("answered with %v", words)
	}
	return words[1]
}

// fetch returns the status and body of a request.
func (s *system) fetch(t *testing.T, client *http.Client, url, host string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Host = host
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	var body bytes.Buffer
	if _, err := body.ReadFrom(answer.Body); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%d %s", answer.StatusCode, strings.TrimSpace(body.String()))
}
