package aws

import (
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const (
	trustEC2   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allowQueue = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:jobs"}]}`
)

// furnished is an account with two VPCs, the first with an internet gateway, subnets in two zones, groups, a route
// table, an address, a role with an instance profile, a key pair and a launch template.
func furnished(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.Seed(account.KeyPairToken, "deploy", account.Values{"keyName": "deploy", "keyPairId": "key-0123456789abcdef0", "keyType": "ed25519"}); err != nil {
		t.Fatal(err)
	}
	w.make(account.VPCToken, "vpc", account.Values{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	w.make(account.VPCToken, "vpc2", account.Values{"cidrBlock": "10.1.0.0/16"})
	w.make(account.InternetGatewayToken, "igw", account.Values{"vpcId": "{vpc}"})
	w.make(account.InternetGatewayToken, "igw2", account.Values{})
	w.make(account.SubnetToken, "a", account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-central-1a"})
	w.make(account.SubnetToken, "b", account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.1.0/24", "availabilityZone": "eu-central-1b"})
	w.make(account.SubnetToken, "a2", account.Values{"vpcId": "{vpc}", "cidrBlock": "10.0.2.0/24", "availabilityZone": "eu-central-1a"})
	w.make(account.SubnetToken, "other", account.Values{"vpcId": "{vpc2}", "cidrBlock": "10.1.0.0/24", "availabilityZone": "eu-central-1a"})
	w.make(account.SecurityGroupToken, "web", account.Values{"vpcId": "{vpc}"})
	w.make(account.SecurityGroupToken, "peer", account.Values{"vpcId": "{vpc}"})
	w.make(account.SecurityGroupToken, "othersg", account.Values{"vpcId": "{vpc2}"})
	w.make(account.RouteTableToken, "rtb", account.Values{"vpcId": "{vpc}"})
	w.make(account.RouteTableToken, "otherrtb", account.Values{"vpcId": "{vpc2}"})
	w.make(account.EIPToken, "eip", account.Values{"domain": "vpc"})
	w.make(account.RoleToken, "role", account.Values{"name": "app", "assumeRolePolicy": trustEC2})
	w.make(account.InstanceProfileToken, "profile", account.Values{"name": "app", "role": "{role}"})
	w.make(account.LaunchTemplateToken, "lt", goodTemplate)
	return w
}

var goodTemplate = account.Values{
	"imageId": "ami-0123456789abcdef0", "instanceType": "t3.small", "vpcSecurityGroupIds": []any{"{web}", "{peer}"},
	"keyName": "deploy", "userData": "IyEvYmluL3NoCg==",
	"iamInstanceProfile": map[string]any{"arn": "arn:aws:iam::123456789012:instance-profile/app"},
	"metadataOptions":    map[string]any{"httpTokens": "required", "httpPutResponseHopLimit": 2},
}

var goodGroup = account.Values{
	"minSize": 1, "maxSize": 3, "desiredCapacity": 2, "vpcZoneIdentifiers": []any{"{a}", "{b}"},
	"mixedInstancesPolicy": startsFrom("{lt}"),
}

// startsFrom is the policy of an Auto Scaling group that starts its instances from a launch template.
func startsFrom(template string) map[string]any {
	return map[string]any{"launchTemplate": map[string]any{
		"launchTemplateSpecification": map[string]any{"launchTemplateId": template, "version": "$Latest"},
	}}
}
