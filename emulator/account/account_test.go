package account

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestCheckInputs(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token string
		in          Values
		property    string // of the problem; empty when there is none
		says        string
	}{
		{"good", subnetToken, Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}, "", ""},
		{"null is absent", subnetToken, Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "availabilityZone": nil}, "", ""},
		{"unknown is present", subnetToken, Values{"vpcId": Unknown{}, "cidrBlock": Unknown{}}, "", ""},
		{"unknown input", subnetToken, Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "availabilityZones": "x"}, "availabilityZones", "did you mean availabilityZone?"},
		{"output as an input", subnetToken, Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "arn": "x"}, "arn", "is not an input"},
		{"missing input", subnetToken, Values{"cidrBlock": "10.0.0.0/24"}, "vpcId", "is required"},
		{"missing document", roleToken, Values{}, "assumeRolePolicy", "is required"},
		{"number for a string", subnetToken, Values{"vpcId": 1, "cidrBlock": "10.0.0.0/24"}, "vpcId", "must be a string, not the number 1"},
		{"string for a boolean", vpcToken, Values{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "true"}, "enableDnsSupport", `must be a boolean, not the string "true"`},
		{"string for a number", groupToken, Values{"minSize": "1", "maxSize": 1}, "minSize", "must be a whole number"},
		{"fraction for a whole number", groupToken, Values{"minSize": 1.5, "maxSize": 2}, "minSize", "must be a whole number, not the number 1.5"},
		{"string for a list", launchTemplateToken, Values{"vpcSecurityGroupIds": "sg-1"}, "vpcSecurityGroupIds", "must be a list"},
		{"number in a list", launchTemplateToken, Values{"vpcSecurityGroupIds": []any{"sg-1", 2}}, "vpcSecurityGroupIds[1]", "must be a string"},
		{"list for a map", vpcToken, Values{"cidrBlock": "10.0.0.0/16", "tags": []any{"a"}}, "tags", "must be a map"},
		{"number in a map", vpcToken, Values{"cidrBlock": "10.0.0.0/16", "tags": map[string]any{"a": 1}}, "tags.a", "must be a string"},
		{"list for a block", launchTemplateToken, Values{"metadataOptions": []any{}}, "metadataOptions", "must be a block"},
		{"unknown input of a block", launchTemplateToken, Values{"metadataOptions": map[string]any{"httpToken": "required"}}, "metadataOptions.httpToken", "did you mean httpTokens?"},
		{"unknown input of a listed block", launchTemplateToken, Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"size": 1}}}}, "blockDeviceMappings[0].ebs.size", "is not an input"},
		{"missing input of a listed block", groupToken, Values{"minSize": 0, "maxSize": 1, "tags": []any{map[string]any{"key": "a", "value": "b"}}}, "tags[0].propagateAtLaunch", "is required"},
		{"boolean for a document", roleToken, Values{"assumeRolePolicy": true}, "assumeRolePolicy", "must be a string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, problems, err := w.Check(test.token, "thing", nil, w.fill(test.in), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range problems {
				if p.Property == test.property && strings.Contains(p.Reason, test.says) {
					return
				}
			}
			if test.property != "" || len(problems) > 0 {
				t.Errorf("problems are %v, want %s %s", problems, test.property, test.says)
			}
		})
	}
	_, _, err := w.Check("aws:ec2/vpcs:Vpc", "thing", nil, Values{}, nil)
	if err == nil || !strings.Contains(err.Error(), "did you mean aws:ec2/vpc:Vpc") {
		t.Errorf("an unknown type gives %v", err)
	}
}

