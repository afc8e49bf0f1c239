package release

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// State is what a stack runs, could run and ran.
type State struct {
	Outputs session.Outputs
	Images  []Image // of the registry, the one pushed last first
	Running string  // what ECS runs; after a deployment that failed it is not what the stack was to run
	Runs    []Run   // newest first
	Source  string  // where Runs is known from
}

// Look reads the state of a stack.
func Look(ctx context.Context, s *session.Session) (*State, error) {
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return nil, err
	}
	configuration, err := s.AWS(ctx)
	if err != nil {
		return nil, err
	}
	state := &State{Outputs: outputs}
	if state.Images, err = images(ctx, ecr.NewFromConfig(configuration), outputs.RepositoryURL); err != nil {
		return nil, session.Explain(err)
	}
	h := &historian{client: ecs.NewFromConfig(configuration), cluster: outputs.ClusterName, definitions: map[string]definition{}}
	if err := state.past(ctx, h); err != nil {
		return nil, session.Explain(err)
	}
	return state, nil
}

// past reads what ran, and what runs.
func (st *State) past(ctx context.Context, h *historian) error {
	st.Running = st.Outputs.Release
	for _, process := range st.processes() {
		service := st.Outputs.ServiceNames[process]
		current, err := h.current(ctx, service)
		if err != nil {
			return err
		}
		if process == st.live() && current.release != "" {
			st.Running = current.release
		}
		runs, source, err := h.history(ctx, process, service, st.Outputs.TaskDefinitionARNs[process])
		if err != nil {
			return err
		}
		if st.Runs = append(st.Runs, runs...); process == st.live() {
			st.Source = source
		}
	}
	slices.SortStableFunc(st.Runs, func(a, b Run) int { return b.At.Compare(a.At) })
	return nil
}

// processes are the services whose releases are the stack's: the web tasks, of both colours, else whatever it has.
func (st *State) processes() []string {
	var list []string
	for _, process := range slices.Sorted(maps.Keys(st.Outputs.ServiceNames)) {
		if process == webOf(config.Blue) || process == webOf(config.Green) {
			list = append(list, process)
		}
	}
	if len(list) == 0 {
		list = slices.Sorted(maps.Keys(st.Outputs.ServiceNames))
		list = list[:min(1, len(list))]
	}
	return list
}

// live is the process that serves.
func (st *State) live() string {
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
		return mainContainer + "-" + config.Green
	}
	return mainContainer
}

// current is what a service runs: the task definition of the deployment that is complete, else of the one that has running tasks.
func (h *historian) current(ctx context.Context, service string) (definition, error) {
	answer, err := h.client.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: &h.cluster, Services: []string{service}})
	if err != nil {
		return definition{}, fmt.Errorf("asking what %s runs: %w", service, err)
	}
	if len(answer.Services) == 0 {
		return definition{}, fmt.Errorf("the cluster %s has no service %s: the credentials may be of another account (aws sts get-caller-identity), or make up must deploy it again", h.cluster, service)
	}
	found := answer.Services[0]
	arn := aws.ToString(found.TaskDefinition)
	for _, d := range found.Deployments {
		if d.RolloutState == types.DeploymentRolloutStateCompleted || d.RunningCount > 0 && d.RolloutState != types.DeploymentRolloutStateFailed {
			arn = aws.ToString(d.TaskDefinition)
			if d.RolloutState == types.DeploymentRolloutStateCompleted {
				break
			}
		}
	}
	if arn == "" {
		return definition{}, nil
	}
	return h.definition(ctx, arn)
}

// find returns the image of a release, or says what the registry has.
func (st *State) find(name string) (Image, error) {
	i := slices.IndexFunc(st.Images, func(r Image) bool { return r.Release == name })
	if i < 0 {
		return Image{}, fmt.Errorf("there is no image of release %s in the registry; it has %s", name, st.names())
	}
	return st.Images[i], nil
}

func (st *State) names() string {
	var names []string
	for _, r := range st.Images {
		if !slices.Contains(names, r.Release) {
			names = append(names, r.Release)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
