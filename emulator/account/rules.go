package account

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Rule is one rule about a resource's inputs that needs no account. Values that are absent or not known yet pass.
type Rule struct {
	// Paths are the inputs it is about. They may contain [*]; problems then name the index.
	Paths []string
	apply func(r *Rules)
}

// Rules collects the problems of one resource's inputs.
type Rules struct {
	In       Values
	Exists   bool // the resource was deployed or imported before
	Problems []Problem
}

// Refuse records a problem.
func (r *Rules) Refuse(path, format string, args ...any) {
	r.Problems = append(r.Problems, Problem{Property: path, Reason: fmt.Sprintf(format, args...)})
}

// Apply applies rules to the inputs.
func (r *Rules) Apply(rules ...Rule) {
	for _, rule := range rules {
		rule.apply(r)
	}
}

// Each calls f for the known texts at the path.
func (r *Rules) Each(path string, f func(place, text string)) {
	for _, place := range r.In.Expand(path) {
		if text, ok := r.In.String(place); ok {
			f(place, text)
		}
	}
}

// Text is a rule about texts; fault returns what is wrong with one, or "".
func Text(path string, fault func(text string) string) Rule {
	return Rule{[]string{path}, func(r *Rules) {
		r.Each(path, func(place, text string) {
			if reason := fault(text); reason != "" {
				r.Refuse(place, "%s", reason)
			}
		})
	}}
}

func number(path string, fault func(n int) string) Rule {
	return Rule{[]string{path}, func(r *Rules) {
		for _, place := range r.In.Expand(path) {
			if n, ok := r.In.Int(place); ok {
				if reason := fault(n); reason != "" {
					r.Refuse(place, "%s", reason)
				}
			}
		}
	}}
}

// Length wants texts of lo to hi characters.
func Length(path string, lo, hi int) Rule {
	return Text(path, func(text string) string {
		if n := utf8.RuneCountInString(text); n < lo || n > hi {
			return fmt.Sprintf("%q has %d characters; AWS allows %d to %d", text, n, lo, hi)
		}
		return ""
	})
}

// Matches wants texts of a form; says tells which in words.
func Matches(path string, form *regexp.Regexp, says string) Rule {
	return Text(path, func(text string) string {
		if !form.MatchString(text) {
			return fmt.Sprintf("%q is not valid: %s", text, says)
		}
		return ""
	})
}

// OneOf wants texts from a list.
func OneOf(path string, allowed ...string) Rule {
	return Text(path, func(text string) string {
		if !slices.Contains(allowed, text) {
			return fmt.Sprintf("%q is not one of %s", text, strings.Join(allowed, ", "))
		}
		return ""
	})
}

// Known wants texts that a list has; check is the list's.
func Known(path string, check func(text string) error) Rule {
	return Text(path, func(text string) string {
		if err := check(text); err != nil {
			return err.Error()
		}
		return ""
	})
}

// ARN wants names of AWS resources.
func ARN(path string) Rule {
	return Matches(path, ARNForm, "an ARN such as arn:aws:service:region:123456789012:name is needed")
}

// JSON wants a JSON text.
func JSON(path string) Rule {
	return Text(path, func(text string) string {
		if !json.Valid([]byte(text)) {
			return "is not valid JSON"
		}
		return ""
	})
}

// CIDR wants IPv4 networks in canonical form with lo to hi bits.
func CIDR(path string, lo, hi int) Rule {
	return Text(path, func(text string) string {
		network, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !network.Addr().Is4():
			return fmt.Sprintf("%q is not a valid IPv4 CIDR block, such as 10.0.0.0/16", text)
		case network != network.Masked():
			return fmt.Sprintf("%q is not a valid IPv4 CIDR block; did you mean %q?", text, network.Masked())
		case network.Bits() < lo || network.Bits() > hi:
			return fmt.Sprintf("expected %q to contain a network value with between %d and %d significant bits", text, lo, hi)
		}
		return ""
	})
}

// Hyphens is the rule that RDS and ElastiCache have for identifiers beyond their characters.
func Hyphens(path string) Rule {
	return Text(path, func(text string) string {
		if strings.Contains(text, "--") || strings.HasSuffix(text, "-") {
			return fmt.Sprintf("%q cannot contain two hyphens in a row or end with one", text)
		}
		return ""
	})
}

// Between wants whole numbers of lo to hi.
func Between(path string, lo, hi int) Rule {
	return number(path, func(n int) string {
		if n < lo || n > hi {
			return fmt.Sprintf("%d is outside %d-%d", n, lo, hi)
		}
		return ""
	})
}

// Member wants one of some whole numbers.
func Member(path string, allowed ...int) Rule {
	return number(path, func(n int) string {
		if !slices.Contains(allowed, n) {
			return fmt.Sprintf("%d is not one of %v", n, allowed)
		}
		return ""
	})
}

// ExactlyOne wants one of the inputs and only one.
func ExactlyOne(paths ...string) Rule {
	return Rule{paths, func(r *Rules) {
		set := slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !r.In.Has(path) })
		switch {
		case len(set) == 0:
			r.Refuse(paths[0], "one of %s is required", strings.Join(paths, ", "))
		case len(set) > 1:
			r.Refuse(set[0], "only one of %s can be set", strings.Join(set, ", "))
		}
	}}
}

// AtMost wants lists of n elements at most.
func AtMost(path string, n int) Rule {
	return Rule{[]string{path}, func(r *Rules) {
		if list := r.In.List(path); len(list) > n {
			r.Refuse(path, "has %d entries; AWS allows %d", len(list), n)
		}
	}}
}

// NotEmpty refuses an empty list.
func NotEmpty(path string) Rule {
	return Rule{[]string{path}, func(r *Rules) {
		if r.In.Has(path) && len(r.In.List(path)) == 0 && !r.In.IsUnknown(path) {
			r.Refuse(path, "at least one is required")
		}
	}}
}
