package haproxy

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// weightsFile is HAProxy's map of the shares of weighted forwards: a canary moves without a reload.
const weightsFile = BalancerFolder + "/weights.map"

// configuration renders HAProxy's configuration. published says which port of this machine stands for a listener's
// port: clients see that one, so it is what X-Forwarded-Port and redirects must name.
func (d *frontDoor) configuration(targets []Target, published map[int]int) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("global")
	line("    log stdout format raw local0 notice")
	line("    maxconn 4096")
	line("    hard-stop-after %ds", d.idleTimeout+30)
	line("    stats socket %s mode 600 level admin expose-fd listeners", adminSocket)
	line("    ssl-default-bind-options ssl-min-ver TLSv1.2")
	line("")
	line("defaults")
	line("    mode http")
	line("    option http-keep-alive")
	line("    option idle-close-on-response") // a reload lets go of keep-alive connections politely
	line("    option redispatch 1")
	line("    retries 2")
	line("    retry-on conn-failure")
	line("    timeout connect 10s")
	line("    timeout client %ds", d.idleTimeout)
	line("    timeout server %ds", d.idleTimeout)
	line("    timeout http-keep-alive %ds", d.idleTimeout)
	for _, l := range d.listeners {
		d.frontend(line, l, published)
	}
	for _, g := range d.groups {
		g.backend(line, targets)
	}
	return b.String()
}

func (d *frontDoor) frontend(line func(string, ...any), l listener, published map[int]int) {
	scheme := "http"
	line("\nfrontend listener%d", l.port)
	line("    log stdout format raw local0 info")
	line("    log-format %s", quote(requestLine))
	line("    option dontlognull")
	if l.cert == "" {
		line("    bind :%d", l.port)
	} else {
		scheme = "https"
		line("    bind :%d ssl crt %s/%s alpn h2,http/1.1", l.port, BalancerFolder, certificateFile(l.port))
	}
	if l.hsts != "" {
		line("    http-response set-header Strict-Transport-Security %s", quote(escapeFormat(l.hsts)))
	}
	switch d.forwarded {
	case "append":
		line(`    http-request set-header X-Forwarded-For "%%[req.fhdr(x-forwarded-for)], %%[src]" if { req.fhdr(x-forwarded-for) -m found }`)
		line(`    http-request set-header X-Forwarded-For "%%[src]" unless { req.fhdr(x-forwarded-for) -m found }`)
	case "remove":
		line("    http-request del-header X-Forwarded-For")
	}
	line("    http-request set-header X-Forwarded-Proto %s", scheme)
	line("    http-request set-header X-Forwarded-Port %d", published[l.port])
	line(`    http-request set-var(txn.trace) "date,bytes(4),hex,lower"`)
	line(`    http-request set-var(txn.unique) "uuid,regsub(-,,g),bytes(0,24)"`)
	line(`    http-request set-header X-Amzn-Trace-Id "Self=1-%%[var(txn.trace)]-%%[var(txn.unique)];%%[req.fhdr(x-amzn-trace-id)]" if { req.fhdr(x-amzn-trace-id) -m found }`)
	line(`    http-request set-header X-Amzn-Trace-Id "Root=1-%%[var(txn.trace)]-%%[var(txn.unique)]" unless { req.fhdr(x-amzn-trace-id) -m found }`)
	line("    http-request set-var(txn.roll) rand(10000)")
	// The first rule that matches wins, whatever its kind; HAProxy on its own would redirect before it forwards.
	for _, one := range l.rules {
		var names []string
		for i, c := range one.conditions {
			name := fmt.Sprintf("%s_%d", one.name, i)
			names = append(names, name)
			line("    acl %s", strings.Join(append([]string{name, c.sample, c.match, "--"}, quoteAll(c.patterns)...), " "))
		}
		names = append([]string{"!{ var(txn.rule) -m found }"}, names...)
		line("    http-request set-var(txn.rule) str(%s) if %s", one.name, strings.Join(names, " "))
	}
	var forwards []string // HAProxy wants them last
	for _, one := range l.rules {
		forwards = append(forwards, one.perform(line, l, scheme, published)...)
	}
	for _, forward := range forwards {
		line("    %s", forward)
	}
}

