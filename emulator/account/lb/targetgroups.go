package lb

import (
	"regexp"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var healthCodes = regexp.MustCompile(`^[2-4][0-9]{2}([,-][2-4][0-9]{2})*$`)

var targetGroup = account.Type{
	Token: account.TargetGroupToken, Args: lb.TargetGroupArgs{}, State: lb.TargetGroup{},
	Name:     account.Name{Property: "name", Max: 32},
	ForceNew: []string{"name", "namePrefix", "ipAddressType", "port", "protocol", "protocolVersion", "targetType", "vpcId"},
	Defaults: account.Values{
		"deregistrationDelay": 300.0, "lambdaMultiValueHeadersEnabled": false, "proxyProtocolV2": false, "slowStart": 0.0, "targetType": "instance",
		"healthCheck": map[string]any{
			"enabled": true, "healthyThreshold": 3.0, "unhealthyThreshold": 3.0, "interval": 30.0, "timeout": 5.0,
			"path": "/", "port": "traffic-port", "protocol": "HTTP", "matcher": "200",
		},
		"stickiness": map[string]any{"type": "lb_cookie", "enabled": false, "cookieDuration": 86400.0, "cookieName": ""},
		"targetGroupHealth": map[string]any{
			"dnsFailover":           map[string]any{"minimumHealthyTargetsCount": "1", "minimumHealthyTargetsPercentage": "off"},
			"unhealthyStateRouting": map[string]any{"minimumHealthyTargetsCount": 1.0, "minimumHealthyTargetsPercentage": "off"},
		},
		"ipAddressType": "ipv4", "loadBalancingAlgorithmType": "round_robin", "loadBalancingAnomalyMitigation": "off",
		"loadBalancingCrossZoneEnabled": "use_load_balancer_configuration",
	},
	Refs: []account.Ref{{Path: "vpcId", Type: account.VPCToken, By: "id", Missing: "ValidationError"}},
	Rules: append([]account.Rule{
		account.OneOf("targetType", "instance", "ip", "alb"),
		account.OneOf("protocol", "HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE"),
		account.OneOf("loadBalancingAlgorithmType", "round_robin", "least_outstanding_requests", "weighted_random"),
		account.Between("port", 1, 65535),
		account.Between("deregistrationDelay", 0, 3600),
		account.Between("healthCheck.interval", 5, 300),
		account.Between("healthCheck.timeout", 2, 120),
		account.Between("healthCheck.healthyThreshold", 2, 10),
		account.Between("healthCheck.unhealthyThreshold", 2, 10),
		account.OneOf("healthCheck.protocol", "HTTP", "HTTPS", "TCP"),
		account.Length("healthCheck.path", 1, 1024),
		account.Matches("healthCheck.path", regexp.MustCompile(`^/`), `it starts with "/"`),
		account.Matches("healthCheck.matcher", healthCodes, "codes of 200 to 499, such as 200, 200,202 or 200-299"),
		account.Text("healthCheck.port", func(text string) string {
			if port, err := strconv.Atoi(text); text != "traffic-port" && (err != nil || port < 1 || port > 65535) {
				return "is not traffic-port or a port of 1-65535"
			}
			return ""
		}),
	}, name...),
	Check: checkTargetGroup,
	Identity: account.Identity{
		ID: "{arn}", ARN: "elasticloadbalancing:{arnSuffix}", Outputs: account.Values{"arnSuffix": "targetgroup/{name}/{hex:16}"},
		Taken: "DuplicateTargetGroupName: A target group with the same name '{name}' exists, but with different settings",
	},
	Create: func(_ *account.Tx, r *account.Resource) error {
		if protocol := r.Outputs.Text("protocol"); protocol == "HTTP" || protocol == "HTTPS" {
			account.SetDefault(r.Outputs, "protocolVersion", "HTTP1")
		}
		return nil
	},
}

func checkTargetGroup(r *account.Rules) {
	for _, name := range []string{"port", "protocol", "vpcId"} {
		if !r.In.Has(name) {
			r.Refuse(name, "must be specified when targetType is not lambda")
		}
	}
	if protocol := r.In.Text("protocol"); protocol != "HTTP" && protocol != "HTTPS" {
		return
	}
	if r.In.Text("healthCheck.protocol") == "TCP" {
		r.Refuse("healthCheck.protocol", "TCP health checks are not supported for a target group with protocol %s", r.In.Text("protocol"))
	}
	interval, timeout := 30, 5
	if n, ok := r.In.Int("healthCheck.interval"); ok {
		interval = n
	}
	if n, ok := r.In.Int("healthCheck.timeout"); ok {
		timeout = n
	}
	if timeout >= interval && !r.In.IsUnknown("healthCheck.interval") && !r.In.IsUnknown("healthCheck.timeout") {
		r.Refuse("healthCheck.timeout", "health check timeout '%d' must be smaller than the interval '%d'", timeout, interval)
	}
}
