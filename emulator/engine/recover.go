package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// dyingCLI is how long a CLI may go on after the process that started it was killed: it saves the state and leaves.
const dyingCLI = 20 * time.Second

// checkpoint is the file in which the engine keeps the stack's state.
func (e *Engine) checkpoint() string {
	return filepath.Join(e.backend(), ".pulumi", "stacks", e.settings.Project(), e.cfg.Stack+".json")
}

// Stacks lists the stacks whose state is in a state folder.
func Stacks(dir string) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "state", ".pulumi", "stacks", "*", "*.json"))
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".json"))
	}
	return names
}

// HasResources tells whether the state has resources.
func (e *Engine) HasResources() bool {
	state, err := e.recorded()
	return err != nil || len(state.Resources) > 0
}

// recorded is what the engine's checkpoint says; nothing where there is none.
func (e *Engine) recorded() (apitype.DeploymentV3, error) {
	var state struct {
		Checkpoint struct{ Latest apitype.DeploymentV3 }
	}
	text, err := os.ReadFile(e.checkpoint())
	if errors.Is(err, fs.ErrNotExist) {
		return state.Checkpoint.Latest, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		return state.Checkpoint.Latest, fmt.Errorf("reading the state in %s: %w", e.checkpoint(), err)
	}
	return state.Checkpoint.Latest, nil
}

// Resources are the resources of the state, each with what it depends on: what the engine was told by the program.
func (e *Engine) Resources() ([]apitype.ResourceV3, error) {
	state, err := e.recorded()
	return state.Resources, err
}

// recover puts right what an interrupted run left behind, so that the next one carries on: the lock of a CLI that is
// gone, operations that the engine believes to be under way, and resources that were made but never recorded.
func (e *Engine) recover(ctx context.Context) error {
	if e.cfg.Throwaway {
		return nil
	}
	if err := e.breakLock(ctx); err != nil {
		return err
	}
	state, err := e.recorded()
	if err != nil {
		return err
	}
	if pending := len(state.PendingOperations); pending > 0 {
		fmt.Fprintf(e.cfg.Log, "an earlier run was interrupted; clearing %d unfinished operations\n", pending)
		if err := e.clearPending(ctx); err != nil {
			return fmt.Errorf("clearing unfinished operations: %w", err)
		}
	}
	return e.removeOrphans(ctx, state)
}

// breakLock waits for a CLI that is still on its way out and removes the lock of one that is gone. This process holds
// the state folder, so nobody else can be at work on purpose.
func (e *Engine) breakLock(ctx context.Context) error {
	pattern := filepath.Join(e.backend(), ".pulumi", "locks", "organization", e.settings.Project(), e.cfg.Stack, "*.json")
	deadline := time.Now().Add(dyingCLI)
	for {
		locks, err := filepath.Glob(pattern)
		if err != nil || len(locks) == 0 {
			return err
		}
		pid, alive := holder(locks)
		if !alive {
			fmt.Fprintln(e.cfg.Log, "an earlier run was interrupted; removing its lock")
			for _, lock := range locks {
				err = errors.Join(err, os.Remove(lock))
			}
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: pulumi (process %d) holds the lock of %s", ErrBusy, pid, e.folder.dir)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// holder returns a process that holds one of the locks and still lives.
func holder(locks []string) (pid int, alive bool) {
	for _, path := range locks {
		var lock struct {
			PID int `json:"pid"`
		}
		text, err := os.ReadFile(path)
		if err != nil || json.Unmarshal(text, &lock) != nil || lock.PID <= 0 {
			continue
		}
		if syscall.Kill(lock.PID, 0) != nil {
			continue
		}
		// The number may have been given to another program since.
		if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", lock.PID)); err == nil && strings.TrimSpace(string(name)) != "pulumi" {
			continue
		}
		return lock.PID, true
	}
	return 0, false
}

// clearPending drops the operations that the engine believes to be under way, as an import does. Creates among them that
// did happen are orphans now; updates and deletes are simply done again.
func (e *Engine) clearPending(ctx context.Context) error {
	file := e.folder.path("exported.json")
	defer os.Remove(file)
	if _, err := e.output(ctx, "stack", "export", "--file", file); err != nil {
		return err
	}
	_, err := e.output(ctx, "stack", "import", "--file", file)
	return err
}

// removeOrphans deletes resources that the account has and the engine does not know: they were made in the moment the
// run was killed. Nothing the engine knows depends on them, and the next deployment makes them anew.
func (e *Engine) removeOrphans(ctx context.Context, state apitype.DeploymentV3) error {
	known := map[string]bool{}
	for _, r := range state.Resources {
		known[string(r.Type)+"|"+string(r.ID)] = true
	}
	var orphans []account.Resource
	for _, r := range e.account.List("") {
		if !known[r.Type+"|"+r.ID] && e.declared(r) {
			orphans = append(orphans, r)
		}
	}
	for len(orphans) > 0 {
		var left []account.Resource
		var failed error
		for _, r := range orphans {
			if err := e.account.Delete(ctx, r.Type, r.ID); err != nil {
				left, failed = append(left, r), errors.Join(failed, err)
				continue
			}
			fmt.Fprintf(e.cfg.Log, "removed %s %s, which an interrupted run had made but not recorded\n", shortType(r.Type), r.Name)
		}
		if len(left) == len(orphans) {
			return fmt.Errorf("removing what an interrupted run left: %w", failed)
		}
		orphans = left
	}
	return nil
}

// declared tells whether a program made a resource: what was seeded has no name, what came with another resource goes
// with it, and what the account keeps for itself (revisions, images) is of no type that a program knows.
func (e *Engine) declared(r account.Resource) bool {
	_, known := e.account.Lookup(r.Type)
	return known && r.Name != "" && r.Owner == "" && !e.outlives(r)
}

// outlives tells whether a resource stays when its stack goes: vaults of backups, the key of copies in another region, and with
// storage.keepFiles the bucket for files and its settings.
func (e *Engine) outlives(r account.Resource) bool {
	if strings.HasSuffix(r.Name, "-files-bucket") {
		bucket, _ := e.account.Read(account.BucketToken, r.Outputs.Text("bucket"))
		return !bucket.Outputs.True("forceDestroy")
	}
	return r.Type == account.BackupVaultToken || r.Type == account.KeyToken && !strings.Contains(r.Outputs.Text("arn"), ":"+e.account.Region()+":")
}

// Left lists what programs declared and what is in the account still.
func (e *Engine) Left() []account.Resource {
	var list []account.Resource
	for _, r := range e.account.List("") {
		if e.declared(r) {
			list = append(list, r)
		}
	}
	return list
}

// lost tells whether the engine knows resources that the account does not have: a run was killed between a delete and
// its record, or somebody removed the account's file.
func (e *Engine) lost() (bool, error) {
	state, err := e.recorded()
	if err != nil {
		return false, err
	}
	for _, r := range state.Resources {
		if !strings.HasPrefix(string(r.Type), "aws:") || r.ID == "" {
			continue
		}
		if _, ok := e.account.Read(string(r.Type), string(r.ID)); !ok {
			return true, nil
		}
	}
	return false, nil
}
