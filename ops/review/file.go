package review

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// template reads the stack file that those of branches are made of.
func template(root string) (*config.File, error) {
	settings, err := config.ReadFile(root, config.ReviewStack)
	if err != nil {
		return nil, fmt.Errorf("review environments are made of the template Pulumi.%s.yaml: %w", config.ReviewStack, err)
	}
	if class := settings.Text("environment.class"); class != config.ClassReview {
		return nil, fmt.Errorf("%s: environment.class is %q; the template of review environments needs %s", settings.Name(), class, config.ClassReview)
	}
	return settings, nil
}

// writeFile writes the stack file of a branch. In one that exists, only the expiry changes. A ttl of 0 is the one in the file.
func writeFile(root, name, branch string, ttl time.Duration) (*config.File, error) {
	var settings *config.File
	var err error
	if _, missing := os.Stat(file(root, name)); missing == nil {
		settings, err = config.ReadFile(root, name)
	} else {
		settings, err = newFile(root, name)
	}
	if err != nil {
		return nil, err
	}
	if err := sameBranch(name, settings.Text("environment.branch"), branch); err != nil {
		return nil, fmt.Errorf("%s: %w", settings.Name(), err)
	}
	if ttl == 0 {
		hours, given := settings.Get("environment.ttlHours").(int)
		if !given {
			hours = config.DefaultTTLHours
		}
		ttl = time.Duration(hours) * time.Hour
	}
	for path, value := range map[string]any{"environment.branch": branch, "environment.expiresAt": expiry(time.Now(), ttl)} {
		if err := settings.Set(path, value); err != nil {
			return nil, err
		}
	}
	return settings, settings.Save(root)
}

func newFile(root, name string) (*config.File, error) {
	settings, err := template(root)
	if err != nil {
		return nil, err
	}
	slug := strings.TrimPrefix(name, config.ReviewPrefix)
	settings.Rename(name, "Made of Pulumi."+config.ReviewStack+".yaml by make review-up; not for Git.")
	settings.SetSecretsProvider(strings.ReplaceAll(settings.SecretsProvider(), "NAME", slug))
	if host := settings.Text("domain.name"); host != "" {
		return settings, settings.Set("domain.name", slug+"."+host)
	}
	return settings, nil
}

// expiry is a full hour: all resources of the stack have it as a tag, and a second push within the hour does not change the tags again.
func expiry(now time.Time, ttl time.Duration) string {
	return now.Add(ttl).Add(time.Hour - 1).UTC().Truncate(time.Hour).Format(time.RFC3339)
}

// TTL reads a time to live, such as 48h. An empty text is 0: the stack file decides.
func TTL(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	ttl, err := time.ParseDuration(text)
	if err != nil || ttl < time.Hour || ttl > 30*24*time.Hour {
		return 0, fmt.Errorf("TTL=%q: a time from 1h to 720h is expected, such as 48h", text)
	}
	return ttl, nil
}
