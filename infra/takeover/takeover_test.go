package takeover

import (
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/rds"
)

// TestWarnings: each thing that interrupts the instance or is taken away has one warning, and nothing else has.
func TestWarnings(t *testing.T) {
	const logs = "/aws/rds/instance/shop-db/"
	for want, change := range map[string]func(*Args, *rds.LookupInstanceResult){
		"": func(*Args, *rds.LookupInstanceResult) {},
		"has db.r7g.large, and database.instanceClass is db.t4g.micro: the change interrupts it in its next": func(_ *Args, i *rds.LookupInstanceResult) { i.DbInstanceClass = "db.r7g.large" },
		"has db.r7g.xlarge, and database.instanceClass is db.t4g.micro: the change interrupts it at once": func(a *Args, i *rds.LookupInstanceResult) {
			a.ApplyNow, i.DbInstanceClass = true, "db.r7g.xlarge"
		},
		"keeps backups for 0 days, and database.backupDays is 7: the change from or to 0 interrupts it": func(_ *Args, i *rds.LookupInstanceResult) { i.BackupRetentionPeriod = 0 },
		"keeps backups for 35 days, and database.backupDays is 7: older ones are deleted":               func(_ *Args, i *rds.LookupInstanceResult) { i.BackupRetentionPeriod = 35 },
		"has a standby in another zone":                      func(_ *Args, i *rds.LookupInstanceResult) { i.MultiAz = true },
		"grows up to 500 GB, and database.maxStorageGb is 0": func(_ *Args, i *rds.LookupInstanceResult) { i.MaxAllocatedStorage = 500 },
		"has enhanced monitoring":                            func(_ *Args, i *rds.LookupInstanceResult) { i.MonitoringInterval = 60 },
		"has a public address":                               func(_ *Args, i *rds.LookupInstanceResult) { i.PubliclyAccessible = true },
		"exports its general log": func(_ *Args, i *rds.LookupInstanceResult) {
			i.EnabledCloudwatchLogsExports = []string{"error", "general"}
		},
		"keeps its parameter group shop": func(_ *Args, i *rds.LookupInstanceResult) { i.DbParameterGroups = []string{"shop"} },
		"gets the program's parameter group with the new version: what shop set": func(a *Args, i *rds.LookupInstanceResult) {
			a.UpgradeFrom, i.DbParameterGroups = "8.0", []string{"shop"}
		},
		"loses the tags backup, team,": func(_ *Args, i *rds.LookupInstanceResult) {
			i.Tags = map[string]string{"team": "shop", "backup": "daily", "Owner": "x", "aws:cloudformation:stack-id": "x"}
		},
		"has the log group " + logs + "error: events that are older": func(_ *Args, i *rds.LookupInstanceResult) { i.Tags = nil },
	} {
		args := Args{
			Identifier: "shop-db", Name: "laravel-staging-db", Tags: map[string]string{"Application": "laravel", "Environment": "staging", "Owner": "x"},
			InstanceClass: "db.t4g.micro", BackupDays: 7, LogExports: []string{"error"},
		}
		instance := &rds.LookupInstanceResult{
			DbInstanceClass: "db.t4g.micro", BackupRetentionPeriod: 7, DbParameterGroups: []string{"laravel-staging-db-mysql8-4-1a2b3c4"},
			Tags: map[string]string{"Application": "laravel", "Environment": "staging", "other": "x"},
		}
		change(&args, instance)
		groups := []string{}
		if instance.Tags == nil {
			groups = []string{logs + "error", logs + "slowquery"}
		}
		texts := append(args.warnings(instance), args.firstWarnings(instance, groups)...)
		if want == "" && len(texts) == 0 {
			continue
		}
		if len(texts) != 1 || !slices.ContainsFunc(texts, func(text string) bool { return want != "" && strings.HasPrefix(text, want) }) {
			t.Errorf("want %q, got %q", want, texts)
		}
	}
}
