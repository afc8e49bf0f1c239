package plugin

import (
	"encoding/base64"
	"math/big"
	"regexp"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
)

func newRandomTester(t *testing.T) tester { return tester{t, newRandom()} }

func TestRandomPassword(t *testing.T) {
	p := newRandomTester(t)
	checked, made := p.made(passwordToken, "db", props(map[string]any{"length": 32.0, "special": false, "keepers": map[string]any{"rotate": "1"}}))
	if made.ID != "none" {
		t.Errorf("the id is %q", made.ID)
	}
	for _, name := range []resource.PropertyKey{"result", "bcryptHash"} {
		if !made.Properties[name].IsSecret() {
			t.Errorf("%s is not secret", name)
		}
	}
	if text := made.Properties["result"].SecretValue().Element.StringValue(); !regexp.MustCompile(`^[0-9A-Za-z]{32}$`).MatchString(text) {
		t.Errorf("the password is %q", text)
	}
	if !made.Properties["lower"].BoolValue() || made.Properties["minLower"].NumberValue() != 0 {
		t.Errorf("defaults are missing: %v", made.Properties)
	}

	if d := p.diff(passwordToken, "none", checked, checked); d.Changes != sdk.DiffNone {
		t.Errorf("the same inputs give %v", d)
	}
	rotated := checked.Copy()
	rotated["keepers"] = resource.NewObjectProperty(props(map[string]any{"rotate": "2"}))
	if d := p.diff(passwordToken, "none", checked, rotated); d.DetailedDiff["keepers.rotate"].Kind != sdk.DiffUpdateReplace {
		t.Errorf("a changed keeper gives %v", d)
	}
}

func TestRandomPreview(t *testing.T) {
	p := newRandomTester(t)
	inputs := p.valid(passwordToken, "db", props(map[string]any{"length": 16.0}))
	planned, err := p.create(passwordToken, "db", inputs, true)
	if err != nil {
		t.Fatal(err)
	}
	if result := planned.Properties["result"]; !result.IsSecret() || !result.SecretValue().Element.IsComputed() {
		t.Errorf("result is %v at preview", result)
	}
	if planned.Properties["length"].NumberValue() != 16 {
		t.Errorf("length is %v", planned.Properties["length"])
	}
}

func TestRandomRefusals(t *testing.T) {
	p := newRandomTester(t)
	for name, test := range map[string]struct {
		token    string
		inputs   map[string]any
		property string
	}{
		"unknown property": {passwordToken, map[string]any{"length": 8.0, "symbols": true}, "symbols"},
		"no length":        {passwordToken, map[string]any{}, "length"},
		"length as text":   {passwordToken, map[string]any{"length": "8"}, "length"},
		"no bytes":         {"random:index/randomId:RandomId", map[string]any{"byteLength": 0.0}, "byteLength"},
	} {
		t.Run(name, func(t *testing.T) {
			failures := p.check(test.token, "x", nil, props(test.inputs)).Failures
			if len(failures) != 1 || string(failures[0].Property) != test.property {
				t.Errorf("failures are %v", failures)
			}
		})
	}
}

func TestOtherRandomTypes(t *testing.T) {
	p := newRandomTester(t)
	_, id := p.made("random:index/randomId:RandomId", "id", props(map[string]any{"byteLength": 4.0, "prefix": "a-"}))
	raw, err := base64.RawURLEncoding.DecodeString(string(id.ID))
	if err != nil || len(raw) != 4 {
		t.Errorf("the id is %q", id.ID)
	}
	if got, want := id.Properties["dec"].StringValue(), "a-"+new(big.Int).SetBytes(raw).String(); got != want {
		t.Errorf("dec is %q, not %q", got, want)
	}
	if hex := id.Properties["hex"].StringValue(); len(hex) != len("a-")+8 {
		t.Errorf("hex is %q", hex)
	}

	_, key := p.made("random:index/randomBytes:RandomBytes", "key", props(map[string]any{"length": 32.0}))
	text := key.Properties["base64"]
	if !text.IsSecret() || !key.Properties["hex"].IsSecret() {
		t.Errorf("bytes are not secret: %v", key.Properties)
	} else if raw, err := base64.StdEncoding.DecodeString(text.SecretValue().Element.StringValue()); err != nil || len(raw) != 32 {
		t.Errorf("the bytes are %v", text)
	}
}
