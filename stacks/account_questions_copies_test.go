package stacks_test

import "strings"

// askCopies asks for what copies of the database need: plans of the environment, and vaults and keys of it in any region.
func askCopies(ask asker, environment, role string) {
	tagged := func(action, resource string, tags []string) {
		ask(role, action, resource, tags...)
		for _, tag := range tags { // each of them is needed
			ask("", action, resource, tag)
		}
	}
	const plan, key = "backup" + here + "backup-plan:0", "kms:eu-central-1:123456789012:key/0"
	for _, one := range []struct {
		create, change, resource, elsewhere string
	}{
		{"backup:CreateBackupPlan", "backup:UpdateBackupPlan", plan, "backup:us-east-1:123456789012:backup-plan:0"},
		{"kms:CreateKey", "kms:UpdateKeyDescription", key, "kms:eu-central-1:999999999999:key/0"},
	} {
		service, _, _ := strings.Cut(one.create, ":")
		created := one.resource
		if one.create == "kms:CreateKey" {
			created = "*"
		} else {
			ask("", one.create, one.elsewhere, making(environment)...)
		}
		tagged(one.create, created, making(environment))
		tagged(service+":TagResource", one.resource, making(environment))
		ask("", service+":TagResource", one.elsewhere, making(environment)...)
		ask("", service+":TagResource", one.resource, append(making(environment), "aws:ResourceTag/Environment=local")...) // another environment's
		tagged(one.change, one.resource, owned(environment))
		ask("", one.change, one.elsewhere, owned(environment)...)
	}
	for _, region := range []string{"eu-west-1", "eu-central-1"} {
		vault := "backup:" + region + ":123456789012:backup-vault:"
		tagged("backup:CreateBackupVault", vault+"laravel-"+environment+"-copies-vault-0123456", making(environment))
		tagged("backup:UntagResource", vault+"laravel-"+environment+"-copies-vault-0123456", owned(environment))
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
