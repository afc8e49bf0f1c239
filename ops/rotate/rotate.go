// Package rotate gives a secret of a stack a new value, end to end: it changes the generation in the stack file, deploys, and checks that
// everything is steady. The tasks that run keep working meanwhile (docs/rotation.md).
package rotate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/ops/status"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Options say which secret, and whether to ask.
type Options struct {
	Name string
	Yes  bool // does not ask
	// In is where the answer comes from, and Terminal tells whether somebody is there to give one.
	In       io.Reader
	Terminal bool
}

// rotation is what there is to do for one secret.
type rotation struct {
	name  string
	about []string        // what will happen, line by line
	steps []deploy.Values // of the stack file, one deployment each
	ends  string          // what is true then
	given bool            // the value is a person's, in secrets
}

// Secret rotates one secret.
func Secret(ctx context.Context, s *session.Session, o Options) error {
	if !o.Yes && !o.Terminal {
		return errors.New("rotate-secret asks before it changes anything, and there is no terminal to ask on: --yes (YES=1) answers")
	}
	if o.Name == "" {
		return fmt.Errorf("--name is missing (NAME=): %s", strings.Join(names(s.File), ", "))
	}
	r, err := plan(s, o.Name)
	if err != nil {
		return err
	}
	if err := deploy.Writable(s); err != nil {
		return err
	}
	outputs, err := s.Outputs(ctx)
	if err != nil {
		return err
	}
	fixed, note := sameRelease(s.File, outputs.Release)
	fmt.Fprintf(s.Err, "Rotating %s of %s\n  release     %s%s\n", r.name, s.Stack, outputs.Release, note)
	for i, line := range r.about {
		fmt.Fprintf(s.Err, "  %-10s  %s\n", map[bool]string{true: "steps"}[i == 0], line)
	}
	if !o.Yes {
		if err := deploy.Preview(ctx, s, joined(r.steps[0], fixed)); err != nil {
			return err
		}
		if err := deploy.Ask(ctx, o.In, s.Err, fmt.Sprintf("Rotate %s of %s?", r.name, s.Stack)); err != nil {
			return err
		}
	}
	before, err := reference(ctx, s, r.name)
	if err != nil {
		return err
	}
	for i, step := range r.steps {
		if err := deploy.Apply(ctx, s, deploy.Options{Yes: true, Previewed: !o.Yes && i == 0, ForRun: fixed}, step); err != nil {
			return err
		}
		after, err := reference(ctx, s, r.name)
		if err != nil {
			return err
		}
		if !r.given || before != after {
			continue
		}
		return fmt.Errorf("secrets.%[1]s has the value that is deployed already. Set the new one, and run this again:\n    %[2]s", r.name, setCommand(s.Stack, r.name))
	}
	if err := status.Show(ctx, s, status.Options{}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s of %s is rotated, and everything is steady. %s\n", r.name, s.Stack, r.ends)
	if len(r.steps[0]) > 0 {
		fmt.Fprintf(s.Err, "Commit %s now: a deployment without the new generation goes back to the old secret.\n", s.File.Name())
	}
	return nil
}

// plan finds out what the rotation of a secret is.
func plan(s *session.Session, name string) (rotation, error) {
	r := rotation{name: name}
	settings := s.File
	if settings.Get("secrets."+name) != nil {
		if name == config.DBPassword {
			return r, fmt.Errorf("%s: secrets.%s cannot be given any more: rename it to secrets.%s, which keeps the database's master password, deploy, and run this again", settings.Name(), name, config.MasterPassword)
		}
		r.given = true
		r.steps = []deploy.Values{{}}
		r.about = []string{"the value is yours: set it first with", "    " + setCommand(s.Stack, name), "this deploys it; ECS replaces the tasks"}
		r.ends = "No task has the old value any more."
		if name == config.CachePassword && ownCachePassword(settings) {
			r.steps, r.about, r.ends = cacheSteps(settings, nil), append(r.about, cacheAbout(settings)...), cacheEnds(settings)
		}
		if name == config.AppKey {
			r.about = append(r.about, "what the old key has encrypted is lost unless secrets."+config.PreviousKeys+" lists it")
		}
		return r, nil
	}
	if host := settings.Text("environment.guestOf"); host != "" && (name == config.DBPassword || name == config.MasterPassword) {
		return r, fmt.Errorf("with environment.guestOf %s makes the users of the database: raise generation below environment.guests there, deploy it, and then this one", host)
	}
	next := generation(settings, name) + 1
	switch name {
	case config.DBPassword:
		base := text(settings, "database.username", "laravel")
		switch {
		case settings.Text("environment.shares") != "":
			base = config.Schema(s.Stack)
		case settings.Text("database.endpoint") != "", settings.Text("database.import") != "":
			base = config.ServerUser(text(settings, "app.name", "laravel"), s.Stack)
		}
		now, then := config.DatabaseUser(base, next-1), config.DatabaseUser(base, next)
		r.steps = []deploy.Values{{"rotation." + name: next}}
		r.about = []string{
			fmt.Sprintf("generation %d: the user %s gets a new password in Secrets Manager", next, then),
			fmt.Sprintf("new tasks make or change %s before they serve, and log in as it", then),
			fmt.Sprintf("old tasks keep %s, which nothing touches; so does a rollback by ECS", now),
		}
		r.ends = fmt.Sprintf("The tasks log in as %s. %s still works with its old password: if that has leaked, rotate once more.", then, now)
	case config.MasterPassword:
		if settings.Text("environment.shares") != "" {
			return r, fmt.Errorf("with environment.shares the master password is that of %s: rotate it there", settings.Text("environment.shares"))
		}
		if host := settings.Text("database.endpoint"); host != "" {
			return r, fmt.Errorf("the master user of database.endpoint, %s, is not the program's: change its password there and in the secret of database.passwordSecretArn, and deploy another release.name", host)
		}
		r.steps = []deploy.Values{{"rotation." + name: next}}
		r.about = []string{"RDS changes the password at once; no task that runs uses it", "the container that prepares the database gets the new one"}
		r.ends = "Review environments that share this database need make review-up."
	case config.AppKey:
		if err := keepsOldKeys(s.Root, settings); err != nil {
			return r, err
		}
		previous := "rotation." + config.PreviousKeys
		r.steps = []deploy.Values{{previous: next}, {"rotation." + name: next, previous: nil}}
		r.about = []string{
			"first deployment: all tasks learn the new key, and encrypt with the old one",
			"second deployment: they encrypt with the new key, and still read what the old ones wrote",
		}
		r.ends = "Older keys stay in " + config.PreviousKeys + ": sessions, cookies and encrypted columns stay readable."
	case config.CachePassword:
		if !ownCachePassword(settings) {
			return r, fmt.Errorf("%s has no cache with a password of its own (cache.engine, cache.encryptTransit, cache.auth, environment.shares)", settings.Name())
		}
		r.steps, r.about, r.ends = cacheSteps(settings, deploy.Values{"rotation." + name: next}), cacheAbout(settings), cacheEnds(settings)
	default:
		return r, fmt.Errorf("%s has no secrets.%s, and the program generates %s only: %s", settings.Name(), name, strings.Join(config.Rotated, ", "), setCommand(s.Stack, name))
	}
	return r, nil
}

// generation is that of the stack file.
func generation(settings *config.File, name string) int {
	if n, ok := settings.Get("rotation." + name).(int); ok {
		return n
	}
	return config.FirstGeneration(name)
}

func text(settings *config.File, key, otherwise string) string {
	if value := settings.Text(key); value != "" {
		return value
	}
	return otherwise
}

func setCommand(stack, name string) string {
	return fmt.Sprintf("pulumi config set --secret --path laravel-ecs:secrets.%s --stack %s", name, stack)
}

// sameRelease are the values that keep the release which runs: a rotation must not deploy what else has changed in the working tree. They
// are for the run only and do not get into the stack file.
func sameRelease(settings *config.File, running string) (fixed deploy.Values, note string) {
	if settings.Text("release.name") != "" {
		return nil, ""
	}
	if tree, err := settings.TreeRelease(); err == nil && tree == running {
		return nil, ""
	}
	return deploy.Values{"release.name": running, "release.build": false}, ", and not that of the working tree"
}

func joined(values ...deploy.Values) deploy.Values {
	all := deploy.Values{}
	for _, some := range values {
		for key, value := range some {
			all[key] = value
		}
	}
	return all
}

// reference is what the containers get the secret from; it changes with the value. It is empty for a secret that they do not get.
func reference(ctx context.Context, s *session.Session, name string) (string, error) {
	values, err := s.AllOutputs(ctx, false)
	if err != nil {
		return "", err
	}
	references, _ := values["secretArns"].(map[string]any)
	arn, _ := references[name].(string)
	return arn, nil
}

// names are the secrets that a stack can rotate.
func names(settings *config.File) []string {
	given, _ := settings.Get("secrets").(map[string]any)
	names := slices.Clone(config.Rotated)
	for name := range given {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
