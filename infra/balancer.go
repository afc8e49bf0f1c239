package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/wafv2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// BalancerArgs describes the public load balancer.
type BalancerArgs struct {
	VpcID           pulumi.StringInput
	SubnetIDs       pulumi.StringArrayInput // public, in at least two zones
	SecurityGroupID pulumi.StringInput
	Internet        pulumi.Resource // Network.Internet; nil where the network exists
	// Hooks are those of Network.Hooks.
	Hooks *pulumi.ResourceHookBinding
	// Colors is Blue, or Blue and Green. Each has a target group.
	Colors []string
	// CertificateARN turns HTTPS on; nil means HTTP only.
	CertificateARN pulumi.StringInput
	// HSTSDays is for how long browsers remember to use HTTPS only; 0 makes them forget it.
	HSTSDays int
	// RedirectHTTP answers HTTP with a 301 to HTTPS instead of forwarding it.
	RedirectHTTP bool
	TargetArgs
	// Routes are the target groups of the processes that get requests besides the web service, by the beginning of their names, which has
	// at most 21 characters.
	Routes map[string]TargetArgs
	// IdleSeconds is after how long without a byte a connection is closed. The container keeps its side open for longer.
	IdleSeconds   int
	AccessLogDays int
	Protected     bool
	ForceDestroy  bool     // a destroy may delete the access logs
	WAF           *WAFArgs // nil for none
	// Origin are the values of OriginHeader that are let in: CloudFront's, and nobody else's. nil lets everybody in.
	Origin pulumi.StringArray
}

// Balancer is an application load balancer with its listeners and a target group per colour.
type Balancer struct {
	pulumi.ResourceState

	ARN     pulumi.StringOutput `pulumi:"arn"`
	DNSName pulumi.StringOutput `pulumi:"dnsName"`
	ZoneID  pulumi.StringOutput `pulumi:"zoneId"`
	// ARNSuffix is its name in CloudWatch: app/NAME/ID.
	ARNSuffix pulumi.StringOutput `pulumi:"arnSuffix"`

	args       BalancerArgs
	balancer   *lb.LoadBalancer
	targets    map[string]*lb.TargetGroup // by colour
	groups     map[string]*lb.TargetGroup // of Routes
	listeners  []pulumi.Resource
	forwarding pulumi.StringMap // ARNs of the listeners that forward, by http and https
	hosts      []string         // of a guest; empty for the owner of the load balancer, who gets all other requests
	priority   int              // of Traffic's rule
}

// SSLPolicy allows TLS 1.3, and the TLS 1.2 suites with forward secrecy. Security Hub ELB.17 recommends it.
const SSLPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

// NewBalancer registers the load balancer. Names of load balancers and target groups have at most 32 characters, 8 of them for
// autonaming. Hence the load balancer has the component's name, without a suffix.
func NewBalancer(ctx *pulumi.Context, name string, args BalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	b := &Balancer{args: args, targets: map[string]*lb.TargetGroup{}, groups: map[string]*lb.TargetGroup{}, forwarding: pulumi.StringMap{}, priority: trafficPriority}
	if err := ctx.RegisterComponentResource("laravel:infra:Balancer", name, b, opts...); err != nil {
		return nil, err
	}
	logs, err := newAccessLogs(ctx, name+"-logs", args.AccessLogDays, args.ForceDestroy, b)
	if err != nil {
		return nil, fmt.Errorf("creating access log bucket: %w", err)
	}
	if err := b.createBalancer(ctx, name, logs); err != nil {
		return nil, fmt.Errorf("creating load balancer: %w", err)
	}
	if err := b.createGroups(ctx, name); err != nil {
		return nil, fmt.Errorf("creating target group: %w", err)
	}
	if err := b.createListeners(ctx, name); err != nil {
		return nil, fmt.Errorf("creating listener: %w", err)
	}
	if err := b.createOriginRules(ctx, name); err != nil {
		return nil, err
	}
	if args.WAF != nil {
		acl, err := NewWebACL(ctx, name+"-waf", Regional, *args.WAF, pulumi.Parent(b))
		if err != nil {
			return nil, fmt.Errorf("creating web ACL: %w", err)
		}
		if _, err = wafv2.NewWebAclAssociation(ctx, name+"-waf", &wafv2.WebAclAssociationArgs{ResourceArn: b.balancer.Arn, WebAclArn: acl.Arn}, pulumi.Parent(b)); err != nil {
			return nil, fmt.Errorf("creating web ACL: %w", err)
		}
	}
	b.ARN, b.DNSName, b.ZoneID, b.ARNSuffix = b.balancer.Arn, b.balancer.DnsName, b.balancer.ZoneId, b.balancer.ArnSuffix
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"arn": b.ARN, "dnsName": b.DNSName, "zoneId": b.ZoneID, "arnSuffix": b.ARNSuffix})
}

