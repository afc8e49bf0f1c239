package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

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
