// Package secrets holds secrets of Secrets Manager.
package secrets

import (
	"regexp"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var secretName = regexp.MustCompile(`^[0-9A-Za-z/_+=.@-]+$`)

// Service is Secrets Manager.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.SecretToken, Args: secretsmanager.SecretArgs{}, State: secretsmanager.Secret{},
		Name:     account.Name{Property: "name", Max: 512},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: account.Values{"recoveryWindowInDays": 30.0, "forceOverwriteReplicaSecret": false},
		Rules: []account.Rule{
			account.Length("name", 1, 512),
			account.Matches("name", secretName, "only letters, digits and /_+=.@- are allowed"),
			account.Length("description", 0, 2048),
		},
		Check: func(r *account.Rules) {
			if days, ok := r.In.Int("recoveryWindowInDays"); ok && days != 0 && (days < 7 || days > 30) {
				r.Refuse("recoveryWindowInDays", "%d is not 0 or 7-30", days)
			}
		},
		Identity: account.Identity{
			ID: "{arn}", ARN: "secretsmanager:secret:{name}-{letters:6}",
			Taken: "ResourceExistsException: The operation failed because the secret {name} already exists",
		},
		Create: checkScheduled,
		Delete: scheduleDeletion,
	},
	{
		Token: account.SecretVersionToken, Args: secretsmanager.SecretVersionArgs{}, State: secretsmanager.SecretVersion{},
		ForceNew: []string{"secretId", "secretString", "secretBinary"},
		Rules:    []account.Rule{account.ExactlyOne("secretString", "secretBinary")},
		Check: func(r *account.Rules) { // the text itself never shows: it is a secret
			if value, known := r.In.String("secretString"); known && (value == "" || len(value) > 65536) {
				r.Refuse("secretString", "has %d bytes; AWS allows 1 to 65536", len(value))
			}
		},
		Create: createVersion,
	},
}}

// checkScheduled refuses the name of a secret that was deleted and is within its recovery window.
func checkScheduled(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	gone, _ := tx.Get(account.ScheduledSecretToken, name)
	if until, err := time.Parse(time.RFC3339, gone.Outputs.Text("deletionDate")); err == nil && tx.Time().Before(until) {
		return tx.Refuse("InvalidRequestException",
			"You can't create this secret because a secret with this name is already scheduled for deletion: %s is kept until %s; choose another name or set recoveryWindowInDays 0",
			name, until.Format(time.DateOnly))
	}
	return nil
}

// scheduleDeletion keeps the name taken for the recovery window.
func scheduleDeletion(tx *account.Tx, r *account.Resource) error {
	if days, _ := r.Outputs.Int("recoveryWindowInDays"); days > 0 {
		tx.Put("", account.Resource{Type: account.ScheduledSecretToken, ID: r.Outputs.Text("name"), Inputs: account.Values{}, Outputs: account.Values{
			"arn": r.ID, "deletionDate": tx.Time().AddDate(0, 0, days).Format(time.RFC3339),
		}})
	}
	return nil
}

// createVersion makes the version the current one, and the current one the previous.
func createVersion(tx *account.Tx, r *account.Resource) error {
	secret, ok := tx.Get(account.SecretToken, r.Outputs.Text("secretId"))
	if !ok {
		secret, ok = tx.Find(account.SecretToken, "name", r.Outputs.Text("secretId"))
	}
	if !ok {
		return tx.Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret: %s", r.Outputs.Text("secretId"))
	}
	version := tx.UUID()
	r.ID = secret.ID + "|" + version
	r.Outputs["arn"], r.Outputs["versionId"] = secret.ID, version
	r.Outputs["versionStages"] = account.Texts("AWSCURRENT")
	for _, other := range tx.List(account.SecretVersionToken) {
		stages := other.Outputs.Strings("versionStages")
		if other.Outputs.Text("arn") != secret.ID || len(stages) == 0 {
			continue
		}
		var kept []any
		if slices.Contains(stages, "AWSCURRENT") {
			kept = account.Texts("AWSPREVIOUS")
		}
		tx.Patch(account.SecretVersionToken, other.ID, account.Values{"versionStages": kept})
	}
	return nil
}
