package pipelines_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// expected is what an event makes happen, one line per job. It stands here so that a job that is missing in both is found.
var expected = map[string][]string{
	"merge request": {
		"make docker; make layers STACK=review; make review-up", "make docker; make layers STACK=staging; make test-app STACK=staging", "make lint", "make notes", "make review-down", "make test",
	},
	"main": {
		"make deploy STACK=prod FROM=staging; make smoke STACK=prod", "make docker; make layers STACK=staging; make test-app STACK=staging",
		"make docker; make layers STACK=staging; make up STACK=staging; make smoke STACK=staging",
		"make lint", "make test",
	},
	"tag":      {"make deploy STACK=prod FROM=staging; make smoke STACK=prod"},
	"schedule": {"make drift STACK=prod", "make drift STACK=staging", "make review-reap", "make test-long"},
}

// changing are the targets that change an environment.
var changing = regexp.MustCompile(`^make (up|deploy|review-up|review-down|review-reap)\b`)

var call = regexp.MustCompile(`^make ([a-z-]+)( [A-Z_]+=[a-z0-9-]+)*$`)

// problems are what is wrong with the pipelines.
func (f files) problems() []string {
	var list []string
	complain := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	for name, e := range events {
		for where, jobsOf := range map[string]func(event) ([]job, error){"GitLab": f.gitLabJobs, "GitHub": f.gitHubJobs} {
			jobs, err := jobsOf(e)
			if err != nil {
				complain("%v", err)
			}
			var calls []string
			for _, j := range jobs {
				calls = append(calls, strings.Join(j.commands, "; "))
				f.checkJob(j, complain)
			}
			slices.Sort(calls)
			if want := expected[name]; !slices.Equal(calls, want) {
				complain("%s, %s: the jobs are\n  %s\nexpected are\n  %s", where, name, strings.Join(calls, "\n  "), strings.Join(want, "\n  "))
			}
		}
	}
	f.checkTexts(complain)
	slices.Sort(list)
	return slices.Compact(list)
}

// checkJob: what is denied is of
// https://docs.github.com/en/actions/reference/workflows-and-actions/reusing-workflow-configurations#access-and-permissions-for-nested-workflows.
func (f files) checkJob(j job, complain func(string, ...any)) {
	for _, right := range j.denied {
		complain("%s: is not allowed %s", j.where, right)
	}
	if keeps := strings.Contains(strings.Join(j.commands, ";"), "make layers "); keeps != j.layers {
		complain("%s: make layers and the cache of its folder are not together", j.where)
	}
	for _, command := range j.commands {
		match := call.FindStringSubmatch(command)
		if match == nil {
			complain("%s: %q is more than a target of make", j.where, command)
			continue
		}
		if !regexp.MustCompile(`(?m)^` + match[1] + `:`).MatchString(f["Makefile"]) {
			complain("%s: the Makefile has no target %s", j.where, match[1])
		}
		if match[1] == "drift" {
			f.checkComparison(j, complain)
		}
		if !changing.MatchString(command) {
			continue
		}
		if j.cancelled {
			complain("%s: can be cancelled midway", j.where)
		}
		if !j.token {
			complain("%s: has no token of OpenID Connect", j.where)
		}
		if j.environment == "" {
			complain("%s: has no environment", j.where)
		}
		if stack := regexp.MustCompile(`STACK=(\S+)`).FindStringSubmatch(command); j.group == "" || stack != nil && (j.group != stack[1] || j.environment != stack[1]) {
			complain("%s: %s runs in the environment %q and the group %q", j.where, command, j.environment, j.group)
		}
	}
}

// checkComparison: what only looks takes a role of its own, and is in no deployment's way.
func (f files) checkComparison(j job, complain func(string, ...any)) {
	if !j.token {
		complain("%s: has no token of OpenID Connect", j.where)
	}
	if j.environment != "" && !strings.HasPrefix(j.environment, "drift/") {
		complain("%s: waits for the reviewers of %s", j.where, j.environment)
	}
	if j.group != "" && strings.HasPrefix(j.where, ".github/") { // of those that wait, GitHub keeps the last one only
		complain("%s: pushes out a deployment that waits in the group %s", j.where, j.group)
	}
}

