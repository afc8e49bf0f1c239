package config

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/engines"
)

var (
	// imageName is a reference as of https://github.com/distribution/reference: [HOST[:PORT]/]PATH[:TAG][@sha256:DIGEST].
	imageName = regexp.MustCompile(`^[a-z0-9]([a-z0-9._/-]|:[0-9]+/)*(:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(@sha256:[0-9a-f]{64})?$`)
	// packageName is a name as Debian's policy has it (5.6.1). A version or an option of apt is none.
	packageName    = regexp.MustCompile(`^[a-z0-9][a-z0-9+.-]+$`)
	scriptName     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9:._-]*$`)
	extensionNames = regexp.MustCompile(`^[A-Za-z0-9_-]+( +[A-Za-z0-9_-]+)*$`)
	phpVersion     = regexp.MustCompile(`^[5-9]\.[0-9]$`)
	// An apt source as of sources.list(5). A password in it would be in the image's history.
	sourceURL   = regexp.MustCompile(`^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~+/-]*)?$`)
	sourceSuite = regexp.MustCompile(`^[a-z0-9][a-z0-9./-]*$`)
)

func (c *Config) validateImage(p *problems) {
	c.Release.validate(p, c.Web.Count)
	if !c.Release.Build && c.Release.Candidate == "" {
		return
	}
	validateRebuild(p, c.Image.Rebuild)
	p.matches("image.baseImage", c.Image.BaseImage, imageName, "the name of an image such as debian:trixie-slim@sha256:...")
	c.Image.validatePHP(p)
	c.validateDriver(p)
	c.Image.Caches.validate(p)
	for i, name := range c.Image.Packages {
		key := fmt.Sprintf("image.packages[%d]", i)
		switch {
		case !packageName.MatchString(name):
			p.add(key, "%q is not the name of a Debian package, such as ffmpeg or mariadb-client", name)
		case strings.HasPrefix(name, "php"):
			p.add(key, "%q is a package of PHP: image.extensions has those, without the prefix", name)
		case slices.Contains(c.Image.Packages[:i], name):
			p.add(key, "%q is listed twice", name)
		}
	}
	p.oneOf("image.assets.php", c.Image.Assets.PHP, Auto, Always, Never)
	if c.Image.Assets.Script != "" {
		p.matches("image.assets.script", c.Image.Assets.Script, scriptName, "the name of a script in package.json, such as build:ssr")
	}
	c.validateBuildEnv(p)
	if !filepath.IsLocal(c.Image.Dockerfile) {
		p.add("image.dockerfile", "%s is outside of this program's folder", c.Image.Dockerfile)
	} else if info, err := os.Stat(c.Image.Dockerfile); err != nil || info.IsDir() {
		p.add("image.dockerfile", "%s does not exist (the path is relative to Pulumi.yaml)", c.Image.Dockerfile)
	}
	if !filepath.IsLocal(c.Image.App) {
		p.add("image.app", "%s is outside of this program's folder; clone the application below it, into app/", c.Image.App)
		return
	}
	if context := c.Image.Context; context != "" {
		if up, err := filepath.Rel(context, c.Image.App); !filepath.IsLocal(context) || err != nil || !filepath.IsLocal(up) {
			p.add("image.context", "%q is not a folder above image.app, %s, in this program's folder", context, c.Image.App)
		} else if filepath.Clean(context) == "." {
			p.add("image.context", "this program's folder would be part of the application: clone the monorepo below it, into app/")
		}
	}
	for _, file := range []string{"artisan", "composer.json"} {
		if _, err := os.Stat(filepath.Join(c.Image.App, file)); err != nil {
			p.add("image.app", "%s has no %s: it is not a Laravel application", c.Image.App, file)
		}
	}
}

var (
	rebuildPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,18}[a-z0-9]$`)
	monthPattern   = regexp.MustCompile(`^[0-9]{4}-([0-9]{2})$`)
)

