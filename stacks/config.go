package stacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi/config"
	"go.yaml.in/yaml/v3"
)

// Config is everything that may differ between environments. Each field is one key of the stack file; what a stack file leaves
// out keeps the value of defaults. Sizes are MiB or GB by name, times are seconds or days by name.
type Config struct {
	App           App
	Environment   Environment
	Network       Network
	Access        Access
	Registry      Registry
	Image         Image
	Release       Release
	Domain        Domain
	LoadBalancer  LoadBalancer
	Cluster       Cluster
	Web           Web
	Worker        Worker
	Scheduler     Scheduler
	Database      Database
	Cache         Cache
	Observability Observability
	// Env are further plain environment variables; Secrets are secret ones (pulumi config set --secret --path secrets.NAME).
	Env     map[string]string
	Secrets map[string]string
	Tags    map[string]string

	// Region is aws:region.
	Region string
}

// App names the application.
type App struct {
	Name  string `json:"name"`  // prefix of every resource, together with the stack
	URL   string `json:"url"`   // APP_URL; empty: https://domain.name, or the load balancer's name
	Debug bool   `json:"debug"` // APP_DEBUG
	Env   string `json:"env"`   // APP_ENV; empty: the stack's name
}

// Environment says what kind of place this is. Class tightens validation and changes nothing.
type Environment struct {
	Class    string `json:"class"`    // local, review, staging or production
	Protect  bool   `json:"protect"`  // no destroy of database, load balancer, keys and images
	Teardown bool   `json:"teardown"` // lifts Protect: the first of the two steps of a destroy

	// Of class review only: see review.go. make review-up writes Branch and ExpiresAt.
	Branch    string `json:"branch"`    // what is reviewed
	ExpiresAt string `json:"expiresAt"` // RFC 3339; make review-reap destroys it then
	TTLHours  int    `json:"ttlHours"`  // how long make review-up lets it live
	Shares    string `json:"shares"`    // the environment whose network, load balancer, cluster, database and cache it uses: shares.go
}

// Protected tells whether a destroy must fail.
func (e Environment) Protected() bool { return e.Protect && !e.Teardown }

// Network is the VPC.
type Network struct {
	CIDR        string   `json:"cidr"`
	Zones       int      `json:"zones"`
	ZoneNames   []string `json:"zoneNames"` // pins the zones; as many as Zones
	NAT         string   `json:"nat"`       // none, instance, gateway or gatewayPerZone
	Endpoints   []string `json:"endpoints"` // interface endpoints: ecr.api, logs, ...
	FlowLogDays int      `json:"flowLogDays"`
}

// Access is who may connect.
type Access struct {
	Web         []string `json:"web"`         // CIDRs that reach the load balancer
	SSH         []string `json:"ssh"`         // CIDRs that reach port 22 of the instances
	EgressPorts []int    `json:"egressPorts"` // TCP ports the application may reach on the internet
	Exec        bool     `json:"exec"`        // aws ecs execute-command
}

// Registry is what ECR keeps.
type Registry struct {
	UntaggedDays int `json:"untaggedDays"`
	ReleasesKept int `json:"releasesKept"`
	ReviewDays   int `json:"reviewDays"`
}

// Image is what is built.
type Image struct {
	App        string `json:"app"`        // folder of the Laravel application, below the program
	Dockerfile string `json:"dockerfile"` // relative to the program
	BaseImage  string `json:"baseImage"`
	Extensions string `json:"extensions"` // PHP extensions, space-separated; empty: the Dockerfile's list
	Test       string `json:"test"`       // how make test-app runs the application's tests; empty: Pest or PHPUnit, none: there are none
}

// Release says which version runs, and how the next one takes over.
type Release struct {
	Name    string `json:"name"`    // empty: the last commit that touched the image
	Build   bool   `json:"build"`   // false: the image must be in the registry already
	Migrate bool   `json:"migrate"` // run migrations before a new task serves
	// Strategy is rolling, or blueGreen: two sets of web tasks, and requests shared between them.
	Strategy string `json:"strategy"`
	// Live is the colour that runs Name; the other one runs Candidate and gets Percent of the requests. Without a candidate it is
	// empty. For blueGreen only; make canary, promote and abort write these.
	Live      string `json:"live"`
	Candidate string `json:"candidate"`
	Percent   int    `json:"percent"`
}

// Domain is the name visitors use. Without one the load balancer's own name answers, over HTTP only.
type Domain struct {
	Name           string   `json:"name"`
	Aliases        []string `json:"aliases"`
	Zone           string   `json:"zone"`           // Route 53 zone: certificate and alias records are made there
	CertificateARN string   `json:"certificateArn"` // an imported certificate instead of a new one
}

