// Package backup holds the vaults, plans and selections of AWS Backup.
package backup

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/backup"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// Names and defaults are those of internal/service/backup of hashicorp/terraform-provider-aws (vault.go, plan.go, selection.go).
var (
	vaultName     = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	ruleName      = regexp.MustCompile(`^[0-9A-Za-z_.-]+$`)
	dailySchedule = regexp.MustCompile(`^cron\(([0-5]?[0-9]) ([01]?[0-9]|2[0-3]) \* \* \? \*\)$`)
)

// recoveryPointsToken marks the vaults that have backups: what a plan has selected is in its vaults a day later.
const recoveryPointsToken = "aws:backup/recoveryPoints:RecoveryPoints"

// Service is AWS Backup.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.BackupVaultToken, Args: backup.VaultArgs{}, State: backup.Vault{},
		Name:         account.Name{Property: "name", Max: 255}, // no limit in pulumi-aws provider/resources.go
		ForceNew:     []string{"name", "kmsKeyArn"},
		Defaults:     account.Values{"forceDestroy": false},
		OtherRegions: true,
		Rules: []account.Rule{
			account.Length("name", 2, 50), account.Matches("name", vaultName, "only letters, digits, hyphens and underscores are allowed"), account.ARN("kmsKeyArn"),
		},
		Identity: account.Identity{
			ID: "{name}", ARN: "backup:backup-vault:{name}", Taken: "AlreadyExistsException: Backup vault with the same name already exists: {name}",
		},
		Create: encryptVault, Delete: deleteVault,
	},
	{
		Token: account.BackupPlanToken, Args: backup.PlanArgs{}, State: backup.Plan{},
		Required: []string{"rules"},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Rules: []account.Rule{
			account.Length("name", 1, 50), account.Matches("name", ruleName, "only letters, digits, hyphens, underscores and periods are allowed"),
			account.Length("rules[*].ruleName", 1, 50), account.Matches("rules[*].ruleName", ruleName, "only letters, digits, hyphens, underscores and periods are allowed"),
			account.Between("rules[*].startWindow", 60, 100000), // "at least 60 minutes": BackupRule in the API reference
			account.Between("rules[*].lifecycle.deleteAfter", 1, 36500), account.Between("rules[*].copyActions[*].lifecycle.deleteAfter", 1, 36500),
			account.Matches("rules[*].schedule", dailySchedule, "the emulator knows daily schedules, such as cron(0 5 * * ? *)"),
			account.ARN("rules[*].copyActions[*].destinationVaultArn"),
		},
		Refs:       []account.Ref{{Path: "rules[*].targetVaultName", Type: account.BackupVaultToken, By: "name", Missing: "ResourceNotFoundException"}},
		Recomputed: []string{"version"},
		Identity:   account.Identity{ID: "{uuid}", ARN: "backup:backup-plan:{id}", Outputs: account.Values{"version": "{LETTERS:48}"}},
		Complete:   completePlan,
	},
	{
		Token: account.BackupSelectionToken, Args: backup.SelectionArgs{}, State: backup.Selection{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"conditions", "iamRoleArn", "name", "notResources", "planId", "resources", "selectionTags"},
		Rules: []account.Rule{
			account.Length("name", 1, 50), account.Matches("name", ruleName, "only letters, digits, hyphens, underscores and periods are allowed"),
			account.ARN("iamRoleArn"), account.ARN("resources[*]"),
		},
		Refs: []account.Ref{
			// DeleteBackupPlan: "A backup plan can only be deleted after all associated selections of resources have been deleted."
			{Path: "planId", Type: account.BackupPlanToken, By: "id", Missing: "InvalidParameterValueException", InUse: "InvalidRequestException"},
			{Path: "iamRoleArn", Type: account.RoleToken, By: "arn", Missing: "InvalidParameterValueException"},
		},
		Identity: account.Identity{ID: "{uuid}"},
		Create:   selectResources,
	},
}}

// encryptVault gives a vault without a key that of AWS Backup.
func encryptVault(tx *account.Tx, r *account.Resource) error {
	arn := r.Outputs.Text("kmsKeyArn")
	if arn == "" {
		r.Outputs["kmsKeyArn"] = tx.DefaultKey("backup")
		return nil
	}
	if _, ok := tx.Find(account.KeyToken, "arn", arn); !ok || regionOf(arn) != tx.Region() {
		return tx.Refuse("InvalidParameterValueException", "Invalid KMS key: %s is not a key in %s", arn, tx.Region())
	}
	return nil
}

// deleteVault refuses vaults that are not empty (DeleteBackupVault: "A vault can be deleted only if it is empty"). With forceDestroy the
// provider deletes what is in it.
func deleteVault(tx *account.Tx, r *account.Resource) error {
	if full, ok := tx.Get(recoveryPointsToken, r.ID); ok {
		if !r.Outputs.True("forceDestroy") {
			return tx.Refuse("InvalidRequestException", "Backup vault cannot be deleted because it contains recovery points: %s", r.ID)
		}
		tx.Remove(full)
	}
	return nil
}

