package infra

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// BalancerArgs describes the public entrance.
type BalancerArgs struct {
	VpcID           pulumi.StringInput
	SubnetIDs       pulumi.StringArrayInput // public, in at least two zones
	SecurityGroupID pulumi.StringInput
	Internet        pulumi.Resource // Network.Internet
	// Colors is Blue, or Blue and Green: there is a target group for each.
	Colors []string
	// CertificateARN turns HTTPS on; nil means HTTP only.
	CertificateARN pulumi.StringInput
	// RedirectHTTP answers HTTP with 301 to HTTPS instead of forwarding it.
	RedirectHTTP bool
	// ContainerTLS speaks HTTPS to the tasks as well; ALB does not verify their self-signed certificate.
	ContainerTLS bool
	HealthCheck  HealthCheck
	// DeregistrationSeconds is how long a stopping task keeps its open requests, 0-3600.
	DeregistrationSeconds int
	// IdleSeconds is after how long without a byte a connection is closed; the container keeps its own open for longer.
	IdleSeconds   int
	AccessLogDays int
	Protected     bool
	ForceDestroy  bool // whether a destroy may take the access logs along
	WAF           bool
}

// HealthCheck is how the load balancer tells whether a task may get requests. Seconds; Timeout must be below Interval.
type HealthCheck struct {
	Path               string
	Interval, Timeout  int
	Healthy, Unhealthy int
}

// Balancer is an application load balancer with its listeners and a target group per colour.
type Balancer struct {
	pulumi.ResourceState

	DNSName pulumi.StringOutput `pulumi:"dnsName"`
	ZoneID  pulumi.StringOutput `pulumi:"zoneId"`
	// ARNSuffix is how CloudWatch names it: app/NAME/ID, and a target group targetgroup/NAME/ID.
	ARNSuffix pulumi.StringOutput `pulumi:"arnSuffix"`

	args      BalancerArgs
	balancer  *lb.LoadBalancer
	targets   map[string]*lb.TargetGroup // by colour
	listeners []pulumi.Resource
	serving   map[string]*lb.Listener // those that forward, by http and https
}

// SSLPolicy allows TLS 1.3 and the TLS 1.2 suites with forward secrecy; Security Hub ELB.17 recommends it.
const SSLPolicy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

// NewBalancer registers the load balancer. Its name and the target group's are limited to 32 characters, 8 of them
// autonaming's, which is why the component's name is the load balancer's.
func NewBalancer(ctx *pulumi.Context, name string, args BalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	b := &Balancer{args: args, targets: map[string]*lb.TargetGroup{}, serving: map[string]*lb.Listener{}}
	if err := ctx.RegisterComponentResource("laravel:infra:Balancer", name, b, opts...); err != nil {
		return nil, err
	}
	logs, err := newAccessLogs(ctx, name+"-logs", args.AccessLogDays, args.ForceDestroy, pulumi.Parent(b))
	if err != nil {
		return nil, fmt.Errorf("creating access log bucket: %w", err)
	}
	if err := b.createBalancer(ctx, name, logs); err != nil {
		return nil, fmt.Errorf("creating load balancer: %w", err)
	}
	for _, color := range args.Colors {
		if err := b.createTargetGroup(ctx, name, color); err != nil {
			return nil, fmt.Errorf("creating target group: %w", err)
		}
	}
	if err := b.createListeners(ctx, name); err != nil {
		return nil, fmt.Errorf("creating listener: %w", err)
	}
	if args.WAF {
		if err := newWAF(ctx, name+"-waf", b.balancer.Arn, pulumi.Parent(b)); err != nil {
			return nil, fmt.Errorf("creating web ACL: %w", err)
		}
	}
	b.DNSName, b.ZoneID, b.ARNSuffix = b.balancer.DnsName, b.balancer.ZoneId, b.balancer.ArnSuffix
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"dnsName": b.DNSName, "zoneId": b.ZoneID, "arnSuffix": b.ARNSuffix})
}

