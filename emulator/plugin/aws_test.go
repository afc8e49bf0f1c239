package plugin

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	sdk "github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil/rpcerror"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestCheckRefusesWhatTheProviderDoesNotHave(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	failures := p.check(vpcToken, "vpc", nil, props(map[string]any{"cidrBlok": "10.0.0.0/16"})).Failures
	if len(failures) == 0 || failures[0].Property != "cidrBlok" {
		t.Errorf("failures are %v", failures)
	}
	_, err := p.Check(context.Background(), sdk.CheckRequest{URN: urn("aws:ec2/vpx:Vpx", "x"), Name: "x", Type: "aws:ec2/vpx:Vpx"})
	if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), vpcToken) {
		t.Errorf("an unknown type gives %v", err)
	}
}

func TestCheckNamesAndTags(t *testing.T) {
	p := newAWSTester(t, newAccount(t), map[string]any{
		"defaultTags": `{"tags":{"Project":"laravel","Environment":"test"}}`, // the engine sends JSON
	})
	inputs := p.valid(secretToken, "app-key", props(map[string]any{"tags": map[string]any{"Environment": "mine"}}))
	if name := inputs["name"].StringValue(); !strings.HasPrefix(name, "app-key-") || len(name) != len("app-key-")+7 {
		t.Errorf("name is %q", name)
	}
	if marks := defaultsOf(inputs); len(marks) != 1 || marks[0].StringValue() != "name" {
		t.Errorf("%s is %v", defaultsKey, marks)
	}
	all := inputs["tagsAll"].ObjectValue()
	if all["Project"].StringValue() != "laravel" || all["Environment"].StringValue() != "mine" {
		t.Errorf("tagsAll is %v", all)
	}
	again := p.check(secretToken, "app-key", inputs, props(map[string]any{})).Properties
	if again["name"].StringValue() != inputs["name"].StringValue() {
		t.Error("the name changed")
	}
	unclear := p.valid(vpcToken, "vpc", props(map[string]any{"cidrBlock": "10.0.0.0/16", "tags": unknown}))
	if !unclear["tagsAll"].ContainsUnknowns() {
		t.Errorf("tagsAll of unknown tags is %v", unclear["tagsAll"])
	}
}

func TestPreviewOfACreate(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	inputs := p.valid(subnetToken, "subnet", props(map[string]any{"vpcId": unknown, "cidrBlock": "10.0.1.0/24"}))
	response, err := p.create(subnetToken, "subnet", inputs, true)
	if err != nil {
		t.Fatal(err)
	}
	if response.ID != "" {
		t.Errorf("a preview has the id %q", response.ID)
	}
	if got := response.Properties["cidrBlock"]; !got.IsString() || got.StringValue() != "10.0.1.0/24" {
		t.Errorf("cidrBlock is %v", got)
	}
	for _, computed := range []resource.PropertyKey{"vpcId", "arn", "ownerId", "availabilityZone"} {
		if !response.Properties[computed].IsComputed() {
			t.Errorf("%s is known: %v", computed, response.Properties[computed])
		}
	}
}

