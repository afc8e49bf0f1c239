package infra

import (
	"errors"
	"testing"
	"time"
)

// TestWaitWhile waits to the limit, ends early when what it waits for is over, and passes errors on.
func TestWaitWhile(t *testing.T) {
	looks := 0
	begin := time.Now()
	if err := waitWhile(30*time.Millisecond, 10*time.Millisecond, func() (bool, error) { looks++; return true, nil }); err != nil || looks == 0 || time.Since(begin) < 30*time.Millisecond {
		t.Errorf("%d looks in %s: %v", looks, time.Since(begin), err)
	}
	looks = 0
	if err := waitWhile(time.Hour, time.Microsecond, func() (bool, error) { looks++; return looks < 3, nil }); err != nil || looks != 3 {
		t.Errorf("%d looks: %v", looks, err)
	}
	broken := errors.New("broken")
	if err := waitWhile(time.Hour, time.Hour, func() (bool, error) { return true, broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
