package release

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// migrationsBetween lists the migrations that one release has and an earlier one has not.
func migrationsBetween(ctx context.Context, settings *config.File, earlier, later string) ([]string, error) {
	app, _ := config.ImageSources(settings.Text("image.app"), "")
	repository, folder := ".", app+"/database/migrations"
	if _, own := config.ReleaseCommit(earlier); own {
		repository, folder = app, "database/migrations"
	}
	var commits []string
	for _, name := range []string{earlier, later} {
		commit, _ := config.ReleaseCommit(name)
		if err := exec.CommandContext(ctx, "git", "-C", repository, "rev-parse", "--quiet", "--verify", "--end-of-options", commit+"^{commit}").Run(); err != nil {
			return nil, errors.New("release " + name + " is no commit that this clone has")
		}
		commits = append(commits, commit)
	}
	out, err := exec.CommandContext(ctx, "git", "-C", repository, "diff", "--name-only", "--end-of-options", commits[0], commits[1], "--", folder).Output()
	if err != nil {
		return nil, fmt.Errorf("comparing %s and %s: %w", commits[0], commits[1], err)
	}
	return strings.Fields(string(out)), nil
}

// migrationNote says what a rollback over migrations means: it does not migrate back.
func migrationNote(ctx context.Context, settings *config.File, to, from string) string {
	files, err := migrationsBetween(ctx, settings, to, from)
	switch {
	case err != nil:
		return fmt.Sprintf("unknown: %v", err)
	case len(files) == 0:
		return "none"
	}
	return fmt.Sprintf("%d ran since and stay, so the old code must work with the newer tables:\n    %s", len(files), strings.Join(files, "\n    "))
}
