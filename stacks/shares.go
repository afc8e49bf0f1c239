package stacks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/nights"
)

// sharedOutput is the output with what review environments may share (environment.shares).
const sharedOutput = "sharedWithReviews"

// shared is the value of sharedOutput. It holds ids and addresses only; of the passwords it holds the ARNs.
type shared struct {
	VpcID           string            `json:"vpcId"`
	Hosts           []string          `json:"hosts"` // that lead to the load balancer
	LoadBalancerARN string            `json:"loadBalancerArn"`
	Listeners       map[string]string `json:"listeners"` // ARNs of those that forward, by http and https
	ARM64           bool              `json:"arm64"`     // the architecture of the instances
	Cluster         struct {
		Name             string `json:"name"`
		ARN              string `json:"arn"`
		CapacityProvider string `json:"capacityProvider"`
		ExecLogARN       string `json:"execLogArn"` // empty without ECS Exec
		// Where tasks on Fargate are; empty on instances.
		SubnetIDs        []string `json:"subnetIds"`
		SecurityGroupIDs []string `json:"securityGroupIds"`
	} `json:"cluster"`
	Database struct {
		Host        string `json:"host"`
		Port        int    `json:"port"`
		Engine      string `json:"engine"`   // empty where an earlier version of the program deployed it: not PostgreSQL
		Username    string `json:"username"` // of the master user
		RequireTLS  bool   `json:"requireTls"`
		PasswordARN string `json:"passwordArn"`
	} `json:"database"`
	Cache struct {
		Host           string `json:"host"`
		Port           int    `json:"port"`
		Engine         string `json:"engine"`
		EncryptTransit bool   `json:"encryptTransit"`
		PasswordARN    string `json:"passwordArn"` // empty without a password
		// Password is what containers get it from: a version, so that make review-up after a rotation replaces the tasks. Environments that were
		// deployed with an earlier version of the program have none.
		Password string `json:"password"`
	} `json:"cache"`
	// Schedule is when database and instances sleep; empty where they never do.
	Schedule nights.Schedule `json:"schedule"`
}

// sharesWithReviews tells whether review environments may share this one. They may not share production, because the code of a branch
// would have its data.
func (s *stack) sharesWithReviews() bool {
	class := s.config.Environment.Class
	return class == "staging" || class == "local"
}

// sharedValues are the outputs that shared is read from.
func sharedValues(c *config.Config, network *vpc.Network, app *application) pulumi.Map {
	execLog := app.cluster.ExecLogARN
	if execLog == nil {
		execLog = pulumi.String("")
	}
	cluster := pulumi.Map{
		"name": app.cluster.Name, "arn": app.cluster.ARN, "capacityProvider": app.cluster.CapacityProvider,
		"execLogArn": execLog,
	}
	if tasks := app.cluster.Tasks; tasks != nil {
		cluster["subnetIds"], cluster["securityGroupIds"] = tasks.SubnetIDs, tasks.SecurityGroupIDs
	}
	return pulumi.Map{
		"vpcId":           network.VpcID,
		"hosts":           pulumi.ToStringArray(c.Hosts()),
		"loadBalancerArn": app.loadBalancerARN,
		"listeners":       app.balancer.ListenerARNs(),
		"arm64":           pulumi.Bool(app.machine.ARM64),
		"cluster":         cluster,
		"database": pulumi.Map{
			"host": app.database.Host, "port": app.database.Port, "engine": pulumi.String(app.database.Engine), "username": pulumi.String(app.database.Master),
			"requireTls": pulumi.Bool(app.database.RequireTLS), "passwordArn": app.secrets.MasterARN(),
		},
		"cache": pulumi.Map{
			"host": app.cache.Host, "port": pulumi.Int(app.cache.Port), "engine": pulumi.String(app.cache.Engine),
			"encryptTransit": pulumi.Bool(app.cache.EncryptTransit), "passwordArn": app.secrets.ARN(infra.PasswordVariable),
			"password": app.secrets.Reference(infra.PasswordVariable),
		},
		"schedule": pulumi.ToStringMap(map[string]string{
			"up": c.Environment.Schedule.Up, "down": c.Environment.Schedule.Down, "zone": c.Environment.Schedule.Zone,
		}),
	}
}

