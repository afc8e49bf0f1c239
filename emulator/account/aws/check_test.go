package aws

import (
	"regexp"
	"slices"
	"strings"
	"testing"

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
