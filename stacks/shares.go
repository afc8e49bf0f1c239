package stacks

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// lent is what an environment lends to review environments that share it (environment.shares): its output "lends". Ids and addresses
// only; the password is a reference.
type lent struct {
	VpcID     string            `json:"vpcId"`
	Hosts     []string          `json:"hosts"`     // that reach its load balancer
	Listeners map[string]string `json:"listeners"` // ARNs of those that forward, by http and https
	ARM64     bool              `json:"arm64"`     // of its instances
	Cluster   struct {
		Name             string `json:"name"`
		ARN              string `json:"arn"`
		CapacityProvider string `json:"capacityProvider"`
	} `json:"cluster"`
	Database struct {
		Host        string `json:"host"`
		Port        int    `json:"port"`
		Username    string `json:"username"`
		RequireTLS  bool   `json:"requireTls"`
		PasswordARN string `json:"passwordArn"`
	} `json:"database"`
	Cache struct {
		Host           string `json:"host"`
		Port           int    `json:"port"`
		Engine         string `json:"engine"`
		EncryptTransit bool   `json:"encryptTransit"`
	} `json:"cache"`
}

// lends is what this environment lends. Production lends nothing: a branch must not meet its data.
func (s *stack) lends() pulumi.Map {
	c := s.config
	return pulumi.Map{
		"vpcId":     s.network.VpcID,
		"hosts":     pulumi.ToStringArray(c.Hosts()),
		"listeners": s.balancer.ListenerARNs(),
		"arm64":     pulumi.Bool(s.machine().ARM64),
		"cluster": pulumi.Map{
			"name": s.cluster.Name, "arn": s.cluster.ARN, "capacityProvider": s.cluster.CapacityProvider,
		},
		"database": pulumi.Map{
			"host": s.database.Host, "port": s.database.Port, "username": pulumi.String(c.Database.Username),
			"requireTls": pulumi.Bool(c.Database.RequireTLS), "passwordArn": s.secrets.SecretARNs["DB_PASSWORD"],
		},
		"cache": pulumi.Map{
			"host": s.cache.Host, "port": pulumi.Int(s.cache.Port), "engine": pulumi.String(c.Cache.Engine),
			"encryptTransit": pulumi.Bool(c.Cache.EncryptTransit),
		},
	}
}

// borrow reads what the environment lends that this one shares. It is known before anything is registered, so a wrong name or host is
// an error that nothing was made for.
func (s *stack) borrow(ctx *pulumi.Context) error {
	from := s.config.Environment.Shares
	if from == "" {
		return nil
	}
	reference, err := pulumi.NewStackReference(ctx, s.prefix+"-shares", &pulumi.StackReferenceArgs{
		Name: pulumi.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), from),
	})
	if err != nil {
		return fmt.Errorf("environment.shares: reading the stack %s: %w", from, err)
	}
	output, err := reference.GetOutputDetails("lends")
	if err != nil {
		return fmt.Errorf("environment.shares: reading the outputs of %s: %w", from, err)
	}
	if output.Value == nil {
		return fmt.Errorf("environment.shares: %s lends nothing: it must be a deployed environment (make up STACK=%s) of class staging or local", from, from)
	}
	text, err := json.Marshal(output.Value)
	if err == nil {
		s.lent = &lent{}
		err = json.Unmarshal(text, s.lent)
	}
	if err != nil {
		return fmt.Errorf("environment.shares: what %s lends: %w; deploy it again with this version of the program", from, err)
	}
	if host := s.config.Domain.Name; !answers(host, s.lent.Hosts) {
		return fmt.Errorf("environment.shares: %s does not lead to the load balancer of %s, which answers as %v: add *.%s to domain.aliases of Pulumi.%s.yaml, and deploy that",
			host, from, s.lent.Hosts, host[strings.Index(host, ".")+1:], from)
	}
	return nil
}

// answers tells whether one of the names, which may begin with *., is the host or stands for it, as certificates and DNS have it.
func answers(host string, names []string) bool {
	for _, name := range names {
		parent, wildcard := strings.CutPrefix(name, "*")
		if name == host || wildcard && strings.HasSuffix(host, parent) && !strings.Contains(strings.TrimSuffix(host, parent), ".") {
			return true
		}
	}
	return false
}

// steps of a review environment that shares another one: an image, secrets, and services of its own, and a host.
func (s *stack) sharingSteps() []func(*pulumi.Context) error {
	return []func(*pulumi.Context) error{s.createImage, s.createSecrets, s.useLent, s.createServices}
}

func (s *stack) useLent(ctx *pulumi.Context) (err error) {
	c, l := s.config, s.lent
	s.cluster = infra.LentCluster(l.Cluster.Name, l.Cluster.ARN, l.Cluster.CapacityProvider)
	s.cache = infra.LentCache(l.Cache.Host, l.Cache.Port, l.Cache.Engine, l.Cache.EncryptTransit)
	s.database = infra.LentDatabase(infra.LentDatabaseArgs{
		Host: l.Database.Host, Port: l.Database.Port, Name: config.Schema(s.name), Username: l.Database.Username, RequireTLS: l.Database.RequireTLS,
	})
	s.balancer, err = infra.NewLentBalancer(ctx, config.Shorten(s.prefix, config.MaxPrefix)+"-lb", infra.LentBalancerArgs{
		VpcID: l.VpcID, Listeners: l.Listeners, Host: c.Domain.Name, ContainerTLS: c.LoadBalancer.ContainerTLS,
		HealthCheck: infra.HealthCheck(c.LoadBalancer.HealthCheck), DeregistrationSeconds: c.LoadBalancer.DeregistrationSeconds,
	}, s.aws)
	return wrap("load balancer", err)
}

// machine is what the instances are.
func (s *stack) machine() config.InstanceType {
	if s.lent != nil {
		return config.InstanceType{ARM64: s.lent.ARM64}
	}
	return s.config.InstanceTypes()[0]
}

// borrowedEnvironment keeps the entries of several environments in one cache apart.
func (s *stack) borrowedEnvironment() map[string]pulumi.StringInput {
	return map[string]pulumi.StringInput{
		"CACHE_PREFIX": pulumi.String(config.Schema(s.name) + "_cache_"), "REDIS_PREFIX": pulumi.String(config.Schema(s.name) + "_"),
	}
}
