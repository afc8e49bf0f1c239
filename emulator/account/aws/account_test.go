package aws

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

func TestCheckInputs(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token string
		in          account.Values
		property    string // of the problem; empty when there is none
		says        string
	}{
		{"good", account.SubnetToken, account.Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24"}, "", ""},
		{"null is absent", account.SubnetToken, account.Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "availabilityZone": nil}, "", ""},
		{"unknown is present", account.SubnetToken, account.Values{"vpcId": account.Unknown{}, "cidrBlock": account.Unknown{}}, "", ""},
		{"unknown input", account.SubnetToken, account.Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "availabilityZones": "x"}, "availabilityZones", "did you mean availabilityZone?"},
		{"output as an input", account.SubnetToken, account.Values{"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/24", "arn": "x"}, "arn", "is not an input"},
		{"missing input", account.SubnetToken, account.Values{"cidrBlock": "10.0.0.0/24"}, "vpcId", "is required"},
		{"missing document", account.RoleToken, account.Values{}, "assumeRolePolicy", "is required"},
		{"number for a string", account.SubnetToken, account.Values{"vpcId": 1, "cidrBlock": "10.0.0.0/24"}, "vpcId", "must be a string, not the number 1"},
		{"string for a boolean", account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": "true"}, "enableDnsSupport", `must be a boolean, not the string "true"`},
		{"string for a number", account.GroupToken, account.Values{"minSize": "1", "maxSize": 1}, "minSize", "must be a whole number"},
		{"fraction for a whole number", account.GroupToken, account.Values{"minSize": 1.5, "maxSize": 2}, "minSize", "must be a whole number, not the number 1.5"},
		{"string for a list", account.LaunchTemplateToken, account.Values{"vpcSecurityGroupIds": "sg-1"}, "vpcSecurityGroupIds", "must be a list"},
		{"number in a list", account.LaunchTemplateToken, account.Values{"vpcSecurityGroupIds": []any{"sg-1", 2}}, "vpcSecurityGroupIds[1]", "must be a string"},
		{"list for a map", account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16", "tags": []any{"a"}}, "tags", "must be a map"},
		{"number in a map", account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16", "tags": map[string]any{"a": 1}}, "tags.a", "must be a string"},
		{"list for a block", account.LaunchTemplateToken, account.Values{"metadataOptions": []any{}}, "metadataOptions", "must be a block"},
		{"unknown input of a block", account.LaunchTemplateToken, account.Values{"metadataOptions": map[string]any{"httpToken": "required"}}, "metadataOptions.httpToken", "did you mean httpTokens?"},
		{"unknown input of a listed block", account.LaunchTemplateToken, account.Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"size": 1}}}}, "blockDeviceMappings[0].ebs.size", "is not an input"},
		{"missing input of a listed block", account.GroupToken, account.Values{"minSize": 0, "maxSize": 1, "tags": []any{map[string]any{"key": "a", "value": "b"}}}, "tags[0].propagateAtLaunch", "is required"},
		{"boolean for a document", account.RoleToken, account.Values{"assumeRolePolicy": true}, "assumeRolePolicy", "must be a string"},
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
	_, _, err := w.Check("aws:ec2/vpcs:Vpc", "thing", nil, account.Values{}, nil)
	if err == nil || !strings.Contains(err.Error(), "did you mean aws:ec2/vpc:Vpc") {
		t.Errorf("an unknown type gives %v", err)
	}
}

func TestAutonaming(t *testing.T) {
	w := newWorld(t)
	name := func(logical string, olds, in account.Values, seed string) (string, []account.Problem) {
		t.Helper()
		inputs, problems, err := w.Check(account.SecurityGroupToken, logical, olds, in, []byte(seed))
		if err != nil {
			t.Fatal(err)
		}
		return inputs.Text("name"), problems
	}
	first, _ := name("web", nil, account.Values{}, "seed")
	if suffix, ok := strings.CutPrefix(first, "web-"); !ok || !regexp.MustCompile(`^[0-9a-f]{7}$`).MatchString(suffix) {
		t.Fatalf("name is %q, want web- and seven hexadecimal digits", first)
	}
	if again, _ := name("web", nil, account.Values{}, "seed"); again != first {
		t.Errorf("the same seed gives %q and %q", first, again)
	}
	if other, _ := name("web", nil, account.Values{}, "other"); other == first {
		t.Errorf("two seeds give %q", first)
	}
	if kept, _ := name("web", account.Values{"name": first}, account.Values{}, "other"); kept != first {
		t.Errorf("the name changed from %q to %q", first, kept)
	}
	if renamed, _ := name("web", account.Values{"name": "mine"}, account.Values{}, "seed"); renamed != first {
		t.Errorf("a name that was given and is not any more becomes %q, want %q", renamed, first)
	}
	if given, _ := name("web", account.Values{"name": first}, account.Values{"name": "mine"}, "seed"); given != "mine" {
		t.Errorf("a given name becomes %q", given)
	}
	if _, problems := name(strings.Repeat("a", 247), nil, account.Values{}, "seed"); len(problems) != 0 {
		t.Errorf("255 characters are refused: %v", problems)
	}
	if _, problems := name(strings.Repeat("a", 248), nil, account.Values{}, "seed"); !hasProblem(problems, "name") {
		t.Errorf("256 characters pass: %v", problems)
	}
	alias, _, err := w.Check(account.AliasToken, "state", nil, account.Values{"targetKeyId": "key"}, []byte("seed"))
	if name := alias.Text("name"); err != nil || !regexp.MustCompile(`^alias/state-[0-9a-f]{7}$`).MatchString(name) {
		t.Errorf("the alias is called %q, %v", name, err)
	}
}

