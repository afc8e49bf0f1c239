package config

import (
	"github.com/laravel-ecs/laravel-ecs/stacks/config/guests"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/nights"
)

// App names the application.
type App struct {
	Name  string `json:"name"`  // prefix of every resource, together with the stack
	URL   string `json:"url"`   // APP_URL; empty: https://domain.name, or the load balancer's name
	Debug bool   `json:"debug"` // APP_DEBUG
	Env   string `json:"env"`   // APP_ENV; empty: the stack's name
}

// Environment is what kind of environment this is. Class makes validation stricter.
type Environment struct {
	Class    string `json:"class"`    // local, review, staging or production
	Protect  bool   `json:"protect"`  // database, load balancer, keys and images cannot be destroyed
	Teardown bool   `json:"teardown"` // lifts Protect: the first of the two steps of a destroy
	// PermissionsBoundary is the ARN of a policy: the account stack's output permissionsBoundaries. Empty: roles have none.
	PermissionsBoundary string `json:"permissionsBoundary"`
	// Schedule is when it is awake; without one it always is. Not for production.
	Schedule nights.Schedule `json:"schedule"`

	// For class review only (review.go). make review-up writes Branch and ExpiresAt.
	Branch    string `json:"branch"`    // what is reviewed
	ExpiresAt string `json:"expiresAt"` // RFC 3339; make review-reap destroys the environment then
	TTLHours  int    `json:"ttlHours"`  // from make review-up to ExpiresAt
	Shares    string `json:"shares"`    // the environment whose network, load balancer, cluster, database and cache it uses

	// Guests are other applications that run on this environment, GuestOf is the environment that this one is a guest of (docs/adr/0029): both
	// by app.name and stack, such as blog-prod.
	Guests  guests.Named `json:"guests"`
	GuestOf string       `json:"guestOf"`
}

// Protected tells whether a destroy must fail.
func (e Environment) Protected() bool { return e.Protect && !e.Teardown }

// IsGuest tells whether network, load balancer, cluster and database server are another environment's.
func (e Environment) IsGuest() bool { return e.GuestOf != "" }

// Network is the VPC: one that the program makes or, with VpcID, one that exists.
type Network struct {
	VpcID          string   `json:"vpcId"`
	PublicSubnets  []string `json:"publicSubnets"`  // of the load balancer: ids, in VpcID
	PrivateSubnets []string `json:"privateSubnets"` // of the instances
	DataSubnets    []string `json:"dataSubnets"`    // of database and cache; may be the private ones
	// PublicRanges are the address ranges of PublicSubnets, which the program looks up.
	PublicRanges []string `json:"-"`

	CIDR        string   `json:"cidr"`
	Zones       int      `json:"zones"`
	ZoneNames   []string `json:"zoneNames"` // as many as Zones; empty: the first ones by name
	NAT         string   `json:"nat"`       // none, instance, gateway or gatewayPerZone
	Endpoints   []string `json:"endpoints"` // interface endpoints: ecr.api, logs, ...
	FlowLogDays int      `json:"flowLogDays"`
	// EmptyDefaultGroup takes the rules of the VPC's default security group away. The first deployment then needs an administrator, so review
	// environments leave it.
	EmptyDefaultGroup bool `json:"emptyDefaultGroup"`
}

// Existing tells whether the VPC is somebody else's, and stays as it is.
func (n Network) Existing() bool { return n.VpcID != "" }

// Access is who may connect.
type Access struct {
	Web         []string `json:"web"`         // CIDRs that reach the load balancer
	SSH         []string `json:"ssh"`         // CIDRs that reach port 22 of the instances
	EgressPorts []int    `json:"egressPorts"` // TCP ports the application may reach on the internet
	Exec        bool     `json:"exec"`        // aws ecs execute-command
	// TaskPolicies are the ARNs of managed policies of the task role: what the application may do on AWS besides its bucket.
	TaskPolicies []string `json:"taskPolicies"`
}

// Registry is what ECR keeps, and for how long.
type Registry struct {
	UntaggedDays int `json:"untaggedDays"`
	ReleasesKept int `json:"releasesKept"`
	ReviewDays   int `json:"reviewDays"`
}

// Image is what the image is built from.
type Image struct {
	App string `json:"app"` // folder of the Laravel application, below the program
	// Context is a folder above App that holds packages of its composer.json, too, as in a monorepo; empty: App.
	Context    string `json:"context"`
	Dockerfile string `json:"dockerfile"` // relative to the program
	BaseImage  string `json:"baseImage"`
	Rebuild    string `json:"rebuild"` // a month or another word: a new one builds all layers again
	// PHP is its version, major.minor. Debian 13 has 8.4; another one is from PHPSource.
	PHP        string    `json:"php"`
	PHPSource  PHPSource `json:"phpSource"`
	Extensions string    `json:"extensions"` // PHP extensions, space-separated; empty: the Dockerfile's list
	Packages   []string  `json:"packages"`   // Debian packages that the application runs: ffmpeg, for example
	Caches     Caches    `json:"caches"`
	Assets     Assets    `json:"assets"`
	// BuildEnv are the variables of the bundle, such as VITE_APP_NAME. They end in the browser, so none is secret.
	BuildEnv map[string]string `json:"buildEnv"`
	Test     string            `json:"test"` // command of make test-app; empty: Pest or PHPUnit; none: the application has no tests
}

