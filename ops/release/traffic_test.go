package release

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
)

const (
	stepsFile    = "config:\n  x:release:\n    strategy: blueGreen\n    live: green\n    name: three\n    build: false\n    steps: [10, 50, 100]\n    bakeMinutes: 3\n    judge: {alarms: [no-answer, mine]}\n"
	balancerPath = "app/lb/1"
)

func targetGroup(service string) string {
	return "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/" + service + "/1"
}

// traffic is the load balancer and CloudWatch of a stack whose green colour is live. The rules follow what pulumi deployed.
type traffic struct {
	p      *project
	weight int // of blue before the first deployment
	clock  time.Time
	moved  []moved
	// candidate is what a thousand requests of blue are like: how many fail, and the response time.
	errors, milliseconds float64
	requests             float64 // in a minute, of both together
	late                 time.Duration
	alarms               map[string]string
	alarmAt              time.Time
	asked                []string
	// liveErrors are green's, and liveLate is by how much later than blue's its figures come.
	liveErrors float64
	liveLate   time.Duration
	// quick is green's response time in milliseconds while it has all requests, and partly while it has a part of them; 0: 100.
	quick, partly float64
	// meanwhile is what somebody else deploys, after so many minutes.
	meanwhile string
	after     int
}

// moved is when blue got a share.
type moved struct {
	share int
	from  time.Time
}

var deployedPercent = regexp.MustCompile(`(?m)^    (?:percent: (\d+)|live: (blue))`)

// share is blue's.
func (f *traffic) share() int {
	percent := f.weight
	for _, found := range deployedPercent.FindAllStringSubmatch(f.p.read("deployed"), -1) {
		percent = 100 // live: blue
		if found[1] != "" {
			percent, _ = strconv.Atoi(found[1])
		}
	}
	return percent
}

func (f *traffic) now() time.Time { return f.clock }

func (f *traffic) wait(_ context.Context, d time.Duration) error {
	f.note(f.share())
	f.clock = f.clock.Add(d)
	if f.after--; f.after == 0 {
		f.p.write("deployed", f.p.read("deployed")+f.meanwhile, 0o600)
	}
	return nil
}

// ServeHTTP answers the load balancer's API and CloudWatch's.
func (f *traffic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" {
		form, _ := url.ParseQuery(string(body))
		fmt.Fprint(w, f.balancer(form.Get("Action")))
		return
	}
	in, err := cbor.Decode(body)
	if err != nil {
		panic(err)
	}
	operation := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	f.asked = append(f.asked, operation)
	w.Header().Set("Content-Type", "application/cbor")
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	answer := f.describeAlarms
	if operation == "GetMetricData" {
		answer = f.metricData
	}
	_, _ = io.Copy(w, bytes.NewReader(cbor.Encode(answer(in.(cbor.Map)))))
}

func (f *traffic) balancer(action string) string {
	if action == "DescribeListeners" {
		return `<DescribeListenersResponse><DescribeListenersResult><Listeners><member><ListenerArn>https</ListenerArn></member></Listeners></DescribeListenersResult></DescribeListenersResponse>`
	}
	member := func(service string, weight int) string {
		return fmt.Sprintf(`<member><TargetGroupArn>%s</TargetGroupArn><Weight>%d</Weight></member>`, targetGroup(service), weight)
	}
	share := f.share()
	groups := member("web", share) + member("web-green", 100-share)
	switch share {
	case 0:
		groups = member("web-green", 1)
	case 100:
		groups = member("web", 1)
	}
	// One host's own rule, and the default action of the listener, are none of it.
	return `<DescribeRulesResponse><DescribeRulesResult><Rules>` +
		`<member><Priority>7</Priority><Actions><member><Type>forward</Type><TargetGroupArn>` + targetGroup("web") + `</TargetGroupArn></member></Actions></member>` +
		`<member><Priority>50000</Priority><Actions><member><Type>forward</Type><ForwardConfig><TargetGroups>` + groups + `</TargetGroups></ForwardConfig></member></Actions></member>` +
		`<member><Priority>default</Priority><Actions><member><Type>forward</Type><TargetGroupArn>` + targetGroup("web") + `</TargetGroupArn></member></Actions></member>` +
		`</Rules></DescribeRulesResult></DescribeRulesResponse>`
}

func when(value cbor.Value) time.Time {
	seconds, err := cbor.AsTime(value)
	if err != nil {
		panic(err)
	}
	return seconds
}

