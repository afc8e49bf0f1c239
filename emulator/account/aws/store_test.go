package aws

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestFileSurvives(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "account.json")
	open := func() *world {
		t.Helper()
		a, err := account.Open(path, "eu-central-1", Services)
		if err != nil {
			t.Fatal(err)
		}
		a.Patience = 0
		return &world{Account: a, t: t, ids: map[string]string{}}
	}
	w := open()
	first := w.make(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.0.0.0/16", "tags": map[string]any{"a": "b"}})
	w = open()
	read, ok := w.Read(account.VPCToken, first.ID)
	if !ok || fmt.Sprint(read) != fmt.Sprint(first) {
		t.Errorf("read %v, want %v", read, first)
	}
	if second := w.make(account.VPCToken, "vpc2", account.Values{"cidrBlock": "10.0.0.0/16"}); second.ID == first.ID {
		t.Error("an id was given twice")
	}
	if err := w.Delete(context.Background(), account.VPCToken, first.ID); err != nil {
		t.Fatal(err)
	}
	if _, left := open().Read(account.VPCToken, first.ID); left {
		t.Error("what was deleted is back")
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v (%v), want only the account", entries, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v (%v), want readable by its owner only", info.Mode(), err)
	}
}

func TestFileThatIsNotOurs(t *testing.T) {
	for name, test := range map[string]struct{ content, says string }{
		"no JSON":        {"hello", "is not an account file"},
		"another format": {`{"format": 99, "region": "eu-central-1"}`, "has format 99"},
		"another region": {`{"format": 1, "region": "us-east-1"}`, "is an account in us-east-1"},
	} {
		path := filepath.Join(t.TempDir(), "account.json")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := account.Open(path, "eu-central-1", Services); err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v, want that %s %s", name, err, path, test.says)
		}
	}
	if _, err := account.Open("", "eu-central", Services); err == nil {
		t.Error("a region that is none passes")
	}
	if _, err := account.Open(t.TempDir(), "eu-central-1", Services); err == nil {
		t.Error("a folder passes as a file")
	}
}

// Many parallel creates share their writes, and each of them is on disk when it returns.
func TestParallelCreates(t *testing.T) {
	const creates = 150
	path := filepath.Join(t.TempDir(), "account.json")
	a, err := account.Open(path, "eu-central-1", Services)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	var group sync.WaitGroup
	for i := range creates {
		group.Add(1)
		go func() {
			defer group.Done()
			in := account.Values{"cidrBlock": fmt.Sprintf("10.%d.0.0/16", i)}
			r, err := a.Create(context.Background(), account.VPCToken, "vpc", in)
			if err != nil {
				t.Error(err)
				return
			}
			if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), r.ID) {
				t.Errorf("%s is not on disk (%v)", r.ID, err)
			}
		}()
	}
	group.Wait()
	t.Logf("%d creates took %v", creates, time.Since(start))
	if again, err := account.Open(path, "eu-central-1", Services); err != nil || len(again.List(account.VPCToken)) != creates {
		t.Errorf("%d VPCs on disk (%v), want %d", len(again.List(account.VPCToken)), err, creates)
	}
}
