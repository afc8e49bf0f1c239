package maintenance

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

// rule is a rule of the load balancer in the tests: what was asked for, as a form.
type rule struct {
	listener, priority, arn, role string
	form                          url.Values
}

// account is a load balancer whose http listener redirects or forwards, and whose https listener forwards.
type account struct {
	redirects bool
	rules     []rule
	next      int
}

func (a *account) cloud(t *testing.T) *awstest.Cloud {
	t.Helper()
	return a.cloudOf(t, awstest.Outputs)
}

// cloudOf is that of a stack with other outputs.
func (a *account) cloudOf(t *testing.T, outputs string) *awstest.Cloud {
	t.Helper()
	return awstest.New(t, "", outputs, map[string]awstest.Operation{
		"DescribeLoadBalancers": func(awstest.Map, url.Values) any {
			return `<DescribeLoadBalancersResponse><DescribeLoadBalancersResult><LoadBalancers>
				<member><LoadBalancerArn>other</LoadBalancerArn><DNSName>other.elb.amazonaws.com</DNSName></member>
				<member><LoadBalancerArn>lb</LoadBalancerArn><DNSName>lb-1.elb.amazonaws.com</DNSName></member>
				</LoadBalancers></DescribeLoadBalancersResult></DescribeLoadBalancersResponse>`
		},
		"DescribeListeners": func(_ awstest.Map, form url.Values) any {
			first := "forward"
			if a.redirects {
				first = "redirect"
			}
			return `<DescribeListenersResponse><DescribeListenersResult><Listeners>` + listenerXML("http", "HTTP", "80", first) +
				listenerXML("https", "HTTPS", "443", "forward") + `</Listeners></DescribeListenersResult></DescribeListenersResponse>`
		},
		"DescribeRules": func(_ awstest.Map, form url.Values) any {
			text := `<member><RuleArn>default</RuleArn><Priority>default</Priority><IsDefault>true</IsDefault></member>`
			for _, r := range a.rules {
				if r.listener == form.Get("ListenerArn") {
					text += r.xml()
				}
			}
			return `<DescribeRulesResponse><DescribeRulesResult><Rules>` + text + `</Rules></DescribeRulesResult></DescribeRulesResponse>`
		},
		"DescribeTags": func(awstest.Map, url.Values) any {
			text := ""
			for _, r := range a.rules {
				if r.role != "" {
					text += `<member><ResourceArn>` + r.arn + `</ResourceArn><Tags><member><Key>` + tagKey + `</Key><Value>` + r.role + `</Value></member></Tags></member>`
				}
			}
			return `<DescribeTagsResponse><DescribeTagsResult><TagDescriptions>` + text + `</TagDescriptions></DescribeTagsResult></DescribeTagsResponse>`
		},
		"CreateRule": func(_ awstest.Map, form url.Values) any {
			a.next++
			a.rules = append(a.rules, rule{form.Get("ListenerArn"), form.Get("Priority"), fmt.Sprint("rule-", a.next), form.Get("Tags.member.1.Value"), form})
			return `<CreateRuleResponse><CreateRuleResult/></CreateRuleResponse>`
		},
		"ModifyRule": func(_ awstest.Map, form url.Values) any {
			for i := range a.rules {
				if a.rules[i].arn == form.Get("RuleArn") {
					a.rules[i].form = form
				}
			}
			return `<ModifyRuleResponse><ModifyRuleResult/></ModifyRuleResponse>`
		},
		"DeleteRule": func(_ awstest.Map, form url.Values) any {
			a.rules = slices.DeleteFunc(a.rules, func(r rule) bool { return r.arn == form.Get("RuleArn") })
			return `<DeleteRuleResponse><DeleteRuleResult/></DeleteRuleResponse>`
		},
	})
}

