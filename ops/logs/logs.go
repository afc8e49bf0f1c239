// Package logs prints what the containers of a stack wrote, from CloudWatch Logs.
package logs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Options are the flags of the command.
type Options struct {
	// Process is web, worker ...; empty for all.
	Process string
	// Since is how far to look back.
	Since time.Duration
	// Follow goes on until the context ends.
	Follow bool
	// Grep keeps the events that have this text in them, as it is written.
	Grep string
	// Raw prints the events as they were written, and the metrics among them.
	Raw bool
}

// Show prints one line an event: HH:MM:SS process/task | text.
func Show(ctx context.Context, s *session.Session, o Options) error {
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return err
	}
	groups, err := groupsOf(ctx, c, o.Process)
	if err != nil {
		return err
	}
	tails := make([]*Tail, len(groups))
	for i, group := range groups {
		tails[i] = NewTail(cloudwatchlogs.NewFromConfig(c.Config), cloudwatchlogs.FilterLogEventsInput{LogGroupName: &group}, time.Now().Add(-o.Since))
	}
	p := &printer{out: s.Out, grep: o.Grep, raw: o.Raw}
	for pause := shortest; ; {
		var fresh []types.FilteredLogEvent
		for _, tail := range tails {
			events, err := tail.Next(ctx)
			if o.Follow && ctx.Err() != nil {
				return nil // interrupted: that is how it ends
			}
			if err != nil {
				return err
			}
			fresh = append(fresh, events...)
		}
		p.print(fresh)
		if !o.Follow {
			break
		}
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
	if p.printed == 0 {
		with := ""
		if o.Grep != "" {
			with = fmt.Sprintf(" with %q", o.Grep)
		}
		fmt.Fprintf(s.Err, "no lines%s in the last %s; --since (SINCE=24h) looks further back\n", with, strings.TrimSuffix(o.Since.String(), "0s"))
	}
	return nil
}

// groupsOf are the log groups that the containers of the services write to, by the log configuration of the revision that runs.
func groupsOf(ctx context.Context, c *cluster.Cluster, process string) (groups []string, err error) {
	var chosen []string
	if process != "" {
		chosen = []string{process}
	}
	services, err := c.Services(ctx, chosen...)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		definition, err := c.Definition(ctx, aws.ToString(service.TaskDefinition))
		if err != nil {
			return nil, err
		}
		for _, container := range definition.ContainerDefinitions {
			if container.LogConfiguration == nil {
				continue
			}
			if group := container.LogConfiguration.Options["awslogs-group"]; group != "" && !slices.Contains(groups, group) {
				groups = append(groups, group)
			}
		}
	}
	if len(groups) == 0 {
		return nil, errors.New("no container of the stack writes to CloudWatch Logs (log driver awslogs)")
	}
	return groups, nil
}

// How often to ask. An account has a quota of FilterLogEvents requests per second and Region (AWS General Reference, "Amazon CloudWatch
// Logs endpoints and quotas"), and a stack has up to three log groups.
const (
	shortest = time.Second
	longest  = 5 * time.Second
)

// overlap is how far each request looks back behind the newest event: events of several streams do not arrive in order.
const overlap = 20 * time.Second

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
	// A page may be empty while there are more (CloudWatch Logs API reference, FilterLogEvents).
	events, err := session.All(ctx, "reading the logs of "+aws.ToString(input.LogGroupName), cloudwatchlogs.NewFilterLogEventsPaginator(t.client, &input),
		func(page *cloudwatchlogs.FilterLogEventsOutput) []types.FilteredLogEvent { return page.Events })
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

// printer writes events as lines, those of one call in the order of their time.
type printer struct {
	out     io.Writer
	grep    string
	raw     bool
	printed int
}

func (p *printer) print(events []types.FilteredLogEvent) {
	slices.SortStableFunc(events, func(a, b types.FilteredLogEvent) int {
		return cmp.Compare(aws.ToInt64(a.Timestamp), aws.ToInt64(b.Timestamp))
	})
	for _, event := range events {
		written := strings.TrimRight(aws.ToString(event.Message), "\r\n")
		text := written
		if !p.raw {
			if IsMetric(written) {
				continue
			}
			text = Readable(written)
		}
		if p.grep != "" && !strings.Contains(written, p.grep) && !strings.Contains(text, p.grep) {
			continue
		}
		fmt.Fprintln(p.out, line(event, text))
		p.printed++
	}
}

// Line is an event as Show prints it.
func Line(event types.FilteredLogEvent) string {
	return line(event, Readable(strings.TrimRight(aws.ToString(event.Message), "\r\n")))
}

func line(event types.FilteredLogEvent, text string) string {
	at := time.UnixMilli(aws.ToInt64(event.Timestamp)).Local().Format("15:04:05")
	return at + " " + source(aws.ToString(event.LogStreamName)) + " | " + text
}

// IsMetric tells whether a line is one of the metrics that the image prints every minute for CloudWatch (docker/lib/metrics.sh).
func IsMetric(line string) bool {
	return strings.HasPrefix(line, `{"_aws":`) && strings.Contains(line, `"Namespace":"LaravelECS"`)
}

// source is process/task of a log stream, whose name is prefix/container/task (ECS developer guide, "Send Amazon ECS logs to
// CloudWatch", awslogs-stream-prefix). Eight characters tell tasks apart.
func source(stream string) string {
	parts := strings.Split(stream, "/")
	if len(parts) < 3 {
		return stream
	}
	container, task := parts[len(parts)-2], parts[len(parts)-1]
	return container + "/" + task[:min(8, len(task))]
}

// entry has the fields of the lines of JSON that the image writes: Apache's access log (docker/conf/apache.conf) and Laravel's
// channel stderr (Monolog's JsonFormatter).
type entry struct {
	Type   string  `json:"type"`
	Method string  `json:"method"`
	Host   string  `json:"host"`
	Path   string  `json:"path"`
	Status int     `json:"status"`
	Bytes  int     `json:"bytes"`
	Ms     float64 `json:"ms"`
	Client string  `json:"client"`

	Message   string          `json:"message"`
	LevelName string          `json:"level_name"`
	Context   json.RawMessage `json:"context"`
}

// Readable turns a line of JSON that the image writes into words; every other line stays as it is.
func Readable(line string) string {
	if !strings.HasPrefix(line, "{") {
		return line
	}
	var e entry
	if json.Unmarshal([]byte(line), &e) != nil {
		return line
	}
	switch {
	case e.Type == "access" && e.Method != "":
		return fmt.Sprintf("%d %s %s%s %.0f ms %d bytes from %s", e.Status, e.Method, e.Host, e.Path, e.Ms, e.Bytes, e.Client)
	case e.LevelName != "":
		return e.LevelName + " " + e.Message + e.details()
	}
	return line
}

// details are an exception in few words, else the context of the entry as it is.
func (e entry) details() string {
	var context struct {
		Exception struct {
			Class, Message, File string
		}
	}
	if json.Unmarshal(e.Context, &context) == nil && context.Exception.Class != "" {
		text := fmt.Sprintf(" [%s at %s]", context.Exception.Class, context.Exception.File)
		if !strings.Contains(e.Message, context.Exception.Message) {
			text = ": " + context.Exception.Message + text
		}
		return text
	}
	switch text := string(e.Context); text {
	case "", "{}", "[]", "null":
		return ""
	default:
		return " " + text
	}
}
