package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

// How often to ask. An account has a quota of FilterLogEvents requests per second and Region (AWS General Reference, "Amazon CloudWatch
// Logs endpoints and quotas"), and a stack has up to three log groups.
const (
	shortest = time.Second
	longest  = 5 * time.Second
)

// overlap is how far each request looks back behind the newest event: events of several streams do not arrive in order.
const overlap = 20 * time.Second

// follow prints what there is and then what comes, until the context ends.
func follow(ctx context.Context, client *cloudwatchlogs.Client, groups []string, since time.Time, p *printer) error {
	tails := make([]*Tail, len(groups))
	for i, group := range groups {
		tails[i] = NewTail(client, cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}, since)
	}
	for pause := shortest; ; {
		var fresh []types.FilteredLogEvent
		for _, tail := range tails {
			events, err := tail.Next(ctx)
			if ctx.Err() != nil {
				return nil // interrupted: that is how it ends
			}
			if err != nil {
				return err
			}
			fresh = append(fresh, events...)
		}
		p.print(fresh)
		// Quick while something is said, slower while it is quiet.
		if pause = min(pause*3/2, longest); len(fresh) > 0 {
			pause = shortest
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// Tail reads the events of a log group that have arrived since it was asked last.
type Tail struct {
	client *cloudwatchlogs.Client
	input  cloudwatchlogs.FilterLogEventsInput
	from   time.Time
	seen   map[string]int64 // events that the next request returns again, with their time
}

// NewTail begins at a moment.
func NewTail(client *cloudwatchlogs.Client, input cloudwatchlogs.FilterLogEventsInput, from time.Time) *Tail {
	return &Tail{client: client, input: input, from: from, seen: map[string]int64{}}
}

// Next returns what is new.
func (t *Tail) Next(ctx context.Context) ([]types.FilteredLogEvent, error) {
	input := t.input
	input.StartTime = aws.Int64(t.from.UnixMilli())
	events, err := read(ctx, t.client, &input)
	if err != nil {
		return nil, err
	}
	var fresh []types.FilteredLogEvent
	for _, event := range events {
		if _, known := t.seen[key(event)]; known {
			continue
		}
		at := aws.ToInt64(event.Timestamp)
		t.seen[key(event)] = at
		fresh = append(fresh, event)
		if from := time.UnixMilli(at).Add(-overlap); from.After(t.from) {
			t.from = from
		}
	}
	for id, at := range t.seen {
		if at < t.from.UnixMilli() {
			delete(t.seen, id)
		}
	}
	return fresh, nil
}

// key tells events apart.
func key(event types.FilteredLogEvent) string {
	if id := aws.ToString(event.EventId); id != "" {
		return id
	}
	return fmt.Sprint(aws.ToString(event.LogStreamName), aws.ToInt64(event.Timestamp), aws.ToString(event.Message))
}