func listenerXML(arn, protocol, port, action string) string {
	return `<member><ListenerArn>` + arn + `</ListenerArn><Protocol>` + protocol + `</Protocol><Port>` + port + `</Port><DefaultActions><member>
		<Type>` + action + `</Type><Order>1</Order><TargetGroupArn>blue</TargetGroupArn><ForwardConfig><TargetGroups><member><TargetGroupArn>blue</TargetGroupArn>
		<Weight>1</Weight></member></TargetGroups></ForwardConfig></member></DefaultActions></member>`
}

// xml shows a rule with the networks that it was made with; the traffic rule sends nine of ten requests to blue.
func (r rule) xml() string {
	text := `<member><RuleArn>` + r.arn + `</RuleArn><Priority>` + r.priority + `</Priority><IsDefault>false</IsDefault><Conditions>`
	if networks := r.networks(); len(networks) > 0 {
		text += `<member><Field>source-ip</Field><SourceIpConfig><Values>`
		for _, network := range networks {
			text += `<member>` + network + `</member>`
		}
		text += `</Values></SourceIpConfig></member>`
	}
	text += `</Conditions>`
	if r.priority == "50000" || r.arn == "blog" {
		text += `<Actions><member><Type>forward</Type><ForwardConfig><TargetGroups><member><TargetGroupArn>blue</TargetGroupArn><Weight>90</Weight></member>
			<member><TargetGroupArn>green</TargetGroupArn><Weight>10</Weight></member></TargetGroups></ForwardConfig></member></Actions>`
	}
	return text + `</member>`
}

func (r rule) networks() (list []string) {
	for i := 1; r.form.Has(fmt.Sprintf("Conditions.member.1.SourceIpConfig.Values.member.%d", i)); i++ {
		list = append(list, r.form.Get(fmt.Sprintf("Conditions.member.1.SourceIpConfig.Values.member.%d", i)))
	}
	return list
}