func (f *traffic) metricData(in cbor.Map) cbor.Value {
	var results cbor.List
	from, to := when(in["StartTime"]), when(in["EndTime"])
	for _, one := range in["MetricDataQueries"].(cbor.List) {
		query := one.(cbor.Map)
		stat := query["MetricStat"].(cbor.Map)
		metric := stat["Metric"].(cbor.Map)
		dimensions := map[string]string{}
		for _, d := range metric["Dimensions"].(cbor.List) {
			dimensions[string(d.(cbor.Map)["Name"].(cbor.String))] = string(d.(cbor.Map)["Value"].(cbor.String))
		}
		if dimensions["LoadBalancer"] != balancerPath || metric["Namespace"] != cbor.String("AWS/ApplicationELB") {
			panic(fmt.Sprint(query))
		}
		period, _ := cbor.AsInt64(stat["Period"])
		var times, values cbor.List
		late := f.late
		if dimensions["TargetGroup"] != "targetgroup/web/1" {
			late += f.liveLate
		}
		for at := from; at.Before(to); at = at.Add(time.Duration(period) * time.Second) {
			if value, there := f.value(dimensions["TargetGroup"], string(metric["MetricName"].(cbor.String)), string(stat["Stat"].(cbor.String)), at); there && !f.clock.Before(at.Add(late)) {
				times, values = append(times, &cbor.Tag{ID: 1, Value: cbor.Float64(at.Unix())}), append(values, cbor.Float64(value))
			}
		}
		results = append(results, cbor.Map{"Id": query["Id"], "StatusCode": cbor.String("Complete"), "Timestamps": times, "Values": values})
	}
	return cbor.Map{"MetricDataResults": results}
}

// value is of one minute. Before the first share that is known, green had all.
func (f *traffic) value(group, metric, stat string, at time.Time) (value float64, there bool) {
	share := 0
	f.note(f.share())
	for _, one := range f.moved {
		if !one.from.After(at) {
			share = one.share
		}
	}
	blue := group == "targetgroup/web/1"
	requests := f.requests * float64(share) / 100
	if !blue {
		requests = f.requests - requests
	}
	switch {
	case requests == 0:
		return 0, false
	case metric == "RequestCount" && stat == "Sum":
		return requests, true
	case metric == "HTTPCode_Target_5XX_Count" && stat == "Sum" && blue:
		return requests * f.errors / 1000, f.errors > 0
	case metric == "HTTPCode_Target_5XX_Count" && stat == "Sum":
		return requests * f.liveErrors / 1000, f.liveErrors > 0
	case metric == "TargetResponseTime" && stat == "p95" && blue:
		return f.milliseconds / 1000, true
	case metric == "TargetResponseTime" && stat == "p95" && share == 0:
		return cmp.Or(f.quick, 100) / 1000, true
	case metric == "TargetResponseTime" && stat == "p95":
		return cmp.Or(f.partly, 100) / 1000, true
	case metric == "TargetConnectionErrorCount":
		return 0, false
	}
	panic(metric + " " + stat)
}

// note remembers when blue got a share.
func (f *traffic) note(share int) {
	if last := len(f.moved) - 1; last < 0 || f.moved[last].share != share {
		f.moved = append(f.moved, moved{share, f.clock.Truncate(time.Minute)})
	}
}

func (f *traffic) describeAlarms(in cbor.Map) cbor.Value {
	var list cbor.List
	for _, name := range in["AlarmNames"].(cbor.List) {
		state := f.alarms[string(name.(cbor.String))]
		if state == "ALARM" && f.clock.Before(f.alarmAt) {
			state = "OK"
		}
		if state != "" {
			list = append(list, cbor.Map{"AlarmName": name, "StateValue": cbor.String(state), "StateReason": cbor.String("Threshold Crossed")})
		}
	}
	return cbor.Map{"MetricAlarms": list, "CompositeAlarms": cbor.List{}}
}

// moving is a stack that runs three in green, with a rule that gives blue so many percent.
func moving(t *testing.T, file string, weight int) (*traffic, *project) {
	t.Helper()
	f, outputs := coloured()
	outputs["loadBalancerArn"] = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/" + balancerPath
	outputs["alarmNames"] = map[string]string{"no-answer": "s-no-answer-1234567"}
	if weight > 0 {
		f.deploys("web", "four", "SUCCESSFUL", day(4)) // the outputs do not say so: pulumi was cut off
	}
	p := newProject(t, f, "three", file, outputs)
	it := &traffic{
		p: p, weight: weight, clock: day(5).Add(17 * time.Second), requests: 12000, milliseconds: 105,
		alarms: map[string]string{"s-no-answer-1234567": "OK", "mine": "INSUFFICIENT_DATA"},
	}
	f.others = it
	return it, p
}

func (f *traffic) release(t *testing.T, o GradualOptions) error {
	t.Helper()
	o.Clock = Clock{f.now, f.wait}
	return Gradual(t.Context(), f.p.session(), o)
}

// shares are what was deployed, in order.
func (f *traffic) shares() string {
	var all []string
	for _, found := range deployedPercent.FindAllStringSubmatch(f.p.read("deployed"), -1) {
		all = append(all, found[1]+found[2])
	}
	return strings.Join(all, " ")
}
