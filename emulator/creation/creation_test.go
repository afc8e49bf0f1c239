package creation

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// made is a resource that takes as long as its type usually does.
func made(name, token string, values []string, orders ...string) apitype.ResourceV3 {
	urn := func(name string) resource.URN { return resource.URN("urn:pulumi:s::p::x:y:Z::" + name) }
	r := apitype.ResourceV3{URN: urn(name), Type: "x:y:Z", Custom: token != ""}
	if token != "" {
		r.Type = resource.URN("urn:pulumi:s::p::" + token + "::n").Type()
	}
	for _, before := range values {
		r.Dependencies = append(r.Dependencies, urn(before))
		r.PropertyDependencies = map[resource.PropertyKey][]resource.URN{"input": {urn(before)}}
	}
	for _, before := range orders {
		r.Dependencies = append(r.Dependencies, urn(before))
	}
	return r
}

const (
	vpc     = "aws:ec2/vpc:Vpc"                   // 22 seconds
	balance = "aws:lb/loadBalancer:LoadBalancer"  // 174
	data    = "aws:rds/instance:Instance"         // 600
	service = "aws:ecs/service:Service"           // 180
	alarm   = "aws:cloudwatch/metricAlarm:Metric" // in no table
)

func TestGraph(t *testing.T) {
	base := func(more ...apitype.ResourceV3) []apitype.ResourceV3 {
		return append([]apitype.ResourceV3{made("network", "", nil), made("vpc", vpc, nil, "network"), made("lb", balance, []string{"vpc"})}, more...)
	}
	var many []apitype.ResourceV3
	for i := range 3 * Parallel {
		many = append(many, made(fmt.Sprintf("lb-%d", i), balance, []string{"vpc"}))
	}
	for name, test := range map[string]struct {
		resources          []apitype.ResourceV3
		critical, makespan string
		refused            string
	}{
		"side by side":               {base(made("db", data, []string{"vpc"}), made("web", service, []string{"db"})), "13:22", "13:22", ""},
		"an order makes it longer":   {base(made("db", data, []string{"vpc"}, "lb"), made("web", service, []string{"db"})), "16:16", "16:16", "db waits for lb without needing a value of it"},
		"an order that has a reason": {base(made("db", data, []string{"vpc"}), made("web", service, []string{"db"}), made("worker", service, nil, "web")), "16:22", "16:22", ""},
		"too many at a time":         {base(many...), "3:16", "11:58", "with 8 resources at a time it takes 11:58"},
		"no usual time":              {[]apitype.ResourceV3{made("a", alarm, nil)}, "0:03", "0:03", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := Stack{"s", New(test.resources)}
			critical, path := s.Graph.Critical(nil)
			if got := Clock(critical); got != test.critical || len(path) == 0 {
				t.Errorf("the critical path takes %s: %v", got, path)
			}
			if got := Clock(s.Graph.Makespan(Parallel)); got != test.makespan {
				t.Errorf("it takes %s", got)
			}
			err := s.Check("\n| s | " + test.critical + " |")
			if test.refused == "" && err != nil || test.refused != "" && (err == nil || !strings.Contains(err.Error(), test.refused)) {
				t.Errorf("the check says %v", err)
			}
			if err := s.Check("\n| s | 0:01 |"); err == nil || !strings.Contains(err.Error(), "another critical path than "+test.critical) {
				t.Errorf("a critical path that changed: %v", err)
			}
		})
	}
}

// TestTimes: every time has a source, and the special row of a type comes before the general one.
func TestTimes(t *testing.T) {
	general := map[string]bool{}
	for _, row := range times {
		if row.source == "" || row.seconds < 0 || row.seconds > 3600 {
			t.Errorf("%s: %v seconds, from %q", row.token, row.seconds, row.source)
		}
		if general[row.token] {
			t.Errorf("%s: a row after the one for all others is never used", row.token)
		}
		general[row.token] = row.when == nil
	}
	multi := apitype.ResourceV3{Type: "aws:rds/instance:Instance", Inputs: map[string]any{"multiAz": true}}
	if row, _ := usually(multi); row.seconds != 1200 {
		t.Errorf("an instance in two zones takes %v seconds", row.seconds)
	}
}