// PHPSource is an apt source that has packages named like Debian's: php8.3-cli.
type PHPSource struct {
	URL   string `json:"url"`   // https://packages.sury.org/php, for example
	Suite string `json:"suite"` // a release in it
	Key   string `json:"key"`   // a file in docker/keys that signs it; empty: Debian's own keys
}

// Assets says how CSS and JavaScript are made.
type Assets struct {
	PHP    string `json:"php"`    // auto, always or never: whether the bundle runs PHP
	Script string `json:"script"` // of package.json; empty: build, or production as with Mix
}

// Caches says where each of Laravel's caches is made: build, start (of a container) or none. A cache of the build knows no environment.
type Caches struct {
	Config string `json:"config"` // never in the build: it has the secrets
	Event  string `json:"event"`
	Route  string `json:"route"`
	View   string `json:"view"`
}

// Release is which version runs, and how it is replaced.
type Release struct {
	Name    string `json:"name"`    // empty: the last commit that touched the image
	Build   bool   `json:"build"`   // false: the image must be in the registry already
	Migrate bool   `json:"migrate"` // run migrations before a new task serves
	// KeepAssetsHours is how long the assets of a release are served after its last task; 0: no longer than it. They are in the bucket for files.
	KeepAssetsHours int `json:"keepAssetsHours"`
	// Strategy is rolling, or blueGreen: two sets of web tasks with a share of the requests each.
	Strategy string `json:"strategy"`
	// Live is the colour that runs Name. The other one runs Candidate, with Percent of the visitors; without a candidate it has no
	// tasks. These are for blueGreen only. make canary, promote and abort write them.
	Live      string `json:"live"`
	Candidate string `json:"candidate"`
	Percent   int    `json:"percent"`

	// Steps are the shares that make release gives a candidate, one after the other: for blueGreen only. The last one is 100.
	Steps []int `json:"steps"`
	// BakeMinutes is how long each step is watched before the next one, and a rolling release's new tasks where Judge has alarms.
	BakeMinutes int   `json:"bakeMinutes"`
	Judge       Judge `json:"judge"`
}

// Judge is what takes a release back.
type Judge struct {
	ErrorPercent float64  `json:"errorPercent"` // blueGreen: so many more of its requests fail than of the live release's, in percentage points
	P95Factor    float64  `json:"p95Factor"`    // blueGreen: its 95th percentile of the response time is more than so many times the live release's
	MinRequests  int      `json:"minRequests"`  // blueGreen: with fewer requests a step says that it was not judged, and the release goes on
	Alarms       []string `json:"alarms"`       // one of these alarms is in ALARM: the stack's own by their short names (no-answer), others by their full ones
}

// Domain is the host name of the application. Without one it has the load balancer's name, and HTTP only.
type Domain struct {
	Name           string   `json:"name"`
	Aliases        []string `json:"aliases"`
	Zone           string   `json:"zone"`           // Route 53 zone of the records for certificate and load balancer
	CertificateARN string   `json:"certificateArn"` // an existing certificate instead of a new one
	TakeOver       bool     `json:"takeOver"`       // records of the names that exist point here from then on
}

// LoadBalancer is the application load balancer.
type LoadBalancer struct {
	HTTP                  string      `json:"http"` // redirect or forward; forward without HTTPS
	HealthCheck           HealthCheck `json:"healthCheck"`
	DeregistrationSeconds int         `json:"deregistrationSeconds"`
	IdleSeconds           int         `json:"idleSeconds"`
	AccessLogDays         int         `json:"accessLogDays"`
	ContainerTLS          bool        `json:"containerTls"`
	HSTSDays              int         `json:"hstsDays"` // Strict-Transport-Security of HTTPS; 0 makes browsers forget it
	WAF                   bool        `json:"waf"`
	UploadPaths           []string    `json:"uploadPaths"` // of the web ACL: beginnings of paths whose bodies may be larger than 8 KB
	RateLimit             int         `json:"rateLimit"`   // of the web ACL: requests of an address in five minutes; 0 for no limit
}

// HealthCheck decides which tasks get requests.
type HealthCheck struct {
	Path      string `json:"path"`
	Interval  int    `json:"interval"`
	Timeout   int    `json:"timeout"`
	Healthy   int    `json:"healthy"`
	Unhealthy int    `json:"unhealthy"`
}
