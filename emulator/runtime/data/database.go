package data

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// masterPrivileges are what RDS grants its master user: no SUPER, no FILE.
const masterPrivileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, " +
	"CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, " +
	"ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"

// EnsureDatabase runs MariaDB or PostgreSQL for an RDS instance and returns when it accepts connections as the master user.
func (r *Servers) EnsureDatabase(ctx context.Context, res account.Resource) error {
	name := res.Outputs.Text("identifier")
	server, known := servers[res.Outputs.Text("engine")]
	if !known {
		return fmt.Errorf("starting database %s: the emulator runs mysql and mariadb (both by MariaDB) and postgres, not %q", name, res.Outputs.Text("engine"))
	}
	if res.Outputs.True("manageMasterUserPassword") {
		return fmt.Errorf("starting database %s: manageMasterUserPassword is not emulated: give a password", name)
	}
	unlock := r.Locks.Lock("database " + name)
	defer unlock()
	if res.Outputs.Text("status") == "stopped" {
		return r.StopOwned(ctx, machine.OwnerOf(res))
	}
	id, made, err := r.EnsurePart(ctx, machine.Part{
		Role: "database", Owner: machine.OwnerOf(res), Name: state.PlainName("rds-" + name), Image: server.image,
		Aliases: append([]string{res.Outputs.Text("address")}, res.Outputs.Strings("readerEndpoint")...),
		Volume:  state.PlainName("rds-" + name), Folder: server.folder,
		Folders: map[string][]machine.File{server.settings: server.files(r, res)},
	})
	if err != nil {
		return fmt.Errorf("starting database %s: %w", name, err)
	}
	sql := server.master(res.Outputs)
	done, user := r.masterApplied(name), account.StableHex(id+sql, 64)
	if applied, err := os.ReadFile(done); err == nil && !made && string(applied) == user {
		return nil
	}
	if err := r.WaitFor(ctx, "database "+name, id, 3*time.Minute, func(ctx context.Context) error {
		_, err := r.Docker.Run(ctx, append([]string{"exec", id}, server.ready...)...)
		return err
	}); err != nil {
		return err
	}
	if made {
		if err := r.restore(ctx, server, id, res); err != nil {
			return fmt.Errorf("restoring database %s: %w", name, err)
		}
	}
	if _, err := r.Docker.Feed(ctx, strings.NewReader(sql), append([]string{"exec", "--interactive", id}, server.client...)...); err != nil {
		return fmt.Errorf("creating the master user of database %s: %w", name, err)
	}
	return machine.WriteFile(done, []byte(user))
}

// masterApplied is the file that says which master user an instance has.
func (r *Servers) masterApplied(name string) string {
	return r.Path(state.PlainName("database-" + name))
}

// EnsureDatabasesUsing applies a changed parameter group. The server restarts for that.
func (r *Servers) EnsureDatabasesUsing(ctx context.Context, group account.Resource) error {
	servers := r.List(account.DatabaseToken)
	for _, cluster := range r.List(account.DatabaseClusterToken) {
		servers = append(servers, r.asInstance(cluster))
	}
	for _, res := range servers {
		if res.Outputs.Text("parameterGroupName") == group.Outputs.Text("name") {
			running, err := r.Docker.Containers(ctx, r.StateLabel(), machine.LabelOwner+"="+machine.OwnerOf(res))
			if err != nil {
				return err
			}
			if len(running) == 0 {
				continue // declared, but not made yet
			}
			if err := r.EnsureDatabase(ctx, res); err != nil {
				return err
			}
		}
	}
	return nil
}

var optionName = regexp.MustCompile(`^[a-z0-9_.]+$`)

// masterSQL makes the database and the master user, and sets the password; it may run again and again. RDS applies a new master password
// as soon as possible and does not wait for the maintenance window, whatever ApplyImmediately says
// (https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html, MasterUserPassword). So does this: whoever logs in
// as the master with the old password is refused from then on.
func masterSQL(v account.Values) string {
	var b strings.Builder
	if name := v.Text("dbName"); name != "" {
		fmt.Fprintf(&b, "CREATE DATABASE IF NOT EXISTS %s;\n", identifier(name))
	}
	if user := v.Text("username"); user != "" {
		user = literal(user) + "@'%'"
		fmt.Fprintf(&b, "CREATE USER IF NOT EXISTS %s;\nALTER USER %[1]s IDENTIFIED BY %s;\n", user, literal(v.Text("password")))
		fmt.Fprintf(&b, "GRANT %s ON *.* TO %s WITH GRANT OPTION;\n", masterPrivileges, user)
	}
	return b.String()
}

func identifier(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

func literal(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(s) + "'"
}

// RemoveDatabase keeps the final snapshot, if one is wanted, then takes the server and its data away.
func (r *Servers) RemoveDatabase(ctx context.Context, res account.Resource) error {
	name := res.Outputs.Text("identifier")
	if !res.Outputs.True("skipFinalSnapshot") {
		if err := r.snapshot(ctx, res, res.Outputs.Text("finalSnapshotIdentifier")); err != nil {
			return fmt.Errorf("taking the final snapshot of database %s: %w", name, err)
		}
	}
	if err := r.RemoveOwned(ctx, machine.OwnerOf(res)); err != nil {
		return err
	}
	return os.RemoveAll(r.masterApplied(name))
}
