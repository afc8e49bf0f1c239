package rds

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
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
}

var newestLine = map[string]string{"mysql": "8.4", "mariadb": "11.8"}

// supported tells whether a line has standard support at a time.
func supported(engine, name string, at time.Time) bool {
	return at.Format(time.DateOnly) <= lines[engine][name].supported
}

// upgrades tells whether RDS upgrades an instance in place from one line to a newer one: MySQL by one line at a time, MariaDB from any
// (USER_UpgradeDBInstance.MySQL.Major.html, USER_UpgradeDBInstance.MariaDB.Major.html; 10.5 from 10.4 only).
func upgrades(engine, from, to string) bool {
	if engine == "mysql" {
		return map[string]string{"5.7": "8.0", "8.0": "8.4"}[from] == to
	}
	return to != "10.5" && account.OlderVersion(from, to)
}

// TLSByDefault tells whether require_secure_transport is ON where a parameter group does not set it: since MariaDB 11.8; in MySQL up to
// 8.4 it is OFF (mariadb-ssl-connections.require-ssl.html, mysql-ssl-connections.require-ssl.html in the RDS User Guide).
func TLSByDefault(engine, engineVersion string) bool {
	v, ok := version(engine, engineVersion)
	return ok && engine == "mariadb" && !account.OlderVersion(v.line, "11.8")
}

// isFamily tells whether a parameter group family is one of these engines.
func isFamily(family string) bool {
	for engine, offered := range lines {
		line, ours := strings.CutPrefix(family, engine)
		if _, ok := offered[line]; ours && ok {
			return true
		}
	}
	return false
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

// wanted is the version that a change of an instance asks for. A line alone is no downgrade from a newer minor version, such as one
// that RDS brought by itself (EngineVersion of ModifyDBInstance: "if the current minor version is lower").
func wanted(engine, text string, running release) release {
	v, _ := version(engine, text)
	if _, isLine := lines[engine][text]; isLine && v.line == running.line && v.before(running) {
		return running
	}
	return v
}
