package plugin

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"reflect"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"golang.org/x/crypto/bcrypt"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// randomPlugin takes the place of pulumi-random, with the types that the program uses. Results are in the engine's state
// only, as with the real one.
type randomPlugin struct{ base }

func newRandom() *randomPlugin { return &randomPlugin{newBase("random", "4.18.3")} }

// randomType is one resource type: every input replaces it.
type randomType struct {
	args     reflect.Type
	size     string // the input that says how long the value is
	defaults map[string]any
	computed []string // outputs made at creation
	secret   bool     // whether those are secret
	make     func(in account.Values, size int) (id string, outputs map[string]any, err error)
}

// passwordArgs are the inputs of a password that the emulator knows; it has lower and upper case letters and digits.
type passwordArgs struct {
	Length  int               `pulumi:"length"`
	Special *bool             `pulumi:"special"`
	Keepers map[string]string `pulumi:"keepers"`
}

// withoutID is the id of a value that must not show in an id.
const withoutID = "none"

var randomTypes = map[string]randomType{
	"random:index/randomPassword:RandomPassword": {
		args: reflect.TypeFor[passwordArgs](), size: "length", computed: []string{"result", "bcryptHash"}, secret: true,
		defaults: map[string]any{
			"lower": true, "upper": true, "numeric": true, "number": true, "special": true,
			"minLower": 0.0, "minUpper": 0.0, "minNumeric": 0.0, "minSpecial": 0.0,
		},
		make: makePassword,
	},
	"random:index/randomId:RandomId": {
		args: random.RandomIdArgs{}.ElementType(), size: "byteLength", computed: []string{"b64Std", "b64Url", "dec", "hex"},
		make: func(in account.Values, size int) (string, map[string]any, error) {
			data, prefix := randomBytes(size), in.Text("prefix")
			id := base64.RawURLEncoding.EncodeToString(data)
			return id, map[string]any{
				"b64Url": prefix + id, "b64Std": prefix + base64.StdEncoding.EncodeToString(data), "hex": prefix + hex.EncodeToString(data),
				"dec": prefix + new(big.Int).SetBytes(data).String(),
			}, nil
		},
	},
	"random:index/randomBytes:RandomBytes": {
		args: random.RandomBytesArgs{}.ElementType(), size: "length", computed: []string{"base64", "hex"}, secret: true,
		make: func(_ account.Values, size int) (string, map[string]any, error) {
			data := randomBytes(size)
			return withoutID, map[string]any{"base64": base64.StdEncoding.EncodeToString(data), "hex": hex.EncodeToString(data)}, nil
		},
	},
}

func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return data
}

func makePassword(in account.Values, size int) (string, map[string]any, error) {
	characters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	if in.True("special") {
		characters += "!@#$%&*()-_=+[]{}<>:?"
	}
	text := make([]byte, size)
	for i := range text {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(characters))))
		if err != nil {
			return "", nil, fmt.Errorf("reading random numbers: %w", err)
		}
		text[i] = characters[n.Int64()]
	}
	hash, err := bcrypt.GenerateFromPassword(text[:min(size, 72)], bcrypt.MinCost) // bcrypt reads 72 bytes; nobody logs in with the hash
	return withoutID, map[string]any{"result": string(text), "bcryptHash": string(hash)}, err
}

// CheckConfig accepts no settings: pulumi-random has none.
func (p *randomPlugin) CheckConfig(_ context.Context, req sdk.CheckConfigRequest) (sdk.CheckConfigResponse, error) {
	return checkSettings(req, nil), nil
}

// Check applies the rules about the inputs.
func (p *randomPlugin) Check(_ context.Context, req sdk.CheckRequest) (sdk.CheckResponse, error) {
	t, ok := randomTypes[string(req.Type)]
	if !ok {
		return sdk.CheckResponse{}, status.Errorf(codes.InvalidArgument, "resource type %s is not known to the emulator", req.Type)
	}
	in := toValues(req.News)
	r := account.Rules{In: in, Problems: account.CheckBlock("", in, t.args)}
	r.Apply(account.Between(t.size, 1, 1<<20))
	return sdk.CheckResponse{Properties: req.News, Failures: failures(r.Problems)}, nil
}

// Diff replaces the resource whenever an input changes.
func (p *randomPlugin) Diff(_ context.Context, req sdk.DiffRequest) (sdk.DiffResponse, error) {
	diff := plain(req.OldInputs).Diff(plain(req.NewInputs))
	if diff == nil {
		return sdk.DiffResult{Changes: sdk.DiffNone}, nil
	}
	result := sdk.DiffResult{Changes: sdk.DiffSome, DetailedDiff: map[string]sdk.PropertyDiff{}, ChangedKeys: diff.Keys(), ReplaceKeys: diff.Keys()}
	for path, change := range sdk.NewDetailedDiffFromObjectDiff(diff, true) {
		result.DetailedDiff[path] = change.ToReplace()
	}
	return result, nil
}

// Create makes the random value.
func (p *randomPlugin) Create(_ context.Context, req sdk.CreateRequest) (sdk.CreateResponse, error) {
	t := randomTypes[string(req.Type)]
	outputs := fromValues(t.defaults)
	for key, value := range req.Properties {
		outputs[key] = value
	}
	in := toValues(outputs)
	id, made := "", map[string]any{}
	if req.Preview {
		for _, name := range t.computed {
			made[name] = account.Unknown{}
		}
	} else {
		size, _ := in.Int(t.size)
		var err error
		if id, made, err = t.make(in, size); err != nil {
			return sdk.CreateResponse{}, fmt.Errorf("creating %s: %w", req.URN, err)
		}
	}
	for name, value := range fromValues(made) {
		if t.secret {
			value = resource.MakeSecret(value)
		}
		outputs[name] = value
	}
	return sdk.CreateResponse{ID: resource.ID(id), Properties: outputs}, nil
}
