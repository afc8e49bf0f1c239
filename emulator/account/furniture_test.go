package account

import "testing"

const (
	trustEC2   = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	allowQueue = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:jobs"}]}`
)

// furnished is an account with two VPCs, the first with an internet gateway, subnets in two zones, groups, a route
// table, an address, a role with an instance profile, a key pair and a launch template.
func furnished(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	if err := w.Seed(keyPairToken, "deploy", Values{"keyName": "deploy", "keyPairId": "key-0123456789abcdef0", "keyType": "ed25519"}); err != nil {
		t.Fatal(err)
	}
	w.make(vpcToken, "vpc", Values{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true})
	w.make(vpcToken, "vpc2", Values{"cidrBlock": "10.1.0.0/16"})
	w.make(internetGatewayToken, "igw", Values{"vpcId": "{vpc}"})
	w.make(internetGatewayToken, "igw2", Values{})
	w.make(subnetToken, "a", Values{"vpcId": "{vpc}", "cidrBlock": "10.0.0.0/24", "availabilityZone": "eu-central-1a"})
	w.make(subnetToken, "b", Values{"vpcId": "{vpc}", "cidrBlock": "10.0.1.0/24", "availabilityZone": "eu-central-1b"})
	w.make(subnetToken, "a2", Values{"vpcId": "{vpc}", "cidrBlock": "10.0.2.0/24", "availabilityZone": "eu-central-1a"})
	w.make(subnetToken, "other", Values{"vpcId": "{vpc2}", "cidrBlock": "10.1.0.0/24", "availabilityZone": "eu-central-1a"})
	w.make(securityGroupToken, "web", Values{"vpcId": "{vpc}"})
	w.make(securityGroupToken, "peer", Values{"vpcId": "{vpc}"})
	w.make(securityGroupToken, "othersg", Values{"vpcId": "{vpc2}"})
	w.make(routeTableToken, "rtb", Values{"vpcId": "{vpc}"})
	w.make(routeTableToken, "otherrtb", Values{"vpcId": "{vpc2}"})
	w.make(eipToken, "eip", Values{"domain": "vpc"})
	w.make(roleToken, "role", Values{"name": "app", "assumeRolePolicy": trustEC2})
	w.make(instanceProfileToken, "profile", Values{"name": "app", "role": "{role}"})
	w.make(launchTemplateToken, "lt", goodTemplate)
	return w
}

var goodTemplate = Values{
	"imageId": "ami-0123456789abcdef0", "instanceType": "t3.small", "vpcSecurityGroupIds": []any{"{web}", "{peer}"},
	"keyName": "deploy", "userData": "IyEvYmluL3NoCg==",
	"iamInstanceProfile": map[string]any{"name": "app"},
	"metadataOptions":    map[string]any{"httpTokens": "required", "httpPutResponseHopLimit": 2},
}

var goodGroup = Values{
	"minSize": 1, "maxSize": 3, "desiredCapacity": 2, "vpcZoneIdentifiers": []any{"{a}", "{b}"},
	"launchTemplate": map[string]any{"id": "{lt}", "version": "$Latest"},
}
