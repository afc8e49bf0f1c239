package stacks

import (
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