func TestAutonaming(t *testing.T) {
	w := newWorld(t)
	name := func(logical string, olds, in Values, seed string) (string, []Problem) {
		t.Helper()
		inputs, problems, err := w.Check(securityGroupToken, logical, olds, in, []byte(seed))
		if err != nil {
			t.Fatal(err)
		}
		return inputs.Text("name"), problems
	}
	first, _ := name("web", nil, Values{}, "seed")
	if suffix, ok := strings.CutPrefix(first, "web-"); !ok || !autonamed.MatchString(suffix) {
		t.Fatalf("name is %q, want web- and seven hexadecimal digits", first)
	}
	if again, _ := name("web", nil, Values{}, "seed"); again != first {
		t.Errorf("the same seed gives %q and %q", first, again)
	}
	if other, _ := name("web", nil, Values{}, "other"); other == first {
		t.Errorf("two seeds give %q", first)
	}
	if kept, _ := name("web", Values{"name": first}, Values{}, "other"); kept != first {
		t.Errorf("the name changed from %q to %q", first, kept)
	}
	if renamed, _ := name("web", Values{"name": "mine"}, Values{}, "seed"); renamed != first {
		t.Errorf("a name that was given and is not any more becomes %q, want %q", renamed, first)
	}
	if given, _ := name("web", Values{"name": first}, Values{"name": "mine"}, "seed"); given != "mine" {
		t.Errorf("a given name becomes %q", given)
	}
	if none, _ := name("web", nil, Values{"namePrefix": "mine"}, "seed"); none != "" {
		t.Errorf("a name prefix gives the input name %q", none)
	}
	if _, problems := name(strings.Repeat("a", 247), nil, Values{}, "seed"); len(problems) != 0 {
		t.Errorf("255 characters are refused: %v", problems)
	}
	if _, problems := name(strings.Repeat("a", 248), nil, Values{}, "seed"); !hasProblem(problems, "name") {
		t.Errorf("256 characters pass: %v", problems)
	}
	group := w.make(securityGroupToken, "prefixed", Values{"namePrefix": "web", "vpcId": w.make(vpcToken, "vpc", Values{"cidrBlock": "10.0.0.0/16"}).ID})
	if made := group.Outputs.Text("name"); len(made) != len("web")+26 || !strings.HasPrefix(made, "web") {
		t.Errorf("name from a prefix is %q, want web and 26 digits", made)
	}
}

