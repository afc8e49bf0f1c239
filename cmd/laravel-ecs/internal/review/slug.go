// Package review holds what is decided about environments of branches: what they are called, and which of them go. It touches
// nothing itself.
package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// hashDigits keep apart two branches whose names become alike: one in 16 million collides, and review-up refuses that one.
const hashDigits = 6

// Slug turns the name of a branch into a part of a stack's name: lower-case letters and digits in words joined by single hyphens,
// at most longest characters. A branch that is a slug already stays as it is; every other one gets a hash of its full name, because
// feature/x, feature_x and Feature-X must not share an environment.
func Slug(branch string, longest int) (string, error) {
	if strings.TrimSpace(branch) == "" {
		return "", fmt.Errorf("BRANCH is empty: name the branch, as in BRANCH=feature/login")
	}
	words := slugged(branch)
	if words == "" {
		return "", fmt.Errorf("BRANCH=%q has no letter or digit (a-z, 0-9) to name an environment after", branch)
	}
	room := longest - len("-") - hashDigits
	if room < 1 {
		return "", fmt.Errorf("app.name leaves %d characters for the name of a branch: shorten it", longest)
	}
	if words == branch && len(words) <= longest {
		return words, nil
	}
	sum := sha256.Sum256([]byte(branch))
	cut := strings.Trim(words[:min(len(words), room)], "-")
	return cut + "-" + hex.EncodeToString(sum[:])[:hashDigits], nil
}

// slugged keeps the letters and digits of ASCII, those without their accents too, and puts a hyphen for whatever is between them.
func slugged(text string) string {
	var words strings.Builder
	gap := false
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			if gap && words.Len() > 0 {
				words.WriteByte('-')
			}
			gap = false
			words.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent of the letter before it
		default:
			gap = true
		}
	}
	return words.String()
}
