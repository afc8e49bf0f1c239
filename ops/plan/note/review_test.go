package note_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestAReviewSaysWhereItAnswers: an environment that is there has a URL in its note, and no other class has.
func TestAReviewSaysWhereItAnswers(t *testing.T) {
	const stack = `{"steps": [{"op": "same", "urn": "urn:pulumi:review-login::laravel-ecs::pulumi:pulumi:Stack::laravel-ecs-review-login",
		"oldState": {"type": "pulumi:pulumi:Stack", "outputs": {"class": %q, "url": "http://login.example.com", "expiresAt": "2026-03-01T12:00:00Z"}}}],
		"changeSummary": {"same": 1}}`
	for class, want := range map[string]bool{"review": true, "staging": false} {
		written := noteOf(t, fmt.Appendf(nil, stack, class)).Markdown
		if strings.Contains(written, "Review environment: <http://login.example.com>, until 2026-03-01T12:00:00Z") != want {
			t.Errorf("%s:\n%s", class, written)
		}
	}
}