// LoadBalancer is the entrance.
type LoadBalancer struct {
	HTTP                  string      `json:"http"` // redirect or forward, once there is HTTPS
	HealthCheck           HealthCheck `json:"healthCheck"`
	DeregistrationSeconds int         `json:"deregistrationSeconds"`
	IdleSeconds           int         `json:"idleSeconds"`
	AccessLogDays         int         `json:"accessLogDays"`
	ContainerTLS          bool        `json:"containerTls"`
	WAF                   bool        `json:"waf"`
}

// HealthCheck decides which tasks get requests.
type HealthCheck struct {
	Path      string `json:"path"`
	Interval  int    `json:"interval"`
	Timeout   int    `json:"timeout"`
	Healthy   int    `json:"healthy"`
	Unhealthy int    `json:"unhealthy"`
}

// Cluster is the instances.
type Cluster struct {
	InstanceTypes     []string `json:"instanceTypes"`
	Min               int      `json:"min"`
	Max               int      `json:"max"`
	OnDemandBase      int      `json:"onDemandBase"`
	OnDemandPercent   int      `json:"onDemandPercent"` // 100: no spot; 0: spot above the base
	KeyPair           string   `json:"keyPair"`
	AMI               string   `json:"ami"`
	DiskGB            int      `json:"diskGb"`
	TargetCapacity    int      `json:"targetCapacity"`
	ContainerInsights bool     `json:"containerInsights"`
}

// Process is the size of one process's tasks.
type Process struct {
	Count          int      `json:"count"`
	CPU            int      `json:"cpu"`            // 1/1024 of a vCPU
	MemoryMiB      int      `json:"memoryMib"`      // hard limit
	ReservationMiB int      `json:"reservationMib"` // soft limit: what placement counts
	StopSeconds    int      `json:"stopSeconds"`    // 0: derived, see timing.go
	Command        []string `json:"command"`        // arguments of the image; empty: the role
}

// Web serves requests; Count 0 turns it off.
type Web struct {
	Process
	StartSeconds   int     `json:"startSeconds"`   // how long a task may take to become healthy
	RequestSeconds int     `json:"requestSeconds"` // how long a request may take
	MinPercent     int     `json:"minPercent"`
	MaxPercent     int     `json:"maxPercent"`
	Scaling        Scaling `json:"scaling"`
}

// Scaling is target tracking; Max 0 turns it off.
type Scaling struct {
	Min             int `json:"min"`
	Max             int `json:"max"`
	CPUPercent      int `json:"cpuPercent"`
	RequestsPerTask int `json:"requestsPerTask"`
}

// Worker runs queue jobs; Count 0 turns it off.
type Worker struct {
	Process
	JobSeconds int    `json:"jobSeconds"` // how long a job may take
	Queue      string `json:"queue"`      // QUEUE_CONNECTION: database or redis
}

// Scheduler runs scheduled commands: one task or, with Count 0, none.
type Scheduler struct{ Process }

// Database is RDS.
type Database struct {
	Engine              string   `json:"engine"`
	Version             string   `json:"version"`
	InstanceClass       string   `json:"instanceClass"`
	Name                string   `json:"name"`
	Username            string   `json:"username"`
	StorageGB           int      `json:"storageGb"`
	MaxStorageGB        int      `json:"maxStorageGb"`
	MultiAZ             bool     `json:"multiAz"`
	BackupDays          int      `json:"backupDays"`
	RequireTLS          bool     `json:"requireTls"`
	FinalSnapshot       bool     `json:"finalSnapshot"`
	ApplyNow            bool     `json:"applyNow"`
	LogExports          []string `json:"logExports"`
	PerformanceInsights bool     `json:"performanceInsights"`
}

// Cache is ElastiCache.
type Cache struct {
	Engine         string `json:"engine"` // memcached, valkey or redis
	Version        string `json:"version"`
	NodeType       string `json:"nodeType"`
	Nodes          int    `json:"nodes"`
	SnapshotDays   int    `json:"snapshotDays"`
	EncryptTransit bool   `json:"encryptTransit"`
}

// Observability is logs and alarms.
type Observability struct {
	LogDays   int      `json:"logDays"`
	Alarms    bool     `json:"alarms"`
	Emails    []string `json:"emails"`
	Dashboard bool     `json:"dashboard"`
}

// sections maps the keys of a stack file to where they are decoded. Scalars have no key of their own: everything is a section.
func (c *Config) sections() map[string]any {
	return map[string]any{
		"app": &c.App, "environment": &c.Environment, "network": &c.Network, "access": &c.Access, "registry": &c.Registry,
		"image": &c.Image, "release": &c.Release, "domain": &c.Domain, "loadBalancer": &c.LoadBalancer, "cluster": &c.Cluster,
		"web": &c.Web, "worker": &c.Worker, "scheduler": &c.Scheduler, "database": &c.Database, "cache": &c.Cache,
		"observability": &c.Observability, "env": &c.Env, "secrets": &c.Secrets, "tags": &c.Tags,
	}
}

