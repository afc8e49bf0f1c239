package release

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// state is what a stack runs, could run and ran.
type state struct {
	*cluster.Cluster
	images  imageList
	running string // what ECS runs; after a deployment that failed it is not what the stack was to run
	runs    []run  // newest first
	source  string // where runs is known from
}

// look reads the state of a stack.
func look(ctx context.Context, s *session.Session) (*state, error) {
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	st := &state{Cluster: c, running: c.Outputs.Release}
	if st.images, err = images(ctx, s, c.Outputs.RepositoryURL); err != nil {
		return nil, err
	}
	services, err := c.Services(ctx, st.processes()...)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		current, err := st.ofDefinition(ctx, current(service))
		if err != nil {
			return nil, err
		}
		runs, source, err := st.history(ctx, service)
		if err != nil {
			return nil, session.Explain(err)
		}
		st.runs = append(st.runs, runs...)
		if service.Process == st.live() {
			st.source = source
			if current.release != "" {
				st.running = current.release
			}
		}
	}
	slices.SortStableFunc(st.runs, func(a, b run) int { return b.at.Compare(a.at) })
	return st, nil
}

// processes are the services whose releases are the stack's: the web tasks, of both colours, else whatever it has.
func (st *state) processes() []string {
	all := st.Processes()
	web := slices.DeleteFunc(slices.Clone(all), func(process string) bool { return process != webOf(config.Blue) && process != webOf(config.Green) })
	if len(web) == 0 {
		return all[:min(1, len(all))]
	}
	return web
}

// live is the process that serves.
func (st *state) live() string {
	for color, share := range st.Outputs.Traffic {
		if process := webOf(color); share.Release == st.Outputs.Release && st.Outputs.ServiceNames[process] != "" {
			return process
		}
	}
	return strings.Join(st.processes()[:min(1, len(st.processes()))], "")
}

// webOf is the service of a colour, by its name among the outputs.
func webOf(color string) string {
	if color == config.Green {
		return "web-" + config.Green
	}
	return "web"
}

// current is what a service runs: the task definition of the deployment that is complete, else of the one that has running tasks.
func current(service cluster.Service) string {
	arn := service.TaskDefinition
	for _, d := range service.Deployments {
		if d.RolloutState == types.DeploymentRolloutStateCompleted {
			return aws.ToString(d.TaskDefinition)
		}
		if d.RunningCount > 0 && d.RolloutState != types.DeploymentRolloutStateFailed {
			arn = d.TaskDefinition
		}
	}
	return aws.ToString(arn)
}
