package session

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// instanceMetadata is where an EC2 instance gets its credentials (EC2 user guide, "Access instance metadata").
var instanceMetadata = "169.254.169.254:80"

// notReady says in one error everything that is missing for AWS.
func notReady(missing []string) error {
	return errors.New("not ready for AWS:\n  - " + strings.Join(missing, "\n  - ") + "\n(make rehearse STACK=... needs none of this)")
}

// hasCredentials tells whether the AWS SDK has anywhere to look for credentials. Whether they are good is for AWS to say.
func (s *Session) hasCredentials() bool {
	for _, variable := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	} {
		if os.Getenv(variable) != "" {
			return true
		}
	}
	if s.File.Get("aws:profile") != nil || s.File.Get("aws:accessKey") != nil || s.File.Get("aws:assumeRoleWithWebIdentity") != nil {
		return true
	}
	home, _ := os.UserHomeDir()
	for _, file := range []string{
		os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.Getenv("AWS_CONFIG_FILE"),
		filepath.Join(home, ".aws", "credentials"), filepath.Join(home, ".aws", "config"),
	} {
		if info, err := os.Stat(file); file != "" && err == nil && info.Size() > 0 {
			return true
		}
	}
	if os.Getenv("AWS_EC2_METADATA_DISABLED") == "true" {
		return false
	}
	connection, err := net.DialTimeout("tcp", instanceMetadata, 300*time.Millisecond)
	if err == nil {
		connection.Close()
	}
	return err == nil
}

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
		err := os.MkdirAll(filepath.Dir(file), 0o700)
		if err == nil {
			err = os.WriteFile(file, []byte(token), 0o600)
		}
		if err != nil {
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
