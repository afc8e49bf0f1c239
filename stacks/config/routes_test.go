package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestRouteNames: of every stack and process, with the suffix and autonaming's 8 characters, a target group's name has at most 32.
func TestRouteNames(t *testing.T) {
	for _, prefix := range []string{"a-b", "app-qa", "laravel-prod", strings.Repeat("a", MaxPrefix), strings.Repeat("a", 40)} {
		for _, process := range []string{"ws", "websocket-server", "live-dashboards", strings.Repeat("b", maxProcessName)} {
			name := RouteName(prefix, process)
			if len(name)+len("-tg")+8 > 32 || !strings.HasPrefix(name, Shorten(prefix, MaxPrefix)+"-") || strings.HasSuffix(name, "-") {
				t.Errorf("%s in %s has the target group %s", process, prefix, name)
			}
		}
	}
}

// TestRouteNamesDiffer: two processes whose target groups would have one name are refused, and one with the name of the load balancer's.
func TestRouteNamesDiffer(t *testing.T) {
	prefix := strings.Repeat("a", MaxPrefix) // three letters are left
	seen := map[string]string{}
	var some []string
	for i := 0; len(some) == 0; i++ {
		process := fmt.Sprintf("feed-%d", i)
		if other := seen[RouteName(prefix, process)]; other != "" {
			some = []string{other, process}
		}
		seen[RouteName(prefix, process)] = process
	}
	for _, processes := range [][]string{some, {"lb"}} {
		c := routed(processes...)
		var p problems
		c.validateRoutes(&p, prefix)
		if len(p) != 1 || !strings.Contains(p[0].Error(), "its target group would have the name of") {
			t.Errorf("%q: %v", processes, p)
		}
	}
	var p problems
	routed("reverb", "feed").validateRoutes(&p, prefix)
	if len(p) > 0 {
		t.Error(p)
	}
}

// routed are processes with the paths /NAME.
func routed(names ...string) *Config {
	c := &Config{Processes: map[string]*Further{}}
	for _, name := range names {
		c.Processes[name] = &Further{Name: name, Process: Process{Count: 1}, Role: RoleArtisan, Path: "/" + name, Port: 8080}
	}
	return c
}

// TestHostOfARule has at most 128 characters, though a host name may have 253.
func TestHostOfARule(t *testing.T) {
	host := func(length int) string { return strings.Repeat("abcdefg.", 30)[:length-4] + ".com" }
	for length, refused := range map[int]bool{128: false, 129: true, 200: true} {
		c := routed("feed")
		c.Domain.Name = "example.com"
		f := *c.Processes["feed"]
		f.Host = strings.Replace(host(length), "..", ".a", 1)
		var p problems
		f.validateRoute(&p, "processes.feed", c)
		if got := strings.Contains(fmt.Sprint(p), "a rule of the load balancer takes 128"); got != refused || len(p) > 1 {
			t.Errorf("a host of %d characters: %v", len(f.Host), p)
		}
		shared := Config{Domain: Domain{Name: f.Host}, Environment: Environment{Class: ClassReview, Shares: "staging"}}
		p = nil
		shared.validateShares(&p, "review-a")
		if got := strings.Contains(fmt.Sprint(p), "a rule of the load balancer of staging takes 128"); got != refused {
			t.Errorf("a review environment's host of %d characters: %v", len(f.Host), p)
		}
	}
}

// TestRoutesHaveRoom: the default action of a listener names the target groups of web and of the processes, 5 at most.
func TestRoutesHaveRoom(t *testing.T) {
	for _, test := range []struct {
		strategy string
		routes   int
		refused  bool
	}{{Rolling, 4, false}, {Rolling, 5, true}, {BlueGreen, 3, false}, {BlueGreen, 4, true}} {
		c := routed([]string{"a", "b", "c", "d", "e"}[:test.routes]...)
		c.Release.Strategy = test.strategy
		var p problems
		c.validateRoutes(&p, "laravel-prod")
		if refused := strings.Contains(fmt.Sprint(p), "an action of a listener names 5 target groups"); refused != test.refused || len(p) > 1 {
			t.Errorf("%d with %s: %v", test.routes, test.strategy, p)
		}
	}
}

// TestRuleNumbers are made of host and path: a process with another name keeps its rule. Two processes with one number are refused.
func TestRuleNumbers(t *testing.T) {
	if (Further{Name: "ws", Path: "/ws"}).RulePriority() != (Further{Name: "reverb", Path: "/ws"}).RulePriority() {
		t.Error("another name has another number")
	}
	seen := map[int]string{}
	var same []string
	for i := range ruleNumbers + 1 {
		name := fmt.Sprintf("p%d", i)
		number := Further{Path: "/" + name}.RulePriority()
		if number <= 49000 || number >= 49990 {
			t.Fatalf("%s has the number %d", name, number)
		}
		if other := seen[number]; other != "" && len(same) == 0 {
			same = []string{other, name}
		}
		seen[number] = name
	}
	c := routed(same...)
	var p problems
	c.validateRoutes(&p, "laravel-prod")
	if len(p) != 1 || !strings.Contains(p[0].Error(), "would get the number of processes.") {
		t.Errorf("%q: %v", same, p)
	}
}

// TestTakeOver: only records of the program's zone can be taken over.
func TestTakeOver(t *testing.T) {
	for zone, want := range map[string]string{"example.com": "[]", "": "[domain.takeOver: needs domain.zone: without it, the records are not the program's; change them where they are]"} {
		d := Domain{Name: "app.example.com", Zone: zone, CertificateARN: "arn:aws:acm:eu-west-1:123456789012:certificate/0c6f1e2d", TakeOver: true}
		var p problems
		if d.validate(&p, "eu-west-1"); fmt.Sprint(p) != want {
			t.Errorf("in the zone %q: %v; expected: %s", zone, p, want)
		}
	}
}