func validateRebuild(p *problems, rebuild string) {
	if rebuild == "" {
		return
	}
	p.matches("image.rebuild", rebuild, rebuildPattern, "a month such as 2026-11, or 2 to 20 lower-case letters, digits, dots and dashes; it becomes part of the release's name")
	if month := monthPattern.FindStringSubmatch(rebuild); month != nil && (month[1] < "01" || month[1] > "12") {
		p.add("image.rebuild", "%q is no month", rebuild)
	}
}

// InstanceTypes are the types of cluster.instanceTypes of a valid configuration.
func (c *Config) InstanceTypes() []InstanceType {
	var ignored problems
	return c.instanceTypes(&ignored)
}

func (c *Config) instanceTypes(p *problems) []InstanceType {
	if len(c.Cluster.InstanceTypes) == 0 {
		p.add("cluster.instanceTypes", "empty; t3.small, for example")
	}
	var types []InstanceType
	for _, text := range c.Cluster.InstanceTypes {
		t, err := ParseInstanceType(text)
		if err != nil {
			p.check("cluster.instanceTypes", err)
			continue
		}
		if len(types) > 0 && types[0].ARM64 != t.ARM64 {
			p.add("cluster.instanceTypes", "%s and %s are of different architectures; one image cannot run on both", types[0].Name, t.Name)
		}
		types = append(types, t)
	}
	return types
}

// maxTasks is how many tasks a service may have.
const maxTasks = 1000

func (c *Config) validateProcesses(p *problems) {
	c.Web.validate(p, "web", maxTasks)
	if c.Web.Count+c.Worker.Count+c.Scheduler.Count+len(c.Further()) == 0 {
		p.add("web.count", "0, and so are the counts of all other processes: nothing would run")
	}
	c.Worker.validate(p, "worker", maxTasks)
	c.Scheduler.validate(p, "scheduler", 1)
	c.validateTimes(p)
	for _, name := range sortedKeys(c.Processes) {
		c.Processes[name].validate(p, c)
	}
	w := c.Web
	if w.Count > 0 && w.Count*w.MaxPercent/100 <= w.Count && (w.Count*w.MinPercent+99)/100 >= w.Count {
		p.add("web.maxPercent", "%d%% of %d tasks leaves a rolling release no step: it may neither start nor stop a task", w.MaxPercent, w.Count)
	}
	if w.MemoryMiB <= MigrateReservationMiB { // the migration has the same limit as the web container
		p.add("web.memoryMib", "%d is not more than the %d MiB that the migration reserves", w.MemoryMiB, MigrateReservationMiB)
	}
	p.between("web.minPercent", w.MinPercent, 0, 100)
	p.between("web.maxPercent", w.MaxPercent, 100, 200)
	p.between("web.scaling.max", w.Scaling.Max, 0, maxTasks)
	p.between("web.scaling.requestsPerTask", w.Scaling.RequestsPerTask, 0, 1_000_000)
	if s := w.Scaling; s.Max == 0 && (s.Min != 0 || s.RequestsPerTask != 0) {
		p.add("web.scaling.max", "0 turns scaling off, but web.scaling has other keys: set max, or remove them")
	}
	if s := w.Scaling; s.Max != 0 && w.Count > 0 {
		if s.Min < 1 || s.Max < s.Min {
			p.add("web.scaling", "min %d and max %d are not in this order, or min is below 1", s.Min, s.Max)
		}
		// Autoscaling sets the number of tasks, so that a later change of count would do nothing. A higher minimum does.
		if w.Count != s.Min {
			p.add("web.count", "%d is not web.scaling.min, %d: autoscaling sets the number of tasks between scaling.min and scaling.max; change these, "+
				"and write scaling.min into web.count, with which the service starts", w.Count, s.Min)
		}
		p.between("web.scaling.cpuPercent", s.CPUPercent, 10, 95)
	}
	c.validateDrivers(p)
}

