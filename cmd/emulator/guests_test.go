package main_test

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/stacks"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// asGuest makes the stack file of prod that of blog-prod, a guest of laravel-prod.
func asGuest(f *config.File) error {
	return setAll(f, map[string]any{
		"app.name": "blog", "environment.guestOf": "laravel-prod", "release.name": "r1",
		"network": map[string]any{}, "access": map[string]any{}, "database": map[string]any{}, "loadBalancer": map[string]any{},
		"cluster": map[string]any{"instanceTypes": []string{"m6i.large", "m5.large"}, "max": 6},
		"domain":  map[string]any{"name": "blog.example.com", "zone": "example.com"},
	})
}

// newGuest is another project, blog, with a stack prod, in the account of the host.
func newGuest(t *testing.T, host *life) *life {
	t.Helper()
	root := repository(t)
	folder := programFolder(t, root, "prod")
	project := filepath.Join(folder, "Pulumi.yaml")
	text, err := os.ReadFile(project)
	if err == nil {
		err = os.Remove(project) // a link to that of the repository
	}
	if err == nil {
		err = os.WriteFile(project, []byte(strings.Replace(string(text), "name: laravel-ecs", "name: blog", 1)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cli, err := engine.FindCLI(t.Context(), root, os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Config{
		Root: folder, State: filepath.Join(t.TempDir(), "s"), Stack: "prod", Program: stacks.Deploy, CLI: cli, Throwaway: true, Log: io.Discard,
		Edit: asGuest, SharedWith: host.Engine,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return &life{e, t}
}

// blogs tells whether a resource is of the application blog, by its tags or its name.
func blogs(r account.Resource) bool {
	return strings.HasPrefix(r.Name, "blog-prod-")
}

// ofBlog are all of the account that are, or are not, the guest's, as text by type and id. What services change of others, such as the target groups
// that a load balancer is linked to, is left out.
func (l *life) ofBlog(guests bool) map[string]string {
	l.t.Helper()
	found := map[string]string{}
	for _, token := range l.Account().Types() {
		for _, r := range l.Account().List(token) {
			if blogs(r) == guests && r.Name != "" {
				text, err := json.Marshal(r.Inputs)
				if err != nil {
					l.t.Fatal(err)
				}
				found[token+" "+r.ID] = string(text)
			}
		}
	}
	return found
}

func (l *life) unchanged(what string, before, now map[string]string) {
	l.t.Helper()
	for key, text := range before {
		if now[key] != text {
			l.t.Errorf("%s: %s was %.300s and is %.300s", what, key, text, now[key])
		}
	}
	for key := range now {
		if _, there := before[key]; !there {
			l.t.Errorf("%s: %s is new", what, key)
		}
	}
}

// rulesFor describes the rules of a host name: priority, and how many target groups.
func (l *life) rulesFor(host string) (priorities []string) {
	l.t.Helper()
	for _, rule := range l.Account().List(account.ListenerRuleToken) {
		if slices.Contains(rule.Outputs.Strings("conditions[*].hostHeader.values[*]"), host) {
			text, _ := json.Marshal(rule.Outputs["priority"])
			priorities = append(priorities, string(text))
		}
	}
	slices.Sort(priorities)
	return priorities
}

// TestTwoApplications: blog-prod, of another project, is the guest of laravel-prod. Each is released and rolled back alone, and is destroyed alone: the
// host not while it has a guest, and the guest without a change of the host.
func TestTwoApplications(t *testing.T) {
	t.Parallel()
	host := newLife(t, "prod", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "domain": map[string]any{"name": "app.example.com", "zone": "example.com"}})
	})
	host.zone("example.com")
	guest := newGuest(t, host)
	if _, err := guest.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "laravel-prod must have blog-prod in environment.guests") {
		t.Fatalf("without a host: %v", err)
	}
	host.set(map[string]any{"environment.guests": map[string]any{"blog-prod": map[string]any{"number": 3, "hosts": []string{"blog.example.com"}}}})
	host.deploy("the host")
	before := host.ofBlog(false)

	guest.deploy("the guest")
	host.unchanged("the guest's first deployment", before, host.ofBlog(false))
	if again, err := host.Preview(t.Context()); err != nil || len(again.Changes) > 0 {
		t.Errorf("the host has changes since: %v, %v", again.Changes, err)
	}
	for _, token := range []string{account.BalancerToken, account.ListenerToken, account.ClusterToken, account.DatabaseToken, account.VPCToken} {
		for _, r := range guest.Account().List(token) {
			if blogs(r) {
				t.Errorf("the guest has %s", r.ID)
			}
		}
	}
	if got := guest.rulesFor("blog.example.com"); !slices.Equal(got, []string{"298", "299"}) {
		t.Errorf("the guest's rules: %q", got)
	}
	if certificates := guest.Account().List(account.ListenerCertificateToken); len(certificates) != 1 {
		t.Errorf("%d certificates beside the default one", len(certificates))
	}
	if guest.target("blog.example.com") != host.target("app.example.com") || host.target("app.example.com") == "" {
		t.Errorf("the names lead to %q and %q", guest.target("blog.example.com"), host.target("app.example.com"))
	}
	ours := guest.ofBlog(true)

	host.set(map[string]any{"release.name": "r2"})
	if _, err := host.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	guest.unchanged("a release of the host", ours, guest.ofBlog(true))
	before = host.ofBlog(false)
	for _, release := range []string{"r2", "r1"} { // forward, and back
		guest.set(map[string]any{"release.name": release})
		if _, err := guest.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	host.unchanged("releases of the guest", before, host.ofBlog(false))

	host.set(map[string]any{"environment.teardown": true})
	if _, err := host.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "environment.teardown: true, and environment.guests has blog-prod") {
		t.Errorf("the host's teardown while it has a guest: %v", err)
	}
	host.set(map[string]any{"environment.teardown": nil})
	if _, err := host.PreviewDestroy(t.Context()); err == nil || !strings.Contains(err.Error(), "laravel-prod-cluster-ecs") || !strings.Contains(err.Error(), "protect") {
		t.Errorf("the host's destroy while it has a guest: %v", err)
	}

	guest.set(map[string]any{"environment.teardown": true})
	if _, err := guest.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	host.unchanged("the guest's destroy", before, host.ofBlog(false))
	if rules := guest.rulesFor("blog.example.com"); len(rules) > 0 {
		t.Errorf("the guest left rules: %q", rules)
	}
	host.set(map[string]any{"environment.guests": nil})
	if _, err := host.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := host.Account().List(account.ParameterToken); len(left) > 0 {
		t.Errorf("the host still tells %v", left)
	}
}
