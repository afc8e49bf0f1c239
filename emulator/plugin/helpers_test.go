package plugin

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
)

const (
	vpcToken      = "aws:ec2/vpc:Vpc"
	subnetToken   = "aws:ec2/subnet:Subnet"
	groupToken    = "aws:ec2/securityGroup:SecurityGroup"
	templateToken = "aws:ec2/launchTemplate:LaunchTemplate"
	secretToken   = "aws:secretsmanager/secret:Secret"
	versionToken  = "aws:secretsmanager/secretVersion:SecretVersion"
	passwordToken = "random:index/randomPassword:RandomPassword"
)

// props makes properties of plain values; secrets and unknowns can be put in as they are.
func props(values map[string]any) resource.PropertyMap { return resource.NewPropertyMapFromMap(values) }

func secret(value any) resource.PropertyValue {
	return resource.MakeSecret(resource.NewPropertyValue(value))
}

func urn(token, name string) resource.URN {
	return resource.NewURN("local", "test", "", tokens.Type(token), name)
}

// tester drives one plugin as the engine does.
type tester struct {
	t *testing.T
	sdk.Provider
}

func (p tester) check(token, name string, olds, news resource.PropertyMap) sdk.CheckResponse {
	p.t.Helper()
	response, err := p.Check(context.Background(), sdk.CheckRequest{
		URN: urn(token, name), Name: name, Type: tokens.Type(token), Olds: olds, News: news, AllowUnknowns: true,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// valid checks inputs that must pass.
func (p tester) valid(token, name string, news resource.PropertyMap) resource.PropertyMap {
	p.t.Helper()
	response := p.check(token, name, nil, news)
	if len(response.Failures) > 0 {
		p.t.Fatalf("checking %s: %v", name, response.Failures)
	}
	return response.Properties
}

func (p tester) create(token, name string, inputs resource.PropertyMap, preview bool) (sdk.CreateResponse, error) {
	return p.Create(context.Background(), sdk.CreateRequest{
		URN: urn(token, name), Name: name, Type: tokens.Type(token), Properties: inputs, Preview: preview,
	})
}

// made checks and creates.
func (p tester) made(token, name string, news resource.PropertyMap) (resource.PropertyMap, sdk.CreateResponse) {
	p.t.Helper()
	inputs := p.valid(token, name, news)
	response, err := p.create(token, name, inputs, false)
	if err != nil {
		p.t.Fatalf("creating %s: %v", name, err)
	}
	return inputs, response
}

func (p tester) diff(token, id string, old, next resource.PropertyMap) sdk.DiffResponse {
	p.t.Helper()
	response, err := p.Diff(context.Background(), sdk.DiffRequest{
		URN: urn(token, "x"), Name: "x", Type: tokens.Type(token), ID: resource.ID(id), OldInputs: old, OldOutputs: old, NewInputs: next,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return response
}

// newAccount opens an account in memory.
func newAccount(t *testing.T) *account.Account {
	t.Helper()
	a, err := aws.Open("", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// newAWSTester returns a configured aws plugin.
func newAWSTester(t *testing.T, a *account.Account, settings map[string]any) tester {
	t.Helper()
	p := newAWS(a)
	inputs := map[string]any{"region": "eu-west-1"}
	for key, value := range settings {
		inputs[key] = value
	}
	if _, err := p.Configure(context.Background(), sdk.ConfigureRequest{Inputs: props(inputs)}); err != nil {
		t.Fatal(err)
	}
	return tester{t, p}
}
