package session

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// attempts is how often a request is tried that AWS throttles, or that a network loses. The SDK's default is 3, which a
// deployment beside this command uses up quickly. Adaptive mode also slows down as AWS asks ("Retry behavior", AWS SDKs and
// Tools Reference Guide, https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html).
const attempts = 8

// silentAttempts is how many throttled attempts of a request nobody is told of: they take a few seconds.
const silentAttempts = 3

// retryer is the SDK's, and says once that AWS throttles: all attempts together take about half a minute.
func (s *Session) retryer() aws.Retryer {
	adaptive := retry.NewAdaptiveMode(func(o *retry.AdaptiveModeOptions) {
		o.StandardOptions = append(o.StandardOptions, func(o *retry.StandardOptions) { o.MaxAttempts = attempts })
	})
	return telling{adaptive, s}
}

type telling struct {
	aws.RetryerV2
	s *Session
}

// RetryDelay is called before each pause.
func (t telling) RetryDelay(attempt int, err error) (time.Duration, error) {
	if attempt >= silentAttempts && throttled.IsErrorThrottle(err) == aws.TrueTernary {
		t.s.throttleOnce.Do(func() { fmt.Fprintln(t.s.Err, "AWS throttles this account's requests: waiting and trying again") })
	}
	return t.RetryerV2.RetryDelay(attempt, err)
}

var throttled = retry.IsErrorThrottles(retry.DefaultThrottles)
