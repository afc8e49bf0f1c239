package session

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestJobToken(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	token := func(end time.Time) string {
		return "header." + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, `{"exp": %d}`, end.Unix())) + ".signature"
	}
	const role = "arn:aws:iam::123456789012:role/deploy"
	for name, test := range map[string]struct {
		variables map[string]string // beside the file's name
		says      string
	}{
		"fresh":          {map[string]string{"AWS_ROLE_ARN": role, "AWS_ID_TOKEN": token(now.Add(time.Second))}, ""},
		"expired":        {map[string]string{"AWS_ROLE_ARN": role, "AWS_ID_TOKEN": token(now)}, "expired at 03:00:00 UTC: start the job again"},
		"no role":        {map[string]string{"AWS_ID_TOKEN": token(now.Add(time.Hour))}, "AWS_ROLE_ARN is not set"},
		"no token":       {map[string]string{"AWS_ROLE_ARN": role}, "id_tokens gives the job AWS_ID_TOKEN"},
		"not ours":       {map[string]string{"AWS_ROLE_ARN": role, "AWS_ID_TOKEN": "opaque"}, ""},
		"keys as well":   {map[string]string{"AWS_ACCESS_KEY_ID": "AKIA"}, ""},
		"no OIDC at all": {map[string]string{"AWS_WEB_IDENTITY_TOKEN_FILE": ""}, ""},
	} {
		file := filepath.Join(t.TempDir(), "folder", "token")
		getenv := func(variable string) string {
			if value, set := test.variables[variable]; set || variable != "AWS_WEB_IDENTITY_TOKEN_FILE" {
				return value
			}
			return file
		}
		if got := jobToken(getenv, now); test.says == "" && got != "" || !strings.Contains(got, test.says) {
			t.Errorf("%s: %q", name, got)
		}
		if sent := test.variables["AWS_ID_TOKEN"]; sent != "" && test.variables["AWS_ROLE_ARN"] != "" {
			info, err := os.Stat(file)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: the file is %v, %v", name, info, err)
			}
		}
	}
}
