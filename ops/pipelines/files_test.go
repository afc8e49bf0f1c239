// Package pipelines_test compares the pipelines of GitLab and GitHub, and runs those of GitLab.
package pipelines_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const root = "../.."

// files are the texts of the pipelines by path.
type files map[string]string

func readFiles(t *testing.T) files {
	t.Helper()
	texts := files{}
	for _, pattern := range []string{".gitlab-ci.yml", "Makefile", ".github/workflows/*.yml", ".github/actions/*/action.yml"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("there is no %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(root, path)
			texts[name] = string(text)
		}
	}
	return texts
}

// event is why a pipeline runs.
type event struct {
	gitLab map[string]string                // its variables
	gitHub func(on map[string]trigger) bool // whether a workflow runs
}

// trigger is what stands below `on`.
type trigger struct {
	Branches, Tags []string
	Types          []string
}

var events = map[string]event{
	"merge request": {
		map[string]string{"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_IID": "7", "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "5"},
		func(on map[string]trigger) bool { return has(on, "pull_request") },
	},
	"main": {
		map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
		func(on map[string]trigger) bool { return slices.Contains(on["push"].Branches, "main") },
	},
	"tag": {
		map[string]string{"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1.2.3"},
		func(on map[string]trigger) bool { return slices.Contains(on["push"].Tags, "v*") },
	},
	"schedule": {
		map[string]string{"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
		func(on map[string]trigger) bool { return has(on, "schedule") },
	},
}

func has(on map[string]trigger, name string) bool { _, there := on[name]; return there }

// job is one job of either.
type job struct {
	where       string
	commands    []string
	environment string
	group       string // of those that do not run at the same time
	cancelled   bool   // when another one comes
	token       bool   // of OpenID Connect
	layers      bool   // the folder of make layers comes from the job before
	rights      map[string]string
	denied      []string // by a workflow that calls: GitHub refuses the whole run
}

// gitLabJob is what the tests read of a job in .gitlab-ci.yml.
type gitLabJob struct {
	Extends       parents
	Script        []string
	Interruptible *bool
	ResourceGroup string         `yaml:"resource_group"`
	IDTokens      map[string]any `yaml:"id_tokens"`
	Environment   yaml.Node
	Cache         []struct{ Paths []string }
	Rules         []struct{ If, When string }
}

// parents are one name or a list of them.
type parents []string

func (p *parents) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*p = parents{node.Value}
		return nil
	}
	return node.Decode((*[]string)(p))
}

// gitLabJobs are the jobs of an event.
func (f files) gitLabJobs(e event) ([]job, error) {
	var all map[string]yaml.Node
	if err := yaml.Unmarshal([]byte(f[".gitlab-ci.yml"]), &all); err != nil {
		return nil, err
	}
	var jobs []job
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(name, ".") || slices.Contains([]string{"default", "variables", "workflow", "stages"}, name) {
			continue
		}
		var g gitLabJob
		if err := inherit(all, name, &g); err != nil {
			return nil, err
		}
		runs := false
		for _, rule := range g.Rules {
			runs = runs || holds(rule.If, e.gitLab)
		}
		if !runs {
			continue
		}
		jobs = append(jobs, job{
			where: ".gitlab-ci.yml: " + name, commands: g.Script, environment: environmentOf(g.Environment), group: g.ResourceGroup,
			cancelled: g.Interruptible == nil || *g.Interruptible, token: len(g.IDTokens) > 0,
			layers: slices.ContainsFunc(g.Cache, func(c struct{ Paths []string }) bool { return slices.Contains(c.Paths, ".cache/layers/") }),
		})
	}
	return jobs, nil
}

// inherit decodes a job over those that it extends.
func inherit(all map[string]yaml.Node, name string, into *gitLabJob) error {
	node, ok := all[name]
	if !ok {
		return fmt.Errorf(".gitlab-ci.yml: %s is extended and not there", name)
	}
	var child struct{ Extends parents }
	if err := node.Decode(&child); err != nil {
		return err
	}
	for _, parent := range child.Extends {
		if err := inherit(all, parent, into); err != nil {
			return err
		}
	}
	return node.Decode(into)
}