var (
	uses    = regexp.MustCompile(`(?m)^\s*(?:- )?uses: (\S+)(.*)$`)
	pinned  = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40}$`)
	version = regexp.MustCompile(`# v\d`)
)

func (f files) checkTexts(complain func(string, ...any)) {
	for path, text := range f {
		if path == "Makefile" {
			continue
		}
		for forbidden, why := range map[string]string{
			"pull_request_target":   "gives a fork the rights of the repository",
			"AWS_ACCESS_KEY_ID":     "a key that does not expire",
			"AWS_SECRET_ACCESS_KEY": "a key that does not expire",
		} {
			if strings.Contains(text, forbidden) {
				complain("%s: %s: %s", path, forbidden, why)
			}
		}
		for _, match := range uses.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(match[1], "./") && (!pinned.MatchString(match[1]) || !version.MatchString(match[2])) {
				complain("%s: %s is not pinned by commit, with its version behind it", path, match[1])
			}
		}
		for _, match := range regexp.MustCompile(`(?:pulumi-version: |image: pulumi/pulumi:)(\S+)`).FindAllStringSubmatch(text, -1) {
			if match[1] != session.CLIVersion {
				complain("%s: Pulumi %s, where the rest of the project has %s", path, match[1], session.CLIVersion)
			}
		}
	}
}

