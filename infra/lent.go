package infra

import (
	"fmt"
	"hash/fnv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// What another environment lends: this one uses it, and declares nothing of it, so that a destroy here leaves it as it is.

// LentCluster returns the cluster of another environment.
func LentCluster(name, arn, capacityProvider string) *Cluster {
	return &Cluster{
		Name: pulumi.String(name).ToStringOutput(), ARN: pulumi.String(arn).ToStringOutput(),
		CapacityProvider: pulumi.String(capacityProvider).ToStringOutput(),
	}
}

// LentDatabaseArgs describes the instance of another environment, and the database in it that is our own.
type LentDatabaseArgs struct {
	Host           string
	Port           int
	Name, Username string
	RequireTLS     bool
}

// LentDatabase returns a database on the instance of another environment.
func LentDatabase(args LentDatabaseArgs) *Database {
	return &Database{
		Host: pulumi.String(args.Host).ToStringOutput(), Port: pulumi.Int(args.Port).ToIntOutput(),
		args: DatabaseArgs{Name: args.Name, Username: args.Username, RequireTLS: args.RequireTLS},
	}
}

// LentCache returns the cache of another environment.
func LentCache(host string, port int, engine string, encryptTransit bool) *Cache {
	return &Cache{Host: pulumi.String(host).ToStringOutput(), Port: port, args: CacheArgs{Engine: engine, EncryptTransit: encryptTransit}}
}

// LentBalancerArgs describes a place behind the load balancer of another environment.
type LentBalancerArgs struct {
	VpcID string
	// Listeners are the ARNs of the listeners that forward, by http and https.
	Listeners map[string]string
	// Host is whose requests are ours.
	Host                  string
	ContainerTLS          bool
	HealthCheck           HealthCheck
	DeregistrationSeconds int
}

// NewLentBalancer registers a target group, and a rule for our host on every listener that forwards.
func NewLentBalancer(ctx *pulumi.Context, name string, args LentBalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	b := &Balancer{
		args: BalancerArgs{
			VpcID: pulumi.String(args.VpcID), Colors: []string{Blue}, ContainerTLS: args.ContainerTLS, HealthCheck: args.HealthCheck,
			DeregistrationSeconds: args.DeregistrationSeconds,
		},
		targets: map[string]*lb.TargetGroup{},
	}
	if err := ctx.RegisterComponentResource("laravel:infra:LentBalancer", name, b, opts...); err != nil {
		return nil, err
	}
	if err := b.createTargetGroup(ctx, name, Blue); err != nil {
		return nil, fmt.Errorf("creating target group: %w", err)
	}
	for _, scheme := range sortedKeys(args.Listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: pulumi.String(args.Listeners[scheme]),
			Priority:    pulumi.Int(hostPriority(args.Host)),
			Conditions: lb.ListenerRuleConditionArray{&lb.ListenerRuleConditionArgs{
				HostHeader: &lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.StringArray{pulumi.String(args.Host)}},
			}},
			Actions: lb.ListenerRuleActionArray{&lb.ListenerRuleActionArgs{
				Type: pulumi.String("forward"), TargetGroupArn: b.targets[Blue].Arn,
			}},
		}, pulumi.Parent(b))
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		b.listeners = append(b.listeners, rule) // ECS refuses a group that no rule uses
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// hostPriority is a number of a host's own, below that of Traffic's rule, which takes everything. Left out, the provider would take
// the one above the highest, which Traffic's rule makes impossible. AWS refuses a number that is taken, and changes nothing then.
func hostPriority(host string) int {
	sum := fnv.New32a()
	sum.Write([]byte(host))
	return 1 + int(sum.Sum32()%(trafficPriority-1))
}
