package docker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hadolint is not available where this project is built. These are its rules that our Dockerfiles could break, with hadolint's
// numbers. The head of the Dockerfile says why DL3008 (pin the versions of packages) does not apply.

// instruction is one instruction of a Dockerfile with its lines joined.
type instruction struct{ name, text string }

func instructions(dockerfile string) (list []instruction) {
	dockerfile = regexp.MustCompile(`(?m)^\s*#.*\n`).ReplaceAllString(dockerfile, "")
	dockerfile = strings.ReplaceAll(dockerfile, "\\\n", " ")
	for line := range strings.Lines(dockerfile) {
		if name, text, found := strings.Cut(strings.TrimSpace(line), " "); found {
			list = append(list, instruction{strings.ToUpper(name), text})
		}
	}
	return list
}

// commands forbid a text in an instruction, or want another one wherever the first is found.
var commands = []struct{ rule, instruction, found, wanted string }{
	{"DL3000 WORKDIR is absolute", "WORKDIR", `^[^/$]`, ""},
	{"DL3001 no ssh, vim, shutdown, service, ps, free, top, kill or mount", "RUN", `(^|&& |; )(ssh|vim|shutdown|service|ps|free|top|kill|mount) `, ""},
	{"DL3003 WORKDIR instead of cd", "RUN", `(^|&& |; )cd `, ""},
	{"DL3004 no sudo", "RUN", `\bsudo\b`, ""},
	{"DL3006 a base image has a tag", "FROM", `^[^:$ ]+( |$)`, `^(scratch|[a-z]+ AS )`},
	{"DL3007 no :latest", "FROM", `:latest\b`, ""},
	{"DL3009 lists of packages are deleted, or in a cache", "RUN", `apt-get update`, `target=/var/lib/apt/lists|rm -rf /var/lib/apt/lists/\*`},
	{"DL3014 apt-get install -y", "RUN", `apt-get install`, `apt-get install( -qq)? -y`},
	{"DL3015 apt-get install --no-install-recommends", "RUN", `apt-get install`, `--no-install-recommends`},
	{"DL3020 COPY instead of ADD", "ADD", ``, ""},
	{"DL3025 CMD as a list", "CMD", `^[^\[]`, ""},
	{"DL3025 ENTRYPOINT as a list", "ENTRYPOINT", `^[^\[]`, ""},
	{"DL3027 apt-get instead of apt", "RUN", `\bapt (install|update)`, ""},
	{"DL3042 no cache of pip", "RUN", `pip install`, `--no-cache-dir`},
	{"DL4000 no MAINTAINER", "MAINTAINER", ``, ""},
}

// check names the rules that a Dockerfile breaks.
func check(dockerfile string) (broken []string) {
	add := func(rule, format string, args ...any) {
		broken = append(broken, rule+": "+fmt.Sprintf(format, args...))
	}
	list := instructions(dockerfile)
	seen := map[string]int{}
	stages, pipefail, workdir, user := map[string]bool{}, false, false, ""
	for i, in := range list {
		for _, c := range commands {
			if in.name == c.instruction && regexp.MustCompile(c.found).MatchString(in.text) &&
				(c.wanted == "" || !regexp.MustCompile(c.wanted).MatchString(in.text)) {
				add(c.rule, "%s %s", in.name, in.text)
			}
		}
		switch in.name {
		case "FROM":
			from, stage, _ := strings.Cut(in.text, " AS ")
			if stages[stage] {
				add("DL3024 names of stages are unique", "%s", stage)
			}
			// A stage that starts from another one has its shell and its folder.
			if !stages[from] {
				pipefail, workdir = false, false
			}
			stages[stage], seen, user = true, map[string]int{}, ""
		case "SHELL":
			pipefail = strings.Contains(in.text, "pipefail")
		case "WORKDIR":
			workdir = true
		case "USER":
			user = in.text
		case "CMD", "ENTRYPOINT", "HEALTHCHECK":
			if seen[in.name]++; seen[in.name] > 1 {
				add("DL4003, DL4004, DL3012 only the last one counts", "%s %s", in.name, in.text)
			}
		case "COPY":
			fields := strings.Fields(in.text)
			if target := fields[len(fields)-1]; !workdir && !strings.HasPrefix(target, "/") {
				add("DL3045 COPY to a relative folder needs a WORKDIR", "%s", in.text)
			}
			if sources := slices.DeleteFunc(fields[:len(fields)-1], func(f string) bool { return strings.HasPrefix(f, "--") }); len(sources) > 1 && !strings.HasSuffix(fields[len(fields)-1], "/") {
				add("DL3021 COPY of several needs a folder, with /", "%s", in.text)
			}
		case "RUN":
			if !pipefail && regexp.MustCompile(`[^|]\|[^|]`).MatchString(in.text) {
				add("DL4006 a pipe needs pipefail", "%s", in.text)
			}
			if i > 0 && list[i-1].name == "RUN" {
				add("DL3059 RUN after RUN", "%s", in.text)
			}
		}
	}
	if user == "" || user == "root" || strings.HasPrefix(user, "0") {
		add("DL3002 the last USER is not root", "%q", user)
	}
	return broken
}

func TestDockerfiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "emulator/runtime/images/*/Dockerfile"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no Dockerfiles of the emulator: %v", err)
	}
	for _, file := range append(files, "Dockerfile") {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, broken := range check(string(content)) {
			t.Errorf("%s: %s", file, broken)
		}
	}
}

// Each rule must find a violation.
func TestDockerfileRules(t *testing.T) {
	t.Parallel()
	bad := `FROM debian
FROM node:latest AS a
FROM node:22 AS a
MAINTAINER me
WORKDIR var/www
ADD x /y
COPY a b c
RUN apt-get update && apt-get install php | tee log
RUN cd /x && sudo apt install y && pip install z && kill 1
CMD run
CMD ["run"]
ENTRYPOINT run
`
	broken := strings.Join(check(bad), "\n")
	for _, rule := range []string{"DL3000", "DL3001", "DL3002", "DL3003", "DL3004", "DL3006", "DL3007", "DL3009", "DL3014", "DL3015", "DL3020", "DL3021",
		"DL3024", "DL3025 CMD", "DL3025 ENTRYPOINT", "DL3027", "DL3042", "DL4000", "DL4003", "DL4006", "DL3059"} {
		if !strings.Contains(broken, rule) {
			t.Errorf("%s is not found in a Dockerfile that breaks it; found:\n%s", rule, broken)
		}
	}
	if broken := strings.Join(check("FROM debian:13\nCOPY x y\n"), "\n"); !strings.Contains(broken, "DL3045") {
		t.Errorf("DL3045 is not found: %s", broken)
	}
	if broken := check("FROM debian:13\nUSER app\n"); broken != nil {
		t.Errorf("a good one breaks %q", broken)
	}
}

// TestRebuildReachesThePackages: in every stage that begins with the base image and installs packages, REBUILD stands before them. BuildKit
// runs a command again when an argument that is declared above it changes, whether the command uses it or not
// (https://docs.docker.com/reference/dockerfile/#impact-on-build-caching).
func TestRebuildReachesThePackages(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	stages, declared, base := 0, false, false
	for _, in := range instructions(string(text)) {
		switch {
		case in.name == "FROM":
			declared, base = false, strings.HasPrefix(in.text, "${BASE_IMAGE}")
		case in.name == "ARG" && strings.HasPrefix(in.text, "REBUILD="):
			declared = true
		case in.name == "RUN" && regexp.MustCompile(`apt-get install|/php\.sh`).MatchString(in.text) && base:
			if stages++; !declared {
				t.Errorf("without ARG REBUILD above it: RUN %s", in.text)
			}
			base = false // the first one of a stage
		}
	}
	if stages != 3 {
		t.Errorf("%d stages install packages on the base image, 3 expected: composer, nodejs, server", stages)
	}
}
