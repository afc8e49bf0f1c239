package session

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/nights"
)

// Outputs are the stack's outputs that the commands read. stacks/outputs.go writes them.
type Outputs struct {
	URL              string `json:"url"`
	Release          string `json:"release"`
	RepositoryURL    string `json:"repositoryUrl"`
	Image            string `json:"image"` // repository@digest
	ImageDigest      string `json:"imageDigest"`
	ClusterName      string `json:"clusterName"`
	DatabaseEndpoint string `json:"databaseEndpoint"` // host:port
	CacheEndpoint    string `json:"cacheEndpoint"`    // host:port
	LoadBalancerARN  string `json:"loadBalancerArn"`
	// LoadBalancerDNSName is empty in a review environment that shares another one's load balancer.
	LoadBalancerDNSName string            `json:"loadBalancerDnsName"`
	ServiceNames        map[string]string `json:"serviceNames"`       // by process: web, web-green, worker, scheduler, a name in processes
	TaskDefinitionARNs  map[string]string `json:"taskDefinitionArns"` // by process
	Traffic             map[string]Share  `json:"traffic"`            // by colour
	AlarmNames          map[string]string `json:"alarmNames"`         // full names of the stack's alarms, by short ones such as no-answer
	AppConfig           map[string]string `json:"appConfig"`          // the application's environment, without secrets
	SecretARNs          map[string]string `json:"secretArns"`         // of its secrets, by environment variable: ARN, or ARN:::VERSION
	Shares              string            `json:"shares"`             // the stack whose database and instances a review environment uses
	Schema              string            `json:"schema"`             // its database there
	GuestOf             *Guest            `json:"guestOf"`            // nil for an environment with a load balancer of its own
	Schedule            *Schedule         `json:"schedule"`           // nil for an environment that never sleeps
	CDN                 CDN               `json:"cdn"`                // empty without CloudFront
}

// CDN is the distribution of CloudFront before the load balancer.
type CDN struct {
	State          string `json:"state"` // cdn.state
	DistributionID string `json:"distributionId"`
}

// Guest is an application on another environment's cluster and load balancer (environment.guestOf).
type Guest struct {
	Host     string   `json:"host"`     // the environment, by app.name and stack
	Priority int      `json:"priority"` // of the rule that has all its requests
	Hosts    []string `json:"hosts"`    // its host names
}

// Schedule is how an environment is put to sleep and woken: calls of AWS's API in their order.
type Schedule struct {
	Wakes string          `json:"wakes"` // at 07:00, Monday to Friday (Europe/Paris)
	Hours nights.Schedule `json:"hours"` // environment.schedule
	Down  []Call          `json:"down"`
	Up    []Call          `json:"up"`
}

// Call is one call: SERVICE:OPERATION and its input.
type Call struct {
	Action string          `json:"action"`
	Input  json.RawMessage `json:"input"`
}

// Share is what a colour runs and how many percent of the requests it gets.
type Share struct {
	Release string `json:"release"`
	Percent int    `json:"percent"`
}

// noStack is pulumi's answer for a stack that its backend does not have.
var noStack = regexp.MustCompile(`no stack named '[^']*' found`)

// Outputs are the stack's outputs, read once. The error of a stack that does not exist or was never deployed names the command that deploys it.
func (s *Session) Outputs(ctx context.Context) (Outputs, error) {
	values, err := s.values.get(func() (map[string]any, error) { return s.AllOutputs(ctx, false) })
	if err != nil {
		return Outputs{}, err
	}
	readable := maps.Clone(values)
	maps.DeleteFunc(readable, func(_ string, value any) bool { return value == "[secret]" })
	var o Outputs
	text, err := json.Marshal(readable)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		return o, fmt.Errorf("reading the outputs of the stack: %w", err)
	}
	if o.Release == "" || o.ClusterName == "" {
		return o, s.notDeployed()
	}
	return o, nil
}

// AllOutputs are all outputs of the stack; secret ones are "[secret]" unless they are asked for. A stack without any is an error.
func (s *Session) AllOutputs(ctx context.Context, showSecrets bool) (map[string]any, error) {
	p, err := s.Pulumi(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"stack", "output", "--json", "--stack", s.Stack}
	if showSecrets {
		args = append(args, "--show-secrets")
	}
	text, err := p.Output(ctx, args...)
	if err != nil {
		if noStack.MatchString(err.Error()) {
			return nil, s.notDeployed()
		}
		return nil, err
	}
	var values map[string]any
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("pulumi stack output: %w", err)
	}
	if len(values) == 0 { // never deployed, or destroyed since
		return nil, s.notDeployed()
	}
	return values, nil
}

func (s *Session) notDeployed() error {
	return fmt.Errorf("nothing is deployed in the stack %s: make up STACK=%[1]s", s.Stack)
}
