package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/forge"
)

// summary is the line of PHPUnit or Pest that counts (tests/end-to-end/generic/outcome-and-issues-individual-options.phpt of PHPUnit,
// tests/Visual/Parallel.php of Pest). No other output gets into the note: it may hold secrets, which CI masks in its log only.
var summary = regexp.MustCompile(`(?m)^ *(OK \(\d+ tests?, \d+ assertions?\)|Tests: \d+(?:, (?:[A-Z][A-Za-z]+ ?)+: \d+)+\.|` +
	`Tests: +\d+ [a-z]+(?:, \d+ [a-z]+)*(?: \(\d+ assertions\))?) *$`)

var color = regexp.MustCompile("\x1b\\[[0-9;]*m")

// report writes the result of the tests into the note on the merge request of this job, where there is one. It stops nothing.
func report(ctx context.Context, app string, failed error, output string, out io.Writer) {
	request, err := forge.Detect(os.Getenv)
	if err == nil && request == nil {
		return
	}
	if request != nil {
		result := "passed"
		if failed != nil {
			result = "failed"
		}
		text := fmt.Sprintf("### Tests of %s: %s\n", app, result)
		if lines := summary.FindAllStringSubmatch(color.ReplaceAllString(output, ""), -1); len(lines) > 0 {
			text += "\n" + strings.Join(strings.Fields(lines[len(lines)-1][1]), " ")
		}
		if request.Job != "" {
			text += fmt.Sprintf("\n[log](%s)", request.Job)
		}
		_, err = request.Keep(ctx, func(parts map[string]string) { parts["tests"] = text })
	}
	if err != nil && !errors.Is(err, forge.ErrNoToken) {
		fmt.Fprintln(out, "the note on the merge request does not have the result:", err)
	}
}
