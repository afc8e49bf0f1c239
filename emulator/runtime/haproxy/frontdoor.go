package haproxy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// frontDoor is a load balancer with everything that hangs on it, read from the account.
type frontDoor struct {
	idleTimeout int    // seconds
	forwarded   string // what happens to X-Forwarded-For: append, preserve, remove
	listeners   []listener
	groups      []group
}

type listener struct {
	port  int
	cert  string // ARN; empty for HTTP
	hsts  string // the header's value; empty for none
	rules []rule // by priority, the default last and without conditions
}

type rule struct {
	name       string
	conditions []condition
	action     action
}

// condition holds when the sample, taken from the request, matches one of the patterns.
type condition struct {
	sample   string // HAProxy's fetch
	match    string // HAProxy's flags
	patterns []string
}

type action struct {
	kind     string // forward, redirect, fixed-response
	forward  []weighted
	sticky   int            // for how many seconds a visitor keeps his target group; 0: he does not
	settings account.Values // of redirect and fixed-response
}

type weighted struct {
	group  string // name
	weight int
}

type group struct {
	Name, Arn                         string
	secure, enabled                   bool // speaks TLS; has health checks
	path, matcher, checkPort          string
	Interval, timeout, healthy, Fails int
	delay, slowStart                  int
	balance                           string
}

