package plugin

import (
	"context"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// awsPlugin takes the place of pulumi-aws: it translates between the engine and the account.
type awsPlugin struct {
	base
	account     *account.Account
	region      string
	defaultTags map[string]string
}

func newAWS(a *account.Account) *awsPlugin {
	return &awsPlugin{base: newBase("aws", "6.83.4"), account: a}
}

// Check completes the inputs and applies the rules about them; it runs at preview too.
func (p *awsPlugin) Check(_ context.Context, req sdk.CheckRequest) (sdk.CheckResponse, error) {
	olds := toValues(req.Olds)
	news := toValues(req.News)
	tagged := p.account.DefaultTags(string(req.Type), news, p.defaultTags)
	inputs, problems, err := p.account.Check(string(req.Type), req.Name, olds, tagged, req.RandomSeed)
	if err != nil {
		return sdk.CheckResponse{}, status.Error(codes.InvalidArgument, err.Error())
	}
	checked := keepSecrets(fromValues(inputs), req.News)
	if filled := p.filledIn(string(req.Type), checked, news); len(filled) > 0 {
		checked[defaultsKey] = resource.NewArrayProperty(filled)
	}
	return sdk.CheckResponse{Properties: checked, Failures: failures(problems)}, nil
}

// filledIn lists the inputs that Check made up, which is the name where Pulumi chose it.
func (p *awsPlugin) filledIn(token string, checked resource.PropertyMap, given account.Values) []resource.PropertyValue {
	t, _ := p.account.Lookup(token)
	name := t.Name.Property
	if name == "" || given.Has(name) || !checked.HasValue(resource.PropertyKey(name)) {
		return nil
	}
	return []resource.PropertyValue{resource.NewStringProperty(name)}
}

func failures(problems []account.Problem) []sdk.CheckFailure {
	var list []sdk.CheckFailure
	for _, problem := range problems {
		list = append(list, sdk.CheckFailure{Property: resource.PropertyKey(problem.Property), Reason: problem.Reason})
	}
	return list
}

// Create declares a resource. A preview promises what is known before it exists.
func (p *awsPlugin) Create(ctx context.Context, req sdk.CreateRequest) (sdk.CreateResponse, error) {
	inputs := toValues(req.Properties)
	if req.Preview {
		outputs, err := p.account.Planned(string(req.Type), inputs, nil)
		if err != nil {
			return sdk.CreateResponse{}, refused(err)
		}
		return sdk.CreateResponse{Properties: keepSecrets(fromValues(outputs), req.Properties)}, nil
	}
	ctx, done := p.operation(account.InRegion(ctx, p.region), req.Timeout)
	defer done()
	made, err := p.account.Create(ctx, string(req.Type), req.Name, inputs)
	outputs := keepSecrets(fromValues(made.Outputs), req.Properties)
	if err != nil {
		if made.ID != "" {
			return sdk.CreateResponse{}, halfDone(err, made.ID, req.Properties, outputs)
		}
		return sdk.CreateResponse{}, refused(err)
	}
	return sdk.CreateResponse{ID: resource.ID(made.ID), Properties: outputs}, nil
}

// sentOnChange are inputs that others than Pulumi change on AWS, too, and that the real provider sends only where they differ from the state
// (terraform-provider-aws, HasChange in internal/service/ecs/service.go and internal/service/elbv2/listener_rule.go).
var sentOnChange = map[string][]string{account.ServiceToken: {"desiredCount"}, account.ListenerRuleToken: {"conditions"}}

// Update changes a resource in place.
func (p *awsPlugin) Update(ctx context.Context, req sdk.UpdateRequest) (sdk.UpdateResponse, error) {
	inputs := toValues(req.NewInputs)
	if req.Preview {
		return p.planUpdate(req, inputs)
	}
	ctx, done := p.operation(account.InRegion(ctx, p.region), req.Timeout)
	defer done()
	if live, ok := p.account.Read(string(req.Type), string(req.ID)); ok {
		for _, key := range sentOnChange[string(req.Type)] {
			if current, there := live.Inputs[key]; there && req.OldInputs[resource.PropertyKey(key)].DeepEquals(req.NewInputs[resource.PropertyKey(key)]) {
				inputs[key] = current
			}
		}
	}
	next, err := p.account.Update(ctx, string(req.Type), string(req.ID), inputs)
	outputs := keepSecrets(fromValues(next.Outputs), req.NewInputs)
	if err != nil {
		if next.ID != "" {
			return sdk.UpdateResponse{}, halfDone(err, next.ID, req.NewInputs, outputs)
		}
		return sdk.UpdateResponse{}, refused(err)
	}
	return sdk.UpdateResponse{Properties: outputs}, nil
}

func (p *awsPlugin) planUpdate(req sdk.UpdateRequest, inputs account.Values) (sdk.UpdateResponse, error) {
	oldInputs := toValues(req.OldInputs)
	oldOutputs := toValues(req.OldOutputs)
	old := account.Resource{Type: string(req.Type), ID: string(req.ID), Name: req.Name, Inputs: oldInputs, Outputs: oldOutputs}
	outputs, err := p.account.Planned(string(req.Type), inputs, &old)
	if err != nil {
		return sdk.UpdateResponse{}, refused(err)
	}
	return sdk.UpdateResponse{Properties: keepSecrets(fromValues(outputs), req.NewInputs)}, nil
}

// Delete removes a resource; one that is gone already counts as removed.
func (p *awsPlugin) Delete(ctx context.Context, req sdk.DeleteRequest) (sdk.DeleteResponse, error) {
	ctx, done := p.operation(account.InRegion(ctx, p.region), req.Timeout)
	defer done()
	if err := p.account.Delete(ctx, string(req.Type), string(req.ID)); err != nil {
		return sdk.DeleteResponse{}, refused(err)
	}
	return sdk.DeleteResponse{}, nil
}

// Read returns the account's view, for refresh, import and get functions.
func (p *awsPlugin) Read(_ context.Context, req sdk.ReadRequest) (sdk.ReadResponse, error) {
	if _, known := p.account.Lookup(string(req.Type)); !known {
		return sdk.ReadResponse{}, status.Errorf(codes.InvalidArgument, "resource type %s is not known to the emulator", req.Type)
	}
	read := p.account.Read
	if len(req.Inputs)+len(req.State) == 0 { // no state has it
		read = p.account.Import
	}
	live, ok := read(string(req.Type), string(req.ID))
	if !ok {
		return sdk.ReadResponse{}, nil // no id: the engine takes the resource for deleted
	}
	inputs := keepSecrets(fromValues(live.Inputs), req.Inputs)
	if marks, ok := req.Inputs[defaultsKey]; ok {
		inputs[defaultsKey] = marks
	}
	outputs := keepSecrets(keepSecrets(fromValues(live.Outputs), req.Inputs), req.State)
	return sdk.ReadResponse{ReadResult: sdk.ReadResult{ID: resource.ID(live.ID), Inputs: inputs, Outputs: outputs}}, nil
}

// Invoke answers the program's questions to AWS.
func (p *awsPlugin) Invoke(ctx context.Context, req sdk.InvokeRequest) (sdk.InvokeResponse, error) {
	args := toValues(req.Args)
	result, err := p.account.Invoke(account.InRegion(ctx, p.region), string(req.Tok), args)
	if err != nil {
		return sdk.InvokeResponse{}, refused(err)
	}
	return sdk.InvokeResponse{Properties: fromValues(result)}, nil
}
