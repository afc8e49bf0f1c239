package aws

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ec2"
)

func TestFleetRefusals(t *testing.T) {
	instance := account.Values{"ami": "ami-0123456789abcdef0", "instanceType": "t4g.nano", "subnetId": "{a}", "vpcSecurityGroupIds": []any{"{web}"}, "sourceDestCheck": false}
	mixed := func(distribution, override account.Values) account.Values {
		return account.Values{"launchTemplate": nil, "mixedInstancesPolicy": map[string]any{
			"instancesDistribution": map[string]any(distribution),
			"launchTemplate": map[string]any{
				"launchTemplateSpecification": map[string]any{"launchTemplateId": "{lt}", "version": "1"},
				"overrides":                   []any{map[string]any(override)},
			},
		}}
	}
	goodMixed := with(goodGroup, mixed(account.Values{"onDemandPercentageAboveBaseCapacity": 50}, account.Values{"instanceType": "t3.medium"}))
	large := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 16385)))
	testRefusals(t, furnished, []refusal{
		{"instance without an image", account.InstanceToken, instance, account.Values{"ami": nil}, "ami", ""},
		{"instance without a type", account.InstanceToken, instance, account.Values{"instanceType": nil}, "instanceType", ""},
		{"instance of no type", account.InstanceToken, instance, account.Values{"instanceType": "t4g"}, "instanceType", ""},
		{"instance with optional IMDS", account.InstanceToken, instance, account.Values{"metadataOptions": map[string]any{"httpTokens": "maybe"}}, "metadataOptions.httpTokens", ""},
		{"instance with a bad image", account.InstanceToken, instance, account.Values{"ami": "al2023"}, "", "InvalidAMIID.Malformed"},
		{"instance in no subnet", account.InstanceToken, instance, account.Values{"subnetId": "subnet-0123456789abcdef0"}, "", "InvalidSubnetID.NotFound"},
		{"instance without a subnet", account.InstanceToken, instance, account.Values{"subnetId": nil}, "", "VPCIdNotSpecified"},
		{"instance with a group of another VPC", account.InstanceToken, instance, account.Values{"vpcSecurityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter"},
		{"instance with too much user data", account.InstanceToken, instance, account.Values{"userData": large}, "", "InvalidParameterValue"},

		{"template name too short", account.LaunchTemplateToken, with(goodTemplate, account.Values{"name": "lt1"}), account.Values{"name": "lt"}, "name", ""},
		{"template name with a space", account.LaunchTemplateToken, goodTemplate, account.Values{"name": "launch template"}, "name", ""},
		{"template with a half instance type", account.LaunchTemplateToken, goodTemplate, account.Values{"instanceType": "small"}, "instanceType", ""},
		{"template hop limit", account.LaunchTemplateToken, goodTemplate, account.Values{"metadataOptions": map[string]any{"httpPutResponseHopLimit": 65}}, "metadataOptions.httpPutResponseHopLimit", ""},
		{"template endpoint", account.LaunchTemplateToken, goodTemplate, account.Values{"metadataOptions": map[string]any{"httpEndpoint": "on"}}, "metadataOptions.httpEndpoint", ""},
		{"template volume type", account.LaunchTemplateToken, goodTemplate, account.Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"volumeType": "ssd"}}}}, "blockDeviceMappings[0].ebs.volumeType", ""},
		{"template volume flag", account.LaunchTemplateToken, goodTemplate, account.Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"encrypted": "yes"}}}}, "blockDeviceMappings[0].ebs.encrypted", ""},
		{"template tags of nothing", account.LaunchTemplateToken, goodTemplate, account.Values{"tagSpecifications": []any{map[string]any{"resourceType": "disk"}}}, "tagSpecifications[0].resourceType", ""},
		{"template with a bad image", account.LaunchTemplateToken, goodTemplate, account.Values{"imageId": "ami-latest"}, "", "InvalidAMIID.Malformed"},
		{"template with plain user data", account.LaunchTemplateToken, goodTemplate, account.Values{"userData": "#!/bin/sh"}, "", "InvalidUserData.Malformed"},
		{"template with too much user data", account.LaunchTemplateToken, goodTemplate, account.Values{"userData": large}, "", "InvalidParameterValue"},
		{"template with a bad resolve", account.LaunchTemplateToken,
			with(goodTemplate, account.Values{"imageId": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"}), account.Values{"imageId": "resolve:/ami"}, "", "InvalidAMIID.Malformed"},
		{"template with a lost group", account.LaunchTemplateToken, goodTemplate, account.Values{"vpcSecurityGroupIds": []any{"sg-0123456789abcdef0"}}, "", "InvalidGroup.NotFound"},
		{"template with groups of two VPCs", account.LaunchTemplateToken, goodTemplate, account.Values{"vpcSecurityGroupIds": []any{"{web}", "{othersg}"}}, "", "InvalidParameter"},
		{"template with no such key", account.LaunchTemplateToken, goodTemplate, account.Values{"keyName": "mine"}, "", "InvalidKeyPair.NotFound"},
		{"template with no such profile", account.LaunchTemplateToken, goodTemplate, account.Values{"iamInstanceProfile": map[string]any{"arn": "arn:aws:iam::123456789012:instance-profile/nobody"}}, "", "InvalidParameterValue"},

		{"group without a template", account.GroupToken, goodGroup, account.Values{"mixedInstancesPolicy": nil}, "launchTemplate", ""},
		{"group with template and policy", account.GroupToken, goodGroup, account.Values{"launchTemplate": map[string]any{"id": "{lt}"}}, "launchTemplate", ""},
		{"group health check", account.GroupToken, goodGroup, account.Values{"healthCheckType": "ALB"}, "healthCheckType", ""},
		{"group spot share", account.GroupToken, goodMixed, mixed(account.Values{"onDemandPercentageAboveBaseCapacity": 101}, account.Values{"instanceType": "t3.medium"}), "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity", ""},
		{"group spot strategy", account.GroupToken, goodMixed, mixed(account.Values{"spotAllocationStrategy": "cheapest"}, account.Values{"instanceType": "t3.medium"}), "mixedInstancesPolicy.instancesDistribution.spotAllocationStrategy", ""},
		{"group override", account.GroupToken, goodMixed, mixed(account.Values{}, account.Values{"instanceType": "medium"}), "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType", ""},

		{"group of an hour", account.GroupToken, with(goodGroup, account.Values{"maxInstanceLifetime": 86400}), account.Values{"maxInstanceLifetime": 3600}, "maxInstanceLifetime", ""},
		{"group of two years", account.GroupToken, with(goodGroup, account.Values{"maxInstanceLifetime": 0}), account.Values{"maxInstanceLifetime": 63072000}, "maxInstanceLifetime", ""},
		{"group with a low minimum", account.GroupToken, goodGroup, kept(-1, 100), "instanceMaintenancePolicy.minHealthyPercentage", ""},
		{"group with a high maximum", account.GroupToken, goodGroup, kept(100, 201), "instanceMaintenancePolicy.maxHealthyPercentage", ""},
		{"group with a wide range", account.GroupToken, with(goodGroup, kept(100, 200)), kept(90, 200), "instanceMaintenancePolicy", ""},

		{"group upside down", account.GroupToken, goodGroup, account.Values{"minSize": 4}, "", "ValidationError"},
		{"group above its maximum", account.GroupToken, goodGroup, account.Values{"desiredCapacity": 4}, "", "ValidationError"},
		{"group below its minimum", account.GroupToken, goodGroup, account.Values{"desiredCapacity": 0}, "", "ValidationError"},
		{"group nowhere", account.GroupToken, goodGroup, account.Values{"vpcZoneIdentifiers": nil}, "", "ValidationError"},
		{"group in a lost subnet", account.GroupToken, goodGroup, account.Values{"vpcZoneIdentifiers": []any{"subnet-0123456789abcdef0"}}, "", "ValidationError"},
		{"group in two VPCs", account.GroupToken, goodGroup, account.Values{"vpcZoneIdentifiers": []any{"{a}", "{other}"}}, "", "ValidationError"},
		{"group in another VPC than its template", account.GroupToken, goodGroup, account.Values{"vpcZoneIdentifiers": []any{"{other}"}}, "", "ValidationError"},
		{"group of a lost template", account.GroupToken, goodGroup, account.Values{"mixedInstancesPolicy": startsFrom("lt-0123456789abcdef0")}, "", "InvalidLaunchTemplateId.NotFound"},
		{"group of a version to come", account.GroupToken, goodGroup, account.Values{"mixedInstancesPolicy": map[string]any{"launchTemplate": map[string]any{"launchTemplateSpecification": map[string]any{"launchTemplateId": "{lt}", "version": "2"}}}}, "", "ValidationError"},
		{"group with a tag twice", account.GroupToken, goodGroup, account.Values{"tags": []any{
			map[string]any{"key": "a", "value": "1", "propagateAtLaunch": true}, map[string]any{"key": "a", "value": "2", "propagateAtLaunch": true},
		}}, "", "ValidationError"},
	})
}

