package review

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

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
	Left      string // what a destroy leaves behind
}

// Expiry is when the stack expires; false where its state has no time, or one that cannot be read.
func (s Stack) Expiry() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, s.ExpiresAt)
	return at, err == nil
}

// state is what `pulumi stack export` prints.
type state struct {
	Deployment struct {
		Resources []struct {
			Type    string
			Inputs  struct{ DefaultTags json.RawMessage }
			Outputs json.RawMessage
		}
	}
}

// ParseState reads a stack's state. What the outputs lack is taken from the tags that its provider puts on all resources: a first
// deployment that failed has no outputs, and may have resources.
func ParseState(name string, text []byte) (Stack, error) {
	s := Stack{Name: name}
	var parsed state
	if err := json.Unmarshal(text, &parsed); err != nil {
		return s, fmt.Errorf("reading the state of %s: %w", name, err)
	}
	tagged := Stack{}
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
			if schema := plain(outputs.Schema); schema != "" {
				s.Left = fmt.Sprintf("the database %[1]s on the instance of %[2]s: drop database %[1]s", schema, plain(outputs.Shares))
			}
			continue
		case "pulumi:providers:aws":
			tags := defaultTags(r.Inputs.DefaultTags)
			tagged.Class, tagged.ExpiresAt = tags[config.ClassTag], tags[config.ExpiresAtTag]
		}
		s.Resources++
	}
	if s.Class != "" && tagged.Class != "" && s.Class != tagged.Class {
		return s, fmt.Errorf("%s has the class %s, and its resources %s", name, s.Class, tagged.Class)
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
