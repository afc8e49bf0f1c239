package logs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

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
			text = Readable(written)
		}
		if p.grep != "" && !strings.Contains(written, p.grep) && !strings.Contains(text, p.grep) {
			continue
		}
		at := time.UnixMilli(aws.ToInt64(event.Timestamp)).Local().Format("15:04:05")
		fmt.Fprintf(p.out, "%s %s | %s\n", at, source(aws.ToString(event.LogStreamName)), text)
		p.printed++
	}
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
