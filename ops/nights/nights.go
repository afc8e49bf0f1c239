// Package nights puts an environment to sleep and wakes it: by hand, and around a deployment. It makes the calls of AWS's API that the
// schedules of the environment make (infra/nights), which the output schedule lists, one after the other, and waits where they cannot.
package nights

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	scaling "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/rds"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// limit is how long Wake and Sleep wait. RDS needs minutes to start, and more after a crash (Amazon RDS user guide, "Starting an Amazon RDS DB
// instance that was previously stopped").
const limit = 45 * time.Minute

// environment is what sleeps.
type environment struct {
	*session.Session
	cluster  *cluster.Cluster
	schedule session.Schedule
	every    time.Duration
	patience time.Duration // how long to wait for tasks that serve before going on without them; 0: as long as for everything else
	elb      *elb.Client
	rds      *rds.Client
	scaling  *scaling.Client
}

func open(ctx context.Context, s *session.Session, every time.Duration) (*environment, error) {
	c, err := cluster.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	if c.Outputs.Schedule == nil {
		return nil, fmt.Errorf("the stack %s never sleeps: set environment.schedule in Pulumi.%[1]s.yaml, and deploy it", s.Stack)
	}
	return &environment{
		s, c, *c.Outputs.Schedule, every, 0, elb.NewFromConfig(c.Config), rds.NewFromConfig(c.Config), scaling.NewFromConfig(c.Config),
	}, nil
}

// Sleep stops the tasks and then the database, while the load balancer answers the page. Without anything to stop it does nothing.
func Sleep(ctx context.Context, s *session.Session, every time.Duration) error {
	e, err := open(ctx, s, every)
	if err != nil {
		return err
	}
	return e.sleep(ctx)
}

// Wake starts the database, then the tasks, and has the load balancer send them the requests when they serve. What is awake stays so.
func Wake(ctx context.Context, s *session.Session, every time.Duration) error {
	e, err := open(ctx, s, every)
	if err != nil {
		return err
	}
	return e.wake(ctx)
}

func (e *environment) sleep(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	for _, call := range e.schedule.Down {
		if call.Action == stopDatabase || call.Action == stopCluster {
			if err := e.wait(ctx, "the tasks to stop", e.none); err != nil {
				return err
			}
		}
		if err := e.do(ctx, call); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.Out, "%s is asleep; it wakes %s, or with make wake STACK=%[1]s\n", e.Stack, e.schedule.Wakes)
	return nil
}

func (e *environment) wake(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	if err := e.shared(ctx); err != nil {
		return err
	}
	serving := false
	for _, call := range e.schedule.Up {
		if call.Action == modifyRule && !serving {
			if err := e.served(ctx); err != nil {
				return err
			}
			serving = true
		}
		if err := e.do(ctx, call); err != nil {
			return err
		}
	}
	fmt.Fprintf(e.Out, "%s is awake: %s\n", e.Stack, e.cluster.Outputs.URL)
	return nil
}

// served waits until the tasks serve, at most for the patience if there is one.
func (e *environment) served(ctx context.Context) error {
	if e.patience == 0 {
		return e.wait(ctx, "the tasks to serve", e.serve)
	}
	patient, stop := context.WithTimeout(ctx, e.patience)
	defer stop()
	err := e.wait(patient, "the tasks to serve", e.serve)
	if err != nil && patient.Err() != nil && ctx.Err() == nil {
		fmt.Fprintf(e.Err, "the tasks of the release that runs do not serve after %s; the deployment goes on\n", e.patience)
		return nil
	}
	return err
}

// The actions of calls.
const (
	startDatabase  = "rds:startDBInstance"
	stopDatabase   = "rds:stopDBInstance"
	startCluster   = "rds:startDBCluster"
	stopCluster    = "rds:stopDBCluster"
	modifyRule     = "elasticloadbalancingv2:modifyRule"
	updateService  = "ecs:updateService"
	registerTarget = "applicationautoscaling:registerScalableTarget"
)

