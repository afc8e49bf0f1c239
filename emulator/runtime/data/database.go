package data

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/state"
)

// masterPrivileges are what RDS grants its master user: no SUPER, no FILE.
const masterPrivileges = "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, " +
	"CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, " +
	"ALTER ROUTINE, CREATE USER, EVENT, TRIGGER"

// EnsureDatabase runs MariaDB for an RDS instance and returns when it accepts connections as the master user.
func (r *Servers) EnsureDatabase(ctx context.Context, res account.Resource) error {
	name := res.Outputs.Text("identifier")
	if engine := res.Outputs.Text("engine"); engine != "mysql" && engine != "mariadb" {
		return fmt.Errorf("starting database %s: the emulator runs mysql and mariadb (both by MariaDB), not %q", name, engine)
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
		Role: "database", Owner: machine.OwnerOf(res), Name: state.PlainName("rds-" + name), Image: "mariadb",
		Aliases: []string{res.Outputs.Text("address")},
		Volume:  state.PlainName("rds-" + name), Folder: "/var/lib/mysql",
		Folders: map[string][]machine.File{"/etc/mysql/instance": {{Name: "my.cnf", Data: []byte(r.databaseConfig(res))}}},
	})
	if err != nil {
		return fmt.Errorf("starting database %s: %w", name, err)
	}
	sql := masterSQL(res.Outputs)
	done, user := r.masterApplied(name), account.StableHex(id+sql, 64)
	if applied, err := os.ReadFile(done); err == nil && !made && string(applied) == user {
		return nil
	}
	if err := r.WaitFor(ctx, "database "+name, id, 3*time.Minute, func(ctx context.Context) error {
		_, err := r.Docker.Run(ctx, "exec", id, "mariadb-admin", "ping")
		return err
	}); err != nil {
		return err
	}
	if made {
		if err := r.restore(ctx, id, res); err != nil {
			return fmt.Errorf("restoring database %s: %w", name, err)
		}
	}
	if _, err := r.Docker.Feed(ctx, strings.NewReader(sql), "exec", "--interactive", id, "mariadb"); err != nil {
		return fmt.Errorf("creating the master user of database %s: %w", name, err)
	}
	return machine.WriteFile(done, []byte(user))
}

// masterApplied is the file that says which master user an instance has.
func (r *Servers) masterApplied(name string) string {
	return r.Path(state.PlainName("database-" + name))
}

// EnsureDatabasesUsing applies a changed parameter group. MariaDB restarts for that.
func (r *Servers) EnsureDatabasesUsing(ctx context.Context, group account.Resource) error {
	for _, res := range r.List(account.DatabaseToken) {
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

// databaseConfig is the option file: the instance's parameter group, as far as MariaDB knows its parameters.
func (r *Servers) databaseConfig(res account.Resource) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[mariadbd]\ndatadir=/var/lib/mysql\nsocket=/run/mysqld/mysqld.sock\npid_file=/run/mysqld/mysqld.pid\nbind_address=0.0.0.0\nport=%d\n"+
		"skip_name_resolve=ON\nloose_require_secure_transport=%t\n", machine.Number(res.Outputs, "port", 3306),
		rds.TLSByDefault(res.Outputs.Text("engine"), res.Outputs.Text("engineVersionActual")))
	group, ok := r.Account.Find(account.DatabaseParameterGroupToken, "name", res.Outputs.Text("parameterGroupName"))
	if !ok {
		return b.String()
	}
	for _, p := range group.Outputs.Blocks("parameters") {
		name, value := p.Text("name"), p.Text("value")
		if optionName.MatchString(name) && !strings.ContainsAny(value, "\n{}") { // {DBInstanceClassMemory...} is RDS's own language
			fmt.Fprintf(&b, "loose_%s=%s\n", name, value) // loose: an option of MySQL alone is a warning
		}
	}
	return b.String()
}

var optionName = regexp.MustCompile(`^[a-z0-9_]+$`)

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
