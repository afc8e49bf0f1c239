package infra

import (
	"fmt"
	"hash/fnv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// SharedBalancerArgs describes how an environment uses the load balancer of another environment.
type SharedBalancerArgs struct {
	VpcID string
	// Listeners are the ARNs of the listeners that forward, by http and https.
	Listeners map[string]string
	// Host is the host name whose requests this environment gets.
	Host string
	TargetArgs
}

// SharedBalancer is a target group, and a rule for one host on every listener of another environment's load balancer. A destroy
// deletes these, and leaves the load balancer as it is.
type SharedBalancer struct {
	pulumi.ResourceState

	group *lb.TargetGroup
	rules []pulumi.Resource
}

// NewSharedBalancer registers the target group and the rules.
func NewSharedBalancer(ctx *pulumi.Context, name string, args SharedBalancerArgs, opts ...pulumi.ResourceOption) (*SharedBalancer, error) {
	b := &SharedBalancer{}
	// The type keeps its first name, LentBalancer: it is part of the URN of everything below.
	if err := ctx.RegisterComponentResource("laravel:infra:LentBalancer", name, b, opts...); err != nil {
		return nil, err
	}
	var err error
	if b.group, err = newTargetGroup(ctx, name, Blue, pulumi.String(args.VpcID), args.TargetArgs, pulumi.Parent(b)); err != nil {
		return nil, fmt.Errorf("creating target group: %w", err)
	}
	host := lb.ListenerRuleConditionArray{hostCondition(args.Host)}
	if b.rules, err = newRules(ctx, name, pulumi.ToStringMap(args.Listeners), hostPriority(args.Host), host, forwardTo(b.group.Arn), pulumi.Parent(b)); err != nil {
		return nil, err
	}
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{})
}

