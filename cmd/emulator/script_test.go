package main

// Scripts: testdata/script/*.txtar, run by https://pkg.go.dev/github.com/rogpeppe/go-internal/testscript, test the
// commands end to end on an account in memory: no Docker, no AWS, one to five seconds each. A script that needs
// containers belongs to emulator/system.
//
//	go test ./cmd/emulator -run Script/status        # testdata/script/status.txtar
//	go test ./cmd/emulator -run Script -update       # rewrites the files that cmp compares with
//
// `make test` leaves those that LONG in the Makefile names to `make test-long`.
//
// Every script starts in a copy of the project: Pulumi*.yaml, examples/ and docker/, committed to a Git repository, on
// branch main. A file of the archive replaces the project's one before the commit. On PATH are emulator and
// laravel-ecs, which are this test's own binary, so they are what was compiled just now. There is no pulumi on PATH:
// only `emulator exec` brings one, as it does for everybody who has not installed it.
//
//	# A deployed stack is steady.
//	exec emulator exec --in-memory --deploy --stack staging -- laravel-ecs status --stack staging
//	stdout 'web .* 2/2'
//	# An unknown stack is refused.
//	exits 1 emulator exec --in-memory --stack staging -- laravel-ecs status --stack nowhere
//	stderr 'there is no Pulumi.nowhere.yaml'
//
// --deploy deploys the stack before the command; without it the account is empty. An account in memory lives as long as
// its `emulator exec`, so several commands on one account are one shell script:
//
//	exec emulator exec --in-memory --deploy --stack staging -- sh script.sh
//	-- script.sh --
//	set -e
//	laravel-ecs releases --stack staging
//
// In it, other stacks of the project share the account: `pulumi stack init`, `pulumi up --stack review-x` work.
// Commands of ours, beside those of testscript:
//
//	exits CODE PROGRAM ARGS...   like exec, and the program must end with this exit code
//	edit FILE OLD NEW            replaces a text that must be in the file; it fails otherwise
//	documented COMMANDS...       the last output, "COMMAND:" and an operation of AWS per line, is what docs/operations.md says they need

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
	"github.com/laravel-ecs/laravel-ecs/ops/cli"
	"github.com/laravel-ecs/laravel-ecs/ops/release"
)

var update = flag.Bool("update", false, "rewrite the expected output in the scripts")

func TestMain(m *testing.M) {
	testscript.Main(inRoot{m}, map[string]func(){
		"emulator": main,
		"laravel-ecs": func() {
			cli.Every = 200 * time.Millisecond // an account in memory has no request quota
			cli.Clock = pastTime()
			os.Exit(cli.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
		},
	})
}

// pastTime begins some hours ago and passes at once: the minutes that make release watches are over, and have their figures.
func pastTime() release.Clock {
	now := time.Now().Add(-6 * time.Hour)
	return release.Clock{Now: func() time.Time { return now }, Wait: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil }}
}

// inRoot runs the tests in the root of the repository. A test that runs beside others cannot change the folder for itself.
type inRoot struct{ *testing.M }

func (m inRoot) Run() int {
	if err := os.Chdir(filepath.Join("..", "..")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	return m.M.Run()
}

func TestScript(t *testing.T) {
	t.Parallel()
	project := sync.OnceValues(func() (string, error) { return copyProject(t) })
	pulumi, err := engine.FindCLI(t.Context(), ".", os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("cmd", "emulator", "testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "edit": edit, "documented": documented},
		Setup: func(env *testscript.Env) error {
			env.Setenv(engine.CLIVariable, pulumi)
			for _, who := range []string{"AUTHOR", "COMMITTER"} {
				env.Setenv("GIT_"+who+"_NAME", "Script")
				env.Setenv("GIT_"+who+"_EMAIL", "script@example.com")
			}
			env.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
			for _, variable := range []string{"GOCOVERDIR", "DOCKER_HOST"} { // those that the programs need from outside
				env.Setenv(variable, os.Getenv(variable))
			}
			source, err := project()
			if err != nil {
				return err
			}
			return prepare(env, source)
		},
	})
}

// copyProject copies the files of the project that stacks are made of: what Git would commit of them.
func copyProject(t *testing.T) (string, error) {
	target := t.TempDir()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--",
		"Pulumi*.yaml", "examples", "docker", "docs/*.svg", ".gitignore")
	out, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("git ls-files: %w", err)
	}
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		if err := copyFile(name, filepath.Join(target, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return target, nil
}

// prepare adds the project to what the script brings, and commits all of it.
func prepare(env *testscript.Env, project string) error {
	err := filepath.WalkDir(project, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(project, path)
		if err != nil {
			return err
		}
		target := filepath.Join(env.WorkDir, name)
		if _, err := os.Stat(target); err == nil {
			return nil // the script's own
		}
		return copyFile(path, target)
	})
	if err != nil {
		return err
	}
	git := exec.Command("sh", "-c", "git init -q -b main && git add -A && git commit -q -m 'The project'")
	git.Dir, git.Env = env.WorkDir, env.Vars
	if out, err := git.CombinedOutput(); err != nil {
		return fmt.Errorf("git: %w: %s", err, out)
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, text, info.Mode().Perm())
}

// exits runs a program that must end with an exit code.
func exits(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%v", err)
		}
		code = ended.ExitCode()
	}
	if code != want {
		ts.Fatalf("the exit code is %d, not %d\n%s%s", code, want, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// edit replaces a text in a file.
func edit(ts *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 3 {
		ts.Fatalf("usage: edit FILE OLD NEW")
	}
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