func TestDiff(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token      string
		old, next        Values
		changed, replace []string
	}{
		{"nothing", vpcToken, Values{"cidrBlock": "10.0.0.0/16"}, Values{"cidrBlock": "10.0.0.0/16"}, nil, nil},
		{"in place", vpcToken, Values{"enableDnsSupport": true}, Values{"enableDnsSupport": false}, []string{"enableDnsSupport"}, nil},
		{"replacement", vpcToken, Values{"cidrBlock": "10.0.0.0/16"}, Values{"cidrBlock": "10.1.0.0/16"}, []string{"cidrBlock"}, []string{"cidrBlock"}},
		{"unknown", subnetToken, Values{"vpcId": "vpc-1"}, Values{"vpcId": Unknown{}}, []string{"vpcId"}, []string{"vpcId"}},
		{"a tag", vpcToken, Values{"tags": map[string]any{"a": "b"}}, Values{"tags": map[string]any{"a": "c", "d": "e"}}, []string{"tags.a", "tags.d"}, nil},
		{"empty list and none", launchTemplateToken, Values{"vpcSecurityGroupIds": []any{}}, Values{}, nil, nil},
		{"list grows", launchTemplateToken, Values{"vpcSecurityGroupIds": []any{"a"}}, Values{"vpcSecurityGroupIds": []any{"a", "b"}}, []string{"vpcSecurityGroupIds[1]"}, nil},
		{"nested replacement", instanceToken, Values{"rootBlockDevice": map[string]any{"encrypted": true}}, Values{"rootBlockDevice": map[string]any{"encrypted": false}}, []string{"rootBlockDevice.encrypted"}, []string{"rootBlockDevice.encrypted"}},
		{"nested in place", instanceToken, Values{"rootBlockDevice": map[string]any{"volumeSize": 8.0}}, Values{"rootBlockDevice": map[string]any{"volumeSize": 9.0}}, []string{"rootBlockDevice.volumeSize"}, nil},
		{"block of a replacement goes", instanceToken, Values{"rootBlockDevice": map[string]any{"encrypted": true}}, Values{}, []string{"rootBlockDevice"}, []string{"rootBlockDevice"}},
		{"user data", instanceToken, Values{"userData": "a"}, Values{"userData": "b"}, []string{"userData"}, nil},
		{"user data that replaces", instanceToken, Values{"userData": "a", "userDataReplaceOnChange": true}, Values{"userData": "b", "userDataReplaceOnChange": true}, []string{"userData"}, []string{"userData"}},
		{"same document", roleToken, Values{"assumeRolePolicy": `{"a":1,"b":[2]}`}, Values{"assumeRolePolicy": "{ \"b\": [2],\n \"a\": 1 }"}, nil, nil},
		{"other document", roleToken, Values{"assumeRolePolicy": `{"a":1}`}, Values{"assumeRolePolicy": `{"a":2}`}, []string{"assumeRolePolicy"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			changed, replace := w.Diff(test.token, "id", test.old, nil, test.next)
			if !slices.Equal(changed, test.changed) || !slices.Equal(replace, test.replace) {
				t.Errorf("changed %v, replace %v; want %v and %v", changed, replace, test.changed, test.replace)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	w := furnished(t)
	_, err := w.Create(context.Background(), vpcEndpointToken, "s3", w.checked(vpcEndpointToken, "s3", Values{
		"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.ecr.api", "vpcEndpointType": "Interface",
		"subnetIds": []any{"{a}", "subnet-0123456789abcdef0"},
	}))
	wantCode(t, err, "InvalidSubnetID.NotFound")
	for _, part := range []string{"The subnet ID 'subnet-0123456789abcdef0' does not exist", "subnetIds[1]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error is %q, want %q in it", err, part)
		}
	}
	_, err = w.Update(context.Background(), launchTemplateToken, w.ids["lt"], w.checked(launchTemplateToken, "lt", goodTemplate.with(Values{"vpcSecurityGroupIds": []any{"sg-0123456789abcdef0"}})))
	wantCode(t, err, "InvalidGroup.NotFound")
	if after := mustRead(w, launchTemplateToken, "lt"); len(after.Inputs.Strings("vpcSecurityGroupIds")) != 2 {
		t.Errorf("a refused update left %v", after.Inputs["vpcSecurityGroupIds"])
	}
}

func TestUpdateKeepsWhatAWSChose(t *testing.T) {
	w := furnished(t)
	in := Values{"vpcId": "{vpc}", "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-central-1b", "mapPublicIpOnLaunch": true}
	before := w.make(subnetToken, "subnet", in)
	after, err := w.Update(context.Background(), subnetToken, before.ID, w.checked(subnetToken, "subnet", in.with(Values{"mapPublicIpOnLaunch": nil, "availabilityZone": nil})))
	if err != nil {
		t.Fatal(err)
	}
	checkOutputs(t, after)
	if after.ID != before.ID || after.Outputs["arn"] != before.Outputs["arn"] || after.Outputs["availabilityZone"] != "eu-central-1b" {
		t.Errorf("%v became %v", before.Outputs, after.Outputs)
	}
	if after.Outputs["mapPublicIpOnLaunch"] != false {
		t.Error("an input that was taken back does not go back to its default")
	}
}

func TestGoneAndTampered(t *testing.T) {
	w := furnished(t)
	ctx := context.Background()
	if err := w.Delete(ctx, vpcToken, "vpc-0123456789abcdef0"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if _, err := w.Update(ctx, vpcToken, "vpc-0123456789abcdef0", w.checked(vpcToken, "vpc", Values{"cidrBlock": "10.0.0.0/16"})); err == nil {
		t.Error("updating what is gone passes")
	}
	if err := w.Tamper(vpcToken, w.ids["vpc"], "enableDnsHostnames", false); err != nil {
		t.Fatal(err)
	}
	vpc := mustRead(w, vpcToken, "vpc")
	if vpc.Inputs["enableDnsHostnames"] != false || vpc.Outputs["enableDnsHostnames"] != false {
		t.Errorf("tampering left %v", vpc)
	}
	vpc.Outputs["cidrBlock"] = "changed"
	if mustRead(w, vpcToken, "vpc").Outputs["cidrBlock"] == "changed" {
		t.Error("a caller can change the account's record")
	}
	if found, ok := w.Find(vpcToken, "cidrBlock", "10.1.0.0/16"); !ok || found.ID != w.ids["vpc2"] {
		t.Errorf("found %v, want vpc2", found)
	}
}

func TestPlanned(t *testing.T) {
	w := newWorld(t)
	planned, err := Planned(vpcToken, Values{"cidrBlock": "10.0.0.0/16"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true, "arn": Unknown{}, "defaultSecurityGroupId": Unknown{}} {
		if planned[name] != want {
			t.Errorf("a new VPC plans %s = %v, want %v", name, planned[name], want)
		}
	}
	template := w.make(launchTemplateToken, "lt", Values{"instanceType": "t3.small"})
	planned, err = Planned(launchTemplateToken, template.Inputs.with(Values{"instanceType": "t3.large"}), &template)
	if err != nil {
		t.Fatal(err)
	}
	if planned["arn"] != template.Outputs["arn"] || planned["instanceType"] != "t3.large" || planned["latestVersion"] != (Unknown{}) {
		t.Errorf("a changed template plans %v", planned)
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	tagged := func(tags map[string]any, defaults map[string]string) (Values, []Problem) {
		t.Helper()
		in := DefaultTags(vpcToken, Values{"cidrBlock": "10.0.0.0/16", "tags": tags}, defaults)
		inputs, problems, err := w.Check(vpcToken, "vpc", nil, in, nil)
		if err != nil {
			t.Fatal(err)
		}
		return inputs, problems
	}
	inputs, problems := tagged(map[string]any{"a": "own"}, map[string]string{"a": "default", "b": "default"})
	if all := inputs.Map("tagsAll"); len(problems) > 0 || all["a"] != "own" || all["b"] != "default" {
		t.Errorf("tagsAll is %v (%v), want tags over the default tags", all, problems)
	}
	many := map[string]any{}
	for i := range 51 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	for name, tags := range map[string]map[string]any{
		"too many":       many,
		"of AWS":         {"aws:name": "x"},
		"empty key":      {"": "x"},
		"long key":       {strings.Repeat("k", 129): "x"},
		"long value":     {"k": strings.Repeat("v", 257)},
		"bad characters": {"k": "what?"},
	} {
		if _, problems := tagged(tags, nil); len(problems) == 0 {
			t.Errorf("tags %s pass", name)
		}
	}
	if _, problems := tagged(map[string]any{strings.Repeat("k", 128): strings.Repeat("v", 256), "Ärger": "a b_.:/=+-@1"}, nil); len(problems) > 0 {
		t.Errorf("good tags are refused: %v", problems)
	}
	if in := DefaultTags(routeToken, Values{"gatewayId": "x"}, map[string]string{"a": "b"}); in.Has("tagsAll") {
		t.Error("a type without tags gets some")
	}
}

// slowBackend fails or takes its time as a test asks.
type slowBackend struct {
	account *Account
	ensure  error
	remove  error
	wait    time.Duration
}

func (b *slowBackend) Ensure(_ context.Context, r Resource) error {
	if _, recorded := b.account.Read(r.Type, r.ID); !recorded { // would hang under the account's lock
		return errors.New("not recorded yet")
	}
	return b.ensure
}

func (b *slowBackend) Remove(_ context.Context, r Resource) error {
	if _, recorded := b.account.Read(r.Type, r.ID); !recorded {
		return errors.New("not recorded any more")
	}
	time.Sleep(b.wait)
	return b.remove
}

func TestBackend(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	backend := &slowBackend{account: w.Account}
	w.SetBackend(backend)
	vpc := w.make(vpcToken, "vpc", Values{"cidrBlock": "10.0.0.0/16"})

	backend.ensure = errors.New("no space left")
	failed, err := w.Create(ctx, vpcToken, "failed", Values{"cidrBlock": "10.1.0.0/16"})
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error is %v, want the backend's", err)
	}
	if _, recorded := w.Read(vpcToken, failed.ID); !recorded {
		t.Error("a resource that failed halfway is not recorded")
	}
	backend.remove = errors.New("still busy")
	if err := w.Delete(ctx, vpcToken, vpc.ID); err == nil || !strings.Contains(err.Error(), "still busy") {
		t.Errorf("error is %v, want the backend's", err)
	}
	if _, recorded := w.Read(vpcToken, vpc.ID); !recorded {
		t.Error("a resource that could not be removed is gone")
	}
	backend.remove = nil
	if err := w.Delete(ctx, vpcToken, vpc.ID); err != nil {
		t.Fatal(err)
	}
	if left := w.List(routeTableToken); len(left) != 1 || left[0].Owner != failed.ID {
		t.Errorf("route tables left: %v, want the one of the other VPC", left)
	}
}

// rolledBack is a backend in which a service runs another task definition than it was given.
type rolledBack struct{ slowBackend }

func (rolledBack) Observe(r Resource) Values {
	if r.Type != vpcToken {
		return nil
	}
	return Values{"cidrBlock": "10.9.0.0/16"}
}

func TestBackendFindsAnotherValue(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.SetBackend(&rolledBack{slowBackend{account: w.Account}})
	vpc := w.make(vpcToken, "vpc", Values{"cidrBlock": "10.0.0.0/16"})
	next, err := w.Update(ctx, vpcToken, vpc.ID, Values{"cidrBlock": "10.1.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	read, _ := w.Read(vpcToken, vpc.ID)
	for what, r := range map[string]Resource{"create": vpc, "update": next, "read": read} {
		if r.Inputs.Text("cidrBlock") != "10.9.0.0/16" || r.Outputs.Text("cidrBlock") != "10.9.0.0/16" {
			t.Errorf("%s: %v %v, want what the backend found", what, r.Inputs["cidrBlock"], r.Outputs["cidrBlock"])
		}
	}
	// The provider compares with what it read: the next update goes back to what the program says.
	declared, found := Values{"taskDefinition": "web:2"}, Values{"taskDefinition": "web:1"}
	if changed, _ := w.Diff(serviceToken, "s", declared, found, declared); !slices.Equal(changed, []string{"taskDefinition"}) {
		t.Errorf("after a rollback the diff is %v", changed)
	}
	if changed, _ := w.Diff(serviceToken, "s", declared, declared, declared); len(changed) > 0 {
		t.Errorf("without a rollback the diff is %v", changed)
	}
}

func TestDeleteWaitsForDependents(t *testing.T) {
	w, ctx := furnished(t), context.Background()
	w.make(natGatewayToken, "nat", Values{"subnetId": "{b}", "allocationId": "{eip}"})
	w.patience = 200 * time.Millisecond
	w.SetBackend(&slowBackend{account: w.Account, wait: 500 * time.Millisecond})
	done := make(chan error)
	go func() { done <- w.Delete(ctx, subnetToken, w.ids["b"]) }()
	if err := w.Delete(ctx, natGatewayToken, w.ids["nat"]); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the subnet was not deleted once its NAT gateway was: %v", err)
	}
}

func TestFaults(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	boom := errors.New("boom")
	w.SetFaults(Faults{
		Fail: []Fault{
			{Operation: "create", Type: vpcToken, Nth: 2},
			{Operation: "delete", Type: vpcToken, Err: boom},
		},
		Latency: map[string]time.Duration{"create " + vpcToken: 30 * time.Millisecond},
	})
	start := time.Now()
	vpc := w.make(vpcToken, "one", Values{"cidrBlock": "10.0.0.0/16"})
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("a create took %v, want the latency of 30 ms", took)
	}
	_, err := w.Create(ctx, vpcToken, "two", Values{"cidrBlock": "10.1.0.0/16"})
	wantCode(t, err, "InternalFailure")
	w.make(vpcToken, "three", Values{"cidrBlock": "10.2.0.0/16"})
	if err := w.Delete(ctx, vpcToken, vpc.ID); !errors.Is(err, boom) {
		t.Errorf("error is %v, want boom", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Create(cancelled, vpcToken, "four", Values{"cidrBlock": "10.3.0.0/16"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that the operation was cancelled", err)
	}
	w.SetFaults(Faults{})
	if err := w.Delete(ctx, vpcToken, vpc.ID); err != nil {
		t.Error(err)
	}
}
