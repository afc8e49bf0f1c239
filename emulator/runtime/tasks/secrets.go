package tasks

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// environment is what a container gets: the plain values and the secrets, which are looked up at every start as ECS
// does. Errors name the secret, never its value.
func (r *Scheduler) environment(c containerSpec) ([]string, error) {
	var env []string
	for _, e := range c.Environment {
		env = append(env, e.Name+"="+e.Value)
	}
	versions := r.Account.List(account.SecretVersionToken)
	for _, s := range c.Secrets {
		value, err := secretValue(s.ValueFrom, versions, func(reference string) (string, bool) {
			secret, ok := r.Find(account.SecretToken, reference)
			return secret.Outputs.Text("arn"), ok
		})
		if err != nil {
			return nil, fmt.Errorf("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: secret %s: %w", s.Name, err)
		}
		env = append(env, s.Name+"="+value)
	}
	return env, nil
}

// secretValue resolves a valueFrom: the ARN of a secret, then optionally :json-key:version-stage:version-id.
// arnOf finds the ARN of a secret by its ARN, id or name.
func secretValue(valueFrom string, versions []account.Resource, arnOf func(string) (string, bool)) (string, error) {
	parts := strings.Split(valueFrom, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" || parts[5] != "secret" {
		return "", fmt.Errorf("valueFrom %q is not the ARN of a Secrets Manager secret", valueFrom)
	}
	parts = append(parts, "", "", "")
	arn, key, stage, id := strings.Join(parts[:7], ":"), parts[7], parts[8], parts[9]
	if _, ok := arnOf(arn); !ok {
		return "", fmt.Errorf("ResourceNotFoundException: Secrets Manager can't find the specified secret: %s", arn)
	}
	version, ok := chooseVersion(arn, stage, id, versions, arnOf)
	if !ok {
		if stage == "" && id == "" {
			stage = "AWSCURRENT"
		}
		return "", fmt.Errorf("ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label or version: %s%s", stage, id)
	}
	value, ok := version.Outputs["secretString"].(string)
	if !ok {
		return "", errors.New("it has no secretString, and a binary value cannot be an environment variable")
	}
	if key == "" {
		return value, nil
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(value), &object); err != nil {
		return "", fmt.Errorf("the JSON key %q is asked for, but the value is not a JSON object", key) // the decoder's error would quote it
	}
	field, ok := object[key]
	if !ok {
		return "", fmt.Errorf("retrieved secret did not contain json key %s", key)
	}
	if s, ok := field.(string); ok {
		return s, nil
	}
	encoded, err := json.Marshal(field)
	return string(encoded), err
}

// chooseVersion finds a version of a secret by id or staging label. A version without labels in the account is the
// current one, if it is the last.
func chooseVersion(arn, stage, id string, versions []account.Resource, arnOf func(string) (string, bool)) (found account.Resource, ok bool) {
	for _, v := range versions {
		owner, known := arnOf(v.Outputs.Text("secretId"))
		if !known || owner != arn || id != "" && v.Outputs.Text("versionId") != id {
			continue
		}
		stages := v.Outputs.Strings("versionStages")
		wanted := stage
		if wanted == "" && id == "" {
			wanted = "AWSCURRENT"
		}
		if wanted == "" || slices.Contains(stages, wanted) || len(stages) == 0 && wanted == "AWSCURRENT" {
			found, ok = v, true
		}
	}
	return found, ok
}
