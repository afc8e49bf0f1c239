package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/takeover"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// lookUpDatabase checks the instance of database.import; nil without one. It comes before everything that is registered, as lookUpZone does.
// After a restore the application has another instance; this one is declared for as long as database.restore keeps it.
func (s *stack) lookUpDatabase(ctx *pulumi.Context) (*infra.DatabaseImport, error) {
	c := s.config.Database
	switch {
	case !c.Imported():
		return nil, nil //nolint:nilnil // the program makes it
	case c.Restore.Set() && c.Restore.Old == config.OldGone:
		return &infra.DatabaseImport{Identifier: c.Import}, nil
	}
	tags, err := defaultTags(ctx, s.config.App.Name, s.config.Tags)
	if err != nil {
		return nil, err
	}
	return takeover.LookUp(ctx, takeover.Args{
		Name: s.prefix + "-db", Region: s.config.Region, Tags: tags,
		Identifier: c.Import, SecurityGroupID: c.SecurityGroupID, VpcID: s.config.Network.VpcID,
		Engine: c.Engine, Version: c.Version, UpgradeFrom: c.UpgradeFrom, Username: c.Username, KMSKeyID: c.KMSKeyID, InstanceClass: c.InstanceClass,
		Port: s.databasePort(), StorageGB: c.StorageGB, MaxStorageGB: c.MaxStorageGB, BackupDays: c.BackupDays, LogExports: c.LogExports, ApplyNow: c.ApplyNow,
		MultiAZ: c.MultiAZ, PerformanceInsights: c.PerformanceInsights, MonitoringSeconds: c.MonitoringSeconds, LogDays: s.config.Observability.LogDays,
	}, pulumi.Provider(s.provider))
}
