package data

import (
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/rds"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
)

// server is the program that runs for an engine of RDS, by its image of runtime/images.
type server struct {
	image, folder, settings string // and the folders of its data and of its option files
	ready, client           []string
	files                   func(r *Servers, res account.Resource) []machine.File
	master                  func(account.Values) string // makes the database and the master user, and may run again and again
	dump                    string                      // prints what an instance holds, as SQL
	tables                  string                      // counts what a restored instance has, and an empty one not
}

var servers = map[string]server{"mysql": mariadb, "mariadb": mariadb, "postgres": postgres}

// mariadb: users that are there already keep what they have: RDS's own, and the master user, whose password the provider sets after a restore.
var mariadb = server{
	image: "mariadb", folder: "/var/lib/mysql", settings: "/etc/mysql/instance",
	ready: []string{"mariadb-admin", "ping"}, client: []string{"mariadb", "--skip-column-names"},
	files: func(r *Servers, res account.Resource) []machine.File {
		return []machine.File{{Name: "my.cnf", Data: []byte(r.databaseConfig(res))}}
	},
	master: masterSQL,
	dump: `mariadb-dump --system=users --insert-ignore
exec mariadb-dump --single-transaction --routines --events --triggers --databases $(mariadb --skip-column-names --execute ` +
		`"SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT IN ('mysql','sys','information_schema','performance_schema')")`,
	tables: "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema NOT IN ('mysql','sys','information_schema','performance_schema')",
}

// postgres: rdsadmin is there in each server (start makes it), so the dump does not make it.
var postgres = server{
	image: "postgres", folder: "/var/lib/postgresql/data", settings: "/etc/postgresql/instance",
	ready:  []string{"pg_isready", "--quiet", "--username=rdsadmin", "--dbname=postgres"},
	client: []string{"psql", "--username=rdsadmin", "--dbname=postgres", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1"},
	files:  postgresFiles,
	master: postgresMaster,
	dump:   `exec bash -o pipefail -c "pg_dumpall --username=rdsadmin | grep -v '^CREATE ROLE rdsadmin;'"`,
	tables: "SELECT COUNT(*) FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')",
}

// databaseConfig is the option file: the instance's parameter group, as far as MariaDB knows its parameters.
func (r *Servers) databaseConfig(res account.Resource) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[mariadbd]\ndatadir=/var/lib/mysql\nsocket=/run/mysqld/mysqld.sock\npid_file=/run/mysqld/mysqld.pid\nbind_address=0.0.0.0\nport=%d\n"+
		"skip_name_resolve=ON\nloose_require_secure_transport=%t\n", machine.Number(res.Outputs, "port", 3306),
		rds.TLSByDefault(res.Outputs.Text("engine"), res.Outputs.Text("engineVersionActual")))
	for name, value := range r.parameters(res) {
		fmt.Fprintf(&b, "loose_%s=%s\n", name, value) // loose: an option of MySQL alone is a warning
	}
	return b.String()
}

// postgresFiles are the option file, and who may connect: with rds.force_ssl, nobody without TLS.
func postgresFiles(r *Servers, res account.Resource) []machine.File {
	var b strings.Builder
	fmt.Fprintf(&b, "data_directory = '/var/lib/postgresql/data'\nhba_file = '/etc/postgresql/instance/pg_hba.conf'\nunix_socket_directories = '/run/postgresql'\n"+
		"listen_addresses = '*'\nport = %d\nssl = on\n", machine.Number(res.Outputs, "port", 5432))
	encrypted := rds.TLSByDefault(res.Outputs.Text("engine"), res.Outputs.Text("engineVersionActual"))
	for name, value := range r.parameters(res) {
		switch own, ofRDS := strings.CutPrefix(name, "rds."); {
		case own == "force_ssl":
			encrypted = value == "1"
		case own == "logical_replication" && value == "1":
			b.WriteString("wal_level = logical\n")
		case !ofRDS:
			fmt.Fprintf(&b, "%s = '%s'\n", name, strings.ReplaceAll(value, "'", "''"))
		}
	}
	hosts := "host"
	if encrypted {
		hosts = "hostssl"
	}
	return []machine.File{
		{Name: "postgresql.conf", Data: []byte(b.String())},
		{Name: "pg_hba.conf", Data: []byte("local all rdsadmin trust\n" + hosts + " all all all scram-sha-256\n")},
	}
}

// parameters yields those of the instance's parameter group. {DBInstanceClassMemory...} is RDS's own language.
func (r *Servers) parameters(res account.Resource) func(yield func(name, value string) bool) {
	return func(yield func(name, value string) bool) {
		group, ok := r.Account.Find(account.DatabaseParameterGroupToken, "name", res.Outputs.Text("parameterGroupName"))
		if !ok {
			group, ok = r.Account.Find(account.DatabaseClusterParametersToken, "name", res.Outputs.Text("parameterGroupName"))
		}
		if !ok {
			return
		}
		for _, p := range group.Outputs.Blocks("parameters") {
			name, value := p.Text("name"), p.Text("value")
			if optionName.MatchString(name) && !strings.ContainsAny(value, "\n{}") && !yield(name, value) {
				return
			}
		}
	}
}

// postgresMaster is masterSQL for PostgreSQL. The master user is what RDS makes it: a member of rds_superuser that may make roles and databases
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Roles.rds_superuser.html).
func postgresMaster(v account.Values) string {
	var b strings.Builder
	role := func(name string) {
		fmt.Fprintf(&b, "SELECT %s WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %s) \\gexec\n", text("CREATE ROLE "+quoted(name)), text(name))
	}
	role("rds_superuser")
	if user := v.Text("username"); user != "" {
		role(user)
		fmt.Fprintf(&b, "ALTER ROLE %s LOGIN NOSUPERUSER INHERIT CREATEDB CREATEROLE NOREPLICATION PASSWORD %s;\nGRANT rds_superuser TO %[1]s;\n", quoted(user), text(v.Text("password")))
	}
	if name := v.Text("dbName"); name != "" {
		fmt.Fprintf(&b, "SELECT %s WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = %s) \\gexec\n", text("CREATE DATABASE "+quoted(name)+" OWNER "+quoted(v.Text("username"))), text(name))
	}
	return b.String()
}

func quoted(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// text is a string in SQL, in which psql takes no :variable for one.
func text(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
