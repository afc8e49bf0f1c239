package tasks

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecs"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/machine"
	"github.com/laravel-ecs/laravel-ecs/emulator/runtime/runtimetest"
)

func TestSecrets(t *testing.T) {
	f := runtimetest.New()
	f.Put(account.SecretToken, runtimetest.SecretARN, account.Values{"arn": runtimetest.SecretARN, "name": "app"})
	for id, version := range map[string]account.Values{
		"v1": {"secretString": "old", "versionStages": []any{"AWSPREVIOUS"}},
		"v2": {"secretString": `{"user":"u","port":3306}`, "versionStages": []any{"AWSCURRENT"}},
		"v3": {"secretString": "older", "versionStages": nil}, // two changes ago: it is deleted when the deployment ends
	} {
		version["arn"], version["versionId"] = runtimetest.SecretARN, id
		f.Put(account.SecretVersionToken, id, version)
	}
	r := &Scheduler{Machine: &machine.Machine{Account: f}}
	for valueFrom, want := range map[string]string{
		runtimetest.SecretARN:                       `{"user":"u","port":3306}`,
		runtimetest.SecretARN + ":user::":           "u",
		runtimetest.SecretARN + ":port::":           "3306",
		runtimetest.SecretARN + "::AWSPREVIOUS:":    "old",
		runtimetest.SecretARN + ":::v1":             "old",
		runtimetest.SecretARN + ":user:AWSCURRENT:": "u",
	} {
		env, err := r.environment(withSecret(valueFrom))
		if err != nil || len(env) != 1 || env[0] != "S="+want {
			t.Errorf("%s: %v, %v; want %s", valueFrom, env, err, want)
		}
	}
	for valueFrom, want := range map[string]string{
		runtimetest.SecretARN + ":password::":                     "retrieved secret did not contain json key password",
		runtimetest.SecretARN + ":user:AWSPREVIOUS:":              "not a JSON object",
		runtimetest.SecretARN + "::AWSPENDING:":                   "staging label or version: AWSPENDING",
		strings.Replace(runtimetest.SecretARN, "app", "other", 1): "can't find the specified secret",
		"arn:aws:ssm:eu-central-1:123456789012:parameter/x":       "is not the ARN of a Secrets Manager secret",
	} {
		_, err := r.environment(withSecret(valueFrom))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "ResourceInitializationError") {
			t.Errorf("%s: %v, want %s", valueFrom, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "old") {
			t.Errorf("the error shows the secret: %v", err)
		}
	}
}

func withSecret(valueFrom string) (c containerSpec) {
	c.Secrets = []ecs.Secret{{Name: "S", ValueFrom: valueFrom}}
	return c
}
