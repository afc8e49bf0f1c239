package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
)

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
	var secrets []string
	for _, secret := range r.OfType("aws:secretsmanager/secret:Secret") {
		if strings.HasPrefix(secret.Name, "shop-prod-guests-docs-prod-") {
			secrets = append(secrets, secret.Name)
			if !strings.Contains(told["/shop-prod-guests/docs-prod-access"], secret.Name) {
				t.Errorf("docs-prod is not told of %s", secret.Name)
			}
		}
	}
	if len(secrets) != 2 { // tasks of before, of the host and of the guest, have the first one
		t.Errorf("the secrets are %v", secrets)
	}
	maySee(t, r, secrets...)
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
		"no number":     {guest("blog-prod.number", 0), "environment.guests.blog-prod.number: 0 is outside 1-20"},
		"number 21":     {guest("blog-prod.number", 21), "environment.guests.blog-prod.number: 21 is outside 1-20"},
		"one number":    {guest("blog-prod.number", 1), "environment.guests.docs-prod.number: 1 is that of blog-prod"},
		"no host names": {guest("blog-prod.hosts", []string{}), "environment.guests.blog-prod.hosts: empty"},
		"its own name":  {guest("blog-prod.hosts", []string{"app.example.com"}), "environment.guests.blog-prod.hosts: app.example.com is a host name of shop-prod"},
		"a name twice":  {guest("blog-prod.hosts", []string{"docs.example.com"}), "environment.guests.docs-prod.hosts: docs.example.com is a host name of blog-prod"},
		"a wildcard":    {guest("blog-prod.hosts", []string{"*.example.com"}), "environment.guests.blog-prod.hosts: *.example.com would take requests for names of shop-prod"},
		"a process's host name": {withReverb(with(guest("blog-prod.hosts", []string{"ws.example.com"}), "domain", "aliases", []string{"*.example.com"}), "host", "ws.example.com"),
			"environment.guests.blog-prod.hosts: ws.example.com is a host name of shop-prod"},
		"a PostgreSQL server of others": {with(with(hosting(t), "database", "engine", "postgres"), "database", "endpoint", "db.internal"), "environment.guests: not with database.engine postgres and database.endpoint"},
		"no host name":                  {guest("blog-prod.hosts", []string{"blog"}), `environment.guests.blog-prod.hosts: "blog" is not a host name`},
		"no name":                       {guest("blog", map[string]any{"number": 4, "hosts": []string{"b.example.com"}}), "environment.guests.blog: not the name of another environment"},
		"itself":                        {guest("shop-prod", map[string]any{"number": 4, "hosts": []string{"b.example.com"}}), "environment.guests.shop-prod: not the name of another environment"},
		"a database":                    {with(hosting(t), "database", "name", "blog_prod"), "environment.guests.blog-prod: its database would be blog_prod"},
		"teardown":                      {with(hosting(t), "environment", "teardown", true), "environment.teardown: true, and environment.guests has blog-prod, docs-prod"},
		"no HTTPS":                      {with(with(hosting(t), "domain", "name", ""), "domain", "zone", ""), "domain.name: missing: the load balancer tells guests apart by host name"},
		"an unknown key":                {guest("blog-prod.hostnames", []string{}), "environment.hostnames: no such key"},
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
