package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestAuroraMoves takes an environment from its instance to a cluster of Aurora, and back. A protected database stays, and one that goes leaves
// a snapshot: the new one is empty, and the data goes over in a dump. On the way a reader comes and goes beside the writer.
func TestAuroraMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "environment.protect": true, "database": map[string]any{}})
	})
	l.deploy("an instance, protected")
	aurora := func(more map[string]any) map[string]any {
		section := map[string]any{"engine": "aurora-mysql", "version": "8.0", "serverless": map[string]any{"minCapacity": 0}}
		for key, value := range more {
			section[key] = value
		}
		return map[string]any{"database": section}
	}
	refused := func(what, token string) account.Resource {
		before := l.Account().List(token)[0]
		if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "protect") {
			t.Errorf("%s is protected, and the move gives: %v", what, err)
		}
		if _, there := l.Account().Read(token, before.ID); !there {
			t.Fatalf("%s is gone", what)
		}
		return before
	}
	release := func(section any) {
		l.set(map[string]any{"database": section, "environment.teardown": true})
		if _, err := l.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kept := func(token, name string) {
		if !slices.ContainsFunc(l.Account().List(token), func(s account.Resource) bool { return s.ID == name }) {
			t.Errorf("there is no final snapshot %s: %v", name, l.Account().List(token))
		}
	}

	l.set(aurora(nil))
	own := refused("the instance", account.DatabaseToken)
	release(map[string]any{})
	l.set(aurora(nil))
	l.set(map[string]any{"environment.teardown": nil})
	l.deploy("a cluster")
	kept(account.DatabaseSnapshotToken, own.Outputs.Text("finalSnapshotIdentifier"))
	cluster := l.Account().List(account.DatabaseClusterToken)[0]
	if host := l.databaseHost(); host != cluster.Outputs.Text("endpoint") {
		t.Errorf("the tasks have DB_HOST %q", host)
	}
	for _, readers := range []int{1, 0} {
		l.set(aurora(map[string]any{"readers": readers}))
		l.deploy("a cluster with another number of readers")
		if there := len(l.Account().List(account.DatabaseClusterInstanceToken)); there != 1+readers {
			t.Errorf("%d instances with %d readers", there, readers)
		}
	}
	l.set(aurora(map[string]any{"serverless": map[string]any{"minCapacity": 1, "maxCapacity": 8}, "backupDays": 14}))
	l.deploy("a larger cluster")
	if now, there := l.Account().Read(cluster.Type, cluster.ID); !there || now.Outputs["backupRetentionPeriod"] != 14.0 {
		t.Errorf("the cluster was replaced, or keeps its backups for %v days", now.Outputs["backupRetentionPeriod"])
	}

	l.set(map[string]any{"database": map[string]any{}})
	refused("the cluster", account.DatabaseClusterToken)
	release(aurora(nil)["database"])
	l.set(map[string]any{"database": map[string]any{}, "environment.teardown": nil})
	l.deploy("an instance again")
	kept(account.DatabaseClusterSnapshotToken, cluster.Outputs.Text("finalSnapshotIdentifier"))
	if left := append(l.Account().List(account.DatabaseClusterToken), l.Account().List(account.DatabaseClusterInstanceToken)...); len(left) > 0 {
		t.Errorf("of the cluster are left %v", left)
	}
}