// perform renders what a rule does once it is chosen; forwards are returned.
func (one rule) perform(line func(string, ...any), l listener, scheme string, published map[int]int) (forwards []string) {
	chosen := fmt.Sprintf("{ var(txn.rule) -m str %s }", one.name)
	v := one.action.settings
	switch one.action.kind {
	case "redirect":
		code := strings.TrimPrefix(v.Text("statusCode"), "HTTP_")
		location, query := redirectLocation(v, scheme, l.port, published)
		if query == "#{query}" {
			line(`    http-request redirect code %s location "%s?%%[query]" if %s { query -m found }`, code, location, chosen)
		} else if query != "" {
			location += "?" + strings.ReplaceAll(escapeFormat(query), "#{query}", "%[query]")
		}
		line(`    http-request redirect code %s location "%s" if %s`, code, location, chosen)
	case "fixed-response":
		if v.Text("messageBody") == "" {
			line("    http-request return status %s if %s", v.Text("statusCode"), chosen)
			break
		}
		line("    http-request return status %s content-type %s file %s/%s if %s",
			v.Text("statusCode"), quote(cmp.Or(v.Text("contentType"), "text/plain")), BalancerFolder, bodyFile(l, one), chosen)
	case "forward":
		forwards = append(forwards, one.share(line, l, chosen)...)
	}
	return forwards
}

// share renders a forward. With several target groups, it is the cookie's, else one by the weights.
func (one rule) share(line func(string, ...any), l listener, chosen string) (forwards []string) {
	groups := one.action.forward
	if len(groups) == 1 {
		return []string{fmt.Sprintf("use_backend %s if %s", groups[0].group, chosen)}
	}
	one.stick(line, l, chosen)
	var names []string
	for _, share := range groups {
		names = append(names, share.group)
	}
	undecided := fmt.Sprintf("%s !{ var(txn.group) -m str %s }", chosen, strings.Join(names, " "))
	for i, share := range groups {
		rolled := ""
		if i < len(groups)-1 {
			key := weightKey(l, one, i)
			line("    http-request set-var(txn.%s) str(%s),map_str_int(%s,0)", key, key, weightsFile)
			rolled = fmt.Sprintf(" { var(txn.roll),sub(txn.%s) -m int lt 0 }", key)
		}
		line("    http-request set-var(txn.group) str(%s) if %s%s", share.group, undecided, rolled)
		forwards = append(forwards, fmt.Sprintf("use_backend %s if %s { var(txn.group) -m str %[1]s }", share.group, chosen))
	}
	return forwards
}

// stick renders target group stickiness. The cookie decides, whatever the weights are, also when the group has no healthy target
// (https://repost.aws/questions/QUugYm4uzWSI2af5mnmMjlZQ), in a rule that has stickiness enabled, and only there (ALB guide, "Listeners for your
// Application Load Balancers"). Each answer starts its time anew; the second cookie is for requests from other sites (ALB guide, "Sticky
// sessions"). AWS encrypts it and says nothing of a group that the rule no longer has; as with a target that is gone, another one is
// chosen here. The duration is in the map, so that it ends without a reload.
func (one rule) stick(line func(string, ...any), l listener, chosen string) {
	key := stickKey(l, one)
	line("    http-request set-var(txn.stick) str(%s),map_str_int(%s,0) if %s", key, weightsFile, chosen)
	line("    http-request set-var(txn.issued) req.cook(AWSALBTG),field(2,.),add(0) if %s", chosen)
	line("    http-request set-var(txn.group) req.cook(AWSALBTG),field(1,.) if %s { date,sub(txn.issued),sub(txn.stick) -m int lt 0 }", chosen)
	for _, cookie := range []struct{ name, attributes string }{{"AWSALBTG", ""}, {"AWSALBTGCORS", "; SameSite=None; Secure"}} {
		line(`    http-response add-header Set-Cookie "%s=%%[var(txn.group)].%%[date]; Expires=%%[date(604800),http_date]; Path=/%s" if %s { var(txn.stick) -m int gt 0 }`,
			cookie.name, cookie.attributes, chosen)
	}
}

func stickKey(l listener, one rule) string { return fmt.Sprintf("stick%d_%s", l.port, one.name) }

