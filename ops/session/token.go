package session

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// jobToken prepares the OpenID Connect token of a job. GitLab gives it to the job in AWS_ID_TOKEN (id_tokens), and the AWS SDK reads the file
// that AWS_WEB_IDENTITY_TOKEN_FILE names. It returns what is missing; AWS would answer much later, with a page of text.
func jobToken(getenv func(string) string, now time.Time) (missing string) {
	file := getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	if file == "" || getenv("AWS_ACCESS_KEY_ID") != "" { // keys come first, with the SDK too
		return ""
	}
	if getenv("AWS_ROLE_ARN") == "" {
		return "AWS_ROLE_ARN is not set: the role for this environment, a variable of the CI system (docs/pipelines.md)"
	}
	if token := getenv("AWS_ID_TOKEN"); token != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "AWS_WEB_IDENTITY_TOKEN_FILE: " + err.Error()
		}
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			return "AWS_WEB_IDENTITY_TOKEN_FILE: " + err.Error()
		}
	}
	token, err := os.ReadFile(file)
	if err != nil {
		return fmt.Sprintf("AWS_WEB_IDENTITY_TOKEN_FILE: %v; in GitLab, id_tokens gives the job AWS_ID_TOKEN", err)
	}
	if end := tokenEnd(string(token)); !end.IsZero() && !now.Before(end) {
		return fmt.Sprintf("the job's OpenID Connect token expired at %s: start the job again; GitLab's lives as long as the job's timeout", end.UTC().Format("15:04:05 MST"))
	}
	return ""
}

// tokenEnd is what a token says of itself; zero where it says nothing. Whether it is genuine is for AWS to say.
func tokenEnd(token string) time.Time {
	parts := strings.Split(strings.TrimSpace(token), ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct{ Exp int64 }
	if err != nil || json.Unmarshal(text, &claims) != nil || claims.Exp == 0 {
		return time.Time{}
	}
	return time.Unix(claims.Exp, 0)
}
