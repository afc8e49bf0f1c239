package account

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
)

func TestFleetRefusals(t *testing.T) {
	instance := Values{"ami": "ami-0123456789abcdef0", "instanceType": "t4g.nano", "subnetId": "{a}", "vpcSecurityGroupIds": []any{"{web}"}, "sourceDestCheck": false}
	mixed := func(distribution, override Values) Values {
		return Values{"launchTemplate": nil, "mixedInstancesPolicy": map[string]any{
			"instancesDistribution": map[string]any(distribution),
			"launchTemplate": map[string]any{
				"launchTemplateSpecification": map[string]any{"launchTemplateId": "{lt}", "version": "1"},
				"overrides":                   []any{map[string]any(override)},
			},
		}}
	}
	goodMixed := goodGroup.with(mixed(Values{"onDemandPercentageAboveBaseCapacity": 50}, Values{"instanceType": "t3.medium"}))
	large := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 16385)))
	testRefusals(t, furnished, []refusal{
		{"instance without an image", instanceToken, instance, Values{"ami": nil}, "ami", ""},
		{"instance without a type", instanceToken, instance, Values{"instanceType": nil}, "instanceType", ""},
		{"instance of no type", instanceToken, instance, Values{"instanceType": "t4g"}, "instanceType", ""},
		{"instance with two kinds of user data", instanceToken, instance.with(Values{"userData": "x"}), Values{"userDataBase64": "eA=="}, "userData", ""},
		{"instance with optional IMDS", instanceToken, instance, Values{"metadataOptions": map[string]any{"httpTokens": "maybe"}}, "metadataOptions.httpTokens", ""},
		{"instance with a bad image", instanceToken, instance, Values{"ami": "al2023"}, "", "InvalidAMIID.Malformed"},
		{"instance in no subnet", instanceToken, instance, Values{"subnetId": "subnet-0123456789abcdef0"}, "", "InvalidSubnetID.NotFound"},
		{"instance without a subnet", instanceToken, instance, Values{"subnetId": nil}, "", "VPCIdNotSpecified"},
		{"instance with a group of another VPC", instanceToken, instance, Values{"vpcSecurityGroupIds": []any{"{othersg}"}}, "", "InvalidParameter"},
		{"instance with no such profile", instanceToken, instance, Values{"iamInstanceProfile": "nobody"}, "", "InvalidParameterValue"},
		{"instance with too much user data", instanceToken, instance, Values{"userDataBase64": large}, "", "InvalidParameterValue"},

		{"template name too short", launchTemplateToken, goodTemplate.with(Values{"name": "lt1"}), Values{"name": "lt"}, "name", ""},
		{"template name with a space", launchTemplateToken, goodTemplate, Values{"name": "launch template"}, "name", ""},
		{"template with a half instance type", launchTemplateToken, goodTemplate, Values{"instanceType": "small"}, "instanceType", ""},
		{"template hop limit", launchTemplateToken, goodTemplate, Values{"metadataOptions": map[string]any{"httpPutResponseHopLimit": 65}}, "metadataOptions.httpPutResponseHopLimit", ""},
		{"template endpoint", launchTemplateToken, goodTemplate, Values{"metadataOptions": map[string]any{"httpEndpoint": "on"}}, "metadataOptions.httpEndpoint", ""},
		{"template volume type", launchTemplateToken, goodTemplate, Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"volumeType": "ssd"}}}}, "blockDeviceMappings[0].ebs.volumeType", ""},
		{"template volume flag", launchTemplateToken, goodTemplate, Values{"blockDeviceMappings": []any{map[string]any{"ebs": map[string]any{"encrypted": "yes"}}}}, "blockDeviceMappings[0].ebs.encrypted", ""},
		{"template tags of nothing", launchTemplateToken, goodTemplate, Values{"tagSpecifications": []any{map[string]any{"resourceType": "disk"}}}, "tagSpecifications[0].resourceType", ""},
		{"template credits", launchTemplateToken, goodTemplate, Values{"creditSpecification": map[string]any{"cpuCredits": "none"}}, "creditSpecification.cpuCredits", ""},
		{"template with two profiles", launchTemplateToken, goodTemplate, Values{"iamInstanceProfile": map[string]any{"name": "app", "arn": "arn:aws:iam::123456789012:instance-profile/app"}}, "iamInstanceProfile.arn", ""},
		{"template with a bad image", launchTemplateToken, goodTemplate, Values{"imageId": "ami-latest"}, "", "InvalidAMIID.Malformed"},
		{"template with a bad resolve", launchTemplateToken, goodTemplate.with(Values{"imageId": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"}), Values{"imageId": "resolve:/aws"}, "", "InvalidAMIID.Malformed"},
		{"template with plain user data", launchTemplateToken, goodTemplate, Values{"userData": "#!/bin/sh"}, "", "InvalidUserData.Malformed"},
		{"template with too much user data", launchTemplateToken, goodTemplate, Values{"userData": large}, "", "InvalidParameterValue"},
		{"template with a lost group", launchTemplateToken, goodTemplate, Values{"vpcSecurityGroupIds": []any{"sg-0123456789abcdef0"}}, "", "InvalidGroup.NotFound"},
		{"template with groups of two VPCs", launchTemplateToken, goodTemplate, Values{"vpcSecurityGroupIds": []any{"{web}", "{othersg}"}}, "", "InvalidParameter"},
		{"template with groups twice", launchTemplateToken, goodTemplate, Values{"networkInterfaces": []any{map[string]any{"securityGroups": []any{"{web}"}}}}, "", "InvalidParameterCombination"},
		{"template with no such key", launchTemplateToken, goodTemplate, Values{"keyName": "mine"}, "", "InvalidKeyPair.NotFound"},
		{"template with no such profile", launchTemplateToken, goodTemplate, Values{"iamInstanceProfile": map[string]any{"name": "nobody"}}, "", "InvalidParameterValue"},

		{"group without a template", groupToken, goodGroup, Values{"launchTemplate": nil}, "launchTemplate", ""},
		{"group with template and policy", groupToken, goodGroup, Values{"mixedInstancesPolicy": mixed(Values{}, Values{})["mixedInstancesPolicy"]}, "launchTemplate", ""},
		{"group with a template of two names", groupToken, goodGroup, Values{"launchTemplate": map[string]any{"id": "{lt}", "name": "lt"}}, "launchTemplate.id", ""},
		{"group health check", groupToken, goodGroup, Values{"healthCheckType": "ALB"}, "healthCheckType", ""},
		{"group lifetime", groupToken, goodGroup, Values{"maxInstanceLifetime": 3600}, "maxInstanceLifetime", ""},
		{"group refresh strategy", groupToken, goodGroup, Values{"instanceRefresh": map[string]any{"strategy": "Blue"}}, "instanceRefresh.strategy", ""},
		{"group refresh below zero", groupToken, goodGroup, Values{"instanceRefresh": map[string]any{"strategy": "Rolling", "preferences": map[string]any{"maxHealthyPercentage": 90}}}, "instanceRefresh.preferences.maxHealthyPercentage", ""},
		{"group suspends nothing", groupToken, goodGroup, Values{"suspendedProcesses": []any{"Sleep"}}, "suspendedProcesses[0]", ""},
		{"group tag of AWS", groupToken, goodGroup, Values{"tags": []any{map[string]any{"key": "aws:x", "value": "", "propagateAtLaunch": true}}}, "tags[0].key", ""},
		{"group spot share", groupToken, goodMixed, mixed(Values{"onDemandPercentageAboveBaseCapacity": 101}, Values{"instanceType": "t3.medium"}), "mixedInstancesPolicy.instancesDistribution.onDemandPercentageAboveBaseCapacity", ""},
		{"group spot strategy", groupToken, goodMixed, mixed(Values{"spotAllocationStrategy": "cheapest"}, Values{"instanceType": "t3.medium"}), "mixedInstancesPolicy.instancesDistribution.spotAllocationStrategy", ""},
		{"group override", groupToken, goodMixed, mixed(Values{}, Values{"instanceType": "medium"}), "mixedInstancesPolicy.launchTemplate.overrides[0].instanceType", ""},

		{"group upside down", groupToken, goodGroup, Values{"minSize": 4}, "", "ValidationError"},
		{"group above its maximum", groupToken, goodGroup, Values{"desiredCapacity": 4}, "", "ValidationError"},
		{"group below its minimum", groupToken, goodGroup, Values{"desiredCapacity": 0}, "", "ValidationError"},
		{"group nowhere", groupToken, goodGroup, Values{"vpcZoneIdentifiers": nil}, "", "ValidationError"},
		{"group in a lost subnet", groupToken, goodGroup, Values{"vpcZoneIdentifiers": []any{"subnet-0123456789abcdef0"}}, "", "ValidationError"},
		{"group in two VPCs", groupToken, goodGroup, Values{"vpcZoneIdentifiers": []any{"{a}", "{other}"}}, "", "ValidationError"},
		{"group in another VPC than its template", groupToken, goodGroup, Values{"vpcZoneIdentifiers": []any{"{other}"}}, "", "ValidationError"},
		{"group of a lost template", groupToken, goodGroup, Values{"launchTemplate": map[string]any{"id": "lt-0123456789abcdef0"}}, "", "InvalidLaunchTemplateId.NotFound"},
		{"group of a template name that is not there", groupToken, goodGroup, Values{"launchTemplate": map[string]any{"name": "lost"}}, "", "ValidationError"},
		{"group of a version to come", groupToken, goodGroup, Values{"launchTemplate": map[string]any{"id": "{lt}", "version": "2"}}, "", "ValidationError"},
		{"group with a tag twice", groupToken, goodGroup, Values{"tags": []any{
			map[string]any{"key": "a", "value": "1", "propagateAtLaunch": true}, map[string]any{"key": "a", "value": "2", "propagateAtLaunch": true},
		}}, "", "ValidationError"},
		{"group termination policy", groupToken, goodGroup, Values{"terminationPolicies": []any{"Random"}}, "", "ValidationError"},
		{"group of no target group", groupToken, goodGroup, Values{"targetGroupArns": []any{"arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/web/0123456789abcdef"}}, "", "ValidationError"},
	})
}