// Load reads the stack's configuration over the defaults and returns every problem of it at once.
func Load(ctx *pulumi.Context) (*Config, error) {
	c := defaults()
	problems, unread := readSections(ctx, c.sections())
	if c.App.Env == "" {
		c.App.Env = ctx.Stack()
	}
	c.deriveTimes()
	c.Region = region(ctx)
	if err := report(ctx, problems, c.validate(ctx.Stack()), unread); err != nil {
		return nil, err
	}
	return c, nil
}

// readSections decodes every section of the configuration, and returns its problems and which sections it could not read.
func readSections(ctx *pulumi.Context, sections map[string]any) (problems []error, unread map[string]bool) {
	own := config.New(ctx, "")
	unread = map[string]bool{}
	for key, into := range sections {
		if err := section(own, key, into); err != nil {
			problems = append(problems, err)
			unread[key] = true
		}
	}
	for key := range sections {
		if key != "secrets" && ctx.IsConfigSecret(ctx.Project()+":"+key) {
			problems = append(problems, fmt.Errorf("%s: holds an encrypted value; only secrets.NAME stays encrypted on its way to the containers", key))
		}
	}
	return append(problems, unknownKeys(ctx, sections)...), unread
}

func region(ctx *pulumi.Context) string {
	region, err := config.New(ctx, "aws").Try("region")
	if err != nil {
		return firstEnv("AWS_REGION", "AWS_DEFAULT_REGION")
	}
	return region
}

// report joins what could not be read with what is not valid; nil where all is well.
func report(ctx *pulumi.Context, problems, invalid []error, unread map[string]bool) error {
	for _, problem := range invalid {
		// A section that could not be read holds defaults here, which nobody asked for.
		if key, _, _ := strings.Cut(problem.Error(), ":"); !unread[strings.Split(key, ".")[0]] {
			problems = append(problems, problem)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	sortErrors(problems)
	return fmt.Errorf("Pulumi.%s.yaml has %d problem(s); nothing was changed:\n%w", ctx.Stack(), len(problems), errors.Join(problems...))
}

// section decodes one key over what is in there already. Absent is fine; a field that nobody knows is not.
func section(own *config.Config, key string, into any) error {
	// Secrets inside a section come decrypted; they become secret again where they are used (secretInputs).
	raw, err := own.Try(key)
	if errors.Is(err, config.ErrMissingVar) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", key, err)
	}
	decoder := json.NewDecoder(strings.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return explain(key, raw, err)
	}
	return nil
}

// explain turns a JSON error into one that names the key of the stack file.
func explain(key, raw string, err error) error {
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind) && kind.Field != "":
		return fmt.Errorf("%s.%s: %s found, %s expected", key, kind.Field, kind.Value, kind.Type)
	case errors.As(err, &kind) || !strings.HasPrefix(strings.TrimSpace(raw), "{"):
		return fmt.Errorf("%s: %q found, a section with keys below it expected", key, raw)
	}
	if field, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return fmt.Errorf("%s.%s: no such key; Pulumi.yaml lists them", key, strings.Trim(field, `"`))
	}
	return fmt.Errorf("%s: %w", key, err)
}

// unknownKeys finds sections that nobody reads. The SDK answers for single keys only, so this looks where it looks: the Go
// language host hands the whole configuration over in PULUMI_CONFIG; the Automation API does not, and leaves the stack file.
func unknownKeys(ctx *pulumi.Context, known map[string]any) []error {
	keys := map[string]any{}
	if raw := os.Getenv("PULUMI_CONFIG"); raw != "" {
		if err := json.Unmarshal([]byte(raw), &keys); err != nil {
			return []error{fmt.Errorf("PULUMI_CONFIG: %w", err)}
		}
	} else if raw, err := os.ReadFile(filepath.Join(ctx.RootDirectory(), "Pulumi."+ctx.Stack()+".yaml")); err == nil {
		var file struct{ Config map[string]any }
		if err := yaml.Unmarshal(raw, &file); err != nil {
			return []error{fmt.Errorf("Pulumi.%s.yaml: %w", ctx.Stack(), err)}
		}
		keys = file.Config
	}
	var problems []error
	for full, value := range keys {
		key, ours := strings.CutPrefix(full, ctx.Project()+":")
		switch _, account := known["account"]; {
		case !ours || known[key] != nil:
		case account && defaults().sections()[key] != nil:
			if !empty(value) {
				problems = append(problems, fmt.Errorf("%s: belongs to an environment; a stack with a section account declares none", key))
			}
		case key != "account" || !empty(value):
			problems = append(problems, fmt.Errorf("%s: no such key; Pulumi.yaml lists them", key))
		}
	}
	return problems
}

// empty tells whether a section is what Pulumi.yaml says of those that are not in the stack file.
func empty(section any) bool {
	fields, ok := section.(map[string]any)
	return section == nil || section == "{}" || ok && len(fields) == 0
}

func firstEnv(names ...string) string {
	for _, name := range names {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return ""
}