// TestAgeing: what months do to instances whose user data and group are declared like this.
func TestAgeing(t *testing.T) {
	data := func(pulls string) string {
		return base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\ncat >>/etc/ecs/ecs.config <<X\nECS_CLUSTER=shop\n" + pulls + "X\n"))
	}
	month := account.Values{"maxInstanceLifetime": 2592000}
	launched := with(month, kept(100, 110))
	for _, test := range []struct {
		name, pulls string
		group       account.Values
		want        []string
	}{
		{"nothing said", "", account.Values{}, []string{"maxInstanceLifetime is not set"}},
		{"images that stay", "ECS_IMAGE_PULL_BEHAVIOR=prefer-cached\n", launched, []string{"the disks fill"}},
		{"images that are cleaned up", "ECS_IMAGE_PULL_BEHAVIOR=once\n", launched, nil},
		{"protected", "", with(launched, account.Values{"protectFromScaleIn": true}), []string{"protectFromScaleIn protects"}},
		{"terminated first", "", month, []string{"terminates before the next one is launched"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			w.make(account.LaunchTemplateToken, "ecs", with(goodTemplate, account.Values{"userData": data(test.pulls)}))
			w.make(account.GroupToken, "fleet", with(goodGroup, with(test.group, account.Values{"mixedInstancesPolicy": startsFrom("{ecs}")})))
			got := ec2.Ageing(w.Account)
			if len(got) != len(test.want) || len(got) == 1 && !strings.Contains(got[0], test.want[0]) {
				t.Errorf("it is %q, want %q", got, test.want)
			}
		})
	}
}

