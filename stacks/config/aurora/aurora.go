// Package aurora knows what Aurora accepts of database: versions, capacity and instances.
package aurora

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// MySQL is the engine's name at AWS.
const MySQL = "aurora-mysql"

// Engines are those that the program makes.
var Engines = []string{MySQL}

// Is tells whether an engine is Aurora.
func Is(engine string) bool { return slices.Contains(Engines, engine) }

// Serverless is database.serverless: the capacity of each instance (Aurora Serverless v2).
type Serverless struct {
	MinCapacity  float64 `json:"minCapacity"`  // Aurora capacity units, each about 2 GiB of memory; 0: an instance that nobody uses pauses
	MaxCapacity  float64 `json:"maxCapacity"`  // and no more than it
	PauseSeconds int     `json:"pauseSeconds"` // without a connection, until it pauses; of MinCapacity 0 only
}

// Default is what a stack file has that sets nothing of it.
var Default = Serverless{MinCapacity: 0.5, MaxCapacity: 4, PauseSeconds: 300}

// MaxReaders is of a cluster: "up to 15 Aurora Replicas" (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html).
const MaxReaders = 15

// Supported has, by line of versions, the day on which Aurora ends its standard support:
// https://docs.aws.amazon.com/AmazonRDS/latest/AuroraMySQLReleaseNotes/AuroraMySQL.release-calendars.html, from which
// endoflife-date/endoflife.date generates products/amazon-aurora-mysql.md (read in November 2026).
var Supported = map[string]string{"8.0": "2028-04-30"}

// one is a single version of Aurora MySQL: https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Updates.Versions.html.
var one = regexp.MustCompile(`^(8\.0)\.mysql_aurora\.3\.([0-9]{2})\.([0-9]+)$`)

// Minor versions of Aurora MySQL 3: 3.02.0 is the first with Serverless v2, up to 128 units, 3.06.0 the first with 256, and 3.08.0 the first that
// pauses ("Aurora Serverless v2 capacity", https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.how-it-works.html).
const oldestServerless, oldestLarge, oldestPausing, smallerMax = 2, 6, 8, 128

// Line is the line of a version, which its family of parameter groups ends with; empty where it is no version of Aurora MySQL. A line is a version,
// too: AWS takes its default version within it (CreateDBCluster, EngineVersion: "You can supply either 5.7 or 8.0").
func Line(version string) string {
	if _, line := Supported[version]; line {
		return version
	}
	if parts := one.FindStringSubmatch(version); parts != nil {
		return parts[1]
	}
	return ""
}

// Problem is what is wrong with a key below database.
type Problem struct{ Key, Text string }

// Validate checks what only Aurora has. Limits of the capacity:
// https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ServerlessV2ScalingConfiguration.html. The provider wants at least 1 of maxCapacity
// (terraform-provider-aws, internal/service/rds/cluster.go).
func Validate(version string, s Serverless, readers int) (problems []Problem) {
	add := func(key, format string, args ...any) {
		problems = append(problems, Problem{key, fmt.Sprintf(format, args...)})
	}
	if Line(version) == "" {
		add("version", "%q is no version of aurora-mysql: 8.0, for the default version of AWS and its upgrades, or one version such as 8.0.mysql_aurora.3.10.1, which stays", version)
	}
	steps := func(key string, value, least float64) {
		if value < least || value > 256 || value*2 != math.Trunc(value*2) {
			add("serverless."+key, "%v is not a number of capacity units from %v to 256, in steps of 0.5", value, least)
		}
	}
	steps("minCapacity", s.MinCapacity, 0)
	steps("maxCapacity", s.MaxCapacity, 1)
	if s.MaxCapacity < s.MinCapacity {
		add("serverless.maxCapacity", "%v is below minCapacity, %v", s.MaxCapacity, s.MinCapacity)
	}
	if s.PauseSeconds < 300 || s.PauseSeconds > 86400 {
		add("serverless.pauseSeconds", "%d is outside 300-86400", s.PauseSeconds)
	}
	if s.MinCapacity > 0 && s.PauseSeconds != Default.PauseSeconds {
		add("serverless.pauseSeconds", "has no effect with minCapacity %v: only 0 pauses", s.MinCapacity)
	}
	if parts := one.FindStringSubmatch(version); parts != nil {
		minor, _ := strconv.Atoi(parts[2])
		is := strings.TrimPrefix(version, parts[1]+".mysql_aurora.")
		switch {
		case minor < oldestServerless:
			add("version", "%s has no Serverless v2: Aurora MySQL 3.02.0 or later has", is)
		case minor < oldestLarge && s.MaxCapacity > smallerMax:
			add("serverless.maxCapacity", "%v needs Aurora MySQL 3.06.0 or later, and version is %s: %d at most", s.MaxCapacity, is, smallerMax)
		}
		if minor < oldestPausing && s.MinCapacity == 0 {
			add("serverless.minCapacity", "0 needs Aurora MySQL 3.08.0 or later, and version is %s", is)
		}
	}
	if readers < 0 || readers > MaxReaders {
		add("readers", "%d is outside 0-%d", readers, MaxReaders)
	}
	return problems
}
