package release

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/ops/deploy"
	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// DeployOptions say which release of which stack.
type DeployOptions struct {
	From string // the stack whose release is taken over
	To   string // another release of its registry; empty: the one that it runs
	Yes  bool   // answers Pulumi's question
}

// Deploy gives a stack the release that another one runs: the same image, copied by digest, and nothing built. The stack file stays as
// it is.
func Deploy(ctx context.Context, s *session.Session, o DeployOptions) error {
	if o.From == s.Stack {
		return fmt.Errorf("--from %s (FROM=) is the same stack: name the one whose release is taken over", o.From)
	}
	if o.From == "" {
		return errors.New("deploy needs --from STACK (FROM=): the environment whose release is taken over. make up builds and deploys the working tree")
	}
	source, err := session.Open(s.Root, o.From, s.Out, s.Err)
	if err != nil {
		return err
	}
	if err := deployable(s, source); err != nil {
		return err
	}
	if differ := config.ImageDifferences(s.File, source.File); len(differ) > 0 {
		text := strings.Join(differ, "\n")
		if o.To == "" {
			return fmt.Errorf("the image of %s is not made as %s says: make the two files equal, or name the release with --to (TO=)\n%s", o.From, s.File.Name(), text)
		}
		fmt.Fprintf(s.Err, "%s gets the image as it is, with the settings of %s:\n%s\n", s.Stack, o.From, text)
	}
	chosen, err := offered(ctx, source, o.To)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "release %s of %s, %s\n", chosen.Release, o.From, chosen.Digest)
	if err := transferImage(ctx, source, s, chosen); err != nil {
		return err
	}
	if err := deploy.Up(ctx, s, deploy.Options{Values: values{"release.name": chosen.Release, "release.build": false}, Yes: o.Yes}); err != nil {
		return err
	}
	after, err := session.Open(s.Root, s.Stack, s.Out, s.Err) // a session reads the outputs once
	if err != nil {
		return err
	}
	runs, err := after.Outputs(ctx)
	if err != nil {
		return err
	}
	if runs.ImageDigest != chosen.Digest {
		return fmt.Errorf("digest mismatch: another image was pushed meanwhile: %s runs %s, and %s was copied", s.Stack, runs.ImageDigest, chosen.Digest)
	}
	fmt.Fprintf(s.Out, "%s runs release %s, the image of %s: %s\n", s.Stack, chosen.Release, o.From, chosen.Digest)
	return nil
}

// deployable refuses a stack file that says itself what runs, or whose instances could not run the other stack's image.
func deployable(s, source *session.Session) error {
	if pinned := s.File.Text("release.name"); pinned != "" {
		return fmt.Errorf("%s pins release %s, after a rollback as a rule: make unpin STACK=%s first", s.File.Name(), pinned, s.Stack)
	}
	if s.File.Text("release.strategy") == config.BlueGreen {
		return fmt.Errorf("%s: release.strategy is blueGreen, where make canary and make promote move the requests: make deploy is for rolling", s.File.Name())
	}
	var platforms [2]string
	for i, each := range []*session.Session{s, source} {
		var err error
		if platforms[i], err = each.File.Platform(); err != nil {
			return fmt.Errorf("%s: %w", each.File.Name(), err)
		}
	}
	// The image has the certificates of RDS in one region (config.BuildArgs).
	to, from := s.File.Text("aws:region"), source.File.Text("aws:region")
	if tls, set := s.File.Get("database.requireTls").(bool); (tls || !set) && to != from && to != "" && from != "" {
		return fmt.Errorf("aws:region: %s has %s, %s has %s: the image of %s cannot verify the database's certificate in %[2]s; build the release there (make up STACK=%[6]s)",
			s.File.Name(), to, source.File.Name(), from, source.Stack, s.Stack)
	}
	if platforms[0] != platforms[1] {
		return fmt.Errorf("cluster: %s has %s, %s has %s: one image cannot run on both", s.File.Name(), platforms[0], source.File.Name(), platforms[1])
	}
	return nil
}

// offered is the release to take over: the one that was named, or the one that runs, which must be that of this checkout. An old pipeline
// that is started again would otherwise bring a new image and old settings together.
func offered(ctx context.Context, source *session.Session, name string) (Image, error) {
	outputs, err := source.Outputs(ctx)
	if err != nil {
		return Image{}, fmt.Errorf("looking for what %s runs: %w", source.Stack, err)
	}
	if name == "" {
		ofTree, err := source.File.TreeRelease()
		if err != nil {
			return Image{}, err
		}
		if name = outputs.Release; name != ofTree {
			return Image{}, fmt.Errorf("%s runs release %s, and this checkout is %s: deploy it to %[1]s first, or name it with --to %[2]s (TO=)", source.Stack, name, ofTree)
		}
	}
	list, err := images(ctx, source, outputs.RepositoryURL)
	if err != nil {
		return Image{}, err
	}
	return list.find(name)
}
