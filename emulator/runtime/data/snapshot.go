package data

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// snapshot writes all of an instance's databases and users to snapshots/NAME.sql in the state folder, where it outlives the instance.
func (r *Servers) snapshot(ctx context.Context, res account.Resource, name string) error {
	if name == "" {
		return fmt.Errorf("finalSnapshotIdentifier is missing; give one, or set skipFinalSnapshot")
	}
	path := r.snapshotPath(name)
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("DBSnapshotAlreadyExists: %s is there already; choose another finalSnapshotIdentifier, or move that file away", path)
	}
	found, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelOwner+"="+machine.OwnerOf(res))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return nil // its creation never got as far as data
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	partial, err := os.OpenFile(path+".partial", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(partial.Name()) // gone after the rename
	defer partial.Close()           // closed below when it matters
	if err := r.Docker.Stream(ctx, nil, partial, "exec", found[0].ID, "sh", "-ec", servers[res.Outputs.Text("engine")].dump); err != nil {
		return err
	}
	if err := partial.Close(); err != nil {
		return err
	}
	r.Logf("snapshot of %s: %s", res.Outputs.Text("identifier"), path)
	return os.Rename(partial.Name(), path)
}

// restore fills a new instance from the snapshot, or from the instance, that it was declared with.
func (r *Servers) restore(ctx context.Context, server server, id string, res account.Resource) error {
	name, from := res.Outputs.Text("snapshotIdentifier"), res.Outputs.Map("restoreToPointInTime")
	if name == "" && from == nil {
		return nil
	}
	count, err := r.Docker.Feed(ctx, strings.NewReader(server.tables+";\n"), append([]string{"exec", "--interactive", id}, server.client...)...)
	if err != nil || strings.TrimSpace(count) != "0" {
		return err // filled already
	}
	if from != nil {
		name = res.Outputs.Text("identifier") + "-from" // a snapshot of this moment
		defer os.Remove(r.snapshotPath(name))
		if err := r.now(ctx, from, name); err != nil {
			return err
		}
	}
	snapshot, err := os.Open(r.snapshotPath(name))
	if err != nil {
		return fmt.Errorf("DBSnapshotNotFound: snapshotIdentifier %q: %w", name, err)
	}
	defer snapshot.Close()
	_, err = r.Docker.Feed(ctx, snapshot, append([]string{"exec", "--interactive", id}, server.client...)...)
	return err
}

// now takes a snapshot of the instance that a restore to a point in time names.
func (r *Servers) now(ctx context.Context, from account.Values, name string) error {
	if !from.True("useLatestRestorableTime") {
		return fmt.Errorf("restoreTime %s: the emulator keeps no log of changes: restore to the latest time, or use `make rehearse`", from.Text("restoreTime"))
	}
	source, ok := r.Account.Find(account.DatabaseToken, "identifier", from.Text("sourceDbInstanceIdentifier"))
	if !ok {
		return fmt.Errorf("DBInstanceNotFound: %s", from.Text("sourceDbInstanceIdentifier"))
	}
	return r.snapshot(ctx, source, name)
}

func (r *Servers) snapshotPath(name string) string { return SnapshotPath(r.StateDir, name) }

// SnapshotPath is the file of a snapshot, which is given by its name or its ARN. RDS keeps names in lower case.
func SnapshotPath(stateDir, name string) string {
	if arn := strings.SplitN(name, ":", 7); len(arn) == 7 && arn[0] == "arn" {
		name = arn[6]
	}
	return filepath.Join(stateDir, "snapshots", state.PlainName(strings.ToLower(name))+".sql")
}