// bodyFile holds the body of a fixed response: a line of HAProxy's configuration could hold no line break.
func bodyFile(l listener, one rule) string { return fmt.Sprintf("body%d-%s", l.port, one.name) }

func weightKey(l listener, one rule, i int) string {
	return fmt.Sprintf("share%d_%s_%d", l.port, one.name, i)
}

// weights renders the map of shares: below which of 10000 a roll of the dice falls to a group, the last taking the rest, and for how many
// seconds it sticks.
func (d *frontDoor) weights() map[string]int {
	shares := map[string]int{}
	for _, l := range d.listeners {
		for _, one := range l.rules {
			if len(one.action.forward) > 1 {
				shares[stickKey(l, one)] = one.action.sticky
			}
			total, below := 0, 0
			for _, share := range one.action.forward {
				total += share.weight
			}
			for i := range max(0, len(one.action.forward)-1) {
				below += one.action.forward[i].weight
				shares[weightKey(l, one, i)] = below * 10000 / max(1, total)
			}
		}
	}
	return shares
}

func (g group) backend(line func(string, ...any), targets []Target) {
	line("\nbackend %s", g.Name)
	line("    log global")
	line("    balance %s", g.balance)
	if g.enabled {
		line("    option httpchk")
		line("    http-check send meth GET uri %s ver HTTP/1.1 hdr Host %%[srv_name] hdr User-Agent ELB-HealthChecker/2.0 hdr Connection close", quote(g.path))
		line("    http-check expect status %s", g.matcher)
		line("    timeout check %ds", g.timeout)
	}
	for _, t := range targets {
		if t.Group != g.Arn {
			continue
		}
		pending := ""
		if !t.Ready {
			pending = " disabled" // no traffic before its first passing check; see register
		}
		line("    server %s %s%s", t.Name(), g.server(t), pending)
	}
}

// server renders a target's address and checks, in the configuration and for the runtime API alike.
func (g group) server(t Target) string {
	s := t.Name()
	if g.secure {
		s += " ssl verify none"
	}
	if g.enabled {
		s += fmt.Sprintf(" check inter %ds rise %d fall %d", g.Interval, g.healthy, g.Fails)
		if g.checkPort != "" {
			s += " port " + g.checkPort
		}
		if g.secure {
			s += " check-ssl"
		}
		// ECS takes a task out when its container dies; here Docker starts it again at the same address, often between two checks.
		s += " observe layer4 error-limit 5 on-error mark-down"
	}
	if g.slowStart > 0 {
		s += fmt.Sprintf(" slowstart %ds", g.slowStart)
	}
	return s
}

// redirectLocation expands #{protocol}, #{host}, #{port} and #{path} as the load balancer does, with the ports of this machine.
func redirectLocation(v account.Values, scheme string, port int, published map[int]int) (location, query string) {
	protocol := strings.ReplaceAll(cmp.Or(v.Text("protocol"), "#{protocol}"), "#{protocol}", scheme)
	target := strings.ReplaceAll(cmp.Or(v.Text("port"), "#{port}"), "#{port}", fmt.Sprint(port))
	for declared, real := range published {
		if target == fmt.Sprint(declared) {
			target = fmt.Sprint(real)
			break
		}
	}
	host := strings.ReplaceAll(escapeFormat(cmp.Or(v.Text("host"), "#{host}")), "#{host}", "%[req.hdr(host),field(1,:)]")
	path := strings.NewReplacer("#{path}", "%[path,bytes(1)]", "#{host}", "%[req.hdr(host),field(1,:)]").
		Replace(escapeFormat(cmp.Or(v.Text("path"), "/#{path}")))
	query = "#{query}"
	if given, ok := v["query"].(string); ok {
		query = given
	}
	return strings.ToLower(protocol) + "://" + host + ":" + target + path, query
}

// escapeFormat protects a text that HAProxy reads as a quoted log format.
func escapeFormat(s string) string {
	return strings.NewReplacer(`%`, `%%`, `\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(s)
}

// quote protects a text from HAProxy's parser.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func quoteAll(texts []string) []string {
	var all []string
	for _, s := range texts {
		all = append(all, quote(s))
	}
	return all
}
