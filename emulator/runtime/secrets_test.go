package runtime

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestSecrets(t *testing.T) {
	f := newFake()
	f.put(account.SecretToken, secretARN, account.Values{"arn": secretARN, "name": "app"})
	f.put(account.SecretVersionToken, "1", account.Values{"secretId": secretARN, "versionId": "v1", "secretString": "old", "versionStages": []any{"AWSPREVIOUS"}})
	f.put(account.SecretVersionToken, "2", account.Values{"secretId": "app", "versionId": "v2", "secretString": `{"user":"u","port":3306}`, "versionStages": []any{"AWSCURRENT"}})
	r := &Runtime{account: f}
	for valueFrom, want := range map[string]string{
		secretARN:                       `{"user":"u","port":3306}`,
		secretARN + ":user::":           "u",
		secretARN + ":port::":           "3306",
		secretARN + "::AWSPREVIOUS:":    "old",
		secretARN + ":::v1":             "old",
		secretARN + ":user:AWSCURRENT:": "u",
	} {
		env, err := r.environment(withSecret(valueFrom))
		if err != nil || len(env) != 1 || env[0] != "S="+want {
			t.Errorf("%s: %v, %v; want %s", valueFrom, env, err, want)
		}
	}
	for valueFrom, want := range map[string]string{
		secretARN + ":password::":                           "retrieved secret did not contain json key password",
		secretARN + ":user:AWSPREVIOUS:":                    "not a JSON object",
		secretARN + "::AWSPENDING:":                         "staging label or version: AWSPENDING",
		strings.Replace(secretARN, "app", "other", 1):       "can't find the specified secret",
		"arn:aws:ssm:eu-central-1:123456789012:parameter/x": "is not the ARN of a Secrets Manager secret",
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
	c.Secrets = append(c.Secrets, struct {
		Name      string `json:"name"`
		ValueFrom string `json:"valueFrom"`
	}{"S", valueFrom})
	return c
}
