package tasks

import (
	"cmp"
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
	for _, s := range c.Secrets {
		value, err := r.secretValue(s.ValueFrom)
		if err != nil {
			return nil, fmt.Errorf("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: secret %s: %w", s.Name, err)
		}
		env = append(env, s.Name+"="+value)
	}
	return env, nil
}

// secretValue resolves a valueFrom: the ARN of a secret, then optionally :json-key:version-stage:version-id.
func (r *Scheduler) secretValue(valueFrom string) (string, error) {
	parts := strings.Split(valueFrom, ":")
	if len(parts) < 7 || parts[2] != "secretsmanager" || parts[5] != "secret" {
		return "", fmt.Errorf("valueFrom %q is not the ARN of a Secrets Manager secret", valueFrom)
	}
	parts = append(parts, "", "", "")
	arn, key, stage, id := strings.Join(parts[:7], ":"), parts[7], parts[8], parts[9]
	if _, ok := r.Account.Find(account.SecretToken, "arn", arn); !ok {
		return "", fmt.Errorf("ResourceNotFoundException: Secrets Manager can't find the specified secret: %s", arn)
	}
	if id == "" {
		stage = cmp.Or(stage, "AWSCURRENT")
	}
	versions := r.Account.List(account.SecretVersionToken)
	i := slices.IndexFunc(versions, func(v account.Resource) bool {
		return v.Outputs.Text("arn") == arn && (id == "" || v.Outputs.Text("versionId") == id) && (stage == "" || slices.Contains(v.Outputs.Strings("versionStages"), stage))
	})
	if i < 0 {
		return "", fmt.Errorf("ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label or version: %s%s", stage, id)
	}
	value, ok := versions[i].Outputs["secretString"].(string)
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
