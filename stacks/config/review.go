package config

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
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

// validateGuests checks environment.guests: other applications that run on this environment.
func (c *Config) validateGuests(p *problems, stack string) {
	if len(c.Environment.Guests) == 0 {
		return
	}
	const key = "environment.guests"
	if e := c.Environment; e.Class == ClassReview || e.IsGuest() || e.Shares != "" {
		p.add(key, "an environment of class review, or one with environment.shares or environment.guestOf, has no guests: remove it")
	}
	if c.CDN.On() {
		p.add("cdn.state", "%s, and the rules of environment.guests ask for no header of CloudFront's: remove one of them", c.CDN.State)
	}
	if c.Cluster.Fargate() {
		p.add("cluster.capacity", "%s, and environment.guests run on instances of this environment: remove one of them", c.Cluster.Capacity)
	}
	if c.Environment.Schedule.Set() {
		p.add("environment.schedule", "not with environment.guests, whose tasks would have no database: remove one of them")
	}
	if c.Environment.Teardown {
		p.add("environment.teardown", "true, and environment.guests has %s, which a destroy would leave without cluster, load balancer and database: destroy these first, and remove them here",
			strings.Join(c.Environment.Guests.Names(), ", "))
	}
	if c.Domain.Name == "" {
		p.add("domain.name", "missing: the load balancer tells guests apart by host name, and their certificates need its HTTPS listener")
	}
	// The program does not close a database that others may use (docker/lib/users-pgsql.php); database.import takes no PostgreSQL.
	if d := c.Database; d.Engine == engines.Postgres && d.Existing() {
		p.add(key, "not with database.engine postgres and database.endpoint: users of guests could connect to the databases that are on this server; remove it")
	}
	if strings.HasPrefix(c.App.Name, "ssm") { // https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-parameter-name-constraints.html
		p.add("app.name", "%q begins with ssm, which Systems Manager reserves in names of parameters, and environment.guests needs one", c.App.Name)
	}
	for _, one := range c.Environment.Guests.Problems(c.App.Name+"-"+stack, c.Database.Name, c.RuleHosts()) {
		p.add(key+"."+one.Key, "%s", one.Text)
	}
	for _, guest := range c.Environment.Guests.Names() {
		for _, host := range c.Environment.Guests[guest].Hosts {
			if !hostName.MatchString(host) || len(host) > maxRuleHost {
				p.add(key+"."+guest+".hosts", "%q is not a host name of up to %d characters", host, maxRuleHost)
			}
		}
	}
}

// ofGuest are the keys that a guest has in sections which otherwise describe what its host has: all else there is refused. Its instance types and
// the engine of its database are those of the host: image, sizes of tasks and variables depend on them.
var ofGuest = map[string][]string{
	"access": {"exec", "taskPolicies"}, "cluster": {"instanceTypes", "max"}, "database": {"engine", "version"}, "network": {},
	"loadBalancer": {"containerTls", "deregistrationSeconds", "healthCheck"},
}

// maxRuleValues is how many values the conditions of a rule have
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, "Condition values per rule").
const maxRuleValues = 5

// validateGuestOf checks an environment that is a guest of another one.
func (c *Config) validateGuestOf(p *problems, stack string) {
	from := c.Environment.GuestOf
	if from == "" {
		return
	}
	if !name.MatchString(from) || !strings.Contains(from, "-") || from == c.App.Name+"-"+stack {
		p.add("environment.guestOf", "%q is not the name of another environment: its app.name and stack, such as shop-prod", from)
	}
	refuse := func(wrong bool, key, format string, args ...any) {
		if wrong {
			p.add(key, format, args...)
		}
	}
	refuse(c.Environment.Class == ClassReview, "environment.guestOf", "not for environment.class review, whose environments share one with environment.shares: remove it")
	refuse(c.Environment.Schedule.Set(), "environment.schedule", "with environment.guestOf, instances and database are those of %s: remove it", from)
	refuse(c.CDN.On(), "cdn.state", "%s, and with environment.guestOf the load balancer is that of %s, which takes requests without CloudFront: remove it", c.CDN.State, from)
	refuse(c.Domain.Name == "", "domain.name", "missing: the load balancer of %s tells applications apart by host name", from)
	refuse(c.Cache.Existing(), "cache.endpoint", "with environment.guestOf the cache is one of its own, or none (cache.engine): remove it")
	_, given := c.Secrets[MasterPassword]
	refuse(given || c.Generation(MasterPassword) > 0, "secrets."+MasterPassword, "with environment.guestOf the database server is that of %s, which makes the users: remove it, and rotation.%s", from, MasterPassword)
	refuse(c.Rotation[DBPassword] > 0, "rotation."+DBPassword, "with environment.guestOf the password is made by %s: raise environment.guests.%s-%s.generation there, deploy it, and then this", from, c.App.Name, stack)
	refuse(slices.Contains(c.Release.Judge.Alarms, "no-answer"), "release.judge.alarms", "no-answer counts the answers for all applications of %s: use no-task", from)
	values := 1 + len(c.Hosts()) // an address that a maintenance page lets through
	for _, f := range c.Further() {
		if f.Routed() && f.Host == "" {
			values = max(values, len(c.Hosts())+len(f.Paths()))
		}
	}
	refuse(values > maxRuleValues, "domain.aliases", "%d host names, paths or addresses are too many for one rule of the load balancer of %s, which has %d", values, from, maxRuleValues)
	own := defaults()
	for section, pair := range map[string][2]any{
		"access": {c.Access, own.Access}, "cluster": {c.Cluster, own.Cluster}, "database": {c.Database, own.Database}, "network": {c.Network, own.Network},
		"loadBalancer": {c.LoadBalancer, own.LoadBalancer},
	} {
		given, byDefault := fields(pair[0]), fields(pair[1])
		for _, key := range sortedKeys(given) {
			if !slices.Contains(ofGuest[section], key) && !reflect.DeepEqual(given[key], byDefault[key]) {
				p.add(section+"."+key, "with environment.guestOf it is that of %s: remove the key", from)
			}
		}
	}
}
