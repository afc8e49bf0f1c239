// Package runtimetest has an account for the tests of the runtime.
package runtimetest

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Account is an account in memory that takes whatever a test declares: the rules have tests of their own.
type Account struct{ *account.Account }

// New makes an account without resources.
func New() *Account {
	a, err := account.Open("", "eu-central-1", nil)
	if err != nil {
		panic(err)
	}
	return &Account{a}
}

// Put declares a resource or changes it.
func (f *Account) Put(token, id string, outputs account.Values) account.Resource {
	res := account.Resource{Type: token, ID: id, Inputs: account.Values{}, Outputs: Plain(outputs)}
	f.change(func(tx *account.Tx) { tx.Save(res) })
	return res
}

// Delete takes a resource away.
func (f *Account) Delete(res account.Resource) { f.change(func(tx *account.Tx) { tx.Remove(res) }) }

func (f *Account) change(operation func(tx *account.Tx)) {
	if err := f.Change(context.Background(), func(tx *account.Tx) error { operation(tx); return nil }); err != nil {
		panic(err) // nothing is written
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