// environmentOf reads a name, or the name in a map, both of which GitLab and GitHub take.
func environmentOf(node yaml.Node) string {
	var full struct{ Name string }
	if node.Kind == yaml.MappingNode && node.Decode(&full) == nil {
		return full.Name
	}
	return node.Value
}

// holds evaluates the few forms of a rule that .gitlab-ci.yml has.
func holds(rule string, variables map[string]string) bool {
	value := func(word string) string {
		if name, variable := strings.CutPrefix(word, "$"); variable {
			if name == "CI_DEFAULT_BRANCH" {
				return "main"
			}
			return variables[name]
		}
		return strings.Trim(word, `"`)
	}
	for part := range strings.SplitSeq(rule, " && ") {
		words := strings.Fields(part)
		if len(words) != 3 {
			panic("a rule that the test cannot read: " + rule)
		}
		left, right := value(words[0]), value(words[2])
		switch words[1] {
		case "==":
			if left != right {
				return false
			}
		case "!=":
			if left == right {
				return false
			}
		case "=~":
			if !regexp.MustCompile(strings.Trim(right, "/")).MatchString(left) {
				return false
			}
		default:
			panic("a rule that the test cannot read: " + rule)
		}
	}
	return true
}

// gitHubJob is what the tests read of a job of a workflow.
type gitHubJob struct {
	Uses        string
	Steps       []struct{ Run, Uses string }
	Environment yaml.Node
	Permissions map[string]string
	Concurrency struct {
		Group  string
		Cancel bool `yaml:"cancel-in-progress"`
	}
}

// gitHubJobs are the jobs of an event, those of workflows that are called included.
func (f files) gitHubJobs(e event) ([]job, error) {
	var jobs []job
	for _, path := range slices.Sorted(maps.Keys(f)) {
		if !strings.HasPrefix(path, ".github/workflows/") {
			continue
		}
		var workflow struct{ On map[string]yaml.Node }
		if err := yaml.Unmarshal([]byte(f[path]), &workflow); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		on := map[string]trigger{}
		for name, node := range workflow.On {
			var t trigger
			_ = node.Decode(&t) // a schedule is a list and has none of these
			on[name] = t
		}
		if !e.gitHub(on) {
			continue
		}
		called, err := f.workflowJobs(path)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, called...)
	}
	return jobs, nil
}

func (f files) workflowJobs(path string) ([]job, error) {
	var workflow struct {
		Jobs        map[string]gitHubJob
		Concurrency struct {
			Cancel bool `yaml:"cancel-in-progress"`
		}
	}
	if err := yaml.Unmarshal([]byte(f[path]), &workflow); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var jobs []job
	for _, name := range slices.Sorted(maps.Keys(workflow.Jobs)) {
		g := workflow.Jobs[name]
		if called, here := strings.CutPrefix(g.Uses, "./"); here {
			inner, err := f.workflowJobs(called)
			if err != nil {
				return nil, err
			}
			for i := range inner {
				for right, level := range inner[i].rights {
					if g.Permissions[right] != level && level == "write" {
						inner[i].denied = append(inner[i].denied, right+" by "+path)
					}
				}
			}
			jobs = append(jobs, inner...)
			continue
		}
		j := job{
			where: path + ": " + name, environment: environmentOf(g.Environment), group: g.Concurrency.Group,
			cancelled: g.Concurrency.Cancel || workflow.Concurrency.Cancel, token: g.Permissions["id-token"] == "write", rights: g.Permissions,
		}
		for _, step := range g.Steps {
			if step.Run != "" {
				j.commands = append(j.commands, step.Run)
			}
			if step.Uses == "./.github/actions/layers" && len(j.commands) == 0 { // and no command has made it already
				j.layers = true
			}
		}
		jobs = append(jobs, j)
	}
	return jobs, nil
}
