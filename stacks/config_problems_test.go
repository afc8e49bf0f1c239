package stacks_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestBadCandidatesAreRefused covers rules about two keys.
func TestBadCandidatesAreRefused(t *testing.T) {
	tests := []struct {
		release map[string]any
		want    string
	}{
		{map[string]any{"candidate": "r2"}, "release.candidate: needs release.name"},
		{map[string]any{"percent": 10}, "release.percent: 10 without release.candidate"},
		{map[string]any{"name": "r1", "candidate": "r1"}, "release.candidate: r1 is live already"},
		{map[string]any{"name": "r1", "candidate": "r 2"}, `release.candidate: "r 2" is not letters`},
		{map[string]any{"steps": []int{10, 50}}, "release.steps: [10 50] does not end with 100: the last step gives the new release all requests"},
		{map[string]any{"steps": []int{}}, "release.steps: [] does not end with 100"},
		{map[string]any{"steps": []int{50, 10, 100}}, "release.steps: 10 comes after 50: each step is larger than the one before"},
		{map[string]any{"steps": []int{50, 50, 100}}, "release.steps: 50 comes after 50"},
		{map[string]any{"steps": []int{0, 100}}, "release.steps: 0 is outside 1-100"},
		{map[string]any{"steps": []int{50, 101}, "bakeMinutes": 0}, "release.bakeMinutes: 0 is outside 1-1440"}, // and
		{map[string]any{"steps": []int{50, 101}, "bakeMinutes": 0}, "release.steps: 101 is outside 1-100"},
	}
	for _, test := range tests {
		_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", released(t, "staging", test.release))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: got %v", test.release, err)
		}
	}
	config := with(with(with(stackConfig(t, "staging"), "web", "count", 0), "worker", "count", 0), "scheduler", "count", 0)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil || !strings.Contains(err.Error(), "nothing would run") {
		t.Errorf("nothing to run: got %v", err)
	}
}

// TestAllProblemsAtOnce: one run reports all mistakes.
func TestAllProblemsAtOnce(t *testing.T) {
	config := stackConfig(t, "staging")
	config = with(config, "network", "zones", 1)
	config = with(config, "database", "backupDays", 0)
	config = with(config, "registry", "releasesKept", 1)
	config = with(config, "cluster", "mim", 1)
	config = with(config, "cluster", "max", 0) // not reported: the section could not be read
	config["laravel-ecs:databse"] = "{}"
	t.Setenv("PULUMI_CONFIG", `{"laravel-ecs:databse": "{}"}`)
	delete(config, "aws:region")
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_DEFAULT_REGION", "")
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"Pulumi.staging.yaml has 6 problem(s); nothing was changed", "aws:region: missing", "network.zones", "database.backupDays",
		"registry.releasesKept", "cluster.mim: no such key", "databse: no such key",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in: %v", want, err)
		}
	}
}

func TestUnknownSectionIsRefused(t *testing.T) {
	t.Setenv("PULUMI_CONFIG", `{"laravel-ecs:databse": "{}", "aws:region": "eu-west-1"}`)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", stackConfig(t, "staging"))
	if err == nil || !strings.Contains(err.Error(), "databse: no such key; Pulumi.yaml lists them") {
		t.Errorf("got %v", err)
	}
}

// TestSectionThatIsNoSection covers a forgotten indentation in YAML.
func TestSectionThatIsNoSection(t *testing.T) {
	config := stackConfig(t, "staging")
	config["laravel-ecs:web"] = "2"
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", config)
	if err == nil || !strings.Contains(err.Error(), `web: "2" found, a section with keys below it expected`) {
		t.Errorf("got %v", err)
	}
}

// TestSectionsOfAnotherProject: without the error, they would be its defaults.
func TestSectionsOfAnotherProject(t *testing.T) {
	t.Setenv("PULUMI_CONFIG", `{"aws:region": "eu-west-1", "pulumi:tags": {"team": "x"}, "blog:web": {"count": 2}, "shop:app": {}}`)
	_, err := infratest.Run(stacks.Deploy, "shop", "staging", map[string]string{"aws:region": "eu-west-1", "blog:web": `{"count": 2}`})
	want := "blog:web: is of the project blog, and Pulumi.yaml names this one shop; rename the sections: perl -pi -e 's/^  blog:/  laravel-ecs:/' Pulumi.*.yaml"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// TestNamespaces: the sections of the shipped stack files are the program's in a project of any name, beside the empty ones that Pulumi adds for
// the project. A section with the project's name, or none, is the same; one with both is an error.
func TestNamespaces(t *testing.T) {
	for given, want := range map[string]string{
		`"laravel-ecs:app": {"name": "blog"}`:                               "",
		`"laravel-ecs:app": {"name": "blog"}, "shop:app": {}`:               "",
		`"shop:app": {"name": "blog"}`:                                      "",
		`"shop:app": {"name": "blog"}, "laravel-ecs:app": {"debug": false}`: "app: is there twice, as laravel-ecs:app and as shop:app; make it one section",
		`"laravel-ecs:app": {"name": "blog", "title": "x"}`:                 "app.title: no such key",
	} {
		var keys map[string]any
		if err := json.Unmarshal([]byte("{"+given+"}"), &keys); err != nil {
			t.Fatal(err)
		}
		settings := stackConfig(t, "staging")
		delete(settings, "laravel-ecs:app")
		for key, section := range keys {
			text, _ := json.Marshal(section)
			settings[key] = string(text)
		}
		all, _ := json.Marshal(settings)
		t.Setenv("PULUMI_CONFIG", string(all))
		r, err := infratest.Run(stacks.Deploy, "shop", "staging", settings)
		switch {
		case want != "":
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", given, err)
			}
		case err != nil:
			t.Errorf("%s: %v", given, err)
		default:
			for _, cluster := range r.OfType("aws:ecs/cluster:Cluster") {
				if !strings.HasPrefix(cluster.Name, "blog-staging") {
					t.Errorf("%s: the cluster is %s", given, cluster.Name)
				}
			}
		}
	}
}
