package account

import (
	"context"
	"fmt"
	"time"
)

// Faults make an account fail and take its time, for tests of what a program does then.
type Faults struct {
	Fail []Fault
	// Latency is how long an operation takes, by type token or by operation and token ("create aws:rds/instance:Instance"),
	// the latter first; "" is for all others.
	Latency map[string]time.Duration
	// Unavailable are availability zones in an event. AWS lists them with the state unavailable or constrained (EC2 API reference,
	// "AvailabilityZone"), so a program that asks for the available ones gets a shorter list, and other zones at their places.
	Unavailable []string
}

// Fault is one operation that fails.
type Fault struct {
	Operation string // create, update or delete
	Type      string // token
	Nth       int    // 1 is the first since SetFaults; 0 means every one
	Err       error  // nil gives an InternalFailure of AWS
}

// SetFaults replaces the faults and starts counting anew.
func (a *Account) SetFaults(f Faults) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults, a.attempts = f, map[string]int{}
}

// delay waits for as long as the operation takes and fails it where a fault says so.
func (a *Account) delay(ctx context.Context, operation, token string) error {
	name := operation + " " + token
	a.mu.Lock()
	a.attempts[name]++
	attempt, faults := a.attempts[name], a.faults
	a.mu.Unlock()

	wait, ok := faults.Latency[name]
	if !ok {
		if wait, ok = faults.Latency[token]; !ok {
			wait = faults.Latency[""]
		}
	}
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", name, context.Cause(ctx))
		}
	}
	for _, f := range faults.Fail {
		if f.Operation == operation && f.Type == token && (f.Nth == 0 || f.Nth == attempt) {
			if f.Err != nil {
				return f.Err
			}
			return &Error{Code: "InternalFailure", Message: fmt.Sprintf("%s number %d fails as the test asked for", name, attempt)}
		}
	}
	return nil
}
