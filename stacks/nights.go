package stacks

import (
	"fmt"
	"html"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/nights"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// createNights makes the schedules of environment.schedule, and the output that make sleep and make wake read. database is nil where it is
// another environment's, which stops it.
func (s *stack) createNights(ctx *pulumi.Context, app *application, database infra.DatabaseServer, services map[string]*infra.Service) error {
	schedule := s.config.Environment.Schedule
	if !schedule.Set() {
		return nil
	}
	plan, _ := schedule.Plan() // config.Load reports its problems
	args := nights.Args{
		Times: nights.Times(plan.Times()), Zone: schedule.Zone, Schedules: config.Shorten(s.prefix, config.MaxPrefix) + "-nights", Asleep: plan.Asleep(), Cluster: app.cluster, Database: database, Balancer: app.balancer,
		Body: asleepPage(plan.Wakes()),
	}
	for _, p := range processes(s.config, app.database.Master) {
		args.Services = append(args.Services, nights.Sleeper{Process: p.name, Service: services[p.name], Count: p.size.Count, Scaling: p.scaling})
	}
	made, err := nights.New(ctx, s.prefix+"-nights", args, s.aws)
	if err != nil {
		return wrap("environment.schedule", err)
	}
	ctx.Export("schedule", pulumi.Map{
		"wakes": pulumi.String(plan.Wakes()),
		"hours": pulumi.StringMap{"up": pulumi.String(schedule.Up), "down": pulumi.String(schedule.Down), "zone": pulumi.String(schedule.Zone)},
		"down":  made.Down, "up": made.Up,
	})
	return nil
}

// asleepPage is what visitors get while the environment sleeps. It has at most 1024 bytes (Elastic Load Balancing API reference,
// FixedResponseActionConfig).
func asleepPage(wakes string) string {
	return fmt.Sprintf(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="60">`+
		`<meta name="viewport" content="width=device-width"><title>Asleep</title></head>`+
		`<body style="font:1.1em sans-serif;max-width:32em;margin:20vh auto;padding:0 1em">`+
		`<h1>Asleep</h1><p>This environment is switched off outside of working hours. It wakes %s.</p></body></html>`, html.EscapeString(wakes))
}
