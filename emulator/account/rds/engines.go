package rds

import (
	"fmt"
	"strconv"
	"strings"

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

// minors are, of one line, the oldest minor version RDS still creates, the one it takes when only the line is given, and
// the highest that is taken for a version that appeared since.
type minors struct{ oldest, usual, newest int }

// lines are the lines RDS offers
// (https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/MySQL.Concepts.VersionMgmt.html and MariaDB's page beside it).
var lines = map[string]map[string]minors{
	"mysql": {"5.7": {44, 44, 44}, "8.0": {32, 43, 59}, "8.4": {3, 6, 19}},
	"mariadb": {
		"10.5": {20, 29, 29}, "10.6": {14, 22, 39}, "10.11": {5, 13, 29}, "11.4": {3, 7, 29}, "11.8": {3, 3, 19},
	},
}

var newestLine = map[string]string{"mysql": "8.4", "mariadb": "11.8"}

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
