package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

const blogSecret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-prod-guests-blog-prod-a-1234567-AbCdEf"

// asGuest makes the configuration of prod that of blog-prod, which is a guest of shop-prod.
func asGuest(t *testing.T) map[string]string {
	t.Helper()
	config := stackConfig(t, "prod")
	for _, section := range []string{"network", "access", "database", "loadBalancer", "cluster"} {
		delete(config, "laravel-ecs:"+section)
	}
	config = with(with(config, "app", "name", "blog"), "environment", "guestOf", "shop-prod")
	config = with(with(config, "domain", "name", "blog.example.com"), "domain", "zone", "example.com")
	return with(with(config, "cluster", "instanceTypes", []string{"m6i.large", "m5.large"}), "cluster", "max", 6)
}

// hostTells is what shop-prod tells blog-prod.
func hostTells() map[string]any {
	return map[string]any{
		"class": "production", "number": 3, "hosts": []string{"blog.example.com", "www.blog.example.com"}, "vpcId": "vpc-1", "publicRanges": []string{"10.10.0.0/24"},
		"instanceTypes": []string{"m6i.large", "m5.large"}, "maxInstances": 6,
		"loadBalancer": map[string]any{
			"arn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/shop-prod-lb/1", "arnSuffix": "app/shop-prod-lb/1",
			"dnsName": "shop-prod-lb.eu-west-1.elb.amazonaws.com", "zoneId": "Z32O12XQLNTSW2",
			"listeners": map[string]any{"https": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/shop-prod-lb/1/2"},
		},
		"cluster":  map[string]any{"name": "shop-prod-cluster", "arn": "arn:aws:ecs:eu-west-1:123456789012:cluster/shop-prod-cluster", "capacityProvider": "shop-prod-capacity"},
		"database": map[string]any{"engine": "mysql", "host": "db.internal", "port": 3306, "name": "blog_prod", "username": "blog_prod_a", "requireTls": true, "passwordArn": blogSecret, "password": blogSecret + ":::v1"},
		"cache":    map[string]any{"subnets": []string{"subnet-1", "subnet-2"}, "securityGroupId": "sg-1", "port": 6379},
	}
}

func beGuest(t *testing.T, tells map[string]any, config map[string]string) (*infratest.Recorder, error) {
	t.Helper()
	text, err := json.Marshal(tells)
	if err != nil {
		t.Fatal(err)
	}
	r := &infratest.Recorder{Parameters: map[string]string{guests.Parameter("shop-prod", "blog-prod"): string(text)}}
	return r, r.Run(stacks.Deploy, "blog", "prod", config)
}

// TestGuestIsItsOwn: it has nothing that its host has, its tasks have its own database, cache and secrets, and no container has a password of the
// server's master user.
func TestGuestIsItsOwn(t *testing.T) {
	r, err := beGuest(t, hostTells(), asGuest(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range r.All() {
		for _, kind := range []string{"aws:ec2/", "aws:vpc/", "aws:rds/", "aws:autoscaling/", "aws:ecs/cluster", "aws:ecs/capacity", "aws:lb/loadBalancer", "aws:lb/listener:", "aws:wafv2/"} {
			if strings.HasPrefix(one.Type, kind) {
				t.Errorf("%s belongs to the host: %s", one.Type, one.Name)
			}
		}
		if strings.Contains(one.Name, "MASTER") || strings.Contains(one.Name, "db-password") {
			t.Errorf("%s is registered", one.Name)
		}
	}
	got := containerVariables(t, r, "DB_HOST", "DB_DATABASE", "DB_USERNAME", "DB_MASTER_USERNAME", "APP_URL", "REDIS_HOST")
	if want := map[string]string{"DB_HOST": "db.internal", "DB_DATABASE": "blog_prod", "DB_USERNAME": "blog_prod_a", "APP_URL": "https://blog.example.com", "REDIS_HOST": got["REDIS_HOST"]}; !maps.Equal(got, want) {
		t.Errorf("the containers have %v", got)
	}
	if !strings.Contains(got["REDIS_HOST"], "blog-prod-cache") {
		t.Errorf("its cache is %s", got["REDIS_HOST"])
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		for _, container := range secretsOf(t, definition) {
			passwords := 0
			for _, secret := range container.Secrets {
				if secret.Name == "DB_MASTER_PASSWORD" || strings.HasPrefix(secret.Name, "DB_GUEST_") {
					t.Errorf("%s: %s has %s", definition.Name, container.Name, secret.Name)
				}
				if secret.Name == "DB_PASSWORD" && secret.ValueFrom == blogSecret+":::v1" {
					passwords++
				}
			}
			if passwords != 1 {
				t.Errorf("%s: %s has %d passwords of the database", definition.Name, container.Name, passwords)
			}
		}
	}
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if !strings.HasSuffix(text(service, "cluster"), "cluster/shop-prod-cluster") || text(service, "capacityProviderStrategies[0].capacityProvider") != "shop-prod-capacity" {
			t.Errorf("%s runs in %s", service.Name, text(service, "cluster"))
		}
	}
	for _, alarm := range r.OfType("aws:cloudwatch/metricAlarm:MetricAlarm") {
		if text(alarm, "metricName") == "HTTPCode_ELB_5XX_Count" || text(alarm, "metricName") == "DiskUtilization" {
			t.Errorf("%s watches what is the host's", alarm.Name)
		}
	}
	if balancers := one(t, r, "aws:cloudwatch/dashboard:Dashboard"); strings.Contains(text(balancers, "dashboardBody"), "HTTPCode_ELB_5XX_Count") {
		t.Error("the dashboard shows answers of the load balancer for all applications")
	}
}

// TestGuestAtTheBalancer: rules for its host names only, in its hundred numbers, with blue/green and a process behind a path, and a certificate of its own.
func TestGuestAtTheBalancer(t *testing.T) {
	config := with(with(asGuest(t), "release", "strategy", "blueGreen"), "processes", "ws", map[string]any{"role": "reverb", "path": "/ws", "count": 1, "port": 8080})
	config = with(with(with(config, "env", "REVERB_APP_ID", "1"), "env", "REVERB_APP_KEY", "key"), "secrets", "REVERB_APP_SECRET", "secret")
	config = with(config, "domain", "aliases", []string{"www.blog.example.com"})
	r, err := beGuest(t, hostTells(), config)
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for _, rule := range each(t, r, "aws:lb/listenerRule:ListenerRule") {
		hosts := text(rule, "conditions[0].hostHeader.values[0]") + " " + text(rule, "conditions[0].hostHeader.values[1]")
		if hosts != "blog.example.com www.blog.example.com" || !strings.HasSuffix(text(rule, "listenerArn"), "listener/app/shop-prod-lb/1/2") {
			t.Errorf("%s is for %q of %s", rule.Name, hosts, text(rule, "listenerArn"))
		}
		numbers[fmt.Sprint(rule.Inputs["priority"].NumberValue())] = true
	}
	route := ""
	for number := range numbers {
		if number != "298" && number != "299" {
			route = number
		}
	}
	if len(numbers) != 3 || !numbers["298"] || !numbers["299"] || route < "240" || route > "278" || len(route) != 3 {
		t.Errorf("the priorities are %v", numbers)
	}
	certificate := one(t, r, "aws:lb/listenerCertificate:ListenerCertificate")
	if !strings.HasSuffix(text(certificate, "listenerArn"), "listener/app/shop-prod-lb/1/2") {
		t.Errorf("its certificate is at %s", text(certificate, "listenerArn"))
	}
}

// TestGuestIsRefused has each reason why a guest's file, or its host, is refused. Nothing is registered then but the provider.
func TestGuestIsRefused(t *testing.T) {
	told := func(key string, value any) map[string]any {
		tells := hostTells()
		tells[key] = value
		return tells
	}
	for name, test := range map[string]struct {
		tells  map[string]any
		config map[string]string
		want   string
	}{
		"another class":        {told("class", "staging"), asGuest(t), "environment.class: production, and shop-prod, whose guest this is, is of class staging"},
		"another host name":    {told("hosts", []string{"other.example.com"}), asGuest(t), "blog.example.com is none of the host names that shop-prod admits for blog-prod"},
		"other instances":      {told("instanceTypes", []string{"m7g.large"}), asGuest(t), "write cluster: {instanceTypes: [m7g.large], max: 6}"},
		"more instances":       {told("maxInstances", 4), asGuest(t), "max 6, and shop-prod has"},
		"no group for a cache": {told("cache", map[string]any{"port": 0}), asGuest(t), "cache.engine: valkey, for whose port 6379 the instances of shop-prod have no rule"},
		"another engine":       {told("database", map[string]any{"engine": "postgres"}), asGuest(t), "database.engine: mysql, and that of shop-prod is postgres"},
		"no domain":            {hostTells(), with(with(asGuest(t), "domain", "name", ""), "domain", "zone", ""), "domain.name: missing: the load balancer of shop-prod tells applications apart"},
		"a network":            {hostTells(), with(asGuest(t), "network", "zones", 3), "network.zones: with environment.guestOf it is that of shop-prod: remove the key"},
		"a database":           {hostTells(), with(asGuest(t), "database", "multiAz", true), "database.multiAz: with environment.guestOf it is that of shop-prod"},
		"a web ACL":            {hostTells(), with(asGuest(t), "loadBalancer", "waf", true), "loadBalancer.waf: with environment.guestOf"},
		"a master password":    {hostTells(), with(asGuest(t), "secrets", "DB_MASTER_PASSWORD", "long-enough"), "secrets.DB_MASTER_PASSWORD: with environment.guestOf the database server is that of shop-prod"},
		"a rotation":           {hostTells(), with(asGuest(t), "rotation", "DB_PASSWORD", 2), "raise environment.guests.blog-prod.generation there"},
		"itself":               {hostTells(), with(asGuest(t), "environment", "guestOf", "blog-prod"), `environment.guestOf: "blog-prod" is not the name of another environment`},
		"guests of its own":    {hostTells(), with(asGuest(t), "environment", "guests", map[string]any{"a-b": map[string]any{"number": 1, "hosts": []string{"x.example.com"}}}), "environment.guests: an environment of class review"},
		"too many names":       {hostTells(), with(asGuest(t), "domain", "aliases", []string{"a.example.com", "b.example.com", "c.example.com", "d.example.com"}), "domain.aliases: 6 host names, paths or addresses are too many"},
		"an alarm of all":      {hostTells(), with(asGuest(t), "release", "judge", map[string]any{"alarms": []string{"no-answer"}}), "release.judge.alarms: no-answer counts the answers for all applications"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := beGuest(t, test.tells, test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			for _, one := range r.All() {
				if one.Type != "pulumi:providers:aws" {
					t.Errorf("%s was made", one.Name)
				}
			}
		})
	}
}

func hosting(t *testing.T) map[string]string {
	t.Helper()
	return with(with(stackConfig(t, "prod"), "app", "name", "shop"), "environment", "guests", map[string]any{
		"blog-prod": map[string]any{"number": 3, "hosts": []string{"blog.example.com"}},
		"docs-prod": map[string]any{"number": 1, "hosts": []string{"docs.example.com"}, "generation": 2},
	})
}

// TestHost: the container that prepares the database makes the guests' users, no other one has their passwords, a parameter tells each guest what it must
// know when that has happened, and Pulumi refuses a destroy.
func TestHost(t *testing.T) {
	r := deploy(t, "prod", hosting(t))
	preparing := 0
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		if strings.Contains(text(definition, "containerDefinitions"), `{"name":"DB_GUESTS","value":"blog_prod=blog_prod_a,docs_prod=docs_prod_b"}`) {
			preparing++
		}
		for _, container := range secretsOf(t, definition) {
			for _, variable := range []string{"DB_GUEST_BLOG_PROD", "DB_GUEST_DOCS_PROD"} {
				if has := slices.ContainsFunc(container.Secrets, func(s containerSecret) bool { return s.Name == variable }); has != (container.Name == "migrate") {
					t.Errorf("%s: %s has %s: %v", definition.Name, container.Name, variable, has)
				}
			}
		}
	}
	if preparing != 1 {
		t.Errorf("%d task definitions make the guests' users", preparing)
	}
	told := map[string]string{}
	for _, parameter := range each(t, r, "aws:ssm/parameter:Parameter") {
		told[text(parameter, "name")] = text(parameter, "insecureValue")
		if !slices.Contains(parameter.DependsOn, "shop-prod-web-service") && !slices.ContainsFunc(parameter.DependsOn, func(name string) bool { return strings.HasPrefix(name, "shop-prod-web") }) {
			t.Errorf("%s waits for %v", parameter.Name, parameter.DependsOn)
		}
	}
	if len(told) != 2 || !strings.Contains(told["/shop-prod-guests/docs-prod-access"], `"username":"docs_prod_b"`) || strings.Contains(told["/shop-prod-guests/docs-prod-access"], "blog") {
		t.Errorf("the guests are told %v", told)
	}
	if !one(t, r, "aws:ecs/cluster:Cluster").Protect {
		t.Error("a destroy would begin")
	}
	for _, cluster := range deploy(t, "staging", stackConfig(t, "staging")).OfType("aws:ecs/cluster:Cluster") {
		if cluster.Protect {
			t.Error("a cluster without guests is protected")
		}
	}
}

// TestHostIsRefused has each reason why environment.guests is refused.
func TestHostIsRefused(t *testing.T) {
	guest := func(key string, value any) map[string]string {
		return with(hosting(t), "environment", "guests."+key, value)
	}
	for name, test := range map[string]struct {
		config map[string]string
		want   string
	}{
		"no number":      {guest("blog-prod.number", 0), "environment.guests.blog-prod.number: 0 is outside 1-20"},
		"number 21":      {guest("blog-prod.number", 21), "environment.guests.blog-prod.number: 21 is outside 1-20"},
		"one number":     {guest("blog-prod.number", 1), "environment.guests.docs-prod.number: 1 is that of blog-prod"},
		"no host names":  {guest("blog-prod.hosts", []string{}), "environment.guests.blog-prod.hosts: empty"},
		"its own name":   {guest("blog-prod.hosts", []string{"app.example.com"}), "environment.guests.blog-prod.hosts: app.example.com is a host name of shop-prod"},
		"a name twice":   {guest("blog-prod.hosts", []string{"docs.example.com"}), "environment.guests.docs-prod.hosts: docs.example.com is a host name of blog-prod"},
		"no host name":   {guest("blog-prod.hosts", []string{"blog"}), `environment.guests.blog-prod.hosts: "blog" is not a host name`},
		"no name":        {guest("blog", map[string]any{"number": 4, "hosts": []string{"b.example.com"}}), "environment.guests.blog: not the name of another environment"},
		"itself":         {guest("shop-prod", map[string]any{"number": 4, "hosts": []string{"b.example.com"}}), "environment.guests.shop-prod: not the name of another environment"},
		"a database":     {with(hosting(t), "database", "name", "blog_prod"), "environment.guests.blog-prod: its database would be blog_prod"},
		"teardown":       {with(hosting(t), "environment", "teardown", true), "environment.teardown: true, and environment.guests has blog-prod, docs-prod"},
		"no HTTPS":       {with(with(hosting(t), "domain", "name", ""), "domain", "zone", ""), "domain.name: missing: the load balancer tells guests apart by host name"},
		"an unknown key": {guest("blog-prod.hostnames", []string{}), "environment.hostnames: no such key"},
	} {
		r, err := infratest.Run(stacks.Deploy, "shop", "prod", test.config)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v", name, err)
		}
		for _, one := range r.All() {
			t.Errorf("%s: %s was made", name, one.Name)
		}
	}
}

// TestGuestsRulesAreApart: the numbers of guests and those of review environments are not the same ones.
func TestGuestsRulesAreApart(t *testing.T) {
	if infra.GuestPriorities != guests.LastPriority {
		t.Errorf("guests have the numbers to %d, and review environments begin after %d", guests.LastPriority, infra.GuestPriorities)
	}
	last := 0
	for number := 1; number <= guests.MaxNumber; number++ {
		p := guests.PrioritiesOf(number)
		for _, path := range []string{"/a", "/b", "/ws", "/app"} {
			if host, route := p.Route("ws.example.com", ""), p.Route("", path); host <= last || route <= host || p.LastRoute() < route || p.Traffic() <= p.LastRoute() || p.Base() <= p.Traffic() {
				t.Errorf("%d: %d, %d, %d, %d, %d after %d", number, host, route, p.LastRoute(), p.Traffic(), p.Base(), last)
			}
		}
		last = p.Base()
	}
	if last > guests.LastPriority {
		t.Errorf("the last one is %d", last)
	}
}
