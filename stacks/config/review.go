package config

import (
	"strings"
	"time"
)

// ClassLocal is the class of an environment on this machine, on the emulator.
const ClassLocal = "local"

// ClassReview is the class of an environment for one branch. It may be destroyed at any time, and is when it has expired
// (docs/adr/0014).
const ClassReview = "review"

// Names of review stacks: ReviewStack is the template, and the others begin with ReviewPrefix. The permissions of their pipelines depend
// on these names (infra/pipeline/reach.go).
const (
	ReviewStack  = "review"
	ReviewPrefix = ReviewStack + "-"
)

// DefaultTTLHours is the default of environment.ttlHours.
const DefaultTTLHours = 72

// Tags of the resources of review environments.
const (
	ClassTag     = "Class"
	ExpiresAtTag = "expires-at"
)

const (
	// maxReviewPrefix is how long NAME-STACK may be. The longest name that is not shortened is a role's, with at most 64 characters
	// and 8 of them for autonaming (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
	maxReviewPrefix = 64 - len("-access-execution") - 8
	// MaxCachePrefix is the room for it in the id of a replication group, which has at most 40 characters.
	MaxCachePrefix = 40 - len("-cache-valkey") - 8
	// maxReviewApp keeps NAME-review- complete in shortened names, because the permissions of pipelines depend on it.
	maxReviewApp = MaxPrefix - len("-"+ReviewPrefix)
)

// ofReview tells whether a stack is a review environment, before its other sections are read. Its pipeline makes the VPC, and may not empty
// the default security group, which has no tags.
func ofReview(source Source) bool {
	e := Environment{}
	return !source.Encrypted("environment") && section(source, "environment", &e) == nil && e.Class == ClassReview
}

// longestPrefix is how long NAME-STACK may be. In review environments the names with little room are shortened.
func (c *Config) longestPrefix() int {
	if c.Environment.Class == ClassReview {
		return maxReviewPrefix
	}
	return MaxPrefix
}

// LongestReviewStack is how long the name of a review stack may be.
func LongestReviewStack(application string) int { return maxReviewPrefix - len(application+"-") }

// fewestBackups is the least database.backupDays.
func (c *Config) fewestBackups() int {
	if c.Environment.Class == ClassReview {
		return 0
	}
	return 1
}

// Shorten cuts a prefix for a name with little room. The random digits of autonaming make it unique.
func Shorten(prefix string, room int) string {
	return strings.TrimRight(prefix[:min(len(prefix), room)], "-")
}

// validateReview checks that a review environment can be destroyed and leaves nothing behind, and that no other one expires.
func (c *Config) validateReview(p *problems, stack string) {
	e := c.Environment
	if e.Class != ClassReview {
		if e.ExpiresAt != "" || e.Branch != "" {
			p.add("environment.expiresAt", "only environment.class review has expiresAt and branch, and this is %s", e.Class)
		}
		return
	}
	want := func(ok bool, key, why string) {
		if !ok {
			p.add(key, "environment.class review requires %s", why)
		}
	}
	if stack != ReviewStack && !strings.HasPrefix(stack, ReviewPrefix) {
		p.add("environment.class", "review is for stacks with names %sNAME, and this is %s", ReviewPrefix, stack)
	}
	if len(c.App.Name) > maxReviewApp {
		p.add("app.name", "%q is %d characters long; names of review environments have room for %d", c.App.Name, len(c.App.Name), maxReviewApp)
	}
	if e.ExpiresAt == "" || e.Branch == "" {
		p.add("environment.expiresAt", "missing, or environment.branch is missing: make review-up BRANCH=... writes both")
	} else if _, err := time.Parse(time.RFC3339, e.ExpiresAt); err != nil {
		p.add("environment.expiresAt", "%q is not a time such as 2026-01-31T18:00:00Z", e.ExpiresAt)
	}
	p.between("environment.ttlHours", e.TTLHours, 1, 30*24)
	want(!e.Protect, "environment.protect", "false: it must be possible to destroy it")
	want(!c.Database.FinalSnapshot, "database.finalSnapshot", "false: a snapshot would stay behind")
	want(!c.Database.Copies.Set(), "database.copies", "none: copies would stay behind")
	want(c.Database.BackupDays <= 1, "database.backupDays", "0 or 1")
	want(!c.Network.EmptyDefaultGroup, "network.emptyDefaultGroup", "false: its pipeline may not change a group without tags, and nothing is in it")
	want(!c.Storage.Bucket || !c.Storage.KeepFiles, "storage.keepFiles", "false: a bucket would stay behind")
	want(!c.Domain.TakeOver, "domain.takeOver", "false: it would take the name of another environment")
	want(c.Cache.SnapshotDays == 0, "cache.snapshotDays", "0")
	want(len(c.Observability.Emails) == 0, "observability.emails", "none: its alarms would be deleted with it")
}

