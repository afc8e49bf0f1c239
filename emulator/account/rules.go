package account

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// rules collects the problems of one resource's inputs. Values that are absent or not known yet pass every rule.
// Paths may contain [*]; problems then name the index.
type Rules struct {
	In       Values
	Problems []Problem
}

// refuse records a problem.
func (r *Rules) Refuse(path, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Property: path, Reason: fmt.Sprintf(format, args...)})
}

// length wants texts of lo to hi characters.
func (r *Rules) Length(path string, lo, hi int) {
	r.Each(path, func(place, text string) {
		if n := utf8.RuneCountInString(text); n < lo || n > hi {
			r.Refuse(place, "%q has %d characters; AWS allows %d to %d", text, n, lo, hi)
		}
	})
}

// matches wants texts of a form; says tells which in words.
func (r *Rules) Matches(path string, form *regexp.Regexp, says string) {
	r.Each(path, func(place, text string) {
		if !form.MatchString(text) {
			r.Refuse(place, "%q is not valid: %s", text, says)
		}
	})
}

// oneOf wants texts from a list.
func (r *Rules) OneOf(path string, allowed ...string) {
	r.Each(path, func(place, text string) {
		if !slices.Contains(allowed, text) {
			r.Refuse(place, "%q is not one of %s", text, strings.Join(allowed, ", "))
		}
	})
}

// between wants whole numbers of lo to hi.
func (r *Rules) Between(path string, lo, hi int) {
	for _, place := range r.In.Expand(path) {
		if n, ok := r.In.Int(place); ok && (n < lo || n > hi) {
			r.Refuse(place, "%d is outside %d-%d", n, lo, hi)
		}
	}
}

// conflict refuses inputs that exclude each other.
func (r *Rules) Conflict(path string, others ...string) {
	for _, other := range others {
		if r.In.Has(path) && r.In.Has(other) {
			r.Refuse(path, "cannot be set together with %s", other)
		}
	}
}

// exactlyOne wants one of the inputs and only one.
func (r *Rules) ExactlyOne(paths ...string) {
	set := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !r.In.Has(path) })
	switch {
	case len(set) == 0:
		r.Refuse(paths[0], "one of %s is required", strings.Join(paths, ", "))
	case len(set) > 1:
		r.Refuse(set[0], "only one of %s can be set", strings.Join(set, ", "))
	}
}

// each calls f for the known texts at the path.
func (r *Rules) Each(path string, f func(place, text string)) {
	for _, place := range r.In.Expand(path) {
		if text, ok := r.In.String(place); ok {
			f(place, text)
		}
	}
}
