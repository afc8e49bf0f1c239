package account

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
	"time"
)

// HasUnknown tells whether an element of a list is computed later.
func HasUnknown(list []any) bool { return slices.ContainsFunc(list, isUnknown) }

// Words makes a set of the words of a text.
func Words(text string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(text) {
		set[word] = true
	}
	return set
}

// AfterSlash is the last part of an ARN or path: the name behind arn:...:cluster/name, or the text itself.
func AfterSlash(text string) string { return text[strings.LastIndex(text, "/")+1:] }

// Texts turns texts into a list of the engine's.
func Texts(texts ...string) []any {
	values := make([]any, len(texts))
	for i, text := range texts {
		values[i] = text
	}
	return values
}

// Unique returns texts in order and without doubles.
func Unique(texts []string) []string {
	sorted := slices.Clone(texts)
	slices.Sort(sorted)
	return slices.Compact(sorted)
}

// SetDefault sets what AWS fills in for an input that was left out.
func SetDefault(out Values, name string, value any) {
	if current, ok := out[name]; !ok || current == nil || current == "" || current == 0.0 {
		out[name] = value
	}
}

// StableHex makes digits that are the same whenever they are asked for.
func StableHex(seed string, n int) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:])[:n]
}

// StableLetters is stableHex with lower case letters and digits.
func StableLetters(seed string, n int) string {
	value, _ := new(big.Int).SetString(StableHex(seed, 64), 16)
	return value.Text(36)[:n]
}

// Time is the time of the operation for dates that are compared.
func (tx *Tx) Time() time.Time {
	moment, _ := time.Parse(time.RFC3339, tx.Now())
	return moment
}

// SameDomain compares domain names without regard to case and the trailing period.
func SameDomain(a, b string) bool {
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}

// SetDefaults fills outputs that are not there yet.
func SetDefaults(outputs, defaults Values) {
	for name, value := range defaults {
		if !outputs.Has(name) {
			outputs[name] = value
		}
	}
}

// WithDefaults is a block with the parts AWS fills in.
func WithDefaults(block, defaults Values) map[string]any {
	filled := block.Clone()
	if filled == nil {
		filled = Values{}
	}
	SetDefaults(filled, defaults)
	return filled
}

// ParseJSON reads a text that holds an object of JSON.
func ParseJSON(text string) (Values, bool) {
	var values map[string]any
	err := json.Unmarshal([]byte(text), &values)
	return values, err == nil
}

// OlderVersion compares versions number by number; x is newer than any number.
func OlderVersion(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		if as[i] != bs[i] {
			return len(as[i]) < len(bs[i]) || len(as[i]) == len(bs[i]) && as[i] < bs[i]
		}
	}
	return false
}
