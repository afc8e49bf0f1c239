package stacks_test

import (
	"slices"
	"strings"
)

// askCopies asks for what copies of the database need: a plan and a vault of the environment, and for production, whose copies go to
// eu-central-1, a vault and a key there.
func askCopies(ask asker, environment, role string) {
	there := "" // who may make a vault and a key there
	if environment == "prod" {
		there = role
	}
	tagged := func(roles, action, resource string, tags ...string) {
		ask(roles, action, resource, tags...)
		for i := range tags { // each of them is needed
			ask("", action, resource, slices.Delete(slices.Clone(tags), i, i+1)...)
		}
	}
	const plan, key = "backup" + here + "backup-plan:0", "kms:eu-central-1:123456789012:key/0"
	tagged(role, "backup:CreateBackupPlan", plan, making(environment)...)
	tagged(there, "kms:CreateKey", "*", append(making(environment), "aws:RequestedRegion=eu-central-1")...)
	ask("", "kms:CreateKey", "*", append(making(environment), "aws:RequestedRegion=eu-west-1")...)
	for _, one := range []struct {
		roles, change, resource, elsewhere string
	}{
		{role, "backup:UpdateBackupPlan", plan, "backup:us-east-1:123456789012:backup-plan:0"},
		{role, "backup:CreateBackupSelection", plan, "backup:us-east-1:123456789012:backup-plan:0"},
		{there, "kms:UpdateKeyDescription", key, "kms:eu-west-1:123456789012:key/0"},
	} {
		service, _, _ := strings.Cut(one.change, ":")
		tagged(one.roles, service+":TagResource", one.resource, making(environment)...)
		ask("", service+":TagResource", one.elsewhere, making(environment)...)
		ask("", service+":TagResource", one.resource, append(making(environment), "aws:ResourceTag/Environment=local")...) // another environment's
		tagged(one.roles, one.change, one.resource, owned(environment)...)
		ask("", one.change, one.elsewhere, owned(environment)...)
	}
	for region, roles := range map[string]string{"eu-west-1": role, "eu-central-1": there, "eu-north-1": ""} {
		vault := "backup:" + region + ":123456789012:backup-vault:"
		tagged(roles, "backup:CreateBackupVault", vault+"laravel-"+environment+"-copies-vault-0123456", making(environment)...)
		tagged(roles, "backup:UntagResource", vault+"laravel-"+environment+"-copies-vault-0123456", owned(environment)...)
		ask("", "backup:CreateBackupVault", vault+"shop-"+environment+"-x", making(environment)...)
		ask("", "backup:UntagResource", vault+"shop-"+environment+"-x", owned(environment)...)
		ask("", "backup:CreateBackupVault", vault+"laravel-"+environment+"-copies-vault-0123456", append(making(environment), "aws:ResourceTag/Environment=local")...)
		// A pipeline that is taken over does not reach the copies.
		ask("", "backup:DeleteBackupVault", vault+"laravel-"+environment+"-copies-vault-0123456")
		ask("", "backup:DeleteRecoveryPoint", "rds:"+region+":*:snapshot:job-0", owned(environment)...) // AWS defines it without an account
	}
	for _, action := range []string{"kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:PutKeyPolicy"} {
		ask("", action, key, owned(environment)...)
	}
	ask("", "rds:DeleteDBSnapshot", "rds"+here+"snapshot:awsbackup:job-0", owned(environment)...)
}
