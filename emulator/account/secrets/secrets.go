package secrets

import (
	"regexp"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var secretTypes = []account.Type{
	{
		Token: account.SecretToken, Args: secretsmanager.SecretArgs{}, State: secretsmanager.Secret{},
		Name:     account.Name{Property: "name", Max: 512},
		ForceNew: []string{"name", "namePrefix"},
		Defaults: account.Values{"recoveryWindowInDays": 30.0, "forceOverwriteReplicaSecret": false},
		Check:    checkSecret,
		Create:   createSecret,
		Delete:   deleteSecret,
	},
	{
		Token: account.SecretVersionToken, Args: secretsmanager.SecretVersionArgs{}, State: secretsmanager.SecretVersion{},
		ForceNew: []string{"secretId", "secretString", "secretBinary"},
		Check:    checkSecretVersion,
		Create:   createSecretVersion,
	},
}

var secretName = regexp.MustCompile(`^[0-9A-Za-z/_+=.@-]+$`)

func checkSecret(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("name", "namePrefix")
	r.Length("name", 1, 512)
	for _, path := range []string{"name", "namePrefix"} {
		r.Matches(path, secretName, "only letters, digits and /_+=.@- are allowed")
	}
	if days, ok := in.Int("recoveryWindowInDays"); ok && days != 0 && (days < 7 || days > 30) {
		r.Refuse("recoveryWindowInDays", "%d is not 0 or 7-30", days)
	}
	r.Length("description", 0, 2048)
	r.JSONDocument("policy")
	return r.Problems
}

func createSecret(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Find(account.SecretToken, "name", name); taken {
		return tx.Refuse("ResourceExistsException", "The operation failed because the secret %s already exists; choose another name", name)
	}
	if gone, ok := tx.Get(account.ScheduledSecretToken, name); ok {
		if until, err := time.Parse(time.RFC3339, gone.Outputs.Text("deletionDate")); err == nil && tx.Time().Before(until) {
			return tx.Refuse("InvalidRequestException",
				"You can't create this secret because a secret with this name is already scheduled for deletion: %s is kept until %s; choose another name or set recoveryWindowInDays 0",
				name, until.Format(time.DateOnly))
		}
	}
	r.ID = tx.ARN("secretsmanager", "secret:"+name+"-"+tx.Letters(6))
	r.Outputs["arn"] = r.ID
	return nil
}

// deleteSecret keeps the name taken for the recovery window.
func deleteSecret(tx *account.Tx, r *account.Resource) error {
	if days, _ := r.Outputs.Int("recoveryWindowInDays"); days > 0 {
		name := r.Outputs.Text("name")
		tx.Put("", account.Resource{Type: account.ScheduledSecretToken, ID: name, Inputs: account.Values{}, Outputs: account.Values{
			"arn": r.ID, "deletionDate": tx.Time().AddDate(0, 0, days).Format(time.RFC3339),
		}})
	}
	return nil
}

func checkSecretVersion(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("secretString", "secretBinary")
	for _, path := range []string{"secretString", "secretBinary"} {
		if value, known := in.String(path); known && (value == "" || len(value) > 65536) {
			r.Refuse(path, "has %d bytes; AWS allows 1 to 65536", len(value))
		}
	}
	return r.Problems
}

func createSecretVersion(tx *account.Tx, r *account.Resource) error {
	secret, ok := findSecret(tx, r.Outputs.Text("secretId"))
	if !ok {
		return tx.Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret: %s", r.Outputs.Text("secretId"))
	}
	version := tx.UUID()
	r.ID = secret.ID + "|" + version
	r.Outputs["arn"] = secret.ID
	r.Outputs["versionId"] = version
	if !r.Inputs.Has("versionStages") {
		r.Outputs["versionStages"] = account.Texts("AWSCURRENT")
	}
	if !slices.Contains(r.Outputs.Strings("versionStages"), "AWSCURRENT") {
		return nil
	}
	for _, other := range tx.List(account.SecretVersionToken) {
		stages := other.Outputs.Strings("versionStages")
		if other.Outputs.Text("arn") != secret.ID || len(stages) == 0 {
			continue
		}
		kept := slices.DeleteFunc(stages, func(stage string) bool { return stage == "AWSCURRENT" || stage == "AWSPREVIOUS" })
		if slices.Contains(other.Outputs.Strings("versionStages"), "AWSCURRENT") {
			kept = append(kept, "AWSPREVIOUS")
		}
		tx.Patch(account.SecretVersionToken, other.ID, account.Values{"versionStages": account.Texts(kept...)})
	}
	return nil
}

// secret finds a secret by its ARN or name.
func findSecret(tx *account.Tx, id string) (account.Resource, bool) {
	if secret, ok := tx.Get(account.SecretToken, id); ok {
		return secret, true
	}
	return tx.Find(account.SecretToken, "name", id)
}
