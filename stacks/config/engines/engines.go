// Package engines says what the program must know of each engine of RDS: its versions, and what Laravel and PHP call it.
package engines

import (
	"maps"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/aurora"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// The engines, by their names in RDS.
const (
	MySQL    = "mysql"
	MariaDB  = "mariadb"
	Postgres = "postgres"

	AuroraMySQL = aurora.MySQL
)

// Engine is an engine of RDS.
type Engine struct {
	Name   string
	Title  string // in texts
	Family string // of the engines with the same reserved words
	Driver string // DB_CONNECTION: Laravel's own connection of config/database.php
	Word   string // of image.extensions, with PHP's driver
	Port   int
	// Versions are those that the program supports, each a parameter group family, with the day on which RDS ends their standard support.
	Versions map[string]string
	Usual    string // without database.version
	// UpgradedFrom are the versions that RDS upgrades in place to one.
	UpgradedFrom map[string][]string
	// Extended tells whether RDS sells Extended Support; else it upgrades an old version by itself.
	Extended bool
	Logs     []string // that RDS sends to CloudWatch
	MaxName  int      // the longest name of a database
	Reserved known.Words
	Own      string // the database that each server has
	// ConnectionBytes is the memory of an instance by which RDS admits one connection, and MaxConnections the most that it admits; 0: no limit.
	ConnectionBytes, MaxConnections int
}

// Connections are how many connections RDS admits to an instance of this memory.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
func (e Engine) Connections(memoryMiB int) int {
	count := memoryMiB << 20 / e.ConnectionBytes
	if e.MaxConnections > 0 {
		count = min(count, e.MaxConnections)
	}
	return count
}

// StandardWords are the words of image.extensions without that key: PHP_EXTENSIONS in docker/Dockerfile.
const StandardWords = "bcmath gd intl mbstring memcached mysql opcache redis xml zip"

// Words are those of the image of an application with this engine.
func (e Engine) Words() string {
	words := strings.Fields(StandardWords)
	words[slices.Index(words, all[MySQL].Word)] = e.Word
	slices.Sort(words)
	return strings.Join(words, " ")
}

// OldestFirst are the versions.
func (e Engine) OldestFirst() []string {
	return slices.SortedFunc(maps.Keys(e.Versions), func(a, b string) int { return strings.Compare(e.Versions[a], e.Versions[b]) })
}

// Of finds an engine by its name in RDS.
func Of(name string) (Engine, bool) {
	e, ok := all[name]
	e.Name = name
	return e, ok
}

// Names are all engines, as errors list them.
func Names() []string { return []string{MySQL, MariaDB, Postgres, AuroraMySQL} }

// mysqlLogs: EnableCloudwatchLogsExports in https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html.
var mysqlLogs = []string{"audit", "error", "general", "slowquery"}

// all has the versions as of November 2026, from "Supported MySQL major versions" and "Supported MariaDB major versions" in
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html and MariaDB.Concepts.VersionMgmt.html, and
// https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html (as endoflife-date/endoflife.date,
// products/amazon-rds-postgresql.md, copies it); and their upgrades from USER_UpgradeDBInstance.MySQL.Major.html,
// USER_UpgradeDBInstance.MariaDB.Major.html and USER_UpgradeDBInstance.PostgreSQL.MajorVersion.html in the guide.
var all = map[string]Engine{
	MySQL: {
		Title: "MySQL", Family: "MySQL or MariaDB", Driver: "mysql", Word: "mysql", Port: 3306, Extended: true, Logs: mysqlLogs, MaxName: 64, Reserved: known.Reserved,
		ConnectionBytes: 12582880, Usual: "8.4",
		Versions:     map[string]string{"8.0": "2026-07-31", "8.4": "2029-07-31"},
		UpgradedFrom: map[string][]string{"8.0": {"5.7"}, "8.4": {"8.0"}},
	},
	MariaDB: {
		// Laravel's driver mysql does for both.
		Title: "MariaDB", Family: "MySQL or MariaDB", Driver: "mysql", Word: "mysql", Port: 3306, Logs: mysqlLogs, MaxName: 64, Reserved: known.Reserved, ConnectionBytes: 25165760,
		Usual:    "11.8",
		Versions: map[string]string{"10.6": "2026-08-31", "10.11": "2028-02-29", "11.4": "2029-05-31", "11.8": "2030-06-30"},
		UpgradedFrom: map[string][]string{
			"10.6": {"10.4", "10.5"}, "10.11": {"10.4", "10.5", "10.6"}, "11.4": {"10.4", "10.5", "10.6", "10.11"},
			"11.8": {"10.4", "10.5", "10.6", "10.11", "11.4"},
		},
	},
	// A cluster, and no instance of RDS (package aurora). How many connections it admits depends on its capacity.
	AuroraMySQL: {
		Title: "Aurora MySQL", Family: "MySQL or MariaDB", Driver: "mysql", Word: "mysql", Port: 3306, Extended: true, Logs: mysqlLogs, MaxName: 64, Reserved: known.Reserved,
		ConnectionBytes: 12582880, Usual: "8.0", Versions: aurora.Supported,
	},
	Postgres: {
		Title: "PostgreSQL", Family: "PostgreSQL", Driver: "pgsql", Word: "pgsql", Port: 5432, Extended: true, Logs: []string{"postgresql", "upgrade"}, Own: "postgres", Reserved: known.ReservedPostgres,
		// An identifier has 63 bytes (https://www.postgresql.org/docs/17/limits.html), and the role that owns the database is NAME_owner (docker/lib/users.php).
		MaxName: 63 - len("_owner"),
		// 18 is missing: Debian 13 has the clients of 17, and pg_dump dumps no newer server (https://www.postgresql.org/docs/17/app-pgdump.html).
		ConnectionBytes: 9531392, MaxConnections: 5000, Usual: "17",
		Versions:     map[string]string{"13": "2026-02-28", "14": "2027-02-28", "15": "2028-02-29", "16": "2029-02-28", "17": "2030-02-28"},
		UpgradedFrom: map[string][]string{"14": {"13"}, "15": {"13", "14"}, "16": {"13", "14", "15"}, "17": {"13", "14", "15", "16"}},
	},
}
