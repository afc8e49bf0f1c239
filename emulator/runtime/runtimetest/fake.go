// Package runtimetest has an account for the tests of the runtime.
package runtimetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Account holds resources for tests; the rules of the real account have tests of their own.
type Account struct {
	mu        sync.Mutex
	resources []account.Resource
	pushed    map[string]string // repository:tag -> digest
}

// ID is the number of the account.
func (f *Account) ID() string { return "123456789012" }

// Region is the region of the account.
func (f *Account) Region() string { return "eu-central-1" }

// List returns the resources of a type.
func (f *Account) List(token string) []account.Resource {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []account.Resource
	for _, res := range f.resources {
		if res.Type == token {
			list = append(list, res)
		}
	}
	return list
}

// Find returns the first resource of a type with a property of this value.
func (f *Account) Find(token, property, value string) (account.Resource, bool) {
	for _, res := range f.List(token) {
		if property == "id" && res.ID == value || property != "id" && res.Outputs.Text(property) == value {
			return res, true
		}
	}
	return account.Resource{}, false
}

// Images lists what was pushed.
func (f *Account) Images(repository string) []account.PushedImage {
	f.mu.Lock()
	defer f.mu.Unlock()
	var all []account.PushedImage
	for key, digest := range f.pushed {
		if name, tag, _ := strings.Cut(key, ":"); name == repository {
			all = append(all, account.PushedImage{Digest: digest, Tags: []string{tag}})
		}
	}
	return all
}

// PutImage records an image; a tag cannot be moved.
func (f *Account) PutImage(repository, tag, digest string, _ int64, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, ok := f.pushed[repository+":"+tag]; ok && old != digest {
		return fmt.Errorf("ImageTagAlreadyExistsException: %s:%s", repository, tag)
	}
	f.pushed[repository+":"+tag] = digest
	return nil
}

// Put declares a resource or changes it.
func (f *Account) Put(token, id string, outputs account.Values) account.Resource {
	f.mu.Lock()
	defer f.mu.Unlock()
	res := account.Resource{Type: token, ID: id, Outputs: Plain(outputs)}
	for i, old := range f.resources {
		if old.Type == token && old.ID == id {
			f.resources[i] = res
			return res
		}
	}
	f.resources = append(f.resources, res)
	return res
}

// Delete takes a resource away.
func (f *Account) Delete(res account.Resource) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, old := range f.resources {
		if old.Type == res.Type && old.ID == res.ID {
			f.resources = append(f.resources[:i], f.resources[i+1:]...)
			return
		}
	}
}

// Plain turns Go literals into the JSON values that the account holds.
func Plain(v account.Values) account.Values {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var decoded account.Values
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		panic(err)
	}
	return decoded
}

// ARNs of what the tests declare.
const (
	GroupARN    = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"
	ListenerARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/lb/0123456789abcdef/0123456789abcdef"
	SecretARN   = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf"
)

// New makes an account without resources.
func New() *Account { return &Account{pushed: map[string]string{}} }

// DeclareBalancer declares a load balancer with one target group and an HTTP listener.
func (f *Account) DeclareBalancer() []account.Resource {
	return []account.Resource{
		f.Put(account.BalancerToken, "lb", account.Values{"name": "lb", "arn": "arn:lb", "idleTimeout": 60, "loadBalancerType": "application"}),
		f.Put(account.TargetGroupToken, GroupARN, account.Values{
			"name": "web", "arn": GroupARN, "protocol": "HTTP", "port": 80, "deregistrationDelay": 10,
			"healthCheck": map[string]any{"path": "/up", "matcher": "200", "interval": 5, "timeout": 4, "healthyThreshold": 2, "unhealthyThreshold": 3},
		}),
		f.Put(account.ListenerToken, ListenerARN, account.Values{
			"arn": ListenerARN, "loadBalancerArn": "arn:lb", "port": 80, "protocol": "HTTP",
			"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": GroupARN}},
		}),
	}
}

// TestLog writes progress to the test and keeps it.
type TestLog struct {
	T    *testing.T
	mu   sync.Mutex
	kept bytes.Buffer
}

// Write logs a line.
func (l *TestLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.T.Log(strings.TrimSpace(string(data)))
	return l.kept.Write(data)
}

// Has tells whether the progress so far has a text.
func (l *TestLog) Has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.kept.String(), text)
}