// newRules makes a rule on every listener: what to do with the requests that meet the conditions.
func newRules(ctx *pulumi.Context, name string, listeners pulumi.StringMap, priority int, conditions lb.ListenerRuleConditionArray, action *lb.ListenerRuleActionArgs, opts ...pulumi.ResourceOption) (rules []pulumi.Resource, err error) {
	for _, scheme := range sortedKeys(listeners) {
		rule, err := lb.NewListenerRule(ctx, name+"-"+scheme, &lb.ListenerRuleArgs{
			ListenerArn: listeners[scheme], Priority: pulumi.Int(priority), Conditions: conditions,
			Actions: lb.ListenerRuleActionArray{action},
		}, opts...)
		if err != nil {
			return nil, fmt.Errorf("creating listener rule: %w", err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func hostCondition(hosts ...string) *lb.ListenerRuleConditionArgs {
	return &lb.ListenerRuleConditionArgs{HostHeader: &lb.ListenerRuleConditionHostHeaderArgs{Values: pulumi.ToStringArray(hosts)}}
}

func pathCondition(patterns ...string) *lb.ListenerRuleConditionArgs {
	return &lb.ListenerRuleConditionArgs{PathPattern: &lb.ListenerRuleConditionPathPatternArgs{Values: pulumi.ToStringArray(patterns)}}
}

// Target is where the requests for the host go.
func (b *SharedBalancer) Target() Target {
	return Target{ARN: b.group.Arn, ARNSuffix: b.group.ArnSuffix, Ready: b.rules}
}

// lastHostPriority leaves room below Traffic's rule for rules that are made past this program: those of a maintenance page.
const lastHostPriority = 49000

// hostPriority derives the priority of a host's rule from its name: from 1 to lastHostPriority, behind those of guests. Without a number the provider would take the highest one plus 1, and there is none above Traffic's. AWS refuses a
// number that another rule has, and changes nothing then.
func hostPriority(host string) int {
	sum := fnv.New32a()
	sum.Write([]byte(host))
	priority := 1 + int(sum.Sum32()%lastHostPriority)
	if priority <= GuestPriorities {
		priority += GuestPriorities
	}
	return priority
}

// GuestPriorities are the first priorities, which rules of guests have (stacks/config/guests).
const GuestPriorities = 2000

// GuestBalancerArgs describes how an application uses the load balancer of another environment for good, as its guest.
type GuestBalancerArgs struct {
	VpcID                           string
	ARN, ARNSuffix, DNSName, ZoneID string // of the load balancer
	// Listeners are the ARNs of the listeners that forward, by http and https.
	Listeners map[string]string
	// Hosts are the host names of the guest, and CertificateARN is that of their certificate.
	Hosts          []string
	CertificateARN pulumi.StringInput
	// Priority is that of Traffic's rule, BasePriority that of the rule behind it.
	Priority, BasePriority int
	Colors                 []string
	TargetArgs
	Routes map[string]TargetArgs // as BalancerArgs.Routes
}

// NewGuestBalancer registers what a guest has at a load balancer: target groups, a certificate of its own, and a rule on every listener which
// names all of its target groups, as the default action of a listener of its own would: ECS refuses a group that neither uses. The rules of
// Traffic and Route come before it. A listener chooses the certificate by the host name that a client asks for
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html, "Certificate list").
func NewGuestBalancer(ctx *pulumi.Context, name string, args GuestBalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	b := &Balancer{
		args:    BalancerArgs{VpcID: pulumi.String(args.VpcID), Colors: args.Colors, CertificateARN: args.CertificateARN, TargetArgs: args.TargetArgs, Routes: args.Routes},
		targets: map[string]*lb.TargetGroup{}, groups: map[string]*lb.TargetGroup{}, forwarding: pulumi.ToStringMap(args.Listeners),
		hosts: args.Hosts, priority: args.Priority,
	}
	if err := ctx.RegisterComponentResource("laravel:infra:GuestBalancer", name, b, opts...); err != nil {
		return nil, err
	}
	b.ARN, b.ARNSuffix = pulumi.String(args.ARN).ToStringOutput(), pulumi.String(args.ARNSuffix).ToStringOutput() // which the registration has emptied
	b.DNSName, b.ZoneID = pulumi.String(args.DNSName).ToStringOutput(), pulumi.String(args.ZoneID).ToStringOutput()
	if err := b.createGroups(ctx, name); err != nil {
		return nil, fmt.Errorf("creating target group: %w", err)
	}
	certificate, err := lb.NewListenerCertificate(ctx, name+"-certificate", &lb.ListenerCertificateArgs{
		ListenerArn: pulumi.String(args.Listeners["https"]), CertificateArn: args.CertificateARN.ToStringOutput(),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, fmt.Errorf("adding certificate: %w", err)
	}
	rules, err := newRules(ctx, name, b.forwarding, args.BasePriority, b.all(), b.everyGroup(), pulumi.Parent(b), pulumi.DependsOn([]pulumi.Resource{certificate}))
	if err != nil {
		return nil, err
	}
	b.listeners = rules
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"arn": b.ARN, "dnsName": b.DNSName, "zoneId": b.ZoneID, "arnSuffix": b.ARNSuffix})
}

// all are the conditions for all requests of the application.
func (b *Balancer) all() lb.ListenerRuleConditionArray {
	if len(b.hosts) > 0 {
		return lb.ListenerRuleConditionArray{hostCondition(b.hosts...)}
	}
	return b.admitted(pathCondition("/*"))
}

// metrics are those of the load balancer for the dashboard. Of a guest they are those of its target groups: the load balancer has requests of
// other applications, too, and its own 5xx are counted for all together.
func (b *Balancer) metrics(names ...string) (list []any) {
	for _, metric := range names {
		if len(b.hosts) == 0 {
			list = append(list, []any{"AWS/ApplicationELB", metric, "LoadBalancer", b.ARNSuffix})
			continue
		}
		for _, color := range b.Colors() {
			if metric != "HTTPCode_ELB_5XX_Count" {
				list = append(list, []any{"AWS/ApplicationELB", metric, "LoadBalancer", b.ARNSuffix, "TargetGroup", b.Target(color).ARNSuffix})
			}
		}
	}
	return list
}
