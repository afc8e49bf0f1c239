package plugin

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// randomPlugin stands in for pulumi-random. Results live in the engine's state only, as with the real one.
type randomPlugin struct{ base }

func newRandom() *randomPlugin { return &randomPlugin{newBase("random", "4.18.3")} }

// randomType is one resource type: every input replaces it.
type randomType struct {
	args     reflect.Type
	defaults map[string]any
	computed []string // outputs made at creation
	secret   []string // those of them that are secret
	check    func(in resource.PropertyMap) []sdk.CheckFailure
	make     func(in resource.PropertyMap) (id string, outputs map[string]any, err error)
}

var textDefaults = map[string]any{
	"lower": true, "upper": true, "numeric": true, "number": true, "special": true,
	"minLower": 0.0, "minUpper": 0.0, "minNumeric": 0.0, "minSpecial": 0.0,
}

var randomTypes = map[string]randomType{
	"random:index/randomPassword:RandomPassword": {
		args: random.RandomPasswordArgs{}.ElementType(), defaults: textDefaults,
		computed: []string{"result", "bcryptHash"}, secret: []string{"result", "bcryptHash"},
		check: checkText, make: makePassword,
	},
	"random:index/randomString:RandomString": {
		args: random.RandomStringArgs{}.ElementType(), defaults: textDefaults,
		computed: []string{"result"}, check: checkText, make: makeString,
	},
	"random:index/randomId:RandomId": {
		args:     random.RandomIdArgs{}.ElementType(),
		computed: []string{"b64Std", "b64Url", "dec", "hex"}, check: atLeastOne("byteLength"), make: makeID,
	},
	"random:index/randomBytes:RandomBytes": {
		args:     random.RandomBytesArgs{}.ElementType(),
		computed: []string{"base64", "hex"}, secret: []string{"base64", "hex"}, check: atLeastOne("length"), make: makeBytes,
	},
	"random:index/randomPet:RandomPet": {
		args: random.RandomPetArgs{}.ElementType(), defaults: map[string]any{"length": 2.0, "separator": "-"},
		check: atLeastOne("length"), make: makePet,
	},
}

// CheckConfig accepts no settings: pulumi-random has none.
func (p *randomPlugin) CheckConfig(_ context.Context, req sdk.CheckConfigRequest) (sdk.CheckConfigResponse, error) {
	if _, failed := decodeSettings(req.News, nil); failed != nil {
		return sdk.CheckConfigResponse{Failures: []sdk.CheckFailure{*failed}}, nil
	}
	return sdk.CheckConfigResponse{Properties: req.News}, nil
}

// DiffConfig never finds a difference.
func (p *randomPlugin) DiffConfig(context.Context, sdk.DiffConfigRequest) (sdk.DiffConfigResponse, error) {
	return sdk.DiffResult{Changes: sdk.DiffNone}, nil
}

// Configure has nothing to take.
func (p *randomPlugin) Configure(context.Context, sdk.ConfigureRequest) (sdk.ConfigureResponse, error) {
	return sdk.ConfigureResponse{}, nil
}

// Check judges the inputs.
func (p *randomPlugin) Check(_ context.Context, req sdk.CheckRequest) (sdk.CheckResponse, error) {
	t, err := lookupRandom(string(req.Type))
	if err != nil {
		return sdk.CheckResponse{}, err
	}
	failed := checkBlock("", req.News, t.args)
	if len(failed) == 0 {
		failed = t.check(plain(req.News))
	}
	return sdk.CheckResponse{Properties: req.News, Failures: failed}, nil
}

// Diff replaces the resource whenever an input changes.
func (p *randomPlugin) Diff(_ context.Context, req sdk.DiffRequest) (sdk.DiffResponse, error) {
	diff := plain(req.OldInputs).Diff(plain(req.NewInputs))
	if diff == nil {
		return sdk.DiffResult{Changes: sdk.DiffNone}, nil
	}
	result := sdk.DiffResult{Changes: sdk.DiffSome, DetailedDiff: map[string]sdk.PropertyDiff{}}
	for path, change := range sdk.NewDetailedDiffFromObjectDiff(diff, true) {
		result.DetailedDiff[path] = change.ToReplace()
	}
	result.ChangedKeys = diff.Keys()
	result.ReplaceKeys = diff.Keys()
	return result, nil
}

