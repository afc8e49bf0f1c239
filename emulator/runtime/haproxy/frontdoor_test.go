package haproxy

import (
	"crypto/tls"
	"crypto/x509"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestConfiguration compares HAProxy's configuration for a load balancer with everything on it.
func TestConfiguration(t *testing.T) {
	f := runtimetest.New()
	f.DeclareBalancer()
	const green = runtimetest.GroupARN + "green"
	f.Put(account.TargetGroupToken, green, account.Values{
		"name": "green", "arn": green, "protocol": "HTTPS", "port": 443, "deregistrationDelay": "30", "slowStart": 30,
		"loadBalancingAlgorithmType": "least_outstanding_requests", "healthCheck": map[string]any{
			"path": "/it's up", "matcher": "200-299,301", "port": "8443", "protocol": "HTTPS", "interval": 10, "timeout": 5, "healthyThreshold": 2, "unhealthyThreshold": 2},
	})
	forward := func(arns ...any) []any {
		var groups []any
		for i := 0; i < len(arns); i += 2 {
			groups = append(groups, map[string]any{"arn": arns[i], "weight": arns[i+1]})
		}
		return []any{map[string]any{"type": "forward", "forward": map[string]any{"targetGroups": groups, "stickiness": map[string]any{"enabled": true, "duration": 600.0}}}}
	}
	f.Put(account.ListenerToken, runtimetest.ListenerARN, account.Values{"arn": runtimetest.ListenerARN, "port": 80, "protocol": "HTTP", "defaultActions": []any{map[string]any{
		"type": "redirect", "redirect": map[string]any{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301", "host": "#{host}", "path": "/#{path}", "query": "#{query}"}}}})
	f.Put(account.ListenerToken, "https", account.Values{"arn": "https", "port": 443, "protocol": "HTTPS", "certificateArn": "cert", "defaultActions": forward(runtimetest.GroupARN, 90, green, 10),
		"routingHttpResponseStrictTransportSecurityHeaderValue": "max-age=31536000; includeSubDomains"})
	condition := func(kind string, value any) map[string]any { return map[string]any{kind: value} }
	values := func(all ...any) map[string]any { return map[string]any{"values": all} }
	f.Put(account.ListenerRuleToken, "20", account.Values{"listenerArn": "https", "priority": 20,
		"conditions": []any{condition("httpHeader", map[string]any{"httpHeaderName": "X-Canary", "values": []any{"yes"}}), condition("queryStrings", []any{map[string]any{"key": "v", "value": "2*"}})},
		"actions":    forward(green, 1)})
	f.Put(account.ListenerRuleToken, "5", account.Values{"listenerArn": "https", "priority": 5,
		"conditions": []any{condition("hostHeader", values("*.example.com", "a?.example.com")), condition("pathPattern", values("/api/*"))},
		"actions":    []any{map[string]any{"type": "fixed-response", "fixedResponse": map[string]any{"contentType": "text/plain", "messageBody": "don't", "statusCode": "503"}}}})
	r := &Balancer{Machine: &machine.Machine{Account: f}}
	door, err := r.frontDoor()
	if err != nil {
		t.Fatal(err)
	}
	targets := []Target{{runtimetest.GroupARN, "10.219.0.5", 8080, true}, {runtimetest.GroupARN, "10.219.0.6", 8080, false}, {green, "10.219.0.7", 8443, true}}
	golden(t, "testdata/haproxy.cfg", door.configuration(targets, map[int]int{80: 8080, 443: 8443}))
	if got := door.weights(); len(got) != 2 || got["share443_default_0"] != 9000 || got["stick443_default"] != 600 {
		t.Errorf("shares %v", got)
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test -update writes it anew); got\n%s", path, got)
	}
}

func TestFrontDoorRefuses(t *testing.T) {
	for want, edit := range map[string]func(f *runtimetest.Account){
		"one load balancer at a time": func(f *runtimetest.Account) { f.Put(account.BalancerToken, "second", account.Values{"name": "second"}) },
		"application load balancers": func(f *runtimetest.Account) {
			f.Put(account.BalancerToken, "lb", account.Values{"name": "lb", "loadBalancerType": "network"})
		},
		"stickiness": func(f *runtimetest.Account) {
			f.Put(account.TargetGroupToken, runtimetest.GroupARN, account.Values{"name": "web", "arn": runtimetest.GroupARN, "stickiness": map[string]any{"enabled": true, "type": "lb_cookie"}})
		},
		"publishes the ports 80 and 443": func(f *runtimetest.Account) {
			f.Put(account.ListenerToken, "x", account.Values{"arn": "x", "port": 8081})
		},
		"TargetGroupNotFound": func(f *runtimetest.Account) {
			f.Delete(account.Resource{Type: account.TargetGroupToken, ID: runtimetest.GroupARN})
		},
		"no authenticate actions": func(f *runtimetest.Account) {
			f.Put(account.ListenerToken, "x", account.Values{"arn": "x", "port": 443, "defaultActions": []any{map[string]any{"type": "authenticate-oidc"}, map[string]any{"type": "forward"}}})
		},
	} {
		f := runtimetest.New()
		f.DeclareBalancer()
		edit(f)
		if _, err := (&Balancer{Machine: &machine.Machine{Account: f}}).frontDoor(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

// TestRemovedTogether wants a resource that is being deleted out of sight at once, though the account still has it.
func TestRemovedTogether(t *testing.T) {
	f := runtimetest.New()
	declared := f.DeclareBalancer()
	m, err := machine.New(t.TempDir(), "", f, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := New(m, 0, 0)
	r.SetRemoved(declared[2], true)
	if door, err := r.frontDoor(); err != nil || door != nil {
		t.Errorf("a removed listener still listens: %v, %v", door, err)
	}
	r.SetRemoved(declared[2], false)
	if door, err := r.frontDoor(); err != nil || door == nil {
		t.Errorf("a listener that came back does not listen: %v", err)
	}
}

func TestCertificate(t *testing.T) {
	made, err := SelfSigned([]string{"app.example.com", "localhost"}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made, made)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app.example.com", "localhost", "127.0.0.1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if !stillGood(made) || stillGood([]byte("nonsense")) {
		t.Error("a fresh certificate is not good, or nonsense is")
	}
	old, err := SelfSigned([]string{"x"}, time.Now().AddDate(0, -11, -10))
	if err != nil || stillGood(old) {
		t.Errorf("a certificate that ends this month is good: %v", err)
	}
}