// kept is the share of a group's instances that a replacement leaves.
func kept(lowest, highest int) account.Values {
	return account.Values{"instanceMaintenancePolicy": map[string]any{"minHealthyPercentage": lowest, "maxHealthyPercentage": highest}}
}

func TestGroupOfAnIncompleteTemplate(t *testing.T) {
	for _, missing := range []string{"imageId", "instanceType"} {
		w := furnished(t)
		w.make(account.LaunchTemplateToken, "half", with(goodTemplate, account.Values{missing: nil}))
		in := with(goodGroup, account.Values{"mixedInstancesPolicy": startsFrom("{half}")})
		_, err := w.Create(context.Background(), account.GroupToken, "fleet", w.checked(account.GroupToken, "fleet", in))
		wantCode(t, err, "ValidationError")
	}
}

// ECS tags the group that a capacity provider scales; a program that does not declare the tag has drift from then on.
func TestCapacityProviderTagsItsGroup(t *testing.T) {
	declared := account.Values{"tags": []any{map[string]any{"key": "AmazonECSManaged", "value": "true", "propagateAtLaunch": true}}}
	for _, test := range []struct {
		name    string
		group   account.Values
		changed []string
	}{
		{"not declared", account.Values{}, []string{"tags"}},
		{"declared", declared, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			in := with(goodGroup, test.group)
			group := w.make(account.GroupToken, "fleet", in)
			w.make("aws:ecs/capacityProvider:CapacityProvider", "provider", account.Values{"autoScalingGroupProvider": map[string]any{
				"autoScalingGroupArn": group.Outputs["arn"], "managedScaling": map[string]any{"status": "ENABLED"},
			}})
			live := mustRead(w, account.GroupToken, "fleet")
			if changed, _ := w.Diff(account.GroupToken, live.ID, live.Inputs, nil, group.Inputs); !slices.Equal(changed, test.changed) {
				t.Errorf("refresh finds the changes %v, want %v", changed, test.changed)
			}
		})
	}
}

func TestMixedPolicyIsCompleted(t *testing.T) {
	w := furnished(t)
	group := w.make(account.GroupToken, "fleet", with(goodGroup, account.Values{"mixedInstancesPolicy": map[string]any{
		"launchTemplate": map[string]any{"launchTemplateSpecification": map[string]any{"launchTemplateId": "{lt}", "version": "1"}},
	}}))
	const place = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification."
	template := mustRead(w, account.LaunchTemplateToken, "lt")
	if group.Outputs.Text(place+"launchTemplateName") != template.Outputs.Text("name") || group.Outputs.Text(place+"version") != "1" {
		t.Errorf("the group's policy is %v", group.Outputs["mixedInstancesPolicy"])
	}
	if share, _ := group.Outputs.Int("mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity"); share != 100 {
		t.Errorf("the on-demand share is %d, want 100: AWS's default", share)
	}
}

