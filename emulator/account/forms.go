package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// optional is an argument as it stands, or nothing.
func Optional(args Values, name string) any {
	if args.Has(name) {
		return args[name]
	}
	return nil
}

func HasUnknown(list []any) bool { return slices.ContainsFunc(list, isUnknown) }

// cidr wants texts that are IPv4 networks in canonical form with lo to hi bits.
func (r *Rules) CIDR(path string, lo, hi int) {
	r.Each(path, func(place, text string) {
		network, err := netip.ParsePrefix(text)
		switch {
		case err != nil || !network.Addr().Is4():
			r.Refuse(place, "%q is not a valid IPv4 CIDR block, such as 10.0.0.0/16", text)
		case network != network.Masked():
			r.Refuse(place, "%q is not a valid IPv4 CIDR block; did you mean %q?", text, network.Masked())
		case network.Bits() < lo || network.Bits() > hi:
			r.Refuse(place, "expected %q to contain a network value with between %d and %d significant bits", text, lo, hi)
		}
	})
}

// cidr6 wants texts that are IPv6 networks in canonical form.
func (r *Rules) CIDR6(path string) {
	r.Each(path, func(place, text string) {
		if network, err := netip.ParsePrefix(text); err != nil || !network.Addr().Is6() || network != network.Masked() {
			r.Refuse(place, "%q is not a valid IPv6 CIDR block, such as 2001:db8::/32", text)
		}
	})
}

// json wants texts that are JSON.
func (r *Rules) JSON(path string) {
	r.Each(path, func(place, text string) {
		if !json.Valid([]byte(text)) {
			r.Refuse(place, "contains an invalid JSON policy")
		}
	})
}

// words makes a set of the words of a text.
func Words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// arn wants names of AWS resources.
func (r *Rules) ARN(path string) {
	r.Matches(path, ArnForm, "an ARN such as arn:aws:service:region:123456789012:name is needed")
}

// jsonDocument wants a JSON text.
func (r *Rules) JSONDocument(path string) {
	r.Each(path, func(place, text string) {
		if !json.Valid([]byte(text)) {
			r.Refuse(place, "is not valid JSON")
		}
	})
}

// member refuses a set of whole numbers' outsiders.
func (r *Rules) Member(path string, allowed ...int) {
	for _, place := range r.In.Expand(path) {
		if n, ok := r.In.Int(place); ok && !slices.Contains(allowed, n) {
			r.Refuse(place, "%d is not one of %v", n, allowed)
		}
	}
}

// hyphens applies the rule that RDS and ElastiCache have for identifiers beyond their characters.
func (r *Rules) Hyphens(path string) {
	r.Each(path, func(place, text string) {
		if strings.Contains(text, "--") {
			r.Refuse(place, "%q cannot contain two hyphens in a row", text)
		}
		if strings.HasSuffix(text, "-") {
			r.Refuse(place, "%q cannot end with a hyphen", text)
		}
	})
}

// afterSlash is the last part of an ARN or path: the name behind arn:...:cluster/name, or the text itself.
func AfterSlash(text string) string { return text[strings.LastIndex(text, "/")+1:] }

// list turns texts into a list of the engine's.
func Texts(texts ...string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// unique returns texts in order and without doubles.
func Unique(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// setDefault sets what AWS fills in for an input that was left out.
func SetDefault(out Values, name string, value any) {
	if current, ok := out[name]; !ok || current == nil || current == "" || current == 0.0 {
		out[name] = value
	}
}

// stableHex makes digits that are the same whenever they are asked for.
func StableHex(seed string, n int) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])[:n]
}

// stableLetters is stableHex with lower case letters and digits.
func StableLetters(seed string, n int) string {
	value, _ := new(big.Int).SetString(StableHex(seed, 64), 16)
	return value.Text(36)[:n]
}

// now is the time of the operation for dates that are compared.
func (tx *Tx) Time() time.Time {
	moment, _ := time.Parse(time.RFC3339, tx.Now())
	return moment
}

// sameDomain compares domain names without regard to case and the trailing period.
func SameDomain(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// setDefaults fills outputs that are not there yet.
func SetDefaults(outputs, defaults Values) {
	for name, value := range defaults {
		if !outputs.Has(name) {
			outputs[name] = value
		}
	}
}

// withDefaults is a block with the parts AWS fills in.
func WithDefaults(block, defaults Values) map[string]any {
	filled := block.Clone()
	if filled == nil {
		filled = Values{}
	}
	SetDefaults(filled, defaults)
	return filled
}
