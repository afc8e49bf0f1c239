// Package review makes, lists and removes environments of branches: stacks made of the template Pulumi.review.yaml, which expire.
package review

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// hashDigits distinguish two branches whose names become alike. One in 16 million collides, and review-up refuses that one.
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

var (
	accents = regexp.MustCompile(`\p{Mn}+`)
	between = regexp.MustCompile(`[^a-z0-9]+`)
)

// slugged keeps the ASCII letters and digits, takes accents off letters, and puts a hyphen in place of everything else.
func slugged(text string) string {
	plain := accents.ReplaceAllString(norm.NFKD.String(strings.ToLower(text)), "")
	return strings.Trim(between.ReplaceAllString(plain, "-"), "-")
}
