package cli

import (
	"io"

	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Globals are the flags of every command and the streams it uses. A command gets them as an argument of Run:
//
//	func (c *Status) Run(ctx context.Context, g *Globals) error
type Globals struct {
	Stack string `help:"The stack: staging stands for Pulumi.staging.yaml. Without the flag it is local." default:"local" env:"STACK" placeholder:"STACK" predictor:"stack"`
	Root  string `help:"Folder of the repository, where Pulumi.yaml is." default:"." placeholder:"FOLDER"`

	Out io.Writer `kong:"-"` // what was asked for
	Err io.Writer `kong:"-"` // progress and complaints
	In  io.Reader `kong:"-"` // answers to questions
}

// Session opens the stack. It reads the stack file and contacts nothing.
func (g *Globals) Session() (*session.Session, error) {
	return session.Open(g.Root, g.Stack, g.Out, g.Err)
}

// predictors complete the values of flags.
func predictors() kongcompletion.Option {
	return kongcompletion.WithPredictor("stack", complete.PredictFunc(func(complete.Args) []string { return config.Stacks(".") }))
}
