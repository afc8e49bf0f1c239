package release

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// groups are the ARNs of the target groups of the two colours, and of the task definition that the candidate's runs.
type groups struct{ live, candidate, runs string }

// opened is a stack of which nothing is known but its cluster. The history of look takes permissions that pipelines have not.
func opened(ctx context.Context, s *session.Session) (*state, error) {
	c, err := cluster.Open(ctx, s)
	return &state{Cluster: c}, err
}

// liveColor is the colour that runs the stack's release.
func (st *state) liveColor() string {
	if st.live() == webOf(config.Green) {
		return config.Green
	}
	return config.Blue
}

// groups reads the target groups of the services.
func (st *state) groups(ctx context.Context) (g groups, err error) {
	color := st.liveColor()
	found, err := st.Services(ctx, webOf(color), webOf(config.OtherColor(color)))
	if err != nil {
		return g, err
	}
	for i, into := range []*string{&g.live, &g.candidate} {
		if len(found[i].LoadBalancers) == 0 {
			return g, fmt.Errorf("the service %s is behind no load balancer: make up deploys what the stack file says", aws.ToString(found[i].ServiceName))
		}
		*into = aws.ToString(found[i].LoadBalancers[0].TargetGroupArn)
	}
	g.runs = current(found[1])
	return g, nil
}

// candidateNow is the release of the colour that is not live, and its share by the rules of the listeners. Where these disagree, because a
// deployment was cut off between them, it is the larger one: a release goes on from there. Pulumi writes the outputs at the end of a deployment,
// after the rules, so a candidate with a share is what ECS runs.
func (st *state) candidateNow(ctx context.Context, g groups) (release string, percent int, err error) {
	release = st.Outputs.Traffic[config.OtherColor(st.liveColor())].Release
	api := elb.NewFromConfig(st.Config)
	listeners, err := session.All(ctx, "reading the listeners", elb.NewDescribeListenersPaginator(api, &elb.DescribeListenersInput{LoadBalancerArn: &st.Outputs.LoadBalancerARN}),
		func(page *elb.DescribeListenersOutput) []types.Listener { return page.Listeners })
	if err != nil {
		return "", 0, err
	}
	found, last := false, math.MaxInt
	if guest := st.Outputs.GuestOf; guest != nil { // whose rule behind this one names all groups, as a default rule does
		last = guest.Priority
	}
	for _, listener := range listeners {
		rules, err := session.All(ctx, "reading the listener's rules", elb.NewDescribeRulesPaginator(api, &elb.DescribeRulesInput{ListenerArn: listener.ListenerArn}),
			func(page *elb.DescribeRulesOutput) []types.Rule { return page.Rules })
		if err != nil {
			return "", 0, err
		}
		if share, forwards := g.share(rules, last); forwards {
			found = true
			percent = max(percent, share)
		}
	}
	if !found {
		return "", 0, fmt.Errorf("no rule of the load balancer forwards to %s: make up deploys it", g.live)
	}
	if percent > 0 {
		runs, err := st.ofDefinition(ctx, g.runs)
		if err != nil {
			return "", 0, err
		}
		release = cmp.Or(runs.release, release)
	}
	return release, percent, nil
}

// share is the candidate's by the rules of one listener: by the last one that forwards to either group, because those of maintenance and of
// single hosts come before. The default rule is none of them, nor is one behind the highest priority: they name a group before there are tasks.
func (g groups) share(rules []types.Rule, highest int) (percent int, forwards bool) {
	last := -1
	for _, rule := range rules {
		priority, err := strconv.Atoi(aws.ToString(rule.Priority))
		if err != nil || priority <= last || priority > highest { // "default"
			continue
		}
		for _, action := range rule.Actions {
			weights := map[string]int{aws.ToString(action.TargetGroupArn): 1}
			if action.ForwardConfig != nil && len(action.ForwardConfig.TargetGroups) > 0 {
				clear(weights)
				for _, group := range action.ForwardConfig.TargetGroups {
					weights[aws.ToString(group.TargetGroupArn)] = int(aws.ToInt32(group.Weight))
				}
			}
			_, live := weights[g.live]
			_, candidate := weights[g.candidate]
			if live || candidate {
				last, forwards = priority, true
				percent = 100 * weights[g.candidate] / max(1, weights[g.live]+weights[g.candidate])
			}
		}
	}
	return percent, forwards
}

// watcher reads the figures of the groups. The stack's own alarms have short names in the stack file.
func (st *state) watcher(g groups, alarms []string) *watcher {
	w := &watcher{
		api: cloudwatch.NewFromConfig(st.Config), live: g.live, candidate: g.candidate, alarms: map[string]string{},
		balancer: st.Outputs.LoadBalancerARN[strings.Index(st.Outputs.LoadBalancerARN, "/")+1:],
	}
	for _, name := range alarms {
		full := name
		if own := st.Outputs.AlarmNames[name]; own != "" {
			full = own
		}
		w.alarms[full] = name
	}
	return w
}
