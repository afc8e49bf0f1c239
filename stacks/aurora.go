package stacks

import (
	"cmp"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/aurora"
	"github.com/laravel-ecs/laravel-ecs/infra/vpc"
	names "github.com/laravel-ecs/laravel-ecs/stacks/config/aurora"
)

// createAurora makes the cluster of database.engine aurora-mysql. The windows are those of environment.schedule, empty without one.
func (s *stack) createAurora(ctx *pulumi.Context, network *vpc.Network, firewall *vpc.Firewall, secrets *infra.Secrets, maintenance, backup string) (infra.DatabaseServer, error) {
	c := s.config.Database
	cluster, err := aurora.New(ctx, s.prefix+"-db", aurora.Args{
		SubnetIDs: network.DataSubnetIDs, SecurityGroupID: firewall.ID(vpc.GroupDatabase), Password: secrets.MasterPassword,
		Engine: c.Engine, Version: c.Version, Line: names.Line(c.Version), Name: c.Name, Username: c.Username, Port: s.databasePort(),
		MinCapacity: c.Serverless.MinCapacity, MaxCapacity: c.Serverless.MaxCapacity, PauseSeconds: c.Serverless.PauseSeconds, Readers: c.Readers,
		BackupDays: c.BackupDays, RequireTLS: c.RequireTLS, Protected: s.config.Environment.Protected(), FinalSnapshot: c.FinalSnapshot, ApplyNow: c.ApplyNow,
		LogExports: c.LogExports, LogDays: s.config.Observability.LogDays, PerformanceInsights: c.PerformanceInsights, ExtendedSupport: c.ExtendedSupport,
		KMSKeyID: c.KMSKeyID, MaintenanceWindow: maintenance, BackupWindow: backup,
	}, s.aws)
	if err != nil {
		return nil, wrap("database", err)
	}
	return cluster, nil
}

// databaseEngine is a tag of the security group of a cluster of Aurora: by it a deployment knows what is deployed. Instance and cluster are
// different resources, so to Pulumi a move is a new one and the deletion of the other, which only protection refuses.
const databaseEngine = "database-engine"

// databaseTags are those of the database's security group; none with an instance.
func (s *stack) databaseTags() map[string]string {
	if !s.config.Database.Aurora() {
		return nil
	}
	return map[string]string{databaseEngine: s.config.Database.Engine}
}

// databaseMoves refuse a move between instance and cluster before anything changes, in the preview too. environment.teardown says that the
// data may go.
func (s *stack) databaseMoves(ctx *pulumi.Context) (*pulumi.ResourceHookBinding, error) {
	hook, err := ctx.RegisterResourceHook(s.prefix+"-database-moves", func(group *pulumi.ResourceHookArgs) error {
		deployed := ""
		if tags := group.OldInputs["tags"]; tags.IsObject() {
			if engine := tags.ObjectValue()[databaseEngine]; engine.IsString() {
				deployed = engine.StringValue()
			}
		}
		if deployed == s.databaseTags()[databaseEngine] || s.config.Environment.Teardown {
			return nil
		}
		return fmt.Errorf("database.engine: the database is %s, and %s would be another, empty one: this deployment would delete the data. Set the engine back; docs/choices.md, \"Aurora\", has the steps of a move",
			cmp.Or(deployed, "an instance of RDS"), s.config.Database.Engine)
	}, &pulumi.ResourceHookOptions{OnDryRun: true})
	if err != nil {
		return nil, fmt.Errorf("registering hook: %w", err)
	}
	return &pulumi.ResourceHookBinding{BeforeUpdate: []*pulumi.ResourceHook{hook}}, nil
}