func TestPreviewOfAnUpdate(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	inputs, made := p.made(templateToken, "fleet", props(map[string]any{"imageId": "ami-0123456789abcdef0", "instanceType": "t3.small"}))
	next := inputs.Copy()
	next["instanceType"] = resource.NewStringProperty("t3.large")
	response, err := p.Update(context.Background(), sdk.UpdateRequest{
		URN: urn(templateToken, "fleet"), Name: "fleet", Type: templateToken, ID: made.ID,
		OldInputs: inputs, OldOutputs: made.Properties, NewInputs: next, Preview: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if arn := response.Properties["arn"]; !arn.IsString() || arn.StringValue() != made.Properties["arn"].StringValue() {
		t.Errorf("arn is %v", arn)
	}
	if got := response.Properties["instanceType"].StringValue(); got != "t3.large" {
		t.Errorf("instanceType is %q", got)
	}
	if !response.Properties["latestVersion"].IsComputed() {
		t.Errorf("latestVersion is known before the update: %v", response.Properties["latestVersion"])
	}
}

func TestSecretsStaySecret(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	_, holder := p.made(secretToken, "key", props(map[string]any{}))
	inputs, made := p.made(versionToken, "key", resource.PropertyMap{
		"secretId": resource.NewStringProperty(string(holder.ID)), "secretString": secret("hunter2"),
	})
	if !inputs["secretString"].IsSecret() {
		t.Error("Check lost the mark")
	}
	if value := made.Properties["secretString"]; !value.IsSecret() || value.SecretValue().Element.StringValue() != "hunter2" {
		t.Errorf("the output is %v", value)
	}
	read, err := p.Read(context.Background(), sdk.ReadRequest{
		URN: urn(versionToken, "key"), Name: "key", Type: versionToken, ID: made.ID, Inputs: inputs, State: made.Properties,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !read.Inputs["secretString"].IsSecret() || !read.Outputs["secretString"].IsSecret() {
		t.Errorf("a refresh lost the mark: %v, %v", read.Inputs, read.Outputs)
	}
	nested := keepSecrets(props(map[string]any{"a": []any{map[string]any{"b": "x", "c": "y"}}}),
		resource.PropertyMap{"a": resource.NewArrayProperty([]resource.PropertyValue{
			resource.NewObjectProperty(resource.PropertyMap{"b": secret("x")}),
		})})
	element := nested["a"].ArrayValue()[0].ObjectValue()
	if !element["b"].IsSecret() || element["c"].IsSecret() {
		t.Errorf("nested marks are %v", nested)
	}
}

func TestDiffReplaces(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	_, vpc := p.made(vpcToken, "vpc", props(map[string]any{"cidrBlock": "10.0.0.0/16"}))
	group := func(values map[string]any) resource.PropertyMap {
		values["vpcId"] = string(vpc.ID)
		return p.valid(groupToken, "web", props(values))
	}
	old := group(map[string]any{"description": "web", "tags": map[string]any{"a": "1"}})
	same := p.check(groupToken, "web", old, props(map[string]any{"vpcId": string(vpc.ID), "description": "web", "tags": map[string]any{"a": "1"}}))
	if d := p.diff(groupToken, "sg", old, same.Properties); d.Changes != sdk.DiffNone {
		t.Errorf("nothing changed and the diff is %v", d)
	}

	next := old.Copy()
	next["tags"] = resource.NewObjectProperty(props(map[string]any{"a": "2", "b": "3"}))
	d := p.diff(groupToken, "sg", old, next)
	if d.DetailedDiff["tags.a"].Kind != sdk.DiffUpdate || d.DetailedDiff["tags.b"].Kind != sdk.DiffAdd || len(d.ReplaceKeys) > 0 {
		t.Errorf("changed tags give %v", d)
	}

	next = old.Copy()
	next["description"] = resource.NewStringProperty("everything")
	d = p.diff(groupToken, "sg", old, next)
	if d.DetailedDiff["description"].Kind != sdk.DiffUpdateReplace || d.DeleteBeforeReplace {
		t.Errorf("a new description gives %v", d)
	}

	named := group(map[string]any{"name": "fixed", "description": "web"})
	next = named.Copy()
	next["description"] = resource.NewStringProperty("everything")
	if d = p.diff(groupToken, "sg", named, next); !d.DeleteBeforeReplace {
		t.Error("two groups of the same name cannot exist: the old one must go first")
	}
}

func TestRefusalsNameTheCodeOfAWS(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	inputs := p.valid(subnetToken, "subnet", props(map[string]any{"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.1.0/24"}))
	_, err := p.create(subnetToken, "subnet", inputs, false)
	if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "InvalidVpcID.NotFound") {
		t.Errorf("the refusal is %v", err)
	}
}

// broken is a backend that cannot make anything real.
type broken struct{}

func (broken) Ensure(context.Context, account.Resource) error { return errors.New("no Docker") }
func (broken) Remove(context.Context, account.Resource) error { return nil }

func TestHalfMadeResourcesAreRecorded(t *testing.T) {
	a := newAccount(t)
	a.SetBackend(broken{})
	p := newAWSTester(t, a, nil)
	inputs := p.valid(vpcToken, "vpc", props(map[string]any{"cidrBlock": "10.0.0.0/16"}))
	_, err := p.create(vpcToken, "vpc", inputs, false)
	if err == nil || !strings.Contains(err.Error(), "no Docker") {
		t.Fatalf("the error is %v", err)
	}
	for _, detail := range rpcerror.Convert(err).Details() {
		if failed, ok := detail.(*pulumirpc.ErrorResourceInitFailed); ok && strings.HasPrefix(failed.Id, "vpc-0") {
			return
		}
	}
	t.Errorf("the engine is not told what was made: %v", err)
}

func TestReadOfWhatIsGone(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	response, err := p.Read(context.Background(), sdk.ReadRequest{URN: urn(vpcToken, "v"), Name: "v", Type: tokens.Type(vpcToken), ID: "vpc-0"})
	if err != nil || response.ID != "" {
		t.Errorf("reading nothing gives %v, %v", response, err)
	}
	if _, err := p.Delete(context.Background(), sdk.DeleteRequest{URN: urn(vpcToken, "v"), Name: "v", Type: tokens.Type(vpcToken), ID: "vpc-0"}); err != nil {
		t.Errorf("deleting nothing gives %v", err)
	}
}

func TestInvoke(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	response, err := p.Invoke(context.Background(), sdk.InvokeRequest{Tok: "aws:index/getCallerIdentity:getCallerIdentity"})
	if err != nil || response.Properties["accountId"].StringValue() != "123456789012" {
		t.Errorf("the caller is %v, %v", response.Properties, err)
	}
	if _, err := p.Invoke(context.Background(), sdk.InvokeRequest{Tok: "aws:index/getWeather:getWeather"}); err == nil {
		t.Error("an unknown function was answered")
	}
}

func TestDeleteBeforeReplace(t *testing.T) {
	p := newAWSTester(t, newAccount(t), nil)
	const attachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	old := props(map[string]any{"role": "app", "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})
	next := props(map[string]any{"role": "app", "policyArn": "arn:aws:iam::aws:policy/PowerUserAccess"})
	if d := p.diff(attachment, "id", old, next); !d.DeleteBeforeReplace || len(d.ReplaceKeys) != 1 {
		t.Errorf("another policy gives %v", d)
	}
	if d := p.diff(attachment, "id", old, old); d.DeleteBeforeReplace {
		t.Errorf("the same policy gives %v", d)
	}
	for name, before := range map[string]bool{"aws:elasticache/replicationGroup:ReplicationGroup": true, account.DatabaseToken: false} {
		key, changed := "replicationGroupId", "subnetGroupName"
		if !before {
			key, changed = "identifier", "dbName"
		}
		d := p.diff(name, "id", props(map[string]any{key: "shop", changed: "a"}), props(map[string]any{key: "shop", changed: "b"}))
		if len(d.ReplaceKeys) == 0 || d.DeleteBeforeReplace != before {
			t.Errorf("%s that keeps its name gives %v, deleted before is not %v", name, d, before)
		}
	}
}
