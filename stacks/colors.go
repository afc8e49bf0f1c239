package stacks

import (
	"regexp"

	"github.com/laravel-ecs/laravel-ecs/infra"
)

// Strategies of a release. Rolling replaces the tasks of one service. With blueGreen there are two services: the live colour
// serves, and a candidate gets a share of the requests until it is promoted or aborted (docs/adr/0011).
const (
	rolling   = "rolling"
	blueGreen = "blueGreen"
)

// color is one set of web tasks: which release it runs and how much of the traffic it gets.
type color struct {
	name    string
	release string // empty: the stack's
	percent int
	live    bool
}

// idle tells whether a colour runs nothing: it is not live, and there is no candidate.
func (c color) idle() bool { return c.name != "" && !c.live && c.release == "" }

// suffix tells the second colour's resources from those of the first, which have the names of a rolling environment.
func (c color) suffix() string {
	if c.name == infra.Green {
		return "-" + infra.Green
	}
	return ""
}

// colors lists the live one first.
func (c *Config) colors() []color {
	r := c.Release
	live := color{name: r.Live, percent: 100 - r.Percent, live: true}
	if r.Strategy != blueGreen {
		return []color{live}
	}
	return []color{live, {name: OtherColor(r.Live), release: r.Candidate, percent: r.Percent}}
}

// colorNames is in an order that does not change when the live colour does.
func (c *Config) colorNames() []string {
	if c.Release.Strategy == blueGreen {
		return Colors
	}
	return []string{infra.Blue}
}

// Colors are what release.live may be.
var Colors = []string{infra.Blue, infra.Green}

// OtherColor returns the colour that is not live; an empty name is the default, blue.
func OtherColor(live string) string {
	if live == infra.Green {
		return infra.Blue
	}
	return infra.Green
}

var releasePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,100}$`)

func (r Release) validate(p *problems, web int) {
	const what = "letters, digits, dots, dashes and underscores, at most 100"
	if r.Name != "" {
		p.matches("release.name", r.Name, releasePattern, what)
	}
	if !r.Build && r.Name == "" {
		p.add("release.build", "false needs release.name: which release is it?")
	}
	p.oneOf("release.strategy", r.Strategy, rolling, blueGreen)
	p.oneOf("release.live", r.Live, Colors...)
	p.between("release.percent", r.Percent, 0, 100)
	if r.Candidate != "" {
		p.matches("release.candidate", r.Candidate, releasePattern, what)
	}
	switch {
	case r.Strategy == rolling && (r.Candidate != "" || r.Percent != 0):
		p.add("release.candidate", "needs release.strategy blueGreen; a rolling release has no second set of tasks")
	case r.Strategy == rolling && r.Live != infra.Blue:
		p.add("release.live", "%s serves, and a rolling environment is blue: make the release a candidate and promote it, then change the strategy", r.Live)
	case r.Strategy == blueGreen && web == 0:
		p.add("release.strategy", "blueGreen needs web tasks, and web.count is 0")
	case r.Candidate == "" && r.Percent != 0:
		p.add("release.percent", "%d without release.candidate: which release gets them?", r.Percent)
	case r.Candidate != "" && r.Name == "":
		p.add("release.candidate", "needs release.name: which release does the live colour keep?")
	case r.Candidate != "" && r.Candidate == r.Name:
		p.add("release.candidate", "%s is live already", r.Candidate)
	}
}