func TestGroupOfAnIncompleteTemplate(t *testing.T) {
	for _, missing := range []string{"imageId", "instanceType"} {
		w := furnished(t)
		w.make(launchTemplateToken, "half", goodTemplate.with(Values{missing: nil}))
		in := goodGroup.with(Values{"launchTemplate": map[string]any{"id": "{half}"}})
		_, err := w.Create(context.Background(), groupToken, "fleet", w.checked(groupToken, "fleet", in))
		wantCode(t, err, "ValidationError")
	}
}

// ECS tags the group that a capacity provider scales; a program that does not declare the tag has drift from then on.
func TestCapacityProviderTagsItsGroup(t *testing.T) {
	declared := Values{"tags": []any{map[string]any{"key": "AmazonECSManaged", "value": "true", "propagateAtLaunch": true}}}
	for _, test := range []struct {
		name    string
		group   Values
		changed []string
	}{
		{"not declared", Values{}, []string{"tags"}},
		{"declared", declared, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			in := goodGroup.with(test.group)
			group := w.make(groupToken, "fleet", in)
			w.make("aws:ecs/capacityProvider:CapacityProvider", "provider", Values{"autoScalingGroupProvider": map[string]any{
				"autoScalingGroupArn": group.Outputs["arn"], "managedScaling": map[string]any{"status": "ENABLED"},
			}})
			live := mustRead(w, groupToken, "fleet")
			if changed, _ := w.Diff(groupToken, live.ID, live.Inputs, nil, group.Inputs); !slices.Equal(changed, test.changed) {
				t.Errorf("refresh finds the changes %v, want %v", changed, test.changed)
			}
		})
	}
}