func TestProtectedGroup(t *testing.T) {
	ctx := context.Background()
	for _, test := range []struct {
		name    string
		changes account.Values
		refused bool
	}{
		{"protected", account.Values{"protectFromScaleIn": true}, true},
		{"forced", account.Values{"protectFromScaleIn": true, "forceDelete": true}, false},
		{"empty", account.Values{"protectFromScaleIn": true, "minSize": 0, "desiredCapacity": 0}, false},
		{"free", account.Values{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			group := w.make(account.GroupToken, "fleet", with(goodGroup, test.changes))
			err := w.Delete(ctx, account.GroupToken, group.ID)
			if test.refused {
				wantCode(t, err, "ResourceInUse")
			} else if err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestLaunchTemplateVersions(t *testing.T) {
	w := furnished(t)
	update := func(in account.Values) account.Resource {
		t.Helper()
		r, err := w.Update(context.Background(), account.LaunchTemplateToken, w.ids["lt"], w.checked(account.LaunchTemplateToken, "lt", in))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	named := with(goodTemplate, account.Values{"name": mustRead(w, account.LaunchTemplateToken, "lt").Outputs["name"]})
	for _, step := range []struct {
		name            string
		in              account.Values
		latest, current float64
	}{
		{"tags only", with(named, account.Values{"tags": map[string]any{"a": "b"}}), 1, 1},
		{"another type", with(named, account.Values{"instanceType": "t3.large"}), 2, 1},
		{"follow the latest", with(named, account.Values{"instanceType": "t3.large", "updateDefaultVersion": true}), 2, 2},
		{"another image", with(named, account.Values{"imageId": "ami-0fedcba9876543210", "updateDefaultVersion": true}), 3, 3},
	} {
		r := update(step.in)
		if r.Outputs["latestVersion"] != step.latest || r.Outputs["defaultVersion"] != step.current {
			t.Errorf("%s: versions are %v and %v, want %v and %v", step.name, r.Outputs["latestVersion"], r.Outputs["defaultVersion"], step.latest, step.current)
		}
	}
}

func TestNATInstance(t *testing.T) {
	w := furnished(t)
	in := account.Values{"ami": "ami-0123456789abcdef0", "instanceType": "t4g.nano", "subnetId": "{a}"}
	nat := w.make(account.InstanceToken, "nat", in)
	w.make(account.EIPToken, "address", account.Values{"domain": "vpc", "instance": nat.ID})
	wantCode(t, w.Delete(context.Background(), account.InternetGatewayToken, w.ids["igw"]), "DependencyViolation")
	route := w.make(account.RouteToken, "route", account.Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "networkInterfaceId": nat.Outputs["primaryNetworkInterfaceId"]})
	if route.Outputs["instanceId"] != nat.ID {
		t.Errorf("the route leads to instance %v, want %s", route.Outputs["instanceId"], nat.ID)
	}
	if err := w.Delete(context.Background(), account.InstanceToken, nat.ID); err != nil {
		t.Error(err)
	}
	if address := mustRead(w, account.EIPToken, "address"); address.Outputs["associationId"] != "" {
		t.Errorf("the address of the deleted instance is still associated: %v", address.Outputs)
	}
	if err := w.Delete(context.Background(), account.InternetGatewayToken, w.ids["igw"]); err != nil {
		t.Error(err)
	}
}

func TestFlowLogRefusals(t *testing.T) {
	good := account.Values{"vpcId": "{vpc}", "trafficType": "ALL", "logDestination": "arn:aws:logs:eu-central-1:123456789012:log-group:flow", "iamRoleArn": "arn:aws:iam::123456789012:role/app"}
	testRefusals(t, furnished, []refusal{
		{"of nothing", account.FlowLogToken, good, account.Values{"vpcId": nil}, "vpcId", ""},
		{"of two things", account.FlowLogToken, good, account.Values{"subnetId": "{a}"}, "vpcId", ""},
		{"traffic", account.FlowLogToken, good, account.Values{"trafficType": "SOME"}, "trafficType", ""},
		{"destination that is no ARN", account.FlowLogToken, good, account.Values{"logDestination": "flow"}, "logDestination", ""},
		{"no destination", account.FlowLogToken, good, account.Values{"logDestination": nil}, "", "InvalidParameter"},
		{"destination of another service", account.FlowLogToken, good, account.Values{"logDestination": "arn:aws:s3:::bucket"}, "", "InvalidParameter"},
		{"no traffic type", account.FlowLogToken, good, account.Values{"trafficType": nil}, "", "InvalidParameter"},
		{"no role", account.FlowLogToken, good, account.Values{"iamRoleArn": nil}, "", "InvalidParameter"},
		{"no such role", account.FlowLogToken, good, account.Values{"iamRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "", "InvalidParameter"},
		{"role that is no ARN", account.FlowLogToken, good, account.Values{"iamRoleArn": "app"}, "", "InvalidParameter"},
	})
}

func mustRead(w *world, token, name string) account.Resource {
	w.t.Helper()
	r, ok := w.Read(token, w.ids[name])
	if !ok {
		w.t.Fatalf("%s is not there", name)
	}
	return r
}
