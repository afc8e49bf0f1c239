package config

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
