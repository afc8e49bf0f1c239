package stackfile

import (
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// accountID is the number of the emulated account.
const accountID = "123456789012"

// InMemory replaces in the copy of a stack file what an account in memory cannot have: encrypted values, and values
// that are still to be filled in. It returns what it did.
func InMemory(s *config.File) ([]string, error) {
	var notes []string
	values := map[string]any{}
	if hidden := s.HideSecrets(); len(hidden) > 0 {
		notes = append(notes, "placeholders for what needs a key: "+strings.Join(hidden, ", "))
	}
	for _, path := range []string{"account.github.repository", "account.gitlab.project"} {
		if config.Placeholder(s.Text(path)) {
			notes = append(notes, path+" is a placeholder, which AWS must never trust: an invented project replaces it")
			values[path] = "rehearsed/project"
		}
	}
	if s.Text("environment.class") == config.ClassReview && s.Text("environment.expiresAt") == "" {
		notes = append(notes, "an invented branch that expires in an hour (make review-up writes both)")
		values["environment.branch"] = "rehearsed"
		values["environment.expiresAt"] = time.Now().Add(2 * time.Hour).UTC().Truncate(time.Hour).Format(time.RFC3339) // a full hour
	}
	if at := s.Get("database.restore.pointInTime"); at != nil && at != "" {
		notes = append(notes, "a snapshot instead of database.restore.pointInTime: the account has no instance with backups")
		s.Unset("database.restore.pointInTime")
		values["database.restore.snapshot"] = "point-in-time"
	}
	if IsAccount(s) {
		notes = append(notes, "no release: an account runs nothing")
	}
	if s.Get("aws:allowedAccountIds") != nil {
		notes = append(notes, "the emulated account has the number that is allowed (aws:allowedAccountIds)")
		values["aws:allowedAccountIds"] = []string{accountID}
	}
	for path, value := range values {
		if err := s.Set(path, value); err != nil {
			return nil, err
		}
	}
	return notes, nil
}

// IsAccount tells whether a stack file declares what the environments of an account share, and no environment.
func IsAccount(s *config.File) bool { return s.Get("account") != nil }
