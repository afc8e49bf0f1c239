package config

import (
	"strings"
	"time"
)

// ClassReview is an environment of one branch: it may vanish at any time, and does when it has expired (docs/adr/0014).
const ClassReview = "review"

// What the stacks of branches are called: ReviewStack is the template's, and the others begin with ReviewPrefix. The account stack
// lets their pipelines touch what is named so (infra/reach.go).
const (
	ReviewStack  = "review"
	ReviewPrefix = ReviewStack + "-"
)

// DefaultTTLHours is how long a review environment lives when its stack file does not say.
const DefaultTTLHours = 72

// Tags that a review environment's resources carry, for whoever finds them.
const (
	ClassTag     = "Class"
	ExpiresAtTag = "expires-at"
)

const (
	// maxReviewPrefix is what NAME-STACK may have in the longest name that is not shortened, a role's of 64 characters, 8 of them
	// autonaming's (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
	maxReviewPrefix = 64 - len("-access-execution") - 8
	// MaxCachePrefix is what it may have in the id of a replication group, 40 characters.
	MaxCachePrefix = 40 - len("-cache-valkey") - 8
	// maxReviewApp leaves NAME-review- whole in the names that are shortened, because that is what a pipeline may touch.
	maxReviewApp = MaxPrefix - len("-"+ReviewPrefix)
)

// longestPrefix is how long NAME-STACK may be. Names of review environments are shortened where AWS has little room.
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

// Shorten cuts a prefix for a name that has less room than the stack's name takes. The random digits that autonaming appends keep
// the names of two stacks apart.
func Shorten(prefix string, room int) string {
	return strings.TrimRight(prefix[:min(len(prefix), room)], "-")
}

// validateReview asks of a review environment that nothing keeps it from vanishing, and of all others that they do not look like one.
func (c *Config) validateReview(p *problems, stack string) {
	e := c.Environment
	if e.Class != ClassReview {
		if e.ExpiresAt != "" || e.Branch != "" {
			p.add("environment.expiresAt", "only environment.class review expires and has a branch, and this is %s", e.Class)
		}
		return
	}
	want := func(ok bool, key, why string) {
		if !ok {
			p.add(key, "environment.class review wants %s", why)
		}
	}
	if stack != ReviewStack && !strings.HasPrefix(stack, ReviewPrefix) {
		p.add("environment.class", "review is for stacks named %sNAME, and this is %s", ReviewPrefix, stack)
	}
	if len(c.App.Name) > maxReviewApp {
		p.add("app.name", "%q is %d characters long; names of review environments have room for %d", c.App.Name, len(c.App.Name), maxReviewApp)
	}
	if e.ExpiresAt == "" || e.Branch == "" {
		p.add("environment.expiresAt", "missing, or environment.branch is: make review-up BRANCH=... writes both")
	} else if _, err := time.Parse(time.RFC3339, e.ExpiresAt); err != nil {
		p.add("environment.expiresAt", "%q is not a time such as 2026-01-31T18:00:00Z", e.ExpiresAt)
	}
	p.between("environment.ttlHours", e.TTLHours, 1, 30*24)
	want(!e.Protect, "environment.protect", "false: it must be possible to destroy it")
	want(!c.Database.FinalSnapshot, "database.finalSnapshot", "false: a snapshot would stay behind")
	want(c.Database.BackupDays <= 1, "database.backupDays", "0 or 1")
	want(c.Cache.SnapshotDays == 0, "cache.snapshotDays", "0")
	want(len(c.Observability.Emails) == 0, "observability.emails", "none: it comes and goes, and so would its alarms")
}

// ResourceTags are the configuration's own, and what tells a review environment's resources from others.
func (c *Config) ResourceTags() map[string]string {
	if c.Environment.Class != ClassReview {
		return c.Tags
	}
	tags := map[string]string{ClassTag: ClassReview, ExpiresAtTag: c.Environment.ExpiresAt}
	for key, value := range c.Tags {
		if tags[key] == "" { // the reaper reads them
			tags[key] = value
		}
	}
	return tags
}
