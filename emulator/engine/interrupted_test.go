package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/engine"
)

const (
	vpcToken    = "aws:ec2/vpc:Vpc"
	subnetToken = "aws:ec2/subnet:Subnet"
)

// childState makes a copy of this test's process a victim: it tells where to deploy and to be killed.
const childState = "ENGINE_TEST_CHILD_STATE"

func TestMain(m *testing.M) {
	if state := os.Getenv(childState); state != "" {
		fmt.Fprintln(os.Stderr, "the victim survived:", victim(state, os.Getenv(childState+"_ROOT")))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// victim deploys and never gets beyond the subnet.
func victim(state, root string) error {
	ctx := context.Background()
	cli, err := engine.FindCLI(ctx, filepath.Join("..", ".."), os.Stderr)
	if err != nil {
		return err
	}
	e, err := engine.Open(ctx, engine.Config{
		Root: root, State: state, Stack: "local", Program: network("10.0.0.0/16"), CLI: cli, Log: os.Stderr,
	})
	if err != nil {
		return err
	}
	e.Account().SetFaults(account.Faults{Latency: map[string]time.Duration{"create " + subnetToken: time.Hour}})
	_, err = e.Up(ctx)
	return err
}

func TestKilledInTheMiddle(t *testing.T) {
	cli := findCLI(t)
	root := project(t)
	state := filepath.Join(t.TempDir(), "state")

	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), childState+"="+state, childState+"_ROOT="+root)
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return strings.Contains(recorded(state), `"vpc-0`) }) // the VPC has been made and recorded
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()

	// A resource that was made in the moment of the kill: the account has it, the engine never heard of it.
	orphan := makeOrphan(t, filepath.Join(state, "account.json"))

	e := open(t, engine.Config{Root: root, State: state, Program: network("10.0.0.0/16"), CLI: cli})
	if _, exists := e.Account().Read(vpcToken, orphan); exists {
		t.Error("the orphan is still there")
	}
	up := must(t)(e.Up(t.Context()))
	for _, change := range up.Changes {
		if change.Type == vpcToken {
			t.Errorf("the VPC was made before the kill, and now: %v", change)
		}
	}
	if vpcs, subnets := e.Account().List(vpcToken), e.Account().List(subnetToken); len(vpcs) != 1 || len(subnets) != 1 {
		t.Errorf("%d VPCs and %d subnets", len(vpcs), len(subnets))
	}
	if again := must(t)(e.Preview(t.Context())); len(again.Changes) > 0 {
		t.Errorf("after recovery: %v", again.Changes)
	}
	must(t)(e.Destroy(t.Context()))
	if left := e.Left(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// recorded is the engine's checkpoint.
func recorded(state string) string {
	text, _ := os.ReadFile(filepath.Join(state, "state", ".pulumi", "stacks", "small", "local.json"))
	return string(text)
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for two minutes")
		}
	}
}

func makeOrphan(t *testing.T, path string) string {
	t.Helper()
	a, err := aws.Open(path, "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.Create(t.Context(), vpcToken, "orphan", account.Values{"cidrBlock": "10.9.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	return made.ID
}

func TestLostResourcesAreMadeAgain(t *testing.T) {
	root := project(t)
	e := open(t, engine.Config{Root: root, State: filepath.Join(t.TempDir(), "s"), Program: network("10.0.0.0/16"), CLI: findCLI(t)})
	must(t)(e.Up(t.Context()))
	for _, token := range []string{subnetToken, vpcToken} {
		for _, r := range e.Account().List(token) {
			if err := e.Account().Delete(t.Context(), r.Type, r.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	must(t)(e.Up(t.Context()))
	if vpcs := e.Account().List(vpcToken); len(vpcs) != 1 {
		t.Errorf("VPCs: %v", vpcs)
	}
}

func TestFailureNamesTheResource(t *testing.T) {
	root := project(t)
	e := open(t, engine.Config{Root: root, State: filepath.Join(t.TempDir(), "s"), Program: network("10.0.0.0/16"), CLI: findCLI(t)})
	e.Account().SetFaults(account.Faults{Fail: []account.Fault{{
		Operation: "create", Type: subnetToken, Nth: 1, Err: &account.Error{Code: "InsufficientFreeAddressesInSubnet", Message: "none left"},
	}}})
	_, err := e.Up(t.Context())
	var failure *engine.Failure
	if !errors.As(err, &failure) || !strings.Contains(err.Error(), "aws:ec2:Subnet subnet: InsufficientFreeAddressesInSubnet: none left") {
		t.Fatalf("the error is %v", err)
	}
	must(t)(e.Up(t.Context())) // the next run carries on
	must(t)(e.Destroy(t.Context()))
}

func TestOneAtATime(t *testing.T) {
	root := project(t)
	state := filepath.Join(t.TempDir(), "s")
	cfg := engine.Config{Root: root, State: state, Stack: "local", Program: network("10.0.0.0/16"), CLI: findCLI(t), Log: testLog{t}}
	open(t, cfg)
	if _, err := engine.Open(t.Context(), cfg); !errors.Is(err, engine.ErrBusy) || !strings.Contains(err.Error(), state) {
		t.Errorf("a second run gets %v", err)
	}
}

func TestStateFolders(t *testing.T) {
	root := project(t)
	for name, test := range map[string]struct {
		prepare func(dir string)
		refused string
	}{
		"another format":    {func(dir string) { write(t, filepath.Join(dir, "version"), "0\n") }, `has format "0"`},
		"somebody else's":   {func(dir string) { write(t, filepath.Join(dir, "thesis.txt"), "dear reader") }, "not a state folder and not empty"},
		"killed very early": {func(dir string) { write(t, filepath.Join(dir, "lock"), "") }, ""},
		"only snapshots": {func(dir string) {
			if err := os.MkdirAll(filepath.Join(dir, "snapshots"), 0o700); err != nil {
				t.Fatal(err)
			}
		}, ""},
		"account of elsewhere": {func(dir string) {
			write(t, filepath.Join(dir, "version"), "1\n")
			text, _ := json.Marshal(map[string]any{"format": 1, "region": "us-east-1"})
			write(t, filepath.Join(dir, "account.json"), string(text))
		}, "is an account in us-east-1"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			test.prepare(dir)
			e, err := engine.Open(t.Context(), engine.Config{
				Root: root, State: dir, Stack: "local", Program: network("10.0.0.0/16"), CLI: findCLI(t), Log: testLog{t},
			})
			if err == nil {
				defer e.Close()
			}
			if (err == nil) != (test.refused == "") || err != nil && (!strings.Contains(err.Error(), test.refused) || !strings.Contains(err.Error(), dir)) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestRemoveLeavesWhatIsNotOurs(t *testing.T) {
	root := project(t)
	dir := filepath.Join(t.TempDir(), "s")
	e := open(t, engine.Config{Root: root, State: dir, Program: network("10.0.0.0/16"), CLI: findCLI(t)})
	write(t, filepath.Join(dir, "notes.txt"), "mine")
	if err := e.Remove(); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != "notes.txt" {
		t.Errorf("left are %v, %v", entries, err)
	}
}
