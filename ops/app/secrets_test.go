package app

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/ops/awstest"
)

// TestDotenvOfOthersSecrets: a secret that containers get and that is not the program's is read from Secrets Manager, in its version; a value
// is quoted as the others are.
func TestDotenvOfOthersSecrets(t *testing.T) {
	const arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/redis-AbCdEf"
	outputs := `{"dotenv": "APP_NAME=shop\nAPP_KEY=own\n", "secretArns": {"APP_KEY": "` + arn + `-own", "REDIS_PASSWORD": "` + arn + `", "SHARED": "` + arn + `:::version-2"}}`
	values := map[string]any{arn: `a "b" $c`, arn + " version-2": "plain"}
	c := awstest.New(t, "", outputs, map[string]awstest.Operation{
		"GetSecretValue": func(body map[string]any, _ url.Values) any {
			id, _ := body["SecretId"].(string)
			if version, given := body["VersionId"].(string); given {
				id += " " + version
			}
			return map[string]any{"SecretString": values[id]}
		},
	})
	if err := Dotenv(t.Context(), c.Session, ".env", false); err != nil {
		t.Fatal(err)
	}
	want := "APP_NAME=shop\nAPP_KEY=own\nREDIS_PASSWORD=\"a \\\"b\\\" \\$c\"\nSHARED=plain\n"
	if text, err := os.ReadFile(filepath.Join(c.Session.Root, ".env")); err != nil || string(text) != want {
		t.Errorf("the file is %q, %v; want %q", text, err, want)
	}
	if !strings.HasPrefix(c.Out.String(), ".env has 4 variables of prod") {
		t.Errorf("it says %q", c.Out.String())
	}
	c.Set("GetSecretValue", func(map[string]any, url.Values) any {
		return awstest.Error{Code: "AccessDeniedException", Message: "User is not authorized"}
	})
	if err := Dotenv(t.Context(), c.Session, "no.env", false); err == nil || !strings.Contains(err.Error(), "reading REDIS_PASSWORD from the secret "+arn) {
		t.Errorf("without permission: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(c.Session.Root, "no.env")); !os.IsNotExist(err) {
		t.Errorf("a file was made: %v", err)
	}
}
