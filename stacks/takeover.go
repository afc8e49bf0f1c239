package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/infra/takeover"
)

// lookUpDatabase checks the instance of database.import; nil without one. It comes before everything that is registered, as lookUpZone does.
// After a restore the application has another instance, and this one may be gone.
func (s *stack) lookUpDatabase(ctx *pulumi.Context) (*infra.DatabaseImport, error) {
	c := s.config.Database
	switch {
	case !c.Imported():
		return nil, nil //nolint:nilnil // the program makes it
	case c.Restore.Set():
		return &infra.DatabaseImport{Identifier: c.Import}, nil
	}
	return takeover.LookUp(ctx, takeover.Args{
		Identifier: c.Import, SecurityGroupID: c.SecurityGroupID, VpcID: s.config.Network.VpcID,
		Engine: c.Engine, Version: c.Version, UpgradeFrom: c.UpgradeFrom, Username: c.Username, KMSKeyID: c.KMSKeyID, InstanceClass: c.InstanceClass,
		Port: s.databasePort(), StorageGB: c.StorageGB, MaxStorageGB: c.MaxStorageGB, BackupDays: c.BackupDays, LogExports: c.LogExports, ApplyNow: c.ApplyNow,
	}, pulumi.Provider(s.provider))
}