// createGroups makes a target group for each colour and each route.
func (b *Balancer) createGroups(ctx *pulumi.Context, name string) (err error) {
	for _, color := range b.args.Colors {
		if b.targets[color], err = newTargetGroup(ctx, name, color, b.args.VpcID, b.args.TargetArgs, pulumi.Parent(b)); err != nil {
			return err
		}
	}
	for _, route := range sortedKeys(b.args.Routes) {
		if b.groups[route], err = newTargetGroup(ctx, route, Blue, b.args.VpcID, b.args.Routes[route], pulumi.Parent(b)); err != nil {
			return err
		}
	}
	return nil
}

// Colors lists the colours that have a target group.
func (b *Balancer) Colors() []string { return b.args.Colors }

// Target is where the requests of a colour go. The colour must be one of Colors.
func (b *Balancer) Target(color string) Target {
	group := b.targets[color]
	return Target{
		ARN: group.Arn, ARNSuffix: group.ArnSuffix,
		ResourceLabel: pulumi.Sprintf("%s/%s", b.ARNSuffix, group.ArnSuffix), Ready: b.listeners,
	}
}

// RouteTarget is where the requests of one of Routes go.
func (b *Balancer) RouteTarget(route string) Target {
	group := b.groups[route]
	return Target{ARN: group.Arn, ARNSuffix: group.ArnSuffix, Ready: b.listeners}
}

// ListenerARNs are those of the listeners that forward, by http and https.
func (b *Balancer) ListenerARNs() pulumi.StringMap { return b.forwarding }

func (b *Balancer) createBalancer(ctx *pulumi.Context, name string, logs *PrivateBucket) error {
	wait := logs.ready
	if b.args.Internet != nil {
		wait = append(wait, b.args.Internet)
	}
	var err error
	b.balancer, err = lb.NewLoadBalancer(ctx, name, &lb.LoadBalancerArgs{
		LoadBalancerType:         pulumi.String("application"),
		Internal:                 pulumi.Bool(false),
		Subnets:                  b.args.SubnetIDs,
		SecurityGroups:           pulumi.StringArray{b.args.SecurityGroupID},
		IdleTimeout:              pulumi.Int(b.args.IdleSeconds),
		DropInvalidHeaderFields:  pulumi.Bool(true),
		DesyncMitigationMode:     pulumi.String("defensive"),
		EnableDeletionProtection: pulumi.Bool(b.args.Protected),
		AccessLogs:               &lb.LoadBalancerAccessLogsArgs{Bucket: logs.Bucket, Enabled: pulumi.Bool(true)},
		// AWS writes a test object when logging is turned on, so the policy of the bucket must be there.
	}, pulumi.Parent(b), pulumi.DependsOn(wait), pulumi.ResourceHooks(b.args.Hooks))
	return err
}

func (b *Balancer) createListeners(ctx *pulumi.Context, name string) error {
	forward := lb.ListenerDefaultActionArray{b.defaultAction()}
	if b.args.CertificateARN != nil {
		if err := b.listen(ctx, name, "https", &lb.ListenerArgs{
			Port: pulumi.Int(443), Protocol: pulumi.String("HTTPS"), SslPolicy: pulumi.String(SSLPolicy),
			CertificateArn: b.args.CertificateARN.ToStringOutput().ToStringPtrOutput(),
			DefaultActions: forward,
			RoutingHttpResponseStrictTransportSecurityHeaderValue: pulumi.String(fmt.Sprintf("max-age=%d", b.args.HSTSDays*24*60*60)),
		}); err != nil {
			return err
		}
	}
	http := &lb.ListenerArgs{Port: pulumi.Int(80), Protocol: pulumi.String("HTTP"), DefaultActions: forward}
	if b.redirects() {
		http.DefaultActions = lb.ListenerDefaultActionArray{&lb.ListenerDefaultActionArgs{
			Type: pulumi.String("redirect"),
			Redirect: &lb.ListenerDefaultActionRedirectArgs{
				Protocol: pulumi.String("HTTPS"), Port: pulumi.String("443"), StatusCode: pulumi.String("HTTP_301"),
			},
		}}
	}
	return b.listen(ctx, name, "http", http)
}

// CertificateARN is that of the HTTPS listener; nil without one.
func (b *Balancer) CertificateARN() pulumi.StringInput { return b.args.CertificateARN }

func (b *Balancer) redirects() bool { return b.args.CertificateARN != nil && b.args.RedirectHTTP }

