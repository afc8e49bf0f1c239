package local

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// View is a stack as it is at one moment, for reading: it does not hold the state folder, so that logs can be followed
// while a deployment runs. What is changed in its account is lost.
type View struct {
	Account *account.Account
	Machine *runtime.Runtime
	scratch string // folder
	stack   *Stack
	written time.Time // when the account's file was
}

// View opens the stack for reading. A stack that was never deployed has an empty account.
func (s *Stack) View() (*View, error) {
	file, err := config.ReadFile(s.filesFrom(), s.Name)
	if err != nil {
		return nil, err
	}
	region, err := file.Region()
	if err != nil {
		return nil, err
	}
	v := &View{stack: s, written: s.accountWritten()}
	if v.scratch, err = os.MkdirTemp("", "laravel-ecs-"); err != nil {
		return nil, err
	}
	if err := v.open(region); err != nil {
		v.Close()
		return nil, err
	}
	return v, nil
}

func (v *View) open(region string) error {
	copied := filepath.Join(v.scratch, "account.json")
	text, err := os.ReadFile(v.stack.accountFile())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	seen := *v.stack
	if err == nil {
		err = os.WriteFile(copied, text, 0o600)
	} else {
		seen.State, err = v.scratch, nil // the runtime makes a folder in it, and asking should leave nothing
	}
	if err != nil {
		return err
	}
	if v.Account, err = aws.Open(copied, region); err != nil {
		return err
	}
	v.Machine, err = seen.newRuntime(v.Account)
	return err
}

// Stale tells whether the account has changed since.
func (v *View) Stale() bool { return !v.written.Equal(v.stack.accountWritten()) }

// Close removes the copies.
func (v *View) Close() { os.RemoveAll(v.scratch) }

func (s *Stack) accountFile() string { return filepath.Join(s.State, "account.json") }

func (s *Stack) accountWritten() time.Time {
	info, err := os.Stat(s.accountFile())
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}
