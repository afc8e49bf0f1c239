package logs

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

func event(id, stream string, at time.Time, message string) awstest.Map {
	return awstest.Map{"eventId": id, "logStreamName": stream, "timestamp": at.UnixMilli(), "message": message}
}

const access = `{"time":"2026-11-26T15:00:00.123+0000","type":"access","client":"203.0.113.7","peer":"10.0.0.1","method":"GET","host":"app.example.com","path":"/login","status":200,"bytes":512,"ms":12,"agent":"curl","trace":"-"}`

// metric is a line that CloudWatch makes a metric of: the image prints one a minute.
const metric = `{"_aws":{"Timestamp":1795708800000,"CloudWatchMetrics":[{"Namespace":"LaravelECS","Dimensions":[["ClusterName"]],"Metrics":[{"Name":"DiskUtilization","Unit":"Percent"}]}]},"ClusterName":"c","DiskUtilization":43.1}`

// twoPages answers the second part of the log with the token of the first, as CloudWatch Logs does.
func twoPages(body awstest.Map, _ url.Values) any {
	at := time.Date(2026, 11, 26, 15, 0, 0, 0, time.Local)
	if body["nextToken"] == nil {
		return awstest.Map{"nextToken": "more", "events": awstest.List{event("1", "ecs/web/0123456789abcdef", at.Add(time.Second), access)}}
	}
	return awstest.Map{"events": awstest.List{
		event("4", "ecs/web/0123456789abcdef", at, metric+"\n"),
		event("2", "ecs/migrate/0123456789abcdef", at, "Nothing to migrate.\n"),
		event("3", "ecs/web/0123456789abcdef", at.Add(2*time.Second), `{"message":"order failed","context":{"exception":{"class":"RuntimeException","message":"no stock","file":"/var/www/app/Order.php:7"}},"level":400,"level_name":"ERROR","channel":"local"}`),
	}}
}

func TestPast(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("FilterLogEvents", twoPages)
	if err := Show(t.Context(), c.Session, Options{Since: time.Hour}); err != nil {
		t.Fatal(err)
	}
	want := "15:00:00 migrate/01234567 | Nothing to migrate.\n" +
		"15:00:01 web/01234567 | 200 GET app.example.com/login 12 ms 512 bytes from 203.0.113.7\n" +
		"15:00:02 web/01234567 | ERROR order failed: no stock [RuntimeException at /var/www/app/Order.php:7]\n"
	if c.Out.String() != want {
		t.Errorf("printed is:\n%s", c.Out)
	}
	calls := c.Calls("FilterLogEvents")
	if len(calls) != 2 || !strings.Contains(calls[0], `"logGroupName":"prod-logs-web"`) {
		t.Errorf("asked was %v", calls)
	}
}

func TestGrepAndRaw(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	c.Set("FilterLogEvents", twoPages)
	if err := Show(t.Context(), c.Session, Options{Process: "web", Since: time.Hour, Grep: `"status":200`, Raw: true}); err != nil {
		t.Fatal(err)
	}
	if want := "15:00:01 web/01234567 | " + access + "\n"; c.Out.String() != want {
		t.Errorf("printed is:\n%s", c.Out)
	}
	if err := Show(t.Context(), c.Session, Options{Since: time.Hour, Grep: "_aws", Raw: true}); err != nil {
		t.Fatal(err)
	}
	if want := "15:00:00 web/01234567 | " + metric + "\n"; !strings.HasSuffix(c.Out.String(), want) {
		t.Errorf("printed is:\n%s", c.Out)
	}
	if err := Show(t.Context(), c.Session, Options{Since: time.Hour, Grep: "no such text"}); err != nil {
		t.Fatal(err)
	}
	awstest.Prints(t, c.Err.String(), `no lines with "no such text" in the last 1h0m; --since`)
}

func TestFollow(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	begin, asked := time.Now(), 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c.Set("FilterLogEvents", func(awstest.Map, url.Values) any {
		if asked++; asked == 3 {
			cancel()
		}
		events := awstest.List{}
		for i := range asked { // each answer repeats what was there before
			events = append(events, event(fmt.Sprint(i), "ecs/web/aaaaaaaaaaaa", begin.Add(time.Duration(i)*time.Second), fmt.Sprint("line ", i)))
		}
		return awstest.Map{"events": events}
	})
	if err := Show(ctx, c.Session, Options{Since: time.Minute, Follow: true}); err != nil {
		t.Fatal(err)
	}
	if out := c.Out.String(); strings.Count(out, "line 0") != 1 || strings.Count(out, "line 1") != 1 {
		t.Errorf("printed is:\n%s", out)
	}
}

func TestRefusals(t *testing.T) {
	c := awstest.New(t, "", awstest.Outputs, awstest.Stack())
	awstest.Says(t, Show(t.Context(), c.Session, Options{Process: "horizon"}), `there is no process "horizon": the stack has web, worker`)
	c.Set("FilterLogEvents", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User: u is not authorized to perform: logs:FilterLogEvents on resource: r"}
	})
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "reading the logs of prod-logs-web: CloudWatch Logs FilterLogEvents: AccessDeniedException", "must allow logs:FilterLogEvents")
	c.Set("DescribeTaskDefinition", func(awstest.Map, url.Values) any {
		return awstest.Map{"taskDefinition": awstest.Map{"containerDefinitions": awstest.List{awstest.Map{"name": "web"}}}}
	})
	awstest.Says(t, Show(t.Context(), c.Session, Options{}), "no container of the stack writes to CloudWatch Logs")
	awstest.Says(t, Show(t.Context(), awstest.New(t, "", "{}", nil).Session, Options{}), "make up STACK=prod")
}

func TestReadable(t *testing.T) {
	for line, want := range map[string]string{
		"plain":         "plain",
		`{"a": 1}`:      `{"a": 1}`,
		`{broken`:       `{broken`,
		`{"message":1}`: `{"message":1}`,
		`{"message":"hi","context":{},"level_name":"INFO"}`:                                              "INFO hi",
		`{"message":"hi","context":{"user":7},"level_name":"INFO"}`:                                      `INFO hi {"user":7}`,
		`{"message":"boom","context":{"exception":{"class":"E","message":"boom"}},"level_name":"ERROR"}`: "ERROR boom [E at ]",
	} {
		if got := Readable(line); got != want {
			t.Errorf("%s is %q", line, got)
		}
	}
	if source("odd") != "odd" || source("ecs/web/abc") != "web/abc" {
		t.Error("the source of a stream")
	}
}