func (s Process) validate(p *problems, key string, high int) {
	p.between(key+".count", s.Count, 0, high)
	p.between(key+".cpu", s.CPU, 2, 192*1024)
	p.between(key+".memoryMib", s.MemoryMiB, 64, 1<<20)
	if s.ReservationMiB < 6 || s.ReservationMiB >= s.MemoryMiB {
		p.add(key+".reservationMib", "%d is not between 6 and the hard limit, %d", s.ReservationMiB, s.MemoryMiB)
	}
	p.between(key+".stopSeconds", s.StopSeconds, 2, 7*3600)
	s.validateLimits(p, key)
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// managed are the variables that the program sets in the containers.
var managed = []string{
	"APP_DEBUG", "APP_ENV", "APP_MAINTENANCE_DRIVER", "APP_MAINTENANCE_STORE", "APP_NAME", "APP_RELEASE", "APP_URL", "CACHE_DRIVER", "CACHE_STORE", "CONTAINER_TLS", "DB_CONNECTION", "DB_DATABASE",
	"DB_HOST", "DB_MASTER_USERNAME", "DB_PORT", "DB_QUEUE_RETRY_AFTER", "DB_USERNAME", "DRAIN_SECONDS", "GRACE_SECONDS", "HEALTH_PATH", "HEARTBEAT_SECONDS", "HORIZON_ARGUMENTS",
	"KEEP_ALIVE_SECONDS", "KEEP_ASSETS", "MEMCACHED_HOST", "MEMCACHED_PORT", "METRICS_CLUSTER", "METRICS_QUEUES", "METRICS_STACK", "MYSQL_ATTR_SSL_CA", "QUEUE_CONNECTION", "REDIS_CLIENT", "REDIS_HOST",
	"REDIS_PORT", "REDIS_QUEUE_RETRY_AFTER", "REQUEST_SECONDS", "SESSION_DRIVER", "WORKER_ARGUMENTS",
}

// managedPostgres are those that it sets where the database is PostgreSQL. Elsewhere a second connection of the application may need them.
var managedPostgres = []string{"DB_OWN_SERVER", "DB_SSLMODE", "PGSSLMODE", "PGSSLROOTCERT"}

func (c *Config) validateVariables(p *problems) {
	check := func(section string, names []string) {
		for _, v := range names {
			key := section + "." + v
			switch {
			case !variable.MatchString(v):
				p.add(key, "not a name of an environment variable")
			case slices.Contains(managed, v), c.Database.Engine == engines.Postgres && slices.Contains(managedPostgres, v):
				p.add(key, "the program sets this variable; change the section that it comes from")
			case slices.Contains([]string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}, v):
				p.add(key, "tasks get temporary credentials from their role; keys in the environment stay valid")
			}
		}
	}
	if given, ok := c.Secrets[CachePassword]; ok && c.Cache.Authenticates() && !cachePassword.MatchString(given) {
		p.add("secrets."+CachePassword, "not 16 to 128 letters, digits and !&#$^<>-, which ElastiCache wants of a password")
	}
	check("env", sortedKeys(c.Env))
	check("secrets", sortedKeys(c.Secrets))
	for _, v := range sortedKeys(c.Env) {
		if _, both := c.Secrets[v]; both || v == CachePassword || slices.Contains(generated, v) {
			p.add("env."+v, "it is a secret: put it into secrets, where it is encrypted")
		}
	}
}

