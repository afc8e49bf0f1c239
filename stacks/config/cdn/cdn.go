// Package cdn is the section cdn of a stack file: Amazon CloudFront before the load balancer.
package cdn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// The states, in the order of a move. A deployment that goes one state further, or one back, fails no request: visitors whose resolver has
// the old answer of DNS still reach something that answers them.
const (
	None      = "none"      // no distribution
	Standby   = "standby"   // a distribution; the names lead to the load balancer
	Live      = "live"      // the names lead to the distribution; the load balancer answers everybody
	Exclusive = "exclusive" // the load balancer answers the distribution only
)

var states = []string{None, Standby, Live, Exclusive}

// steps are the states that may come after each one. From none to live is one step, because the records wait for the distribution; from live
// to none is none, because a distribution that goes has visitors with the answer of before (docs/adr/0028-cloudfront.md).
var steps = map[string][]string{None: {Standby, Live}, Standby: {None, Live}, Live: {Standby, Exclusive}, Exclusive: {Live}}

// priceClasses say which edge locations answer (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html).
var priceClasses = []string{"PriceClass_100", "PriceClass_200", "PriceClass_All"}

// Region is where CloudFront takes certificates and web ACLs from
// (https://docs.aws.amazon.com/acm/latest/userguide/acm-regions.html, https://docs.aws.amazon.com/waf/latest/APIReference/API_CreateWebACL.html).
const Region = "us-east-1"

// MaxReadSeconds is how long CloudFront waits for an origin at most, without a higher quota
// (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html, "Response timeout per origin").
const MaxReadSeconds = 120

// ReadMargin is how much longer CloudFront waits than the load balancer, which so answers 504 first. When CloudFront itself gives up, it asks
// again, three times in all (https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Origin.html, ConnectionAttempts: "also specifies the number of
// times that CloudFront attempts to get a response from the origin, in the case of an Origin Response Timeout"): a slow page would run three times.
// One attempt would be none more for a connection that fails, too.
const ReadMargin = 5

// KeepAliveSeconds is how long CloudFront keeps an idle connection to the load balancer, which must keep its side for longer. It is the
// default (https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html, "Keep-alive timeout").
const KeepAliveSeconds = 5

// CDN is the section cdn.
type CDN struct {
	State          string `json:"state"`          // none, standby, live or exclusive: one step with each deployment
	PriceClass     string `json:"priceClass"`     // which edge locations answer
	CertificateARN string `json:"certificateArn"` // an existing certificate in us-east-1 instead of a new one
	WAF            bool   `json:"waf"`            // a web ACL at the edge, with the rules of loadBalancer
	// HeaderGeneration makes another value of the header by which the load balancer knows the distribution. It accepts this one and the one before.
	HeaderGeneration int `json:"headerGeneration"`

	// PrefixList and Ranges are the id and the addresses of CloudFront's managed prefix list, which the program looks up.
	PrefixList string   `json:"-"`
	Ranges     []string `json:"-"`
}

// On tells whether there is a distribution.
func (c CDN) On() bool { return c.State != None }

// Serves tells whether the names lead to it.
func (c CDN) Serves() bool { return c.State == Live || c.State == Exclusive }

// Closed tells whether the load balancer refuses everybody else.
func (c CDN) Closed() bool { return c.State == Exclusive }

// FollowsState refuses a state that is no step from the one that is deployed.
func (c CDN) FollowsState(deployed string) error {
	if c.State == deployed || slices.Contains(steps[deployed], c.State) {
		return nil
	}
	return fmt.Errorf("cdn.state: %s is not a step from %s, which is deployed: requests of visitors would fail; set %s, deploy, and go on some minutes later (docs/operations.md, \"CloudFront\")",
		c.State, deployed, strings.Join(steps[deployed], " or "))
}

// FollowsHeader refuses a generation whose values are not those that the distribution sends. 0 is that of no distribution.
func (c CDN) FollowsHeader(deployed int) error {
	if !c.On() || deployed == 0 || c.HeaderGeneration == deployed || c.HeaderGeneration == deployed+1 {
		return nil
	}
	return fmt.Errorf("cdn.headerGeneration: %d does not follow %d, which is deployed: the load balancer would answer 403 to everybody; set %d or %d", c.HeaderGeneration, deployed, deployed, deployed+1)
}

// OriginName is the host name by which CloudFront knows the load balancer of an application. It cannot be the application's: that leads to CloudFront.
func OriginName(host string) string { return "origin." + host }

// Problem is what is wrong with a key below cdn.
type Problem struct{ Key, Text string }

var certificateARN = regexp.MustCompile(`^arn:aws[a-z-]*:acm:([a-z0-9-]+):[0-9]{12}:certificate/[A-Za-z0-9-]+$`)

// Problems are those of the section itself.
func (c CDN) Problems() (problems []Problem) {
	add := func(key, format string, args ...any) {
		problems = append(problems, Problem{key, fmt.Sprintf(format, args...)})
	}
	if !slices.Contains(states, c.State) {
		add("state", "%q is none of %s", c.State, strings.Join(states, ", "))
	}
	if !slices.Contains(priceClasses, c.PriceClass) {
		add("priceClass", "%q is none of %s", c.PriceClass, strings.Join(priceClasses, ", "))
	}
	if c.HeaderGeneration < 1 {
		add("headerGeneration", "%d is below 1", c.HeaderGeneration)
	}
	if arn := c.CertificateARN; arn != "" {
		parts := certificateARN.FindStringSubmatch(arn)
		switch {
		case parts == nil:
			add("certificateArn", "%q is not the ARN of an ACM certificate", arn)
		case parts[1] != Region:
			add("certificateArn", "the certificate is in %s; CloudFront takes certificates from %s only: request or import one there, or remove the key", parts[1], Region)
		}
	}
	return problems
}
