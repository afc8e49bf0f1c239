// Package review makes, lists and removes environments of branches: stacks made of the template Pulumi.review.yaml, which expire.
package review

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// Stack is one stack of the backend, as its state describes it.
type Stack struct {
	Name      string
	Class     string // empty: unknown
	Branch    string
	URL       string
	ExpiresAt string
	Resources int
	Schema    string // its database on the server of the environment that it shares; empty where it has a server of its own
	Shares    string // that environment
	Own       bool   // it has a load balancer of its own, and with it a network, a database and a cluster
}

// ParseState reads a stack's state. What the outputs lack is taken from the tags that its provider puts on all resources: a first
// deployment that failed has no outputs, and may have resources.
func ParseState(name string, text []byte) (Stack, error) {
	s := Stack{Name: name}
	var parsed struct { // what `pulumi stack export` prints
		Deployment struct {
			Resources []struct {
				Type   string
				Inputs struct {
					DefaultTags json.RawMessage
					Name        any
				}
				Outputs json.RawMessage
			}
		}
	}
	if err := json.Unmarshal(text, &parsed); err != nil {
		return s, fmt.Errorf("reading the state of %s: %w", name, err)
	}
	var tagged Stack
	sharing, from := false, ""
	for _, r := range parsed.Deployment.Resources {
		switch r.Type {
		case "pulumi:pulumi:Stack":
			var outputs struct {
				Class, Branch, URL, ExpiresAt, Schema, Shares any // a secret is an object
			}
			if len(r.Outputs) > 0 {
				if err := json.Unmarshal(r.Outputs, &outputs); err != nil {
					return s, fmt.Errorf("reading the outputs of %s: %w", name, err)
				}
			}
			s.Class, s.Branch, s.URL, s.ExpiresAt = plain(outputs.Class), plain(outputs.Branch), plain(outputs.URL), plain(outputs.ExpiresAt)
			s.Schema, s.Shares = plain(outputs.Schema), plain(outputs.Shares)
			continue
		case "pulumi:providers:aws":
			tags := defaultTags(r.Inputs.DefaultTags)
			tagged.Class, tagged.ExpiresAt = tags[config.ClassTag], tags[config.ExpiresAtTag]
		case "aws:lb/loadBalancer:LoadBalancer":
			s.Own = true
		case "laravel:infra:LentBalancer": // only environments that share another one have it (infra/sharedbalancer.go)
			sharing = true
		case "pulumi:pulumi:StackReference": // organization/project/stack
			name := plain(r.Inputs.Name)
			from = name[strings.LastIndex(name, "/")+1:]
		}
		s.Resources++
	}
	if s.Class != "" && tagged.Class != "" && s.Class != tagged.Class {
		return s, fmt.Errorf("%s has the class %s, and its resources %s", name, s.Class, tagged.Class)
	}
	if sharing && s.Schema == "" { // the containers of a first deployment that failed may have made the database
		s.Schema, s.Shares = config.Schema(name), cmp.Or(s.Shares, from)
	}
	s.Class, s.ExpiresAt = cmp.Or(s.Class, tagged.Class), cmp.Or(tagged.ExpiresAt, s.ExpiresAt)
	return s, nil
}

// defaultTags reads them as the engine records a provider's settings: as a text that holds JSON.
func defaultTags(raw json.RawMessage) map[string]string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		raw = json.RawMessage(text)
	}
	var given struct{ Tags map[string]string }
	_ = json.Unmarshal(raw, &given) // tags that are unknown or secret cannot be read
	return given.Tags
}

// plain is a text that is neither secret nor missing.
func plain(value any) string {
	text, _ := value.(string)
	return text
}

// hashDigits distinguish two branches whose names become alike. One in 16 million collides, and review-up refuses that one.
const hashDigits = 6

// Slug turns the name of a branch into a part of a stack's name: lower-case letters and digits in words joined by single hyphens,
// at most longest characters. A branch that is a slug already stays as it is; every other one gets a hash of its full name, because
// feature/x, feature_x and Feature-X must not share an environment.
func Slug(branch string, longest int) (string, error) {
	if strings.TrimSpace(branch) == "" {
		return "", fmt.Errorf("BRANCH is empty: name the branch, as in BRANCH=feature/login")
	}
	words := slugged(branch)
	if words == "" {
		return "", fmt.Errorf("BRANCH=%q has no letter or digit (a-z, 0-9) to name an environment after", branch)
	}
	room := longest - len("-") - hashDigits
	if room < 1 {
		return "", fmt.Errorf("app.name leaves %d characters for the name of a branch: shorten it", longest)
	}
	if words == branch && len(words) <= longest {
		return words, nil
	}
	sum := sha256.Sum256([]byte(branch))
	cut := strings.Trim(words[:min(len(words), room)], "-")
	return cut + "-" + hex.EncodeToString(sum[:])[:hashDigits], nil
}

var (
	accents = regexp.MustCompile(`\p{Mn}+`)
	between = regexp.MustCompile(`[^a-z0-9]+`)
)

// slugged keeps the ASCII letters and digits, takes accents off letters, and puts a hyphen in place of everything else.
func slugged(text string) string {
	plain := accents.ReplaceAllString(norm.NFKD.String(strings.ToLower(text)), "")
	return strings.Trim(between.ReplaceAllString(plain, "-"), "-")
}