func TestDiff(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token      string
		old, next        account.Values
		changed, replace []string
	}{
		{"nothing", account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16"}, account.Values{"cidrBlock": "10.0.0.0/16"}, nil, nil},
		{"in place", account.VPCToken, account.Values{"enableDnsSupport": true}, account.Values{"enableDnsSupport": false}, []string{"enableDnsSupport"}, nil},
		{"replacement", account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16"}, account.Values{"cidrBlock": "10.1.0.0/16"}, []string{"cidrBlock"}, []string{"cidrBlock"}},
		{"unknown", account.SubnetToken, account.Values{"vpcId": "vpc-1"}, account.Values{"vpcId": account.Unknown{}}, []string{"vpcId"}, []string{"vpcId"}},
		{"a tag", account.VPCToken, account.Values{"tags": map[string]any{"a": "b"}}, account.Values{"tags": map[string]any{"a": "c", "d": "e"}}, []string{"tags.a", "tags.d"}, nil},
		{"empty list and none", account.LaunchTemplateToken, account.Values{"vpcSecurityGroupIds": []any{}}, account.Values{}, nil, nil},
		{"list grows", account.LaunchTemplateToken, account.Values{"vpcSecurityGroupIds": []any{"a"}}, account.Values{"vpcSecurityGroupIds": []any{"a", "b"}}, []string{"vpcSecurityGroupIds[1]"}, nil},
		{"nested replacement", account.InstanceToken, account.Values{"rootBlockDevice": map[string]any{"encrypted": true}}, account.Values{"rootBlockDevice": map[string]any{"encrypted": false}}, []string{"rootBlockDevice.encrypted"}, []string{"rootBlockDevice.encrypted"}},
		{"nested in place", account.InstanceToken, account.Values{"rootBlockDevice": map[string]any{"volumeSize": 8.0}}, account.Values{"rootBlockDevice": map[string]any{"volumeSize": 9.0}}, []string{"rootBlockDevice.volumeSize"}, nil},
		{"block of a replacement goes", account.InstanceToken, account.Values{"rootBlockDevice": map[string]any{"encrypted": true}}, account.Values{}, []string{"rootBlockDevice"}, []string{"rootBlockDevice"}},
		{"user data", account.InstanceToken, account.Values{"userData": "a"}, account.Values{"userData": "b"}, []string{"userData"}, nil},
		{"user data that replaces", account.InstanceToken, account.Values{"userData": "a", "userDataReplaceOnChange": true}, account.Values{"userData": "b", "userDataReplaceOnChange": true}, []string{"userData"}, []string{"userData"}},
		{"same document", account.RoleToken, account.Values{"assumeRolePolicy": `{"a":1,"b":[2]}`}, account.Values{"assumeRolePolicy": "{ \"b\": [2],\n \"a\": 1 }"}, nil, nil},
		{"other document", account.RoleToken, account.Values{"assumeRolePolicy": `{"a":1}`}, account.Values{"assumeRolePolicy": `{"a":2}`}, []string{"assumeRolePolicy"}, nil},
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
	_, err := w.Create(context.Background(), account.VPCEndpointToken, "s3", w.checked(account.VPCEndpointToken, "s3", account.Values{
		"vpcId": "{vpc}", "serviceName": "com.amazonaws.eu-central-1.ecr.api", "vpcEndpointType": "Interface",
		"subnetIds": []any{"{a}", "subnet-0123456789abcdef0"},
	}))
	wantCode(t, err, "InvalidSubnetID.NotFound")
	for _, part := range []string{"The subnet ID 'subnet-0123456789abcdef0' does not exist", "subnetIds[1]"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error is %q, want %q in it", err, part)
		}
	}
	_, err = w.Update(context.Background(), account.LaunchTemplateToken, w.ids["lt"], w.checked(account.LaunchTemplateToken, "lt", with(goodTemplate, account.Values{"vpcSecurityGroupIds": []any{"sg-0123456789abcdef0"}})))
	wantCode(t, err, "InvalidGroup.NotFound")
	if after := mustRead(w, account.LaunchTemplateToken, "lt"); len(after.Inputs.Strings("vpcSecurityGroupIds")) != 2 {
		t.Errorf("a refused update left %v", after.Inputs["vpcSecurityGroupIds"])
	}
}

func TestUpdateKeepsWhatAWSChose(t *testing.T) {
	w := furnished(t)
	in := account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.9.0/24", "availabilityZone": "eu-central-1b", "mapPublicIpOnLaunch": true}
	before := w.make(account.SubnetToken, "subnet", in)
	after, err := w.Update(context.Background(), account.SubnetToken, before.ID, w.checked(account.SubnetToken, "subnet", with(in, account.Values{"mapPublicIpOnLaunch": nil, "availabilityZone": nil})))
	if err != nil {
		t.Fatal(err)
	}
	checkOutputs(t, w.typeOf(account.SubnetToken), after)
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
	if err := w.Delete(ctx, account.VPCToken, "vpc-0123456789abcdef0"); err != nil {
		t.Errorf("deleting what is gone: %v", err)
	}
	if _, err := w.Update(ctx, account.VPCToken, "vpc-0123456789abcdef0", w.checked(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.0.0.0/16"})); err == nil {
		t.Error("updating what is gone passes")
	}
	if err := w.Tamper(account.VPCToken, w.ids["vpc"], "enableDnsHostnames", false); err != nil {
		t.Fatal(err)
	}
	vpc := mustRead(w, account.VPCToken, "vpc")
	if vpc.Inputs["enableDnsHostnames"] != false || vpc.Outputs["enableDnsHostnames"] != false {
		t.Errorf("tampering left %v", vpc)
	}
	vpc.Outputs["cidrBlock"] = "changed"
	if mustRead(w, account.VPCToken, "vpc").Outputs["cidrBlock"] == "changed" {
		t.Error("a caller can change the account's record")
	}
	if found, ok := w.Find(account.VPCToken, "cidrBlock", "10.1.0.0/16"); !ok || found.ID != w.ids["vpc2"] {
		t.Errorf("found %v, want vpc2", found)
	}
}

func TestPlanned(t *testing.T) {
	w := newWorld(t)
	planned, err := w.Planned(account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"cidrBlock": "10.0.0.0/16", "enableDnsSupport": true, "arn": account.Unknown{}, "defaultSecurityGroupId": account.Unknown{}} {
		if planned[name] != want {
			t.Errorf("a new VPC plans %s = %v, want %v", name, planned[name], want)
		}
	}
	template := w.make(account.LaunchTemplateToken, "lt", account.Values{"instanceType": "t3.small"})
	planned, err = w.Planned(account.LaunchTemplateToken, with(template.Inputs, account.Values{"instanceType": "t3.large"}), &template)
	if err != nil {
		t.Fatal(err)
	}
	if planned["arn"] != template.Outputs["arn"] || planned["instanceType"] != "t3.large" || planned["latestVersion"] != (account.Unknown{}) {
		t.Errorf("a changed template plans %v", planned)
	}
}

func TestTags(t *testing.T) {
	w := newWorld(t)
	tagged := func(tags map[string]any, defaults map[string]string) (account.Values, []account.Problem) {
		t.Helper()
		in := w.DefaultTags(account.VPCToken, account.Values{"cidrBlock": "10.0.0.0/16", "tags": tags}, defaults)
		inputs, problems, err := w.Check(account.VPCToken, "vpc", nil, in, nil)
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
	if in := w.DefaultTags(account.RouteToken, account.Values{"gatewayId": "x"}, map[string]string{"a": "b"}); in.Has("tagsAll") {
		t.Error("a type without tags gets some")
	}
}

// slowBackend fails or takes its time as a test asks.
type slowBackend struct {
	account *account.Account
	ensure  error
	remove  error
	wait    time.Duration
}

func (b *slowBackend) Ensure(_ context.Context, r account.Resource) error {
	if _, recorded := b.account.Read(r.Type, r.ID); !recorded { // would hang under the account's lock
		return errors.New("not recorded yet")
	}
	return b.ensure
}

func (b *slowBackend) Remove(_ context.Context, r account.Resource) error {
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
	vpc := w.make(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.0.0.0/16"})

	backend.ensure = errors.New("no space left")
	failed, err := w.Create(ctx, account.VPCToken, "failed", account.Values{"cidrBlock": "10.1.0.0/16"})
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Fatalf("error is %v, want the backend's", err)
	}
	if _, recorded := w.Read(account.VPCToken, failed.ID); !recorded {
		t.Error("a resource that failed halfway is not recorded")
	}
	backend.remove = errors.New("still busy")
	if err := w.Delete(ctx, account.VPCToken, vpc.ID); err == nil || !strings.Contains(err.Error(), "still busy") {
		t.Errorf("error is %v, want the backend's", err)
	}
	if _, recorded := w.Read(account.VPCToken, vpc.ID); !recorded {
		t.Error("a resource that could not be removed is gone")
	}
	backend.remove = nil
	if err := w.Delete(ctx, account.VPCToken, vpc.ID); err != nil {
		t.Fatal(err)
	}
	if left := w.List(account.RouteTableToken); len(left) != 1 || left[0].Owner != failed.ID {
		t.Errorf("route tables left: %v, want the one of the other VPC", left)
	}
}

// rolledBack is a backend in which a service runs another task definition than it was given.
type rolledBack struct{ slowBackend }

func (rolledBack) Observe(r account.Resource) account.Values {
	if r.Type != account.VPCToken {
		return nil
	}
	return account.Values{"cidrBlock": "10.9.0.0/16"}
}

func TestBackendFindsAnotherValue(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.SetBackend(&rolledBack{slowBackend{account: w.Account}})
	vpc := w.make(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.0.0.0/16"})
	next, err := w.Update(ctx, account.VPCToken, vpc.ID, account.Values{"cidrBlock": "10.1.0.0/16"})
	if err != nil {
		t.Fatal(err)
	}
	read, _ := w.Read(account.VPCToken, vpc.ID)
	for what, r := range map[string]account.Resource{"create": vpc, "update": next, "read": read} {
		if r.Inputs.Text("cidrBlock") != "10.9.0.0/16" || r.Outputs.Text("cidrBlock") != "10.9.0.0/16" {
			t.Errorf("%s: %v %v, want what the backend found", what, r.Inputs["cidrBlock"], r.Outputs["cidrBlock"])
		}
	}
	// The provider compares with what it read: the next update goes back to what the program says.
	declared, found := account.Values{"taskDefinition": "web:2"}, account.Values{"taskDefinition": "web:1"}
	if changed, _ := w.Diff(account.ServiceToken, "s", declared, found, declared); !slices.Equal(changed, []string{"taskDefinition"}) {
		t.Errorf("after a rollback the diff is %v", changed)
	}
	if changed, _ := w.Diff(account.ServiceToken, "s", declared, declared, declared); len(changed) > 0 {
		t.Errorf("without a rollback the diff is %v", changed)
	}
}

func TestDeleteWaitsForDependents(t *testing.T) {
	w, ctx := furnished(t), context.Background()
	w.make(account.NatGatewayToken, "nat", account.Values{"subnetId": "{b}", "allocationId": "{eip}"})
	w.Patience = 200 * time.Millisecond
	w.SetBackend(&slowBackend{account: w.Account, wait: 500 * time.Millisecond})
	done := make(chan error)
	go func() { done <- w.Delete(ctx, account.SubnetToken, w.ids["b"]) }()
	if err := w.Delete(ctx, account.NatGatewayToken, w.ids["nat"]); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("the subnet was not deleted once its NAT gateway was: %v", err)
	}
}

func TestFaults(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	boom := errors.New("boom")
	w.SetFaults(account.Faults{
		Fail: []account.Fault{
			{Operation: "create", Type: account.VPCToken, Nth: 2},
			{Operation: "delete", Type: account.VPCToken, Err: boom},
		},
		Latency: map[string]time.Duration{"create " + account.VPCToken: 30 * time.Millisecond},
	})
	start := time.Now()
	vpc := w.make(account.VPCToken, "one", account.Values{"cidrBlock": "10.0.0.0/16"})
	if took := time.Since(start); took < 30*time.Millisecond {
		t.Errorf("a create took %v, want the latency of 30 ms", took)
	}
	_, err := w.Create(ctx, account.VPCToken, "two", account.Values{"cidrBlock": "10.1.0.0/16"})
	wantCode(t, err, "InternalFailure")
	w.make(account.VPCToken, "three", account.Values{"cidrBlock": "10.2.0.0/16"})
	if err := w.Delete(ctx, account.VPCToken, vpc.ID); !errors.Is(err, boom) {
		t.Errorf("error is %v, want boom", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := w.Create(cancelled, account.VPCToken, "four", account.Values{"cidrBlock": "10.3.0.0/16"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that the operation was cancelled", err)
	}
	w.SetFaults(account.Faults{})
	if err := w.Delete(ctx, account.VPCToken, vpc.ID); err != nil {
		t.Error(err)
	}
}