// Listeners must exist before a service may use the target group: ECS refuses a group that no listener uses.
func (b *Balancer) Listeners() []pulumi.Resource { return b.listeners }

// ListenerARNs are those of the listeners that forward, by http and https.
func (b *Balancer) ListenerARNs() pulumi.StringMap {
	arns := pulumi.StringMap{}
	for scheme, listener := range b.serving {
		arns[scheme] = listener.Arn
	}
	return arns
}

func (b *Balancer) createBalancer(ctx *pulumi.Context, name string, logs *privateBucket) error {
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
		// AWS writes a test object when logging is switched on: the bucket's policy must be there.
	}, pulumi.Parent(b), pulumi.DependsOn(append(logs.ready, b.args.Internet)))
	return err
}

// targetGroupRoles are short, because the name is limited to 32 characters.
var targetGroupRoles = map[string]string{Blue: "-tg", Green: "-tg2"}

func (b *Balancer) createTargetGroup(ctx *pulumi.Context, name, color string) error {
	protocol, port := "HTTP", 80
	if b.args.ContainerTLS {
		protocol, port = "HTTPS", 443
	}
	check := b.args.HealthCheck
	var err error
	// No fixed name: a group that must be replaced could not stand beside its successor (pulumi-aws#4226).
	b.targets[color], err = lb.NewTargetGroup(ctx, name+targetGroupRoles[color], &lb.TargetGroupArgs{
		VpcId:      b.args.VpcID.ToStringOutput().ToStringPtrOutput(),
		TargetType: pulumi.String("instance"),
		Protocol:   pulumi.String(protocol),
		Port:       pulumi.Int(port), // ECS registers each task with its own host port instead
		HealthCheck: &lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String(check.Path), Protocol: pulumi.String(protocol), Port: pulumi.String("traffic-port"),
			Matcher: pulumi.String("200"), Interval: pulumi.Int(check.Interval), Timeout: pulumi.Int(check.Timeout),
			HealthyThreshold: pulumi.Int(check.Healthy), UnhealthyThreshold: pulumi.Int(check.Unhealthy),
		},
		DeregistrationDelay:        pulumi.Int(b.args.DeregistrationSeconds),
		LoadBalancingAlgorithmType: pulumi.String("least_outstanding_requests"),
	}, pulumi.Parent(b))
	return err
}

func (b *Balancer) createListeners(ctx *pulumi.Context, name string) error {
	forward := lb.ListenerDefaultActionArray{b.forward()}
	if b.args.CertificateARN != nil {
		if err := b.listen(ctx, name, "https", &lb.ListenerArgs{
			Port: pulumi.Int(443), Protocol: pulumi.String("HTTPS"), SslPolicy: pulumi.String(SSLPolicy),
			CertificateArn: b.args.CertificateARN.ToStringOutput().ToStringPtrOutput(),
			DefaultActions: forward,
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

func (b *Balancer) redirects() bool { return b.args.CertificateARN != nil && b.args.RedirectHTTP }

// forward names every target group, because ECS refuses one that no listener uses. With two colours Traffic decides before
// this is asked; until its rules are there, blue has everything, as in the rolling environment that this may have been.
func (b *Balancer) forward() *lb.ListenerDefaultActionArgs {
	if len(b.targets) == 1 {
		return &lb.ListenerDefaultActionArgs{Type: pulumi.String("forward"), TargetGroupArn: b.targets[Blue].Arn}
	}
	groups := lb.ListenerDefaultActionForwardTargetGroupArray{}
	for i, color := range b.args.Colors {
		groups = append(groups, &lb.ListenerDefaultActionForwardTargetGroupArgs{Arn: b.targets[color].Arn, Weight: pulumi.Int(max(0, 1-i))})
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
		b.serving[scheme] = listener
	}
	return nil
}