// readShared reads what the environment of environment.shares shares. It runs before a component is registered, so that a wrong name
// or host is an error for which nothing was made.
func (s *stack) readShared(ctx *pulumi.Context) (*shared, error) {
	from := s.config.Environment.Shares
	reference, err := pulumi.NewStackReference(ctx, s.prefix+"-shares", &pulumi.StackReferenceArgs{
		Name: pulumi.Sprintf("%s/%s/%s", ctx.Organization(), ctx.Project(), from),
	})
	if err != nil {
		return nil, fmt.Errorf("environment.shares: reading the stack %s: %w", from, err)
	}
	output, err := reference.GetOutputDetails(sharedOutput)
	if err != nil {
		return nil, fmt.Errorf("environment.shares: reading the outputs of %[1]s: %[2]w; deploy it first (make up STACK=%[1]s); in a pipeline, write shares: %[1]s below review in Pulumi.account.yaml, and make up STACK=account; domain.zone in the template means resources of its own", from, err)
	}
	if output.Value == nil {
		return nil, fmt.Errorf("environment.shares: %[1]s has no output %[2]s: it must be an environment of class staging or local, deployed with this version of the program (make up STACK=%[1]s); domain.zone in the template means resources of its own", from, sharedOutput)
	}
	text, err := json.Marshal(output.Value)
	values := &shared{}
	if err == nil {
		err = json.Unmarshal(text, values)
	}
	if err != nil {
		return nil, fmt.Errorf("environment.shares: reading the output %s of %s: %w; deploy it again with this version of the program", sharedOutput, from, err)
	}
	if host := s.config.Domain.Name; !answers(host, values.Hosts) {
		return nil, fmt.Errorf("environment.shares: %s does not lead to the load balancer of %s, whose hosts are %v: add *.%s to domain.aliases of Pulumi.%s.yaml, and deploy that",
			host, from, values.Hosts, host[strings.Index(host, ".")+1:], from)
	}
	if err := s.config.CheckDrivers(cmp.Or(values.Cache.Engine, infra.Valkey)); err != nil {
		return nil, fmt.Errorf("environment.shares: the cache is that of %s: %w", from, err)
	}
	if err := s.config.CheckEngine(values.Database.Engine); err != nil {
		return nil, fmt.Errorf("environment.shares: the database is that of %s: %w", from, err)
	}
	if on := s.config.Cluster; on.Fargate() != values.onFargate() || on.Fargate() && on.ARM64 != values.ARM64 {
		return nil, fmt.Errorf("cluster.capacity: %q, and environment.shares has tasks on the cluster of %s: write the capacity and arm64 of Pulumi.%[2]s.yaml", on.Capacity, from)
	}
	return values, nil
}

func (s *shared) onFargate() bool { return len(s.Cluster.SubnetIDs) > 0 }

// answers tells whether one of the names is the host, or a wildcard (*.) that covers it, as in certificates and DNS.
func answers(host string, names []string) bool {
	for _, name := range names {
		parent, wildcard := strings.CutPrefix(name, "*")
		if name == host || wildcard && strings.HasSuffix(host, parent) && !strings.Contains(strings.TrimSuffix(host, parent), ".") {
			return true
		}
	}
	return false
}

// deploySharing makes a review environment that shares another environment: its image, secrets and services, and a rule for its host.
func (s *stack) deploySharing(ctx *pulumi.Context) error {
	from, err := s.readShared(ctx)
	if err != nil {
		return err
	}
	s.config.Environment.Schedule = from.Schedule // its tasks have neither database nor instances then
	machine := config.InstanceType{ARM64: from.ARM64}
	images, err := s.createImages(ctx, machine)
	if err != nil {
		return err
	}
	secrets, err := s.createSecrets(ctx, map[string]string{config.MasterPassword: from.Database.PasswordARN})
	if err != nil {
		return err
	}
	if arn := from.Cache.PasswordARN; arn != "" {
		secrets.Share(infra.PasswordVariable, cmp.Or(from.Cache.Password, arn), arn)
	}
	balancer, err := infra.NewSharedBalancer(ctx, s.balancerName(), infra.SharedBalancerArgs{
		VpcID: from.VpcID, Listeners: from.Listeners, Host: s.config.Domain.Name, TargetArgs: s.targetArgs(),
	}, s.aws)
	if err != nil {
		return wrap("load balancer", err)
	}
	app := s.sharedApplication(from)
	app.machine, app.images, app.secrets = machine, images, secrets
	app.target = func(string) infra.Target { return balancer.Target() }
	services, err := s.createOwn(ctx, app, nil)
	if err != nil {
		return err
	}
	s.export(ctx, app, services)
	ctx.Export("schema", pulumi.String(config.Schema(s.name)))
	ctx.Export("shares", pulumi.String(s.config.Environment.Shares))
	return nil
}

// sharedApplication has the cluster, database server, cache and load balancer of the shared environment. The database on the server is
// this environment's own, and prefixes keep the keys of several environments in one cache apart.
func (s *stack) sharedApplication(from *shared) *application {
	schema := config.Schema(s.name)
	var tasks *infra.TaskNetwork
	if from.onFargate() {
		tasks = &infra.TaskNetwork{SubnetIDs: pulumi.ToStringArray(from.Cluster.SubnetIDs), SecurityGroupIDs: pulumi.ToStringArray(from.Cluster.SecurityGroupIDs)}
	}
	return &application{
		cluster: infra.SharedCluster(from.Cluster.Name, from.Cluster.ARN, from.Cluster.CapacityProvider, from.Cluster.ExecLogARN, tasks),
		database: infra.DatabaseRef{
			Host: pulumi.String(from.Database.Host).ToStringOutput(), Port: pulumi.Int(from.Database.Port).ToIntOutput(),
			Engine: s.config.Database.Engine, Name: schema, Username: s.databaseUser(schema), Master: from.Database.Username, RequireTLS: from.Database.RequireTLS,
		},
		cache: infra.CacheRef{
			Host: pulumi.String(from.Cache.Host).ToStringOutput(), Port: from.Cache.Port,
			Engine: from.Cache.Engine, EncryptTransit: from.Cache.EncryptTransit,
		},
		loadBalancerARN: pulumi.String(from.LoadBalancerARN),
		url:             s.url(nil), // there is a domain: config.Load checks that
		variables: map[string]pulumi.StringInput{
			"CACHE_PREFIX": pulumi.String(schema + "_cache_"), "REDIS_PREFIX": pulumi.String(schema + "_"),
		},
	}
}
