package main_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// TestAuroraMoves takes an environment from its instance to a cluster of Aurora, and back. Without environment.teardown both are refused, whether the
// environment is protected or not, and a database that goes leaves a snapshot: the new one is empty, and the data goes over in a dump. On the way
// a reader comes and goes beside the writer.
func TestAuroraMoves(t *testing.T) {
	t.Parallel()
	l := newLife(t, "staging", nil, func(f *config.File) error {
		return setAll(f, map[string]any{"release.name": "r1", "environment.protect": false, "database": map[string]any{"finalSnapshot": false}})
	})
	l.deploy("an instance, not protected, without a final snapshot")
	aurora := func(more map[string]any) map[string]any {
		section := map[string]any{"engine": "aurora-mysql", "version": "8.0", "serverless": map[string]any{"minCapacity": 0}}
		for key, value := range more {
			section[key] = value
		}
		return map[string]any{"database": section}
	}
	refused := func(what, token string) account.Resource {
		before := l.Account().List(token)[0]
		const want = "this deployment would delete the data"
		if _, err := l.Preview(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the preview of the move: %v", what, err)
		}
		if _, err := l.Up(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: the move: %v", what, err)
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
	refused("the instance", account.DatabaseToken)
	l.set(map[string]any{"environment.protect": true})
	release(map[string]any{})
	own := l.Account().List(account.DatabaseToken)[0]
	l.set(aurora(nil))
	l.deploy("a cluster")
	l.set(map[string]any{"environment.teardown": nil})
	l.deploy("a cluster, protected")
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
	l.set(map[string]any{"database": map[string]any{}})
	l.deploy("an instance again")
	kept(account.DatabaseClusterSnapshotToken, cluster.Outputs.Text("finalSnapshotIdentifier"))
	if left := append(l.Account().List(account.DatabaseClusterToken), l.Account().List(account.DatabaseClusterInstanceToken)...); len(left) > 0 {
		t.Errorf("of the cluster are left %v", left)
	}
}