// Create makes the random value.
func (p *randomPlugin) Create(_ context.Context, req sdk.CreateRequest) (sdk.CreateResponse, error) {
	t, err := lookupRandom(string(req.Type))
	if err != nil {
		return sdk.CreateResponse{}, err
	}
	outputs := fromValues(t.defaults)
	for key, value := range req.Properties {
		outputs[key] = value
	}
	var id string
	if req.Preview {
		for _, name := range t.computed {
			outputs[resource.PropertyKey(name)] = fromUnknown()
		}
	} else {
		var made map[string]any
		if id, made, err = t.make(plain(outputs)); err != nil {
			return sdk.CreateResponse{}, fmt.Errorf("creating %s: %w", req.URN, err)
		}
		for name, value := range made {
			outputs[resource.PropertyKey(name)] = fromValue(value)
		}
	}
	for _, name := range t.secret {
		outputs[resource.PropertyKey(name)] = resource.MakeSecret(outputs[resource.PropertyKey(name)])
	}
	return sdk.CreateResponse{ID: resource.ID(id), Properties: outputs}, nil
}

// Read returns what the engine knows: there is nothing else.
func (p *randomPlugin) Read(_ context.Context, req sdk.ReadRequest) (sdk.ReadResponse, error) {
	return sdk.ReadResponse{ReadResult: sdk.ReadResult{ID: req.ID, Inputs: req.Inputs, Outputs: req.State}}, nil
}

// Update is never asked for by Diff.
func (p *randomPlugin) Update(_ context.Context, req sdk.UpdateRequest) (sdk.UpdateResponse, error) {
	return sdk.UpdateResponse{}, status.Errorf(codes.Unimplemented, "updating %s: random values are replaced", req.URN)
}

// Delete has nothing to remove.
func (p *randomPlugin) Delete(context.Context, sdk.DeleteRequest) (sdk.DeleteResponse, error) {
	return sdk.DeleteResponse{}, nil
}

func lookupRandom(token string) (randomType, error) {
	t, ok := randomTypes[token]
	if !ok {
		return randomType{}, status.Errorf(codes.InvalidArgument, "resource type %s is not known to the emulator", token)
	}
	return t, nil
}

func fromUnknown() resource.PropertyValue {
	return resource.MakeComputed(resource.NewStringProperty(""))
}

// atLeastOne wants a positive number.
func atLeastOne(name string) func(resource.PropertyMap) []sdk.CheckFailure {
	return func(in resource.PropertyMap) []sdk.CheckFailure {
		if value, ok := in[resource.PropertyKey(name)]; ok && value.IsNumber() && value.NumberValue() < 1 {
			return []sdk.CheckFailure{{Property: resource.PropertyKey(name), Reason: fmt.Sprintf("%v is below 1", value.NumberValue())}}
		}
		return nil
	}
}

// checkText applies the rules of passwords and strings.
func checkText(in resource.PropertyMap) []sdk.CheckFailure {
	failed := atLeastOne("length")(in)
	number := func(name resource.PropertyKey) int {
		if value := in[name]; value.IsNumber() {
			return int(value.NumberValue())
		}
		return 0
	}
	least := number("minLower") + number("minUpper") + number("minNumeric") + number("minSpecial")
	if length := in["length"]; length.IsNumber() && number("length") < least {
		failed = append(failed, sdk.CheckFailure{Property: "length", Reason: fmt.Sprintf("%d is less than the %d characters of minLower, minUpper, minNumeric and minSpecial", number("length"), least)})
	}
	known := !in.ContainsUnknowns()
	if classes(in) == (charClasses{}) && known {
		failed = append(failed, sdk.CheckFailure{Property: "lower", Reason: "one of lower, upper, numeric and special must be true"})
	}
	if override := in["overrideSpecial"]; override.IsString() && strings.ContainsAny(override.StringValue(), "\n\t") {
		failed = append(failed, sdk.CheckFailure{Property: "overrideSpecial", Reason: "has control characters"})
	}
	return failed
}