func TestMixedPolicyIsCompleted(t *testing.T) {
	w := furnished(t)
	group := w.make(groupToken, "fleet", goodGroup.with(Values{"launchTemplate": nil, "mixedInstancesPolicy": map[string]any{
		"launchTemplate": map[string]any{"launchTemplateSpecification": map[string]any{"launchTemplateId": "{lt}", "version": "1"}},
	}}))
	const place = "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification."
	template := mustRead(w, launchTemplateToken, "lt")
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
		changes Values
		refused bool
	}{
		{"protected", Values{"protectFromScaleIn": true}, true},
		{"forced", Values{"protectFromScaleIn": true, "forceDelete": true}, false},
		{"empty", Values{"protectFromScaleIn": true, "minSize": 0, "desiredCapacity": 0}, false},
		{"free", Values{}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := furnished(t)
			group := w.make(groupToken, "fleet", goodGroup.with(test.changes))
			err := w.Delete(ctx, groupToken, group.ID)
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
	update := func(in Values) Resource {
		t.Helper()
		r, err := w.Update(context.Background(), launchTemplateToken, w.ids["lt"], w.checked(launchTemplateToken, "lt", in))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	named := goodTemplate.with(Values{"name": mustRead(w, launchTemplateToken, "lt").Outputs["name"]})
	for _, step := range []struct {
		name            string
		in              Values
		latest, current float64
	}{
		{"tags only", named.with(Values{"tags": map[string]any{"a": "b"}}), 1, 1},
		{"another type", named.with(Values{"instanceType": "t3.large"}), 2, 1},
		{"follow the latest", named.with(Values{"instanceType": "t3.large", "updateDefaultVersion": true}), 2, 2},
		{"another image", named.with(Values{"imageId": "ami-0fedcba9876543210", "updateDefaultVersion": true}), 3, 3},
	} {
		r := update(step.in)
		if r.Outputs["latestVersion"] != step.latest || r.Outputs["defaultVersion"] != step.current {
			t.Errorf("%s: versions are %v and %v, want %v and %v", step.name, r.Outputs["latestVersion"], r.Outputs["defaultVersion"], step.latest, step.current)
		}
	}
	_, err := w.Update(context.Background(), launchTemplateToken, w.ids["lt"], w.checked(launchTemplateToken, "lt", named.with(Values{"defaultVersion": 9})))
	wantCode(t, err, "InvalidLaunchTemplateId.VersionNotFound")
}

func TestProtectedInstance(t *testing.T) {
	w := furnished(t)
	in := Values{"ami": "ami-0123456789abcdef0", "instanceType": "t4g.nano", "subnetId": "{a}", "disableApiTermination": true}
	nat := w.make(instanceToken, "nat", in)
	wantCode(t, w.Delete(context.Background(), instanceToken, nat.ID), "OperationNotPermitted")
	route := w.make(routeToken, "route", Values{"routeTableId": "{rtb}", "destinationCidrBlock": "0.0.0.0/0", "networkInterfaceId": nat.Outputs["primaryNetworkInterfaceId"]})
	if route.Outputs["instanceId"] != nat.ID {
		t.Errorf("the route leads to instance %v, want %s", route.Outputs["instanceId"], nat.ID)
	}
	if _, err := w.Update(context.Background(), instanceToken, nat.ID, w.checked(instanceToken, "nat", in.with(Values{"disableApiTermination": false}))); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(context.Background(), instanceToken, nat.ID); err != nil {
		t.Error(err)
	}
}

func TestFlowLogRefusals(t *testing.T) {
	good := Values{"vpcId": "{vpc}", "trafficType": "ALL", "logDestination": "arn:aws:logs:eu-central-1:123456789012:log-group:flow", "iamRoleArn": "arn:aws:iam::123456789012:role/app"}
	testRefusals(t, furnished, []refusal{
		{"of nothing", flowLogToken, good, Values{"vpcId": nil}, "vpcId", ""},
		{"of two things", flowLogToken, good, Values{"subnetId": "{a}"}, "vpcId", ""},
		{"interval", flowLogToken, good, Values{"maxAggregationInterval": 300}, "maxAggregationInterval", ""},
		{"traffic", flowLogToken, good, Values{"trafficType": "SOME"}, "trafficType", ""},
		{"destination type", flowLogToken, good, Values{"logDestinationType": "disk"}, "logDestinationType", ""},
		{"destination that is no ARN", flowLogToken, good, Values{"logDestination": "flow"}, "logDestination", ""},
		{"destination and name", flowLogToken, good, Values{"logGroupName": "flow"}, "logGroupName", ""},
		{"no destination", flowLogToken, good, Values{"logDestination": nil}, "", "InvalidParameter"},
		{"destination of another service", flowLogToken, good, Values{"logDestination": "arn:aws:s3:::bucket"}, "", "InvalidParameter"},
		{"bucket that is not there", flowLogToken, good, Values{"logDestination": "arn:aws:s3:::bucket", "logDestinationType": "s3"}, "", "UnknownErrorException"},
		{"no traffic type", flowLogToken, good, Values{"trafficType": nil}, "", "InvalidParameter"},
		{"no role", flowLogToken, good, Values{"iamRoleArn": nil}, "", "InvalidParameter"},
		{"no such role", flowLogToken, good, Values{"iamRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "", "InvalidParameter"},
		{"role that is no ARN", flowLogToken, good, Values{"iamRoleArn": "app"}, "", "InvalidParameter"},
	})
}

func mustRead(w *world, token, name string) Resource {
	w.t.Helper()
	r, ok := w.Read(token, w.ids[name])
	if !ok {
		w.t.Fatalf("%s is not there", name)
	}
	return r
}