// frontDoor reads the load balancer from the account; nil when nothing listens.
func (r *Balancer) frontDoor() (*frontDoor, error) {
	balancers := r.List(account.BalancerToken)
	if len(balancers) > 1 {
		return nil, errors.New("the emulator publishes the ports of one load balancer at a time")
	}
	if len(balancers) == 0 {
		return nil, nil
	}
	lb := balancers[0].Outputs
	if kind := lb.Text("loadBalancerType"); kind != "" && kind != "application" {
		return nil, fmt.Errorf("load balancer %s: loadBalancerType %q: the emulator has application load balancers only", lb.Text("name"), kind)
	}
	door := &frontDoor{idleTimeout: machine.Number(lb, "idleTimeout", 60), forwarded: cmp.Or(lb.Text("xffHeaderProcessingMode"), "append")}
	names := map[string]string{} // of target groups, by ARN
	for _, res := range r.List(account.TargetGroupToken) {
		g, err := readGroup(res)
		if err != nil {
			return nil, fmt.Errorf("target group %s: %w", res.Outputs.Text("name"), err)
		}
		door.groups = append(door.groups, g)
		names[g.Arn] = g.Name
	}
	for _, res := range r.List(account.ListenerToken) {
		l, err := readListener(res, r.List(account.ListenerRuleToken), names)
		if err != nil {
			return nil, fmt.Errorf("listener on port %d: %w", machine.Number(res.Outputs, "port", 0), err)
		}
		door.listeners = append(door.listeners, l)
	}
	slices.SortFunc(door.groups, func(a, b group) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(door.listeners, func(a, b listener) int { return a.port - b.port })
	if len(door.listeners) == 0 {
		return nil, nil
	}
	return door, nil
}

func readGroup(res account.Resource) (group, error) {
	v, check := res.Outputs, res.Outputs.Map("healthCheck")
	protocol := cmp.Or(v.Text("protocol"), "HTTP")
	if protocol != "HTTP" && protocol != "HTTPS" {
		return group{}, fmt.Errorf("protocol %q: an application load balancer speaks HTTP or HTTPS", protocol)
	}
	if version := cmp.Or(v.Text("protocolVersion"), "HTTP1"); version != "HTTP1" {
		return group{}, fmt.Errorf("protocolVersion %q: the emulator speaks HTTP1 to targets", version)
	}
	if v.True("stickiness.enabled") {
		return group{}, errors.New("stickiness of a target group is not emulated, and not needed: sessions live in the cache")
	}
	balance := map[string]string{"": "roundrobin", "round_robin": "roundrobin", "least_outstanding_requests": "leastconn"}[v.Text("loadBalancingAlgorithmType")]
	if balance == "" {
		return group{}, fmt.Errorf("loadBalancingAlgorithmType %q: the emulator has round_robin and least_outstanding_requests", v.Text("loadBalancingAlgorithmType"))
	}
	port := check.Text("port")
	if port == "traffic-port" {
		port = ""
	}
	enabled := true
	if value, given := check["enabled"].(bool); given {
		enabled = value
	}
	return group{
		Name: cmp.Or(v.Text("name"), res.ID), Arn: v.Text("arn"), secure: protocol == "HTTPS", enabled: enabled,
		path: cmp.Or(check.Text("path"), "/"), matcher: cmp.Or(check.Text("matcher"), "200"), checkPort: port,
		Interval: machine.Number(check, "interval", 30), timeout: machine.Number(check, "timeout", 5),
		healthy: machine.Number(check, "healthyThreshold", 5), Fails: machine.Number(check, "unhealthyThreshold", 2),
		delay: machine.Number(v, "deregistrationDelay", 300), slowStart: machine.Number(v, "slowStart", 0), balance: balance,
	}, nil
}

func readListener(res account.Resource, rules []account.Resource, groups map[string]string) (listener, error) {
	v := res.Outputs
	l := listener{port: machine.Number(v, "port", 0), hsts: v.Text("routingHttpResponseStrictTransportSecurityHeaderValue")}
	if l.port != 80 && l.port != 443 {
		return l, errors.New("the emulator publishes the ports 80 and 443 of the load balancer, and no other")
	}
	if v.Text("protocol") == "HTTPS" {
		l.cert = v.Text("certificateArn")
	}
	var own []account.Resource
	for _, rule := range rules {
		if rule.Outputs.Text("listenerArn") == v.Text("arn") {
			own = append(own, rule)
		}
	}
	slices.SortFunc(own, func(a, b account.Resource) int {
		return machine.Number(a.Outputs, "priority", 0) - machine.Number(b.Outputs, "priority", 0)
	})
	for _, res := range own {
		one := rule{name: fmt.Sprintf("rule%d", machine.Number(res.Outputs, "priority", 0))}
		for _, c := range res.Outputs.Blocks("conditions") {
			conditions, err := readConditions(c)
			if err != nil {
				return l, fmt.Errorf("%s: %w", one.name, err)
			}
			one.conditions = append(one.conditions, conditions...)
		}
		var err error
		if one.action, err = readAction(res.Outputs.Blocks("actions"), groups); err != nil {
			return l, fmt.Errorf("%s: %w", one.name, err)
		}
		l.rules = append(l.rules, one)
	}
	last, err := readAction(v.Blocks("defaultActions"), groups)
	l.rules = append(l.rules, rule{name: "default", action: last})
	return l, err
}

func readAction(actions []account.Values, groups map[string]string) (action, error) {
	if len(actions) != 1 {
		return action{}, fmt.Errorf("%d actions: the emulator takes exactly one (no authenticate actions)", len(actions))
	}
	v := actions[0]
	a := action{kind: v.Text("type")}
	switch a.kind {
	case "redirect":
		a.settings = v.Map("redirect")
	case "fixed-response":
		a.settings = v.Map("fixedResponse")
	case "forward":
		if sticky := v.Map("forward.stickiness"); sticky.True("enabled") {
			a.sticky = machine.Number(sticky, "duration", 0)
		}
		shares := []account.Values{{"arn": v["targetGroupArn"], "weight": 1.0}}
		if list := v.Blocks("forward.targetGroups"); len(list) > 0 {
			shares = list
		}
		for _, share := range shares {
			name, ok := groups[share.Text("arn")]
			if !ok {
				return a, fmt.Errorf("TargetGroupNotFound: %q", share.Text("arn"))
			}
			a.forward = append(a.forward, weighted{name, machine.Number(share, "weight", 1)})
		}
	default:
		return a, fmt.Errorf("action %q: the emulator has forward, redirect and fixed-response", a.kind)
	}
	return a, nil
}