// validateProduction requires the settings that protect production from outages and mistakes.
func (c *Config) validateProduction(p *problems) {
	want := func(ok bool, key, why string) {
		if !ok {
			p.add(key, "environment.class production requires %s", why)
		}
	}
	want(c.Environment.Protect, "environment.protect", "true; before a destroy, set environment.teardown")
	want(!c.App.Debug, "app.debug", "false: stack traces show secrets")
	want(c.Web.Count >= 2, "web.count", "2 or more: with one task, its loss is an outage")
	want(c.Web.MinPercent == 100, "web.minPercent", "100: a release must not reduce the number of tasks")
	want(c.Cluster.Capacity != CapacityFargateSpot, "cluster.capacity", "fargate or ec2: all tasks of fargateSpot may end at the same time, with two minutes' notice")
	guest := c.Environment.IsGuest() // instances and database server are another production environment's
	want(guest || c.Cluster.Fargate() || c.Cluster.Min >= 2, "cluster.min", "2 or more instances, one per zone")
	want(c.Cluster.Fargate() || c.Cluster.MaxInstanceDays > 0, "cluster.maxInstanceDays", "14-30: instances get their security updates by being replaced")
	want(!c.Release.Build || strings.Contains(c.Image.BaseImage, "@sha256:"), "image.baseImage", "a digest (NAME@sha256:...): a tag can move to another image")
	want(len(c.Observability.Emails) > 0, "observability.emails", "an address that the alarms are sent to")
	c.validateReceivers(p)
	existing := guest || c.Database.Existing() // its zones and backups are somebody else's decision
	if c.Database.Aurora() {
		want(c.Database.Readers > 0, "database.readers", "1 or more: without one, a lost instance is an outage of minutes")
		want(c.Database.Serverless.MinCapacity > 0, "database.serverless.minCapacity", "0.5 or more: the first visitor waits for a paused database")
	}
	want(existing || c.Database.MultiAZ || c.Database.Aurora(), "database.multiAz", "true")
	want(existing || c.Database.BackupDays >= 7, "database.backupDays", "7 or more")
	want(existing || c.Database.FinalSnapshot, "database.finalSnapshot", "true")
	want(c.Database.RequireTLS, "database.requireTls", "true")
	if c.Cache.Engine != None { // else the database has what a cache would have
		want(c.Cache.Engine != Memcached && (c.Cache.Nodes >= 2 || c.Cache.Existing()), "cache", "valkey or redis with 2 or more nodes, or none: the loss of a memcached node logs all users out")
		want(c.Cache.Engine == Memcached || c.Cache.EncryptTransit, "cache.encryptTransit", "true")
		want(c.Cache.Auth != AuthNone, "cache.auth", "rotate or set: a password")
		_, given := c.Secrets[CachePassword]
		want(!c.Cache.Existing() || c.Cache.PasswordSecretARN != "" || given, "cache.passwordSecretArn", "the ARN of the secret with the password of cache.endpoint")
	}
	want(!c.Storage.Bucket || c.Storage.KeepFiles, "storage.keepFiles", "true: a destroy must not delete the files of users")
	for _, arn := range c.Access.TaskPolicies {
		want(!administrators.MatchString(arn), "access.taskPolicies", "policies of single services: with "+arn+" the application could do nearly everything")
	}
	want(c.Domain.Name != "", "domain.name", "a name, and with it HTTPS")
	want(c.LoadBalancer.HTTP == "redirect", "loadBalancer.http", "redirect")
	want(c.Observability.Alarms, "observability.alarms", "true")
}

// placeholder has the domains that RFC 2606 reserves for examples and tests: nobody reads the mail of any of them.
var placeholder = regexp.MustCompile(`(^|[.@])(example\.(com|net|org)|example|invalid|localhost|test)$`)

// validateReceivers refuses alarms that nobody gets. The shipped file is all placeholders, and is to be rehearsed as it is. It cannot be
// deployed: its domain is a placeholder, too, for which Route 53 has no zone ("reserved by AWS", github.com/aws-samples/sample-agentic-value-accelerator,
// pull request 126) and ACM no certificate. A stack with a domain or a certificate of its own needs a receiver of its own.
func (c *Config) validateReceivers(p *problems) {
	template := placeholder.MatchString(c.Domain.Name) && c.Domain.CertificateARN == ""
	own := func(email string) bool { return !placeholder.MatchString(email) }
	if emails := c.Observability.Emails; len(emails) > 0 && !template && !slices.ContainsFunc(emails, own) {
		p.add("observability.emails", "%s: nobody reads mail to a domain for examples (RFC 2606), and environment.class production requires a receiver of the alarms: write your address", strings.Join(emails, ", "))
	}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortErrors(list []error) {
	slices.SortFunc(list, func(a, b error) int { return cmp.Compare(a.Error(), b.Error()) })
}
