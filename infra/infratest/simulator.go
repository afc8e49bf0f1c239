package infratest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

// Grants are the policies that decide about a request: those of an identity with its permissions boundary, or a role's trust.
type Grants struct {
	Policies []string `json:"policies,omitempty"`
	Boundary []string `json:"boundary,omitempty"` // one document, or none
	Trust    string   `json:"trust,omitempty"`
}

// Request is a request to AWS. Context has the values of condition keys. Principal is the identity provider for a trust policy.
type Request struct {
	Action    string           `json:"action"`
	Resource  string           `json:"resource"`
	Principal string           `json:"principal"`
	Context   map[string]Texts `json:"context,omitempty"`
}

// Action is what AWS's Service Authorization Reference says about an action. Keys may end with /${TagKey}.
type Action struct {
	Level string
	Keys  []string
	Types map[string]struct {
		ARN  string
		Keys []string
	}
	Error string
}

// Allow tells which requests are allowed. Policies are evaluated by @cloud-copilot/iam-simulate, which knows every action of AWS with
// its resources and condition keys: a request that AWS does not know fails the test.
func (g Grants) Allow(t testing.TB, requests ...Request) []bool {
	t.Helper()
	for i := range requests {
		if requests[i].Principal == "" {
			requests[i].Principal = "arn:aws:sts::123456789012:assumed-role/pipeline/job"
		}
	}
	var answer struct {
		Error   string
		Answers []struct {
			Allowed bool
			Error   string
		}
	}
	simulate(t, struct {
		Grants
		Requests []Request `json:"requests"`
	}{g, requests}, &answer)
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	allowed := make([]bool, len(requests))
	for i, one := range answer.Answers {
		if one.Error != "" {
			t.Errorf("AWS does not know the request: %s: %s on %s with %v", one.Error, requests[i].Action, requests[i].Resource, requests[i].Context)
		}
		allowed[i] = one.Allowed
	}
	return allowed
}

// Describe looks actions up in AWS's Service Authorization Reference. An unknown one fails the test.
func Describe(t testing.TB, actions []string) map[string]Action {
	t.Helper()
	var answer struct {
		Error   string
		Actions []Action
	}
	simulate(t, map[string]any{"describe": actions}, &answer)
	if answer.Error != "" {
		t.Fatal(answer.Error)
	}
	found := map[string]Action{}
	for i, name := range actions {
		found[name] = answer.Actions[i]
	}
	return found
}

// simulator is one process for all tests of a package. It ends with the test, when its standard input is closed.
var simulator struct {
	sync.Mutex
	questions io.Writer
	answers   *bufio.Reader
}

func simulate(t testing.TB, question, answer any) {
	t.Helper()
	simulator.Lock()
	defer simulator.Unlock()
	if simulator.questions == nil {
		if err := startSimulator(); err != nil {
			t.Fatalf("starting the evaluator of IAM policies: %v", err)
		}
	}
	line, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := simulator.questions.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
	text, err := simulator.answers.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the evaluator of IAM policies ended: %v", err)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		t.Fatal(err)
	}
}

func startSimulator() error {
	folder, err := toolsFolder()
	if err != nil {
		return err
	}
	if err := install(folder); err != nil {
		return err
	}
	node := exec.Command("node", "simulate.mjs")
	node.Dir, node.Stderr = folder, os.Stderr
	questions, err := node.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := node.StdoutPipe()
	if err != nil {
		return err
	}
	if err := node.Start(); err != nil {
		return fmt.Errorf("%w: the tests of IAM policies need node and npm", err)
	}
	simulator.questions, simulator.answers = questions, bufio.NewReader(answers)
	return nil
}

// toolsFolder is tools/iam of the repository: tests run in their own folder, or in the root.
func toolsFolder() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; folder != filepath.Dir(folder); folder = filepath.Dir(folder) {
		if _, err := os.Stat(filepath.Join(folder, "tools", "iam", "package-lock.json")); err == nil {
			return filepath.Join(folder, "tools", "iam"), nil
		}
	}
	return "", errors.New("there is no tools/iam above the working directory")
}

// install fetches the pinned packages once. Afterwards no network is needed. The lock is for packages that are tested side by side.
func install(folder string) error {
	lock, err := os.Open(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	installed, err := os.Stat(filepath.Join(folder, "node_modules", ".package-lock.json"))
	pinned, statErr := lock.Stat()
	if statErr != nil || err == nil && !installed.ModTime().Before(pinned.ModTime()) {
		return statErr
	}
	npm := exec.Command("npm", "ci", "--silent", "--no-audit", "--no-fund")
	npm.Dir = folder
	if output, err := npm.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in tools/iam: %w: %s", err, output)
	}
	return nil
}
