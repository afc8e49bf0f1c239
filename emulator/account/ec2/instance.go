package ec2

import (
	"encoding/base64"
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

var imageID = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)

// metadata are the rules about the options of the instance metadata service.
var metadata = []account.Rule{
	account.OneOf("metadataOptions.httpEndpoint", "enabled", "disabled"),
	account.OneOf("metadataOptions.httpTokens", "optional", "required"),
	account.Between("metadataOptions.httpPutResponseHopLimit", 1, 64),
}

// instance is the NAT instance of the program.
var instance = account.Type{
	Token: account.InstanceToken, Args: ec2.InstanceArgs{}, State: ec2.Instance{},
	ForceNew: []string{
		"ami", "associatePublicIpAddress", "availabilityZone", "cpuCoreCount", "cpuOptions", "cpuThreadsPerCore", "ebsBlockDevices", "ebsOptimized",
		"enclaveOptions", "ephemeralBlockDevices", "hibernation", "hostId", "hostResourceGroupArn", "instanceMarketOptions", "ipv6Addresses", "keyName",
		"launchTemplate", "networkInterfaces", "placementGroup", "placementPartitionNumber", "privateDnsNameOptions", "privateIp",
		"rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId", "securityGroups", "subnetId", "tenancy",
	},
	Replaces: func(_, next account.Values) []string {
		if next.True("userDataReplaceOnChange") {
			return []string{"userData", "userDataBase64"}
		}
		return nil
	},
	Defaults: account.Values{"getPasswordData": false, "sourceDestCheck": true, "userDataReplaceOnChange": false},
	Refs: []account.Ref{
		{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound", InUse: "DependencyViolation"},
		{Path: "vpcSecurityGroupIds", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound", InUse: "DependencyViolation"},
	},
	Rules: append([]account.Rule{account.Known("instanceType", known.EC2.Check)}, metadata...),
	Check: func(r *account.Rules) {
		for _, property := range []string{"ami", "instanceType"} {
			if !r.In.Has(property) {
				r.Refuse(property, "is required without a launchTemplate")
			}
		}
	},
	Identity: identity("i", "instance", account.Values{
		"instanceState": "running", "primaryNetworkInterfaceId": "eni-0{hex:16}", "instanceInitiatedShutdownBehavior": "stop", "tenancy": "default",
		"capacityReservationSpecification": map[string]any{"capacityReservationPreference": "open"},
		"cpuOptions":                       map[string]any{"amdSevSnp": "", "coreCount": 1.0, "threadsPerCore": 2.0},
		"cpuCoreCount":                     1.0, "cpuThreadsPerCore": 2.0,
		"enclaveOptions": map[string]any{"enabled": false}, "maintenanceOptions": map[string]any{"autoRecovery": "default"},
		"privateDnsNameOptions": map[string]any{"enableResourceNameDnsARecord": false, "enableResourceNameDnsAaaaRecord": false, "hostnameType": "ip-name"},
	}),
	Create: func(tx *account.Tx, r *account.Resource) error {
		subnet, ok := tx.Get(account.SubnetToken, r.Outputs.Text("subnetId"))
		if !ok {
			return tx.Refuse("VPCIdNotSpecified", "No default VPC for this user: set subnetId")
		}
		private, err := privateIP(tx, subnet.ID)
		if err != nil {
			return err
		}
		r.Outputs["availabilityZone"] = subnet.Outputs["availabilityZone"]
		r.Outputs["privateIp"], r.Outputs["privateDns"] = private, dns(tx, "ip", private)
		r.Outputs["associatePublicIpAddress"] = false
		r.Outputs["rootBlockDevice"] = account.WithDefaults(r.Outputs.Map("rootBlockDevice"), account.Values{
			"deleteOnTermination": true, "deviceName": "/dev/xvda", "encrypted": false, "iops": 3000.0, "kmsKeyId": "",
			"tags": map[string]any{}, "tagsAll": map[string]any{}, "throughput": 125.0, "volumeId": tx.HexID("vol"), "volumeSize": 8.0, "volumeType": "gp3",
		})
		return nil
	},
	Complete: func(tx *account.Tx, r *account.Resource) error {
		// The provider encodes userData itself.
		if err := checkLaunch(tx, r.Outputs.Text("ami"), base64.StdEncoding.EncodeToString([]byte(r.Outputs.Text("userData")))); err != nil {
			return err
		}
		_, err := tx.SameVPC("InvalidParameter", []string{r.Outputs.Text("subnetId")}, r.Outputs.Strings("vpcSecurityGroupIds"))
		return err
	},
	Delete: func(tx *account.Tx, r *account.Resource) error {
		for _, address := range tx.List(account.EIPToken) {
			if address.Outputs.Text("instance") == r.ID {
				tx.Patch(account.EIPToken, address.ID, unassociated)
			}
		}
		return nil
	},
}

// checkLaunch refuses an image id or user data that no instance can start with.
func checkLaunch(tx *account.Tx, image, userData string) error {
	if image != "" && !imageID.MatchString(image) {
		return tx.Refuse("InvalidAMIID.Malformed", `Invalid id: %q (expecting "ami-...")`, image)
	}
	decoded, err := base64.StdEncoding.DecodeString(userData)
	if err != nil {
		return tx.Refuse("InvalidUserData.Malformed", "Invalid BASE64 encoding of user data: %v", err)
	}
	if len(decoded) > 16384 {
		return tx.Refuse("InvalidParameterValue", "User data is limited to 16384 bytes; this has %d", len(decoded))
	}
	return nil
}
