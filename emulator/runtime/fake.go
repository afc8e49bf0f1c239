package runtime

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

// fakeAccount holds resources for tests; the rules of the real account have tests of their own.
type fakeAccount struct {
	mu        sync.Mutex
	resources []account.Resource
	pushed    map[string]string // repository:tag -> digest
}

func (f *fakeAccount) ID() string     { return "123456789012" }
func (f *fakeAccount) Region() string { return "eu-central-1" }

func (f *fakeAccount) List(token string) []account.Resource {
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

func (f *fakeAccount) Find(token, property, value string) (account.Resource, bool) {
	for _, res := range f.List(token) {
		if property == "id" && res.ID == value || property != "id" && res.Outputs.Text(property) == value {
			return res, true
		}
	}
	return account.Resource{}, false
}

func (f *fakeAccount) Images(repository string) []account.PushedImage {
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

func (f *fakeAccount) PutImage(repository, tag, digest string, _ int64, _ time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, ok := f.pushed[repository+":"+tag]; ok && old != digest {
		return fmt.Errorf("ImageTagAlreadyExistsException: %s:%s", repository, tag)
	}
	f.pushed[repository+":"+tag] = digest
	return nil
}

// put declares a resource or changes it.
func (f *fakeAccount) put(token, id string, outputs account.Values) account.Resource {
	f.mu.Lock()
	defer f.mu.Unlock()
	res := account.Resource{Type: token, ID: id, Outputs: plain(outputs)}
	for i, old := range f.resources {
		if old.Type == token && old.ID == id {
			f.resources[i] = res
			return res
		}
	}
	f.resources = append(f.resources, res)
	return res
}

func (f *fakeAccount) delete(res account.Resource) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, old := range f.resources {
		if old.Type == res.Type && old.ID == res.ID {
			f.resources = append(f.resources[:i], f.resources[i+1:]...)
			return
		}
	}
}

// plain turns Go literals into the JSON values that the account holds.
func plain(v account.Values) account.Values {
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

const (
	groupARN    = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"
	listenerARN = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/lb/0123456789abcdef/0123456789abcdef"
	secretARN   = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCdEf"
)

func newFake() *fakeAccount { return &fakeAccount{pushed: map[string]string{}} }

// declareBalancer declares a load balancer with one target group and an HTTP listener.
func (f *fakeAccount) declareBalancer() []account.Resource {
	return []account.Resource{
		f.put(account.BalancerToken, "lb", account.Values{"name": "lb", "arn": "arn:lb", "idleTimeout": 60, "loadBalancerType": "application"}),
		f.put(account.TargetGroupToken, groupARN, account.Values{
			"name": "web", "arn": groupARN, "protocol": "HTTP", "port": 80, "deregistrationDelay": 10,
			"healthCheck": map[string]any{"path": "/up", "matcher": "200", "interval": 5, "timeout": 4, "healthyThreshold": 2, "unhealthyThreshold": 3},
		}),
		f.put(account.ListenerToken, listenerARN, account.Values{
			"arn": listenerARN, "loadBalancerArn": "arn:lb", "port": 80, "protocol": "HTTP",
			"defaultActions": []any{map[string]any{"type": "forward", "targetGroupArn": groupARN}},
		}),
	}
}

// testLog writes progress to the test and keeps it.
type testLog struct {
	t    *testing.T
	mu   sync.Mutex
	kept bytes.Buffer
}

func (l *testLog) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Log(strings.TrimSpace(string(data)))
	return l.kept.Write(data)
}
