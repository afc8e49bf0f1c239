package stacks_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

const blogSecret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-prod-guests-blog-prod-a-1234567-AbCdEf"

// olderSecret has the password of the generation before.
const olderSecret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-prod-guests-blog-prod-b-1234567-AbCdEf"

// maySee: each role that reads secrets may read these.
func maySee(t *testing.T, r *infratest.Recorder, wanted ...string) {
	t.Helper()
	seen := 0
	for _, policy := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
		if document := text(policy, "policy"); strings.Contains(document, "secretsmanager:GetSecretValue") {
			seen++
			for _, one := range wanted {
				if !strings.Contains(document, one) {
					t.Errorf("%s does not name %s: %s", policy.Name, one, document)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no role reads secrets")
	}
}

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
		"database": map[string]any{"engine": "mysql", "host": "db.internal", "port": 3306, "name": "blog_prod", "username": "blog_prod_a", "requireTls": true, "passwordArns": []string{olderSecret, blogSecret}, "password": blogSecret + ":::v1"},
		"cache":    map[string]any{"subnets": []string{"subnet-1", "subnet-2"}, "securityGroupId": "sg-1", "port": 6379},
	}
}

// withReverb adds a process behind the load balancer, with a host or a path.
func withReverb(config map[string]string, key, value string) map[string]string {
	config = with(config, "processes", "ws", map[string]any{"role": "reverb", key: value, "count": 1, "port": 8080})
	return with(with(with(config, "env", "REVERB_APP_ID", "1"), "env", "REVERB_APP_KEY", "key"), "secrets", "REVERB_APP_SECRET", "secret")
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
	maySee(t, r, blogSecret, olderSecret) // tasks of before that start again read the older one
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
	config := withReverb(with(asGuest(t), "release", "strategy", "blueGreen"), "path", "/ws")
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
		"another class":     {told("class", "staging"), asGuest(t), "environment.class: production, and shop-prod, whose guest this is, is of class staging"},
		"another host name": {told("hosts", []string{"other.example.com"}), asGuest(t), "blog.example.com is none of the host names that shop-prod admits for blog-prod"},
		"a process's host name": {told("hosts", []string{"blog.example.com", "*.example.com"}),
			withReverb(with(asGuest(t), "domain", "aliases", []string{"*.example.com"}), "host", "shop.example.com"),
			"shop.example.com is none of the host names that shop-prod admits"},
		"ECS Exec":             {hostTells(), with(asGuest(t), "access", "exec", true), "access.exec: true, and the cluster of shop-prod has no log for its sessions"},
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
