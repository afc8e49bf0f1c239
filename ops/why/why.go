// Package why prints the evidence of a release that did not get through: who deployed it, what Amazon ECS says of its deployments, how
// its tasks ended, what they wrote last and what their health check answered.
package why

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// attempt is one deployment of a release in a service.
type attempt struct {
	cluster.Deployment
	service    cluster.Service
	release    string
	definition *types.TaskDefinition
}

// failed tells whether ECS took it back or it was stopped. One that is under way may still succeed.
func (a attempt) failed() bool {
	switch a.Status {
	case types.ServiceDeploymentStatusSuccessful, types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		return false
	}
	return true
}

// end is when the deployment was over, its rollback included; now for one that goes on.
func (a attempt) end() time.Time {
	if a.FinishedAt != nil {
		return *a.FinishedAt
	}
	return time.Now()
}

// Show prints the evidence of a release, of the last one that failed unless one is named.
func Show(ctx context.Context, s *session.Session, release string) error {
	c, err := cluster.Found(ctx, s)
	if err != nil {
		return err
	}
	all, err := attempts(ctx, c)
	if err != nil {
		return err
	}
	chosen, err := choose(all, release, s.Stack)
	if err != nil {
		return err
	}
	updates, err := s.Updates(ctx)
	if err != nil {
		fmt.Fprintln(s.Err, "who deployed it is not known:", err)
	}
	fmt.Fprintf(s.Out, "Release %s of %s\n", chosen[0].release, s.Stack)
	for _, a := range chosen {
		if err := a.write(ctx, c, s.Out, updates); err != nil {
			return err
		}
	}
	return nil
}

// attempts are the deployments of all services, newest first.
func attempts(ctx context.Context, c *cluster.Cluster) (all []attempt, err error) {
	services, err := c.Services(ctx)
	if err != nil {
		return nil, err
	}
	for _, service := range services {
		deployments, err := c.Deployments(ctx, aws.ToString(service.ServiceName))
		if err != nil {
			return nil, session.Explain(err)
		}
		for _, d := range deployments {
			if d.Definition == "" {
				continue
			}
			definition, err := c.Definition(ctx, d.Definition)
			var gone *types.ClientException // a revision that was deleted (DescribeTaskDefinition, Amazon ECS API Reference)
			if errors.As(err, &gone) {
				continue
			}
			if err != nil {
				return nil, err
			}
			all = append(all, attempt{d, service, cluster.Release(definition), definition})
		}
	}
	slices.SortStableFunc(all, func(a, b attempt) int { return aws.ToTime(b.CreatedAt).Compare(aws.ToTime(a.CreatedAt)) })
	return all, nil
}

// choose returns the last deployment of a release in each service; of those that failed where any did.
func choose(all []attempt, release, stack string) ([]attempt, error) {
	if release == "" {
		i := slices.IndexFunc(all, attempt.failed)
		if i < 0 {
			return nil, fmt.Errorf("no deployment of %s failed in the last 90 days: --release (RELEASE=) names another one", stack)
		}
		release = all[i].release
	}
	var chosen []attempt
	for _, onlyFailed := range []bool{true, false} {
		for _, a := range all {
			known := slices.ContainsFunc(chosen, func(c attempt) bool { return c.service.Process == a.service.Process })
			if a.release == release && !known && (a.failed() || !onlyFailed) {
				chosen = append(chosen, a)
			}
		}
		if len(chosen) > 0 {
			return chosen, nil
		}
	}
	return nil, fmt.Errorf("ECS has no deployment of release %s in the last 90 days: make releases STACK=%s lists them", release, stack)
}

func (a attempt) write(ctx context.Context, c *cluster.Cluster, out io.Writer, updates []session.Update) error {
	began := aws.ToTime(a.CreatedAt)
	fmt.Fprintf(out, "\n%s: %s, %s to %s\n", a.service.Process, a.Status, began.Local().Format("2006-01-02 15:04:05"), clock(a.end()))
	if u, known := session.UpdateAt(updates, began); known {
		fmt.Fprintf(out, "  deployed by %s: pulumi %s %s\n", cmp.Or(u.By(), "somebody (Pulumi found no commit)"), u.Kind, u.Result)
	}
	if reason := aws.ToString(a.StatusReason); reason != "" {
		fmt.Fprintln(out, "  ECS:", reason)
	}
	section(out, "events", events(a.service.Service, began.Add(-time.Second), a.end().Add(time.Second)))
	tasks, err := stopped(ctx, c, aws.ToString(a.service.ServiceName), began, a.Definition)
	if err != nil {
		return err
	}
	var lines []string
	for _, task := range tasks {
		lines = append(lines, clock(stopTime(task))+" "+cluster.ID(task.TaskArn)+": "+reason(task))
	}
	section(out, "tasks that stopped", lines)
	wrote, err := a.logs(ctx, c, tasks)
	if err != nil {
		return err
	}
	section(out, "health check", wrote.health)
	section(out, "last lines", wrote.lines)
	return nil
}

func section(out io.Writer, title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	fmt.Fprintf(out, "  %s\n", title)
	for _, line := range lines {
		fmt.Fprintf(out, "    %s\n", line)
	}
}
