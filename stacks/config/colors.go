package config

import (
	"regexp"
)

// Strategies of a release. Rolling replaces the tasks of one service. BlueGreen has two web services: the live colour, and a candidate
// that gets a share of the requests until it is promoted or aborted (docs/adr/0011).
const (
	Rolling   = "rolling"
	BlueGreen = "blueGreen"
)

// The colours of a blue/green environment. A rolling one is blue.
const (
	Blue  = "blue"
	Green = "green"
)

// Color is one set of web tasks: the release that it runs, and its share of the requests.
type Color struct {
	Name    string
	Release string // empty: the stack's
	Percent int
	Live    bool
}

// Idle tells whether a colour has no tasks: it is not live, and there is no candidate.
func (c Color) Idle() bool { return c.Name != "" && !c.Live && c.Release == "" }

// Suffix is part of the names of green's resources. Blue's have the names of a rolling environment.
func (c Color) Suffix() string {
	if c.Name == Green {
		return "-" + Green
	}
	return ""
}

// Colors lists the live colour first.
func (c *Config) Colors() []Color {
	r := c.Release
	live := Color{Name: r.Live, Percent: 100 - r.Percent, Live: true}
	if r.Strategy != BlueGreen {
		return []Color{live}
	}
	return []Color{live, {Name: OtherColor(r.Live), Release: r.Candidate, Percent: r.Percent}}
}

// ColorNames lists the colours that the strategy has, in an order that does not change when the live colour does.
func (c *Config) ColorNames() []string {
	if c.Release.Strategy == BlueGreen {
		return Colors
	}
	return []string{Blue}
}

// Colors are what release.live may be.
var Colors = []string{Blue, Green}

// OtherColor returns the colour that is not live; an empty name is the default, blue.
func OtherColor(live string) string {
	if live == Green {
		return Blue
	}
	return Green
}

// releasePattern has room for release- in a tag of ECR, which has at most 128 characters, and for what TreeRelease makes at most.
var releasePattern = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,115}$`)

func (r Release) validate(p *problems, web int) {
	const what = "letters, digits, dots, dashes and underscores, at most 115"
	if r.Name != "" {
		p.matches("release.name", r.Name, releasePattern, what)
	}
	if !r.Build && r.Name == "" {
		p.add("release.build", "false needs release.name: the release to deploy")
	}
	p.oneOf("release.strategy", r.Strategy, Rolling, BlueGreen)
	p.oneOf("release.live", r.Live, Colors...)
	p.between("release.percent", r.Percent, 0, 100)
	if r.Candidate != "" {
		p.matches("release.candidate", r.Candidate, releasePattern, what)
	}
	switch {
	case r.Strategy == Rolling && (r.Candidate != "" || r.Percent != 0):
		p.add("release.candidate", "needs release.strategy blueGreen; rolling has one set of tasks")
	case r.Strategy == Rolling && r.Live != Blue:
		p.add("release.live", "%s is live, and a rolling environment is blue: make the release a candidate and promote it, then change the strategy", r.Live)
	case r.Strategy == BlueGreen && web == 0:
		p.add("release.strategy", "blueGreen needs web tasks, and web.count is 0")
	case r.Candidate == "" && r.Percent != 0:
		p.add("release.percent", "%d without release.candidate", r.Percent)
	case r.Candidate != "" && r.Name == "":
		p.add("release.candidate", "needs release.name: the release of the live colour")
	case r.Candidate != "" && r.Candidate == r.Name:
		p.add("release.candidate", "%s is live already", r.Candidate)
	}
}