// TestForksAndBotsGetNoRole: on GitLab, no job of a fork has a token; on GitHub, no job of a pull request takes a role without asking whose
// it is. GitHub gives a bot's pull request a token, and a job with "id-token: write" one of OpenID Connect
// (https://docs.github.com/en/code-security/dependabot/troubleshooting-dependabot/troubleshooting-dependabot-on-github-actions).
func TestForksAndBotsGetNoRole(t *testing.T) {
	f := readFiles(t)
	jobs, err := f.gitLabJobs(event{gitLab: map[string]string{
		"CI_PIPELINE_SOURCE": "merge_request_event", "CI_MERGE_REQUEST_PROJECT_ID": "5", "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "6",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, j := range jobs {
		if j.token || j.environment != "" {
			t.Errorf("%s: a fork gets a token or an environment", j.where)
		}
		commands = append(commands, j.commands...)
	}
	if !slices.Contains(commands, "make notes") {
		t.Errorf("a fork has no notes: %q", commands)
	}
	const ours, people = "github.event.pull_request.head.repo.full_name == github.repository", "github.event.pull_request.user.type != 'Bot'"
	for _, path := range []string{".github/workflows/pull-request.yml", ".github/workflows/review.yml"} {
		var workflow struct {
			Jobs map[string]struct {
				If          string
				Env         map[string]string
				Permissions map[string]string
			}
		}
		if err := yaml.Unmarshal([]byte(f[path]), &workflow); err != nil {
			t.Fatal(err)
		}
		for name, j := range workflow.Jobs {
			asked := j.If + j.Env["AWS_ROLE_ARN"]
			if j.Permissions["id-token"] == "write" && (!strings.Contains(asked, ours) || !strings.Contains(asked, people)) {
				t.Errorf("%s: %s takes a role for anybody: %q", path, name, asked)
			}
		}
	}
}

func TestPipelinesAgree(t *testing.T) {
	for _, problem := range readFiles(t).problems() {
		t.Error(problem)
	}
}

// TestMistakesAreFound makes one mistake at a time.
func TestMistakesAreFound(t *testing.T) {
	const gitLab, main, nightly, prepare = ".gitlab-ci.yml", ".github/workflows/main.yml", ".github/workflows/nightly.yml", ".github/actions/prepare/action.yml"
	for name, test := range map[string]struct{ file, old, new, says string }{
		"a target only here":       {gitLab, "- make notes", "- make note", "GitLab, merge request: the jobs are"},
		"a target only there":      {main, "make smoke STACK=staging", "make status STACK=staging", "GitHub, main: the jobs are"},
		"no such target":           {"Makefile", "\nsmoke: ", "\nsmoked: ", "the Makefile has no target smoke"},
		"a rule too wide":          {gitLab, `$CI_PIPELINE_SOURCE == "schedule"` + "\n  script:\n    - make review-reap", `$CI_PIPELINE_SOURCE != "x"` + "\n  script:\n    - make review-reap", "GitLab, main: the jobs are"},
		"more than make":           {main, "run: make docker", "run: make docker && curl example.com", "is more than a target of make"},
		"an expression in a shell": {main, "run: make docker", "run: make docker BRANCH=${{ github.head_ref }}", "is more than a target of make"},
		"cancelled on GitLab":      {gitLab, "  interruptible: false # an interrupted", "  interruptible: true # an interrupted", "staging: can be cancelled midway"},
		"cancelled on GitHub":      {main, "group: staging, cancel-in-progress: false", "group: staging, cancel-in-progress: true", "main.yml: staging: can be cancelled midway"},
		"no group on GitLab":       {gitLab, "  resource_group: prod\n  environment: prod\n", "  environment: prod\n", `and the group ""`},
		"another's group":          {main, "group: staging,", "group: prod,", `in the environment "staging" and the group "prod"`},
		"no token on GitLab":       {gitLab, "    AWS_ID_TOKEN:\n      aud: $CI_SERVER_URL\n", "    {}\n", "staging: has no token"},
		"no token on GitHub":       {main, "environment: staging\n    concurrency: {group: staging, cancel-in-progress: false}\n    permissions:\n      contents: read\n      id-token: write", "environment: staging\n    concurrency: {group: staging, cancel-in-progress: false}\n    permissions:\n      contents: read", "main.yml: staging: has no token"},
		"a right that is denied":   {main, "      pull-requests: write # called", "      pull-requests: read # called", "checks.yml: test-app: is not allowed pull-requests by .github/workflows/main.yml"},
		"layers lost on GitLab":    {gitLab, "  cache: *layers\n  stage: staging\n", "  stage: staging\n", "staging: make layers and the cache of its folder are not together"},
		"layers lost on GitHub":    {main, "      - uses: ./.github/actions/layers\n", "", "main.yml: staging: make layers and the cache"},
		"no environment":           {main, "    environment: staging\n", "", "has no environment"},
		"a comparison that waits":  {nightly, "drift-prod:\n    runs-on: ubuntu-latest\n", "drift-prod:\n    runs-on: ubuntu-latest\n    environment: prod\n", "nightly.yml: drift-prod: waits for the reviewers of prod"},
		"a comparison in the way":  {nightly, "drift-prod:\n    runs-on: ubuntu-latest\n", "drift-prod:\n    runs-on: ubuntu-latest\n    concurrency: {group: prod}\n", "nightly.yml: drift-prod: pushes out"},
		"an access key":            {gitLab, "variables:\n", "variables:\n  AWS_SECRET_ACCESS_KEY: abc\n", "a key that does not expire"},
		"the rights of the target": {main, "on:\n", "on:\n  pull_request_target:\n", "pull_request_target"},
		"a tag instead of a pin":   {prepare, "@e3dd6a429d7300a6a4c196c26e071d42e0343502", "@v4", "is not pinned by commit"},
		"a pin without a version":  {prepare, " # v4.0.2", "", "is not pinned by commit, with its version"},
		"another Pulumi":           {prepare, "pulumi-version: ", "pulumi-version: 3.1", "where the rest of the project has"},
	} {
		t.Run(name, func(t *testing.T) {
			f := readFiles(t)
			before := f[test.file]
			if f[test.file] = strings.Replace(before, test.old, test.new, 1); f[test.file] == before {
				t.Fatalf("%s has no %q", test.file, test.old)
			}
			if all := strings.Join(f.problems(), "\n"); !strings.Contains(all, test.says) {
				t.Errorf("no problem says %q:\n%s", test.says, all)
			}
		})
	}
}
