package rds

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// release is one version of a database engine: a line such as 8.0 and a minor version within it.
type release struct {
	line  string
	minor int
}

func (v release) full() string { return fmt.Sprintf("%s.%d", v.line, v.minor) }

// before tells whether a version is older.
func (v release) before(other release) bool {
	if v.line == other.line {
		return v.minor < other.minor
	}
	return account.OlderVersion(v.line, other.line)
}

// line is, of one line, the oldest minor version RDS still creates, the one it takes when only the line is given, the highest
// that is taken for a version that appeared since, and the day on which standard support ends.
type line struct {
	oldest, usual, newest int
	supported             string
}

// lines are the lines RDS offers, from MySQL.Concepts.VersionMgmt.html and MariaDB.Concepts.VersionMgmt.html
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/, "Supported ... major versions"). The days were read in November 2026;
// endoflife-date/endoflife.date generates products/amazon-rds-mysql.md and amazon-rds-mariadb.md from the same tables.
var lines = map[string]map[string]line{
	"mysql": {
		"5.7": {44, 44, 44, "2024-02-29"}, "8.0": {32, 43, 59, "2026-07-31"}, "8.4": {3, 6, 19, "2029-07-31"},
	},
	"mariadb": {
		"10.5": {20, 29, 29, "2026-02-28"}, "10.6": {14, 22, 39, "2026-08-31"}, "10.11": {5, 13, 29, "2028-02-29"},
		"11.4": {3, 7, 29, "2029-05-31"}, "11.8": {3, 3, 19, "2030-06-30"},
	},
	// https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html, as
	// endoflife-date/endoflife.date (products/amazon-rds-postgresql.md) copies it. The oldest minor versions are those after the ones that AWS took
	// away in May 2026, and the usual ones those that it upgraded them to
	// (https://lucaberton.com/blog/aws-rds-postgresql-minor-version-deprecation-may-2026/); 13.20 is of
	// https://dev.to/prasan_bora/upgrading-postgresql-13-to-17-on-aws-rds-with-minimal-downtime-29eo.
	"postgres": {
		"13": {20, 20, 29, "2026-02-28"}, "14": {18, 20, 39, "2027-02-28"}, "15": {13, 15, 39, "2028-02-29"},
		"16": {9, 11, 39, "2029-02-28"}, "17": {5, 7, 39, "2030-02-28"},
	},
}

var newestLine = map[string]string{"mysql": "8.4", "mariadb": "11.8", "postgres": "17"}

// supported tells whether a line has standard support at a time.
func supported(engine, name string, at time.Time) bool {
	return at.Format(time.DateOnly) <= lines[engine][name].supported
}

// upgrades tells whether RDS upgrades an instance in place from one line to a newer one: MySQL by one line at a time, MariaDB from any
// (USER_UpgradeDBInstance.MySQL.Major.html, USER_UpgradeDBInstance.MariaDB.Major.html; 10.5 from 10.4 only), and PostgreSQL
// (USER_UpgradeDBInstance.PostgreSQL.MajorVersion.html).
func upgrades(engine, from, to string) bool {
	if engine == "mysql" {
		return map[string]string{"5.7": "8.0", "8.0": "8.4"}[from] == to
	}
	return to != "10.5" && account.OlderVersion(from, to)
}

// TLSByDefault tells whether require_secure_transport is ON where a parameter group does not set it: since MariaDB 11.8; in MySQL up to
// 8.4 it is OFF (mariadb-ssl-connections.require-ssl.html, mysql-ssl-connections.require-ssl.html in the RDS User Guide); or rds.force_ssl, since
// PostgreSQL 15 (PostgreSQL.Concepts.General.SSL.html).
func TLSByDefault(engine, engineVersion string) bool {
	v, ok := version(engine, engineVersion)
	since := map[string]string{"mariadb": "11.8", "postgres": "15"}[engine]
	return ok && since != "" && !account.OlderVersion(v.line, since)
}

// rules are what differs between engines.
type rules struct {
	port    float64
	license string
	logs    []string
	// password and name are the longest password of the master user, and the longest name of a database.
	password, name int
	reserved       known.Words
	parameters     map[string][]string
	static         []string // parameters that only a restart applies
}

// engines: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html (Port, EnableCloudwatchLogsExports,
// MasterUserPassword, DBName, LicenseModel).
var engines = map[string]rules{"mysql": mysql, "mariadb": mysql, "postgres": {
	port: 5432, license: "postgresql-license", logs: []string{"postgresql", "upgrade", "iam-db-auth-error"}, password: 128, name: 63,
	reserved: known.ReservedPostgres, parameters: postgresParameters, static: postgresStatic,
}}

var mysql = rules{
	port: 3306, license: "general-public-license", logs: []string{"audit", "error", "general", "slowquery", "iam-db-auth-error"}, password: 41, name: 64,
	reserved: known.Reserved, parameters: mysqlParameters,
}

// ofFamily finds the engine of a parameter group family.
func ofFamily(family string) (rules, bool) {
	for engine, offered := range lines {
		line, ours := strings.CutPrefix(family, engine)
		if _, ok := offered[line]; ours && ok {
			return engines[engine], true
		}
	}
	return rules{}, false
}

// version reads a version as RDS does: a line, or a line with a minor version. An empty one is RDS's default.
func version(engine, text string) (release, bool) {
	if text == "" {
		text = newestLine[engine]
	}
	if offered, ok := lines[engine][text]; ok {
		return release{text, offered.usual}, true
	}
	dot := max(strings.LastIndex(text, "."), 0)
	minor, err := strconv.Atoi(strings.TrimPrefix(text[dot:], "."))
	offered, ok := lines[engine][text[:dot]]
	if err != nil || !ok || minor < offered.oldest || minor > offered.newest {
		return release{}, false
	}
	return release{text[:dot], minor}, true
}

// elsewhere tells whether a version is one of another engine. Only the call that makes or changes the instance refuses it.
func elsewhere(engine, text string) bool {
	for other := range lines {
		if _, ok := version(other, text); ok && other != engine {
			return true
		}
	}
	return false
}

// checkVersion refuses a version of another engine.
func checkVersion(tx *account.Tx, r *account.Resource) error {
	engine, text := r.Outputs.Text("engine"), r.Outputs.Text("engineVersion")
	if _, ok := version(engine, text); !ok {
		return tx.Refuse("InvalidParameterCombination", "Cannot find version %s for %s; it comes in %s", text, engine, strings.Join(account.SortedKeys(lines[engine]), ", "))
	}
	return nil
}

// wanted is the version that a change of an instance asks for. A line alone is no downgrade from a newer minor version, such as one
// that RDS brought by itself (EngineVersion of ModifyDBInstance: "if the current minor version is lower").
func wanted(engine, text string, running release) release {
	v, _ := version(engine, text)
	if _, isLine := lines[engine][text]; isLine && v.line == running.line && v.before(running) {
		return running
	}
	return v
}