// ResourceTags are the tags of the configuration, and those of review environments.
func (c *Config) ResourceTags() map[string]string {
	if c.Environment.Class != ClassReview {
		return c.Tags
	}
	tags := map[string]string{ClassTag: ClassReview, ExpiresAtTag: c.Environment.ExpiresAt}
	for key, value := range c.Tags {
		if tags[key] == "" { // make review-reap reads them
			tags[key] = value
		}
	}
	return tags
}

// Hosts are the host names of the environment.
func (c *Config) Hosts() []string {
	if c.Domain.Name == "" {
		return []string{}
	}
	return append([]string{c.Domain.Name}, c.Domain.Aliases...)
}

// Schema is the name of a stack's database on a shared server. It is derived from the stack's name, so no two stacks have the same.
func Schema(stack string) string { return strings.ReplaceAll(stack, "-", "_") }

func (c *Config) validateShares(p *problems, stack string) {
	from := c.Environment.Shares
	if from == "" {
		return
	}
	if c.Environment.Class != ClassReview {
		p.add("environment.shares", "only environment.class review shares another environment, and this is %s", c.Environment.Class)
		return
	}
	if !name.MatchString(from) || from == stack {
		p.add("environment.shares", "%q is not the name of another stack, such as staging", from)
	}
	if c.Domain.Name == "" {
		p.add("domain.name", "missing: the load balancer of %s sends requests by host name; set domain.name in Pulumi.%s.yaml (review.example.com), "+
			"and domain.aliases in Pulumi.%s.yaml (*.review.example.com), or remove environment.shares", from, ReviewStack, from)
	}
	if len(c.Domain.Name) > maxRuleHost {
		p.add("domain.name", "%q has %d characters; a rule of the load balancer of %s takes %d", c.Domain.Name, len(c.Domain.Name), from, maxRuleHost)
	}
	if !c.Release.Migrate {
		p.add("release.migrate", "false: with environment.shares the migration creates the database")
	}
	if _, given := c.Secrets[MasterPassword]; given || c.Generation(MasterPassword) > 0 {
		p.add("secrets."+MasterPassword, "with environment.shares the master password is that of %s: remove it, and rotation.%s", from, MasterPassword)
	}
	if c.Release.Strategy != Rolling {
		p.add("release.strategy", "%s: with environment.shares it must be rolling", c.Release.Strategy)
	}
	if len(c.Release.Judge.Alarms) > 0 {
		p.add("release.judge.alarms", "not with environment.shares: the load balancer and its alarms are those of %s", from)
	}
	if c.Web.Scaling.RequestsPerTask > 0 {
		p.add("web.scaling.requestsPerTask", "not with environment.shares: the load balancer has requests of other environments too; use cpuPercent")
	}
}

// validateSchedule checks environment.schedule, and what would not work with it.
func (c *Config) validateSchedule(p *problems) {
	if !c.Environment.Schedule.Set() {
		return
	}
	refuse := func(wrong bool, key, format string, args ...any) {
		if wrong {
			p.add(key, format, args...)
		}
	}
	refuse(c.Environment.Class == "production", "environment.schedule", "environment.class production never sleeps: remove it")
	refuse(c.Environment.Shares != "", "environment.schedule", "with environment.shares it is that of %s, whose database and instances sleep: remove it", c.Environment.Shares)
	_, problems := c.Environment.Schedule.Plan()
	for _, one := range problems {
		p.add("environment.schedule."+one.Key, "%s", one.Text)
	}
	refuse(c.Cluster.Min > 0 && c.Environment.Shares == "" && !c.Cluster.Fargate(), "cluster.min", "%d, and with environment.schedule it must be 0: ECS takes the last instance away when no task runs, and starts one for the first task", c.Cluster.Min)
	refuse(c.Release.Strategy != Rolling, "release.strategy", "%s: with environment.schedule it must be rolling, because the number of tasks turns a colour off, and the schedule sets it, too", c.Release.Strategy)
	refuse(c.Database.Copies.Set(), "database.copies", "not with environment.schedule: the daily job needs a database that runs")
}