// completePlan fills in the provider's defaults. It refuses copies to a vault of this account that does not exist: each job would fail.
func completePlan(tx *account.Tx, r *account.Resource) error {
	for _, rule := range r.Outputs.Blocks("rules[*]") {
		account.SetDefaults(rule, account.Values{
			"completionWindow": 180.0, "enableContinuousBackup": false, "scheduleExpressionTimezone": "Etc/UTC", "startWindow": 60.0,
		})
	}
	for _, action := range r.Outputs.Blocks("rules[*].copyActions[*]") {
		arn := action.Text("destinationVaultArn")
		if _, ok := tx.Find(account.BackupVaultToken, "arn", arn); !ok && accountOf(arn) == tx.AccountID() {
			return tx.Refuse("ResourceNotFoundException", "Backup vault not found: %s", arn)
		}
	}
	return nil
}

// selectResources refuses a role that AWS Backup cannot assume, and jobs that would fail every day. What is left has backups from then on.
func selectResources(tx *account.Tx, r *account.Resource) error {
	role, _ := tx.Find(account.RoleToken, "arn", r.Outputs.Text("iamRoleArn"))
	if !strings.Contains(role.Outputs.Text("assumeRolePolicy"), "backup.amazonaws.com") {
		return tx.Refuse("InvalidParameterValueException", "IAM Role %s cannot be assumed by AWS Backup", role.Outputs.Text("arn"))
	}
	plan, _ := tx.Get(account.BackupPlanToken, r.Outputs.Text("planId"))
	for _, arn := range r.Outputs.Strings("resources") {
		db, ok := tx.Find(account.DatabaseToken, "arn", arn)
		if !ok {
			return tx.Refuse("InvalidParameterValueException", "%s does not exist: its backup jobs would fail", arn)
		}
		for _, rule := range plan.Outputs.Blocks("rules[*]") {
			if err := checkJobs(tx, db, rule); err != nil {
				return err
			}
			for _, name := range vaultsOf(tx, rule) {
				tx.Save(account.Resource{Type: recoveryPointsToken, ID: name, Outputs: account.Values{"resourceArn": arn}})
			}
		}
	}
	return nil
}

// vaultsOf are the names of the vaults of this account that a rule fills.
func vaultsOf(tx *account.Tx, rule account.Values) []string {
	names := []string{rule.Text("targetVaultName")}
	for _, action := range rule.Blocks("copyActions[*]") {
		if arn := action.Text("destinationVaultArn"); accountOf(arn) == tx.AccountID() {
			names = append(names, part(arn, 6))
		}
	}
	return names
}

// checkJobs refuses what makes the jobs of a database fail: a start within its windows, or an hour before ("Often caused by scheduling a
// backup job during or 1 hour before a database resource ... maintenance window or automated backup window",
// https://docs.aws.amazon.com/aws-backup/latest/devguide/cloudwatch.html), and a copy to another account of what the key that AWS manages
// encrypts, because such a key cannot be shared
// (https://aws.amazon.com/blogs/storage/protecting-encrypted-amazon-rds-instances-with-cross-account-and-cross-region-backups/).
func checkJobs(tx *account.Tx, db account.Resource, rule account.Values) error {
	at := dailySchedule.FindStringSubmatch(rule.Text("schedule"))
	for _, window := range []string{"backupWindow", "maintenanceWindow"} {
		if at != nil && within(at[2], at[1], db.Outputs.Text(window)) {
			return tx.Refuse("InvalidRequestException", "backup jobs at %s fail: they start in the %s of %s (%s), or less than an hour before", rule.Text("schedule"), window,
				db.Outputs.Text("identifier"), db.Outputs.Text(window))
		}
	}
	for _, action := range rule.Blocks("copyActions[*]") {
		arn := action.Text("destinationVaultArn")
		if accountOf(arn) != tx.AccountID() && db.Outputs.Text("kmsKeyId") == tx.DefaultKey("rds") {
			return tx.Refuse("InvalidRequestException", "copy jobs to %s fail: %s is encrypted with a key that AWS manages, which cannot be shared with another account", arn,
				db.Outputs.Text("identifier"))
		}
	}
	return nil
}

// within tells whether a time of day is in a window such as 02:00-03:00 or sun:03:30-sun:04:30, or in the hour before it.
func within(hour, minute, window string) bool {
	var h, m, fromH, fromM, toH, toM int
	day := regexp.MustCompile(`[a-z]{3}:`).ReplaceAllString(window, "")
	if _, err := fmt.Sscanf(day, "%d:%d-%d:%d", &fromH, &fromM, &toH, &toM); err != nil {
		return false
	}
	_, errH := fmt.Sscan(hour, &h)
	_, errM := fmt.Sscan(minute, &m)
	const aDay = 24 * 60
	from, length := fromH*60+fromM-60, (toH*60+toM-fromH*60-fromM+aDay)%aDay+60
	return errH == nil && errM == nil && (h*60+m-from+aDay)%aDay < length
}

func regionOf(arn string) string { return part(arn, 3) }

func accountOf(arn string) string { return part(arn, 4) }

func part(arn string, n int) string {
	if parts := strings.Split(arn, ":"); len(parts) > n {
		return parts[n]
	}
	return ""
}
