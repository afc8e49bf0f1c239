package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// problems are the errors of a configuration. Every one has the key, the value and what is allowed.
type problems []error

func (p *problems) add(key, format string, args ...any) {
	args = append([]any{key}, args...)
	for i, arg := range args {
		if text, ok := arg.(string); ok && strings.ContainsFunc(text, unicode.IsControl) { // each problem is one line
			quoted := strconv.Quote(text)
			args[i] = quoted[1 : len(quoted)-1]
		}
	}
	*p = append(*p, fmt.Errorf("%s: "+format, args...))
}

func (p *problems) check(key string, err error) {
	if err != nil {
		p.add(key, "%w", err)
	}
}

func (p *problems) between(key string, value, low, high int) {
	if value < low || value > high {
		p.add(key, "%d is outside %d-%d", value, low, high)
	}
}

func (p *problems) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(key, "%q is none of %s", value, strings.Join(allowed, ", "))
	}
}

func (p *problems) matches(key, value string, pattern *regexp.Regexp, what string) {
	if !pattern.MatchString(value) {
		p.add(key, "%q is not %s", value, what)
	}
}

// distinct refuses entries that are listed twice: AWS refuses the second one, or has two resources of one name.
func (p *problems) distinct(key string, list []string) {
	for i, one := range list {
		if slices.Contains(list[:i], one) {
			p.add(key, "%q is listed twice", one)
		}
	}
}

// logRetention are the values CloudWatch Logs accepts, in days (PutRetentionPolicy).
var logRetention = []int{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}

func (p *problems) retention(key string, days int) {
	if !slices.Contains(logRetention, days) {
		p.add(key, "CloudWatch Logs has no retention of %d days; the next is %d", days, nearest(logRetention, days))
	}
}

func nearest(sorted []int, value int) int {
	i, _ := slices.BinarySearch(sorted, value)
	return sorted[min(i, len(sorted)-1)]
}

// MaxPrefix is how long NAME-STACK may be: a target group's name has at most 32 characters, with "-lb-tg2" and 8 for autonaming. The
// second group is for blue/green only, but a stack that changes to it later cannot change its name.
const MaxPrefix = 32 - len("-lb-tg2") - 8

var name = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

var policyARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:policy/([\w+=,.@-]+/)*[\w+=,.@-]+$`)

// validate returns every problem of the configuration. Of the disk it reads only what the image is built from.
func (c *Config) validate(stack string) []error {
	var p problems
	validateRegion(&p, c.Region, stack)
	validateName(&p, c.App.Name, stack, c.longestPrefix())
	validateTags(&p, c.Tags)
	if c.App.URL != "" {
		p.matches("app.url", c.App.URL, appURL, "http(s)://host[:port]")
	}
	if c.App.Env != stack { // whose form validateName checks
		p.matches("app.env", c.App.Env, regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`), "a word such as production")
	}
	p.oneOf("environment.class", c.Environment.Class, ClassLocal, ClassReview, "staging", "production")
	if arn := c.Environment.PermissionsBoundary; arn != "" {
		p.matches("environment.permissionsBoundary", arn, policyARN, "the ARN of a policy, such as arn:aws:iam::123456789012:policy/NAME")
	}
	c.validateNetwork(&p)
	c.Access.validate(&p, c.Cluster)
	p.between("registry.untaggedDays", c.Registry.UntaggedDays, 1, 365)
	p.between("registry.releasesKept", c.Registry.ReleasesKept, 30, 900)
	p.between("registry.reviewDays", c.Registry.ReviewDays, 1, 365)
	c.validateImage(&p)
	if c.Environment.Shares == "" { // else the other environment has the certificate
		c.Domain.validate(&p, c.Region)
	}
	c.LoadBalancer.validate(&p, c.LoadBalancer.WAF || c.CDN.On() && c.CDN.WAF)
	c.validateCDN(&p, stack)
	c.validateCapacity(&p)
	c.Database.validate(&p, c.Region, c.fewestBackups())
	c.Cache.validate(&p)
	c.validateExisting(&p, stack)
	c.validateServer(&p, stack)
	c.validateStorage(&p)
	c.validateProcesses(&p)
	c.validateRoutes(&p, c.App.Name+"-"+stack)
	c.validateVariables(&p)
	c.validateSecrets(&p)
	c.validateRotation(&p)
	p.retention("observability.logDays", c.Observability.LogDays)
	p.distinct("observability.emails", c.Observability.Emails)
	for _, email := range c.Observability.Emails {
		p.matches("observability.emails", email, regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`), "an email address")
	}
	if o := c.Observability; !o.Alarms && (len(o.Emails) > 0 || o.Dashboard) {
		p.add("observability.alarms", "false, but emails and dashboard need them")
	}
	if c.Environment.Class == "production" {
		c.validateProduction(&p)
	}
	c.validateReview(&p, stack)
	c.validateSchedule(&p)
	c.validateShares(&p, stack)
	c.validateGuests(&p, stack)
	c.validateGuestOf(&p, stack)
	return p
}

// reserved are beginnings of names that CreateCapacityProvider, CreateSecurityGroup or CreateLoadBalancer refuse.
var reserved = regexp.MustCompile(`^(aws|ecs|fargate)|^(sg|internal)(-|$)`)

const noRegion = "%q is no region of AWS in %s"

func validateRegion(p *problems, region, stack string) {
	switch {
	case region == "":
		p.add("aws:region", "missing; pulumi config set aws:region eu-west-1 --stack %s", stack)
	case !known.Regions.Has(region):
		p.add("aws:region", noRegion, region, known.Regions.File)
	}
}

// validateName checks the names of application and stack, with which every resource name begins.
func validateName(p *problems, application, stack string, longest int) {
	const what = "lower-case letters and digits, in words joined by single hyphens"
	p.matches("app.name", application, name, what)
	if !name.MatchString(stack) {
		p.add("stack", "%q is not %s; it becomes part of every name", stack, what)
	}
	if reserved.MatchString(application) {
		p.add("app.name", "%q begins with a word that AWS reserves: aws, ecs and fargate (capacity providers), sg- (security groups), internal- (load balancers)", application)
	}
	if prefix := application + "-" + stack; len(prefix) > longest {
		p.add("app.name", "%q is %d characters long, at most %d fit AWS's names: shorten app.name or the stack's name", prefix, len(prefix), longest)
	}
}

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// validateTags applies the rules of AWS (https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html). IAM does
// not distinguish upper and lower case in keys.
func validateTags(p *problems, tags map[string]string) {
	if len(tags) > 40 {
		p.add("tags", "%d are too many: AWS allows 50 per resource, and the program adds some", len(tags))
	}
	for _, key := range sortedKeys(tags) {
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			p.add("tags."+key, "AWS reserves the prefix aws:")
		}
		if key == "Application" || key == "Environment" {
			p.add("tags."+key, "the program sets this tag, and the roles of pipelines may change only what has it; remove the key")
		}
		if n := utf8.RuneCountInString(key); n < 1 || n > 128 || !tagText.MatchString(key) {
			p.add("tags."+key, "a key has 1 to 128 letters, digits, spaces and _.:/=+-@")
		}
		if value := tags[key]; utf8.RuneCountInString(value) > 256 || !tagText.MatchString(value) {
			p.add("tags."+key, "%q is not up to 256 letters, digits, spaces and _.:/=+-@", value)
		}
		for _, other := range append(sortedKeys(tags), "Project", "Application", "Environment", "ManagedBy") {
			if other != key && strings.EqualFold(other, key) {
				p.add("tags."+key, "differs from %s in upper and lower case only, which IAM takes for the same", other)
			}
		}
	}
}

var appURL = regexp.MustCompile(`^https?://[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[1-9][0-9]{0,4})?$`)

// hostName may be a wildcard, which an alias may be: the application has its links from domain.name.
var hostName = regexp.MustCompile(`^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)

// maxHosts is the default quota of names in a certificate (https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html).
const maxHosts = 10

func (d Domain) validate(p *problems, region string) {
	if d.Name == "" {
		if d.Zone != "" || d.CertificateARN != "" || len(d.Aliases) > 0 || d.TakeOver {
			p.add("domain.name", "missing, but zone, certificateArn, aliases or takeOver are set: set the host name")
		}
		return
	}
	if d.TakeOver && d.Zone == "" {
		p.add("domain.takeOver", "needs domain.zone: without it, the records are not the program's; change them where they are")
	}
	if d.Zone == "" && d.CertificateARN == "" {
		p.add("domain.name", "%s needs a certificate: set domain.zone for a new one, or domain.certificateArn for an existing one", d.Name)
	}
	if strings.HasPrefix(d.Name, "*.") {
		p.add("domain.name", "%q is a wildcard: links and certificate need one host name; wildcards are for domain.aliases", d.Name)
	}
	hosts := append([]string{d.Name}, d.Aliases...)
	p.distinct("domain.aliases", hosts)
	if len(hosts) > maxHosts {
		p.add("domain.aliases", "%d names are too many: a certificate has %d", len(hosts), maxHosts)
	}
	if d.Zone != "" {
		p.matches("domain.zone", d.Zone, plainHost, "the name of a zone such as example.com")
	}
	for _, host := range hosts {
		if len(host) > 253 || !hostName.MatchString(host) {
			p.add("domain", "%q is not a host name", host)
		}
		if d.Zone != "" && host != d.Zone && !strings.HasSuffix(host, "."+d.Zone) {
			p.add("domain.zone", "%s is not in the zone %s", host, d.Zone)
		}
	}
	if d.CertificateARN != "" {
		arn := strings.Split(d.CertificateARN, ":")
		if len(arn) != 6 || arn[0] != "arn" || arn[2] != "acm" || !strings.HasPrefix(arn[5], "certificate/") {
			p.add("domain.certificateArn", "%q is not the ARN of an ACM certificate", d.CertificateARN)
		} else if arn[3] != region {
			p.add("domain.certificateArn", "the certificate is in %s, the load balancer in %s; they must be in the same region", arn[3], region)
		}
	}
}

func (l LoadBalancer) validate(p *problems, waf bool) {
	p.oneOf("loadBalancer.http", l.HTTP, "redirect", "forward")
	check := l.HealthCheck
	// The image requests it too before a task is ready, and answers it with an error while it stops. Hence it is not the home page.
	p.matches("loadBalancer.healthCheck.path", check.Path, regexp.MustCompile(`^/[A-Za-z0-9/_-]{1,200}$`), "a plain path of its own such as /up")
	p.between("loadBalancer.healthCheck.interval", check.Interval, 5, 300)
	p.between("loadBalancer.healthCheck.timeout", check.Timeout, 2, 120)
	if check.Timeout >= check.Interval {
		p.add("loadBalancer.healthCheck.timeout", "%d is not below the interval, %d", check.Timeout, check.Interval)
	}
	p.between("loadBalancer.healthCheck.healthy", check.Healthy, 2, 10)
	p.between("loadBalancer.healthCheck.unhealthy", check.Unhealthy, 2, 10)
	p.between("loadBalancer.deregistrationSeconds", l.DeregistrationSeconds, 0, 3600)
	p.between("loadBalancer.idleSeconds", l.IdleSeconds, 1, 4000)
	p.between("loadBalancer.accessLogDays", l.AccessLogDays, 1, 3653)
	p.between("loadBalancer.hstsDays", l.HSTSDays, 0, 730)
	if l.RateLimit != 0 { // UpdateWebACL, RateBasedStatement
		if l.RateLimit < 10 || l.RateLimit > 2_000_000_000 {
			p.add("loadBalancer.rateLimit", "%d is outside 10-2000000000, and not 0, which is no limit", l.RateLimit)
		}
	}
	if len(l.UploadPaths) > 10 {
		p.add("loadBalancer.uploadPaths", "%d are too many: 10 fit the capacity of a web ACL; name what they have in common", len(l.UploadPaths))
	}
	p.distinct("loadBalancer.uploadPaths", l.UploadPaths)
	for _, path := range l.UploadPaths {
		p.matches("loadBalancer.uploadPaths", path, regexp.MustCompile(`^/[A-Za-z0-9/_.-]{1,199}$`), "the beginning of a path such as /upload")
	}
	if len(l.UploadPaths) > 0 && !waf {
		p.add("loadBalancer.uploadPaths", "set, but loadBalancer.waf is false: without a web ACL every path takes uploads")
	}
}
