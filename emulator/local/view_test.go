package local

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestViewLeavesNothing: a stack that was never deployed can be looked at, and no folder is made.
func TestViewLeavesNothing(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{"Pulumi.yaml": "name: small\n", "Pulumi.local.yaml": "config:\n  aws:region: eu-west-1\n"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Find(Stack{Name: "local", Root: root, Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	if v.Account.Region() != "eu-west-1" || v.Stale() {
		t.Errorf("the view is of %s, stale %v", v.Account.Region(), v.Stale())
	}
	if _, err := os.Stat(s.State); !os.IsNotExist(err) {
		t.Errorf("looking made a folder: %v", err)
	}
	if err := os.MkdirAll(s.State, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.accountFile(), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !v.Stale() {
		t.Error("an account that was written since is not noticed")
	}
}

func TestNestedExec(t *testing.T) {
	s := &Stack{Name: "local", State: filepath.Join(t.TempDir(), "s")}
	t.Setenv(StatesVariable, "/other:"+s.State)
	if _, err := s.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "runs inside `emulator exec --stack local` already") {
		t.Errorf("the error is %v", err)
	}
}

func TestPortsOfNewStacks(t *testing.T) {
	t.Setenv("HTTP_PORT", "")
	t.Setenv("HTTPS_PORT", "")
	s := &Stack{Name: "local", State: t.TempDir(), HTTPPort: 9090, HTTPSPort: 9443}
	if err := s.rememberPorts(); err != nil {
		t.Fatal(err)
	}
	again, err := Find(Stack{Name: "local", State: s.State})
	if err != nil || again.HTTPPort != 9090 || again.HTTPSPort != 9443 {
		t.Errorf("the stack is %+v, %v", again, err)
	}
	if err := again.ChoosePorts(t.Context()); err != nil || again.HTTPPort != 9090 {
		t.Errorf("a deployed stack moves to %d, %v", again.HTTPPort, err)
	}
	t.Setenv("HTTP_PORT", "7070")
	if again, err = Find(Stack{Name: "local", State: s.State}); err != nil || again.HTTPPort != 7070 || again.HTTPSPort != 9443 {
		t.Errorf("the stack is %+v, %v", again, err)
	}
	fresh, err := Find(Stack{Name: "review-x", Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if err := fresh.ChoosePorts(t.Context()); err != nil || fresh.HTTPPort != 7070 || fresh.HTTPSPort == 8443 {
		t.Errorf("a new stack gets %d and %d, %v", fresh.HTTPPort, fresh.HTTPSPort, err)
	}
}
