package cli

import (
	"path/filepath"
	"strings"
	"testing"
)

// repository is found once: a test changes the folder.
var repository, _ = filepath.Abs("../..")

// call runs the command line in the repository and returns what it printed.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(repository)
	var out, complaints strings.Builder
	code = Main(t.Context(), args, &out, &complaints)
	return code, out.String(), complaints.String()
}

// TestEveryCommandIsExplained: what it is for in one sentence, a text of its own and an example that names it.
func TestEveryCommandIsExplained(t *testing.T) {
	parser, err := newParser(&program{})
	if err != nil {
		t.Fatal(err)
	}
	if len(parser.Model.Children) < 2 {
		t.Fatalf("%d commands", len(parser.Model.Children))
	}
	texts := explanations()
	for _, command := range parser.Model.Children {
		delete(texts, command.Name)
		if !strings.HasSuffix(command.Help, ".") {
			t.Errorf("%s: %q is no sentence", command.Name, command.Help)
		}
		if !strings.Contains(command.Detail, "    laravel-ecs "+command.Name) && !strings.Contains(command.Detail, "(laravel-ecs "+command.Name) {
			t.Errorf("%s: its help has no example:\n%s", command.Name, command.Detail)
		}
		for _, flag := range command.Flags {
			if flag.Help == "" {
				t.Errorf("%s: --%s is not explained", command.Name, flag.Name)
			}
		}
	}
	if len(texts) > 0 {
		t.Errorf("help.txt explains what is no command: %v", texts)
	}
}

func TestHelp(t *testing.T) {
	code, listed, _ := call(t)
	if code != 0 || !strings.Contains(listed, "completion") || !strings.Contains(listed, "--stack") {
		t.Errorf("without arguments: %d\n%s", code, listed)
	}
	for _, args := range [][]string{{"help", "completion"}, {"completion", "--help"}} {
		if code, out, _ := call(t, args...); code != 0 || !strings.Contains(out, "source <(laravel-ecs completion bash)") {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
	}
}

func TestMistakes(t *testing.T) {
	for args, says := range map[string]string{
		"nothing-like-it":             "unexpected argument nothing-like-it",
		"completion --nothing":        "unknown flag --nothing",
		"completion tcsh":             "must be one of",
		"--root /nowhere completion":  "--root: chdir /nowhere",
		"completion bash --percent=1": "unknown flag --percent",
		"help nothing-like-it":        "unexpected argument nothing-like-it",
	} {
		code, _, complaint := call(t, strings.Fields(args)...)
		if code != 1 || !strings.HasPrefix(complaint, "error: ") || !strings.Contains(complaint, says) {
			t.Errorf("%s: %d, %s", args, code, complaint)
		}
	}
}

func TestCompletion(t *testing.T) {
	for shell, want := range map[string]string{"bash": "complete -o default", "zsh": "bashcompinit", "fish": "complete -f -c laravel-ecs"} {
		if code, out, complaint := call(t, "completion", shell); code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: %d %s%s", shell, code, out, complaint)
		}
	}
	for line, want := range map[string]string{"laravel-ecs compl": "completion", "laravel-ecs --stack stag": "staging"} {
		t.Setenv("COMP_LINE", line)
		if code, out, _ := call(t); code != 0 || strings.TrimSpace(out) != want {
			t.Errorf("%s: %d %q, %q expected", line, code, out, want)
		}
	}
}
