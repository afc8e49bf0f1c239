package review

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func TestSlug(t *testing.T) {
	for _, test := range []struct{ branch, want string }{ // want is a pattern where a hash ends it
		{"login", "login"},
		{"fix-2", "fix-2"},
		{"feature/login", "feature-login-HASH"},
		{"feature_login", "feature-login-HASH"},
		{"Login", "login-HASH"},
		{"feature/É", "feature-e-HASH"},
		{"größe/ñandú", "gro-e-nandu-HASH"},
		{"../../x", "x-HASH"},
		{"-x-", "x-HASH"},
		{"a--b", "a-b-HASH"},
		{"🚀-launch", "launch-HASH"},
		{"x; rm -rf /", "x-rm-rf-HASH"},
		{"release/2026.1", "release-2026-1-HASH"},
		{strings.Repeat("a", 24), strings.Repeat("a", 24)},
		{strings.Repeat("a", 25), strings.Repeat("a", 17) + "-HASH"},
		{strings.Repeat("long/", 40), "long-long-long-lo-HASH"},
		{"sixteen-and-some-more", "sixteen-and-some-more"},
		{"cut-at-the-hyphen-of-a-word", "cut-at-the-hyphen-HASH"},
		{"cut-after-the-one-s-place-x", "cut-after-the-one-HASH"}, // no hyphen before the hash's own
	} {
		got, err := Slug(test.branch, 24)
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(test.want), "HASH", "[0-9a-f]{6}") + "$"
		if err != nil || !regexp.MustCompile(pattern).MatchString(got) || len(got) > 24 {
			t.Errorf("%q: %q (%d), %v; want %s", test.branch, got, len(got), err, test.want)
		}
		if again, _ := Slug(test.branch, 24); again != got {
			t.Errorf("%q: %q, then %q", test.branch, got, again)
		}
	}
}

func TestSlugsOfBadBranches(t *testing.T) {
	for branch, want := range map[string]string{
		"":      "BRANCH is empty",
		"  \t":  "BRANCH is empty",
		"🚀":     "has no letter or digit",
		"../..": "has no letter or digit",
		"日本":    "has no letter or digit",
	} {
		if got, err := Slug(branch, 24); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %s", branch, got, err, want)
		}
	}
	if _, err := Slug("login", 7); err == nil || !strings.Contains(err.Error(), "app.name leaves 7 characters") {
		t.Errorf("no room: %v", err)
	}
}

// TestBranchesKeepApart: what people really have side by side, and what is made to look alike.
func TestBranchesKeepApart(t *testing.T) {
	seen := map[string]string{}
	branches := []string{"feature/login", "feature-login", "feature_login", "Feature/Login", "feature//login", "feature/login/", "feature/lögin", "feature/login🚀"}
	for i := range 2000 {
		branches = append(branches, fmt.Sprintf("feature/a-long-name-that-is-cut-%d", i))
	}
	for _, branch := range branches {
		slug, err := Slug(branch, 24)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[slug]; taken {
			t.Errorf("%q and %q are both %s", other, branch, slug)
		}
		seen[slug] = branch
	}
}
