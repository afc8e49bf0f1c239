// Package cluster finds the services and tasks of a stack in its ECS cluster. Other packages ask it what runs.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// Cluster is the ECS cluster that a stack runs in. A review environment may share it with another stack: only its own services are seen.
type Cluster struct {
	API     *ecs.Client
	Config  aws.Config
	Name    string
	Outputs session.Outputs

	definitions map[string]*types.TaskDefinition // by ARN; a revision never changes
}

// Service is a process of the application as ECS runs it.
type Service struct {
	Process string // web, web-green, worker, scheduler, or a name in processes
	types.Service
}

// Open reads the stack's outputs and its AWS configuration.
func Open(ctx context.Context, s *session.Session) (*Cluster, error) {
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	return open(ctx, s, outputs)
}

// Found is Open, also for a stack whose first deployment failed: it has no outputs yet, and the services that the state names.
func Found(ctx context.Context, s *session.Session) (*Cluster, error) {
	outputs, err := s.Outputs(ctx)
	if err == nil {
		return open(ctx, s, outputs)
	}
	outputs, unfinished := s.Unfinished(ctx)
	if unfinished != nil || outputs.ClusterName == "" {
		return nil, err
	}
	return open(ctx, s, outputs)
}

func open(ctx context.Context, s *session.Session, outputs session.Outputs) (*Cluster, error) {
	loaded, err := s.AWS(ctx)
	if err != nil {
		return nil, err
	}
	return &Cluster{
		API: ecs.NewFromConfig(loaded), Config: loaded, Name: outputs.ClusterName, Outputs: outputs, definitions: map[string]*types.TaskDefinition{},
	}, nil
}

// Processes are the names of the stack's services, web first.
func (c *Cluster) Processes() []string {
	names := slices.Collect(maps.Keys(c.Outputs.ServiceNames))
	slices.SortFunc(names, func(a, b string) int {
		if order := rank(a) - rank(b); order != 0 {
			return order
		}
		return strings.Compare(a, b)
	})
	return names
}

// rank sorts further processes (processes in the stack file) by name after those that nearly every stack has.
func rank(process string) int {
	known := []string{"web", "web-green", "worker", "scheduler"}
	if i := slices.Index(known, process); i >= 0 {
		return i
	}
	return len(known)
}

// Serving is the web process that gets most of the requests; with blue/green that is the live colour's. A stack without web has its
// first process.
func (c *Cluster) Serving() string {
	best, percent := "", -1
	for color, share := range c.Outputs.Traffic {
		name := "web"
		if color == "green" {
			name += "-green"
		}
		if _, there := c.Outputs.ServiceNames[name]; there && share.Percent > percent {
			best, percent = name, share.Percent
		}
	}
	if processes := c.Processes(); best == "" && len(processes) > 0 {
		best = processes[0]
	}
	return best
}

// ServiceLimit is how many services one DescribeServices takes (ECS API reference, DescribeServices).
const ServiceLimit = 10

// Services describes the services of processes; none stands for all of them.
func (c *Cluster) Services(ctx context.Context, processes ...string) ([]Service, error) {
	if len(processes) == 0 {
		processes = c.Processes()
	}
	var list []Service
	for part := range slices.Chunk(processes, ServiceLimit) {
		names := make([]string, len(part))
		for i, process := range part {
			name, there := c.Outputs.ServiceNames[process]
			if !there {
				return nil, fmt.Errorf("there is no process %q: the stack has %s", process, strings.Join(c.Processes(), ", "))
			}
			names[i] = name
		}
		found, err := c.API.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &c.Name, Services: names})
		if err != nil {
			return nil, c.explain(ctx, fmt.Errorf("reading the services: %w", err))
		}
		for i, process := range part {
			at := slices.IndexFunc(found.Services, func(s types.Service) bool { return aws.ToString(s.ServiceName) == last(names[i]) })
			if at < 0 || aws.ToString(found.Services[at].Status) == "INACTIVE" {
				return nil, fmt.Errorf("the service %s is not in the cluster %s: it was deleted past Pulumi, or the credentials are of another account (aws sts get-caller-identity); make up deploys it again", names[i], c.Name)
			}
			list = append(list, Service{process, found.Services[at]})
		}
	}
	return list, nil
}

// Service describes the service of one process.
func (c *Cluster) Service(ctx context.Context, process string) (Service, error) {
	list, err := c.Services(ctx, process)
	if err != nil {
		return Service{}, err
	}
	return list[0], nil
}

// last is the end of an ARN or of a path: the name.
func last(name string) string { return name[strings.LastIndex(name, "/")+1:] }

// ID is the name at the end of an ARN: of a task, a service, a revision (family:7).
func ID(arn *string) string { return last(aws.ToString(arn)) }

// explain is session.Explain, and for a cluster that is not there it says whether the credentials are of another account than the stack.
func (c *Cluster) explain(ctx context.Context, err error) error {
	var none *types.ClusterNotFoundException
	if !errors.As(err, &none) {
		return session.Explain(err)
	}
	if other := c.otherAccount(ctx); other != "" {
		return fmt.Errorf("%w\n%s", session.Words(err), other)
	}
	return session.Explain(err)
}

// otherAccount is a text where the credentials are of another account than the one that the stack's outputs name; else "".
func (c *Cluster) otherAccount(ctx context.Context) string {
	account := ""
	for _, arn := range c.Outputs.TaskDefinitionARNs {
		if parts := strings.Split(arn, ":"); len(parts) > 4 {
			account = parts[4]
		}
	}
	identity, err := sts.NewFromConfig(c.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || account == "" || aws.ToString(identity.Account) == account {
		return ""
	}
	return fmt.Sprintf("wrong account: the credentials are of account %s (%s), and the stack is in account %s: choose another AWS_PROFILE",
		aws.ToString(identity.Account), aws.ToString(identity.Arn), account)
}