// summary lists the rules: listener, priority, what for, whom or what.
func (a *account) summary() string {
	var lines []string
	for _, r := range a.rules {
		what := strings.Join(r.networks(), ",")
		if status := r.form.Get("Actions.member.1.FixedResponseConfig.StatusCode"); status != "" {
			what = status + " " + r.form.Get("Conditions.member.1.PathPatternConfig.Values.member.1") + r.form.Get("Conditions.member.1.HostHeaderConfig.Values.member.1")
		}
		lines = append(lines, strings.TrimSpace(strings.Join([]string{r.listener, r.priority, r.role, what}, " ")))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func same(t *testing.T, a *account, want ...string) {
	t.Helper()
	if got := a.summary(); got != strings.Join(want, "\n") {
		t.Errorf("the rules are\n%s", got)
	}
}

func TestOnAndOff(t *testing.T) {
	a := &account{redirects: true, rules: []rule{{"https", "7", "host", "", nil}}}
	c := a.cloud(t)
	if err := On(t.Context(), c.Session, Options{Allow: []string{"203.0.113.7", "198.51.100.9/24"}}); err != nil {
		t.Fatal(err)
	}
	same(t, a, "https 49998 allow 203.0.113.7/32,198.51.100.0/24", "https 49999 page 503 /*", "https 7")
	awstest.Prints(t, c.Out.String(), "maintenance is on: https://app.example.com answers 503 to all but 203.0.113.7/32, 198.51.100.0/24")
	forward := a.rules[1].form
	if forward.Get("Actions.member.1.ForwardConfig.TargetGroups.member.1.TargetGroupArn") != "blue" || forward.Has("Actions.member.1.TargetGroupArn") || forward.Has("Actions.member.1.Order") {
		t.Errorf("allowed addresses are sent to %v", forward)
	}
	body := a.rules[2].form.Get("Actions.member.1.FixedResponseConfig.MessageBody")
	if len(body) > maxBody || !strings.Contains(body, `http-equiv="refresh"`) || a.rules[2].form.Get("Actions.member.1.FixedResponseConfig.ContentType") != "text/html" {
		t.Errorf("the page is %q", body)
	}

	if err := Status(t.Context(), c.Session); err != nil {
		t.Error(err)
	}
	awstest.Prints(t, c.Out.String(), "maintenance is on: HTTPS port 443 answers 503 to all but 203.0.113.7/32, 198.51.100.0/24")
	for range 2 {
		if err := Off(t.Context(), c.Session); err != nil {
			t.Fatal(err)
		}
	}
	same(t, a, "https 7")
	awstest.Prints(t, c.Out.String(), "maintenance is off: https://app.example.com", "maintenance was off already")
	if err := Status(t.Context(), c.Session); err != nil || !strings.HasSuffix(c.Out.String(), "maintenance is off\n") {
		t.Errorf("%v: %s", err, c.Out)
	}
}

func TestOnTwiceChangesThePage(t *testing.T) {
	a := &account{}
	c := a.cloud(t)
	many := []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}
	if err := On(t.Context(), c.Session, Options{Allow: many}); err != nil {
		t.Fatal(err)
	}
	same(t, a, "http 49997 allow 10.0.0.6/32", "http 49998 allow 10.0.0.1/32,10.0.0.2/32,10.0.0.3/32,10.0.0.4/32,10.0.0.5/32", "http 49999 page 503 /*",
		"https 49997 allow 10.0.0.6/32", "https 49998 allow 10.0.0.1/32,10.0.0.2/32,10.0.0.3/32,10.0.0.4/32,10.0.0.5/32", "https 49999 page 503 /*")
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte("<p>soon</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := On(t.Context(), c.Session, Options{File: file, Allow: []string{"2001:db8::1"}}); err != nil {
		t.Fatal(err)
	}
	// The rule that is asked first is kept.
	same(t, a, "http 49997 allow 2001:db8::1/128", "http 49999 page 503 /*", "https 49997 allow 2001:db8::1/128", "https 49999 page 503 /*")
	for _, r := range a.rules {
		if r.role == rolePage && r.form.Get("Actions.member.1.FixedResponseConfig.MessageBody") != "<p>soon</p>" {
			t.Errorf("the page is %v", r.form)
		}
	}
	if err := On(t.Context(), c.Session, Options{}); err != nil {
		t.Fatal(err)
	}
	same(t, a, "http 49999 page 503 /*", "https 49999 page 503 /*")
	awstest.Prints(t, c.Out.String(), "answers 503 to everybody")
}

// TestTrafficRule: with blue/green, allowed addresses are shared out as everybody was; a priority that is taken is left alone.
func TestTrafficRule(t *testing.T) {
	a := &account{redirects: true, rules: []rule{{"https", "50000", "traffic", "", nil}, {"https", "49999", "host", "", nil}}}
	c := a.cloud(t)
	if err := On(t.Context(), c.Session, Options{Allow: []string{"10.0.0.1"}}); err != nil {
		t.Fatal(err)
	}
	same(t, a, "https 49997 allow 10.0.0.1/32", "https 49998 page 503 /*", "https 49999", "https 50000")
	if form := a.rules[2].form; form.Get("Actions.member.1.ForwardConfig.TargetGroups.member.2.Weight") != "10" {
		t.Errorf("allowed addresses are sent to %v", form)
	}
}

// TestGuest: the page of an application on another one's load balancer is for its host names, among its own numbers, and the rules of the owner and
// of other guests stay. The owner's page, in turn, leaves those of guests.
func TestGuest(t *testing.T) {
	there := []rule{{"https", "50000", "traffic", "", nil}, {"https", "298", "blog", "", nil}, {"https", "197", "other", rolePage, nil}, {"https", "49999", "owner", rolePage, nil}}
	a := &account{redirects: true, rules: slices.Clone(there)}
	c := a.cloudOf(t, strings.Replace(awstest.Outputs, `"release": "r2"`, `"release": "r2", "guestOf": {"host": "shop-prod", "priority": 298, "hosts": ["blog.example.com", "www.blog.example.com"]}`, 1))
	if err := On(t.Context(), c.Session, Options{Allow: []string{"10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"}}); err != nil {
		t.Fatal(err)
	}
	same(t, a, "https 197 page", "https 295 allow 10.0.0.4/32", "https 296 allow 10.0.0.1/32,10.0.0.2/32,10.0.0.3/32", "https 297 page 503 blog.example.com",
		"https 298", "https 49999 page", "https 50000")
	if err := Off(t.Context(), c.Session); err != nil {
		t.Fatal(err)
	}
	same(t, a, "https 197 page", "https 298", "https 49999 page", "https 50000")
	owner := a.cloud(t)
	if err := Off(t.Context(), owner.Session); err != nil {
		t.Fatal(err)
	}
	same(t, a, "https 197 page", "https 298", "https 50000")
}

// TestMappedAddresses: the load balancer compares a visitor's IPv4 address with IPv4 networks.
func TestMappedAddresses(t *testing.T) {
	for text, want := range map[string]string{
		"::ffff:1.2.3.4": "1.2.3.4/32", "::ffff:1.2.3.4/120": "1.2.3.0/24", "::ffff:0:0/64": "::/64", "1.2.3.4": "1.2.3.4/32", " " + "2001:db8::1": "2001:db8::1/128",
	} {
		if got, err := parse([]string{text}); err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	a := &account{}
	c := a.cloud(t)
	large := filepath.Join(t.TempDir(), "large.html")
	if err := os.WriteFile(large, []byte(strings.Repeat("x", maxBody+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	awstest.Says(t, On(t.Context(), c.Session, Options{File: large}), "large.html has 1025 bytes: the load balancer returns 1 to 1024")
	awstest.Says(t, On(t.Context(), c.Session, Options{File: "none.html"}), "reading the page")
	latin := filepath.Join(t.TempDir(), "latin.html")
	if err := os.WriteFile(latin, []byte("<p>ge\xf6ffnet</p>"), 0o600); err != nil {
		t.Fatal(err)
	}
	awstest.Says(t, On(t.Context(), c.Session, Options{File: latin}), "latin.html is not UTF-8")
	awstest.Says(t, On(t.Context(), c.Session, Options{Allow: []string{""}}), "--allow (ALLOW=): an address or a network is missing")
	awstest.Says(t, On(t.Context(), c.Session, Options{Allow: []string{"office"}}), "ALLOW=office: an address or a network is expected")
	var many []string
	for i := range maxNetworks + 1 {
		many = append(many, fmt.Sprintf("10.0.0.%d", i))
	}
	awstest.Says(t, On(t.Context(), c.Session, Options{Allow: many}), "ALLOW has 21 networks, 20 are possible")
	c.Set("CreateRule", func(awstest.Map, url.Values) any {
		return awstest.Error{Code: "AccessDenied", Message: "User: u is not authorized to perform: elasticloadbalancing:CreateRule on resource: r"}
	})
	awstest.Says(t, On(t.Context(), c.Session, Options{}), "creating the rule of maintenance", "must allow elasticloadbalancing:CreateRule", "maintenance may be half on")
	a.rules = []rule{{"http", "49999", "p", rolePage, nil}}
	awstest.Says(t, Status(t.Context(), c.Session), "on at some listeners only")
	c.Set("DescribeLoadBalancers", func(awstest.Map, url.Values) any {
		return `<DescribeLoadBalancersResponse><DescribeLoadBalancersResult/></DescribeLoadBalancersResponse>`
	})
	awstest.Says(t, Off(t.Context(), c.Session), "the load balancer lb-1.elb.amazonaws.com is not in this account and region")
	c = awstest.New(t, "", strings.Replace(awstest.Outputs, "lb-1.elb.amazonaws.com", "", 1), nil)
	awstest.Says(t, On(t.Context(), c.Session, Options{}), "shares the load balancer of another one")
}
