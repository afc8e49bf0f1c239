package session

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
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
	if slices.ContainsFunc([]string{"aws:profile", "aws:accessKey", "aws:assumeRoleWithWebIdentity"}, func(key string) bool { return s.File.Get(key) != nil }) {
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
	conn, err := net.DialTimeout("tcp", instanceMetadata, 300*time.Millisecond)
	if err != nil {
		return false
	}
	conn.Close()
	return true
}
