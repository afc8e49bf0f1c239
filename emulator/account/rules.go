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
type rules struct {
	in       Values
	problems []Problem
}

// refuse records a problem.
func (r *rules) refuse(path, format string, args ...any) {
	r.problems = append(r.problems, Problem{Property: path, Reason: fmt.Sprintf(format, args...)})
}

// length wants texts of lo to hi characters.
func (r *rules) length(path string, lo, hi int) {
	r.each(path, func(place, text string) {
		if n := utf8.RuneCountInString(text); n < lo || n > hi {
			r.refuse(place, "%q has %d characters; AWS allows %d to %d", text, n, lo, hi)
		}
	})
}

// matches wants texts of a form; says tells which in words.
func (r *rules) matches(path string, form *regexp.Regexp, says string) {
	r.each(path, func(place, text string) {
		if !form.MatchString(text) {
			r.refuse(place, "%q is not valid: %s", text, says)
		}
	})
}

// oneOf wants texts from a list.
func (r *rules) oneOf(path string, allowed ...string) {
	r.each(path, func(place, text string) {
		if !slices.Contains(allowed, text) {
			r.refuse(place, "%q is not one of %s", text, strings.Join(allowed, ", "))
		}
	})
}

// between wants whole numbers of lo to hi.
func (r *rules) between(path string, lo, hi int) {
	for _, place := range r.in.Expand(path) {
		if n, ok := r.in.Int(place); ok && (n < lo || n > hi) {
			r.refuse(place, "%d is outside %d-%d", n, lo, hi)
		}
	}
}

// conflict refuses inputs that exclude each other.
func (r *rules) conflict(path string, others ...string) {
	for _, other := range others {
		if r.in.Has(path) && r.in.Has(other) {
			r.refuse(path, "cannot be set together with %s", other)
		}
	}
}

// exactlyOne wants one of the inputs and only one.
func (r *rules) exactlyOne(paths ...string) {
	set := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !r.in.Has(path) })
	switch {
	case len(set) == 0:
		r.refuse(paths[0], "one of %s is required", strings.Join(paths, ", "))
	case len(set) > 1:
		r.refuse(set[0], "only one of %s can be set", strings.Join(set, ", "))
	}
}

// each calls f for the known texts at the path.
func (r *rules) each(path string, f func(place, text string)) {
	for _, place := range r.in.Expand(path) {
		if text, ok := r.in.String(place); ok {
			f(place, text)
		}
	}
}