// forward is the default action of the listeners. It names every target group, because ECS refuses a group that no listener uses.
// The rules of Traffic and Route come before it; until they exist, blue gets all requests. It has room for 5 groups
// (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html, "Target Groups per Action").
func (b *Balancer) forward() *lb.ListenerDefaultActionArgs {
	if len(b.args.Colors)+len(b.groups) == 1 {
		return &lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: b.targets[Blue].Arn}
	}
	groups := lb.ListenerDefaultActionForwardTargetGroupArray{}
	for i, color := range b.args.Colors {
		groups = append(groups, &lb.ListenerDefaultActionForwardTargetGroupArgs{Arn: b.targets[color].Arn, Weight: pulumi.Int(max(0, 1-i))})
	}
	for _, route := range sortedKeys(b.groups) {
		groups = append(groups, &lb.ListenerDefaultActionForwardTargetGroupArgs{Arn: b.groups[route].Arn, Weight: pulumi.Int(0)})
	}
	return &lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), Forward: &lb.ListenerDefaultActionForwardArgs{TargetGroups: groups}}
}

func (b *Balancer) listen(ctx *pulumi.Context, name, scheme string, args *lb.ListenerArgs) error {
	args.LoadBalancerArn = b.balancer.Arn
	listener, err := lb.NewListener(ctx, name+"-"+scheme, args, pulumi.Parent(b))
	if err != nil {
		return err
	}
	b.listeners = append(b.listeners, listener)
	if scheme == "https" || !b.redirects() {
		b.forwarding[scheme] = listener.Arn
	}
	return nil
}

// Target is where a load balancer sends requests: a target group that services register their tasks with.
type Target struct {
	ARN pulumi.StringOutput
	// ARNSuffix is its name in CloudWatch: targetgroup/NAME/ID.
	ARNSuffix pulumi.StringOutput
	// ResourceLabel names load balancer and target group for autoscaling by requests. A shared load balancer has none here.
	ResourceLabel pulumi.StringInput
	// Ready must exist before a service uses the target group: ECS refuses a group that no listener or rule uses.
	Ready []pulumi.Resource
}

// TargetArgs are the settings of target groups.
type TargetArgs struct {
	// OwnAddress is for tasks on Fargate: targets are their addresses, and not instances with a port of each task. A target group cannot change
	// this, so another one takes its place.
	OwnAddress bool
	// ContainerTLS uses HTTPS to the tasks as well. The load balancer does not verify their self-signed certificate.
	ContainerTLS bool
	HealthCheck  HealthCheck
	// DeregistrationSeconds is how long a stopping task keeps its open requests, 0-3600.
	DeregistrationSeconds int
}

// HealthCheck is how the load balancer decides whether a task may get requests. Times are seconds; Timeout must be below Interval.
type HealthCheck struct {
	Path               string
	Interval, Timeout  int
	Healthy, Unhealthy int
}

// targetGroupSuffixes are short, because the name has at most 32 characters.
var targetGroupSuffixes = map[string]string{Blue: "-tg", Green: "-tg2"}

func newTargetGroup(ctx *pulumi.Context, name, color string, vpcID pulumi.StringInput, args TargetArgs, opts ...pulumi.ResourceOption) (*lb.TargetGroup, error) {
	protocol, port := "HTTP", 80
	if args.ContainerTLS {
		protocol, port = "HTTPS", 443
	}
	targets := "instance"
	if args.OwnAddress {
		// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb.html: "you must choose ip as the target type" for awsvpc
		targets = "ip"
	}
	check := args.HealthCheck
	// AWS changes the path of a health check in place, and the tasks that run do not know the new one. A group of its own is for the
	// tasks that do, as for another protocol, which AWS cannot change (terraform-provider-aws, internal/service/elbv2/target_group.go).
	opts = append(opts, pulumi.ReplaceOnChanges([]string{"healthCheck.path"}))
	// Without a fixed name: a replacement exists beside the group that it replaces (pulumi-aws#4226).
	return lb.NewTargetGroup(ctx, name+targetGroupSuffixes[color], &lb.TargetGroupArgs{
		VpcId:      vpcID.ToStringOutput().ToStringPtrOutput(),
		TargetType: pulumi.String(targets),
		Protocol:   pulumi.String(protocol),
		Port:       pulumi.Int(port), // ECS registers each task with its own port instead
		HealthCheck: &lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String(check.Path), Protocol: pulumi.String(protocol), Port: pulumi.String("traffic-port"),
			Matcher: pulumi.String("200"), Interval: pulumi.Int(check.Interval), Timeout: pulumi.Int(check.Timeout),
			HealthyThreshold: pulumi.Int(check.Healthy), UnhealthyThreshold: pulumi.Int(check.Unhealthy),
		},
		DeregistrationDelay:        pulumi.Int(args.DeregistrationSeconds),
		LoadBalancingAlgorithmType: pulumi.String("least_outstanding_requests"),
	}, opts...)
}