// do makes a call. A database is started or stopped from the state in which it can be.
func (e *environment) do(ctx context.Context, c session.Call) error {
	switch c.Action {
	case startDatabase, startCluster:
		return e.database(ctx, c, "stopped", "available")
	case stopDatabase, stopCluster:
		return e.database(ctx, c, "available", "stopped")
	case modifyRule:
		return send(ctx, c, e.elb.ModifyRule)
	case updateService:
		return send(ctx, c, e.cluster.API.UpdateService)
	case registerTarget:
		return send(ctx, c, e.scaling.RegisterScalableTarget)
	}
	return fmt.Errorf("the output schedule has a call that is not known here, %s: use the version of the program that deployed the stack", c.Action)
}

// send reads the input as the SDK has it. The names of its members differ from those of the schedules in upper and lower case only.
func send[In, Out, Option any](ctx context.Context, c session.Call, operation func(context.Context, *In, ...Option) (*Out, error)) error {
	in := new(In)
	if err := json.Unmarshal(c.Input, in); err != nil {
		return fmt.Errorf("reading the output schedule, %s: %w", c.Action, err)
	}
	if _, err := operation(ctx, in); err != nil {
		return session.Explain(fmt.Errorf("%s: %w", c.Action, err))
	}
	return nil
}

// wait looks until something is so, and says once what it waits for.
func (e *environment) wait(ctx context.Context, what string, is func(context.Context) (bool, error)) error {
	for said := false; ; said = true {
		yes, err := is(ctx)
		if ctx.Err() != nil {
			return fmt.Errorf("%s: waiting for %s: %w; make status STACK=%[1]s shows how far it is, and a second run carries on", e.Stack, what, context.Cause(ctx))
		}
		if yes || err != nil {
			return err
		}
		if !said {
			fmt.Fprintf(e.Err, "waiting for %s ...\n", what)
		}
		select {
		case <-ctx.Done():
		case <-time.After(e.every):
		}
	}
}

// none tells whether no task runs.
func (e *environment) none(ctx context.Context) (bool, error) {
	services, err := e.cluster.Services(ctx)
	return !slices.ContainsFunc(services, func(s cluster.Service) bool { return s.RunningCount+s.PendingCount > 0 }), err
}

// serve tells whether every service has its tasks, and every target group a healthy one.
func (e *environment) serve(ctx context.Context) (bool, error) {
	services, err := e.cluster.Services(ctx)
	if err != nil {
		return false, err
	}
	for _, s := range services {
		if s.DesiredCount == 0 || s.RunningCount < s.DesiredCount {
			return false, nil
		}
		for _, target := range s.LoadBalancers {
			found, err := e.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: target.TargetGroupArn})
			if err != nil {
				return false, session.Explain(fmt.Errorf("reading the health of the targets: %w", err))
			}
			healthy := func(t types.TargetHealthDescription) bool {
				return t.TargetHealth != nil && t.TargetHealth.State == types.TargetHealthStateEnumHealthy
			}
			if !slices.ContainsFunc(found.TargetHealthDescriptions, healthy) {
				return false, nil
			}
		}
	}
	return true, nil
}

// asleep tells whether no service is to have tasks.
func (e *environment) asleep(ctx context.Context) (bool, error) {
	services, err := e.cluster.Services(ctx)
	return err == nil && !slices.ContainsFunc(services, func(s cluster.Service) bool { return s.DesiredCount > 0 }), err
}

// counts are the calls that set numbers of tasks.
func counts(calls []session.Call) []session.Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c session.Call) bool { return c.Action != updateService && c.Action != registerTarget })
}

// text compares calls.
func text(calls []session.Call) string {
	var b strings.Builder
	for _, c := range calls {
		b.WriteString(c.Action + string(c.Input))
	}
	return b.String()
}
