package ec2

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var instanceTypes = []account.Type{
	{
		Token: account.InstanceToken, Args: ec2.InstanceArgs{}, State: ec2.Instance{},
		ForceNew: []string{
			"ami", "associatePublicIpAddress", "availabilityZone", "cpuCoreCount", "cpuOptions", "cpuThreadsPerCore", "ebsBlockDevices",
			"enclaveOptions", "ephemeralBlockDevices", "hibernation", "hostResourceGroupArn", "instanceMarketOptions", "keyName",
			"networkInterfaces", "placementGroup", "privateIp", "rootBlockDevice.encrypted", "rootBlockDevice.kmsKeyId",
			"securityGroups", "subnetId", "tenancy",
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
			{Path: "iamInstanceProfile", Type: account.InstanceProfileToken, By: "name", Missing: "InvalidParameterValue"},
			{Path: "keyName", Type: account.KeyPairToken, By: "keyName", Missing: "InvalidKeyPair.NotFound"},
			{Path: "launchTemplate.id", Type: account.LaunchTemplateToken, By: "id", Missing: "InvalidLaunchTemplateId.NotFound"},
		},
		Check: checkInstance, Create: createInstance, Update: updateInstance, Delete: deleteInstance,
	},
}

var (
	ImageID      = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	resolveImage = regexp.MustCompile(`^resolve:ssm:/?[\w./-]+(:[\w.-]+)?$`)
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.(nano|micro|small|medium|large|metal|metal-[0-9]+xl|[0-9]*xlarge)$`)
)

const instanceTypeSays = "an instance type looks like t3.small"

func checkInstance(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	if !in.Has("launchTemplate") {
		for _, property := range []string{"ami", "instanceType"} {
			if !in.Has(property) {
				r.Refuse(property, "is required without a launchTemplate")
			}
		}
	}
	r.Matches("instanceType", instanceType, instanceTypeSays)
	r.Conflict("userData", "userDataBase64")
	r.Conflict("networkInterfaces", "subnetId", "vpcSecurityGroupIds", "associatePublicIpAddress", "privateIp")
	r.Conflict("securityGroups", "vpcSecurityGroupIds")
	r.OneOf("tenancy", "default", "dedicated", "host")
	r.OneOf("instanceInitiatedShutdownBehavior", "stop", "terminate")
	r.OneOf("rootBlockDevice.volumeType", volumeTypes...)
	checkMetadata(&r)
	return r.Problems
}

// metadataOptions judges the options of the instance metadata service.
func checkMetadata(r *account.Rules) {
	r.OneOf("metadataOptions.httpEndpoint", "enabled", "disabled")
	r.OneOf("metadataOptions.httpTokens", "optional", "required")
	r.OneOf("metadataOptions.httpProtocolIpv6", "enabled", "disabled")
	r.OneOf("metadataOptions.instanceMetadataTags", "enabled", "disabled")
	r.Between("metadataOptions.httpPutResponseHopLimit", 1, 64)
}

func createInstance(tx *account.Tx, r *account.Resource) error {
	if err := checkLaunch(tx, r.Outputs.Text("ami"), encodedUserData(r.Outputs)); err != nil {
		return err
	}
	subnetID := r.Outputs.Text("subnetId")
	subnet, ok := tx.Get(account.SubnetToken, subnetID)
	if !ok {
		return tx.Refuse("VPCIdNotSpecified", "No default VPC for this user: set subnetId")
	}
	if _, err := tx.SameVPC("InvalidParameter", []string{subnetID}, r.Outputs.Strings("vpcSecurityGroupIds")); err != nil {
		return err
	}
	private := r.Outputs.Text("privateIp")
	if private == "" {
		var err error
		if private, err = privateIP(tx, subnetID); err != nil {
			return err
		}
	}
	r.ID = tx.HexID("i")
	r.Outputs["arn"] = tx.ARN("ec2", "instance/"+r.ID)
	r.Outputs["instanceState"] = "running"
	r.Outputs["availabilityZone"] = subnet.Outputs["availabilityZone"]
	r.Outputs["primaryNetworkInterfaceId"] = tx.HexID("eni")
	r.Outputs["privateIp"] = private
	r.Outputs["privateDns"] = privateDNS(tx, private)
	r.Outputs["rootBlockDevice"] = account.WithDefaults(r.Outputs.Map("rootBlockDevice"), account.Values{
		"deleteOnTermination": true, "deviceName": "/dev/xvda", "encrypted": false, "iops": float64(3000), "kmsKeyId": "",
		"tags": map[string]any{}, "tagsAll": map[string]any{}, "throughput": float64(125), "volumeId": tx.HexID("vol"), "volumeSize": float64(8), "volumeType": "gp3",
	})
	account.SetDefaults(r.Outputs, account.Values{
		"associatePublicIpAddress": subnet.Outputs.True("mapPublicIpOnLaunch"), "instanceInitiatedShutdownBehavior": "stop", "tenancy": "default",
		"capacityReservationSpecification": map[string]any{"capacityReservationPreference": "open"},
		"cpuOptions":                       map[string]any{"amdSevSnp": "", "coreCount": float64(1), "threadsPerCore": float64(2)},
		"cpuCoreCount":                     float64(1), "cpuThreadsPerCore": float64(2),
		"enclaveOptions": map[string]any{"enabled": false}, "maintenanceOptions": map[string]any{"autoRecovery": "default"},
		"privateDnsNameOptions": map[string]any{"enableResourceNameDnsARecord": false, "enableResourceNameDnsAaaaRecord": false, "hostnameType": "ip-name"},
	})
	r.Outputs["metadataOptions"] = account.WithDefaults(r.Outputs.Map("metadataOptions"), account.Values{
		"httpEndpoint": "enabled", "httpProtocolIpv6": "disabled", "httpPutResponseHopLimit": float64(2), "httpTokens": "required", "instanceMetadataTags": "disabled",
	})
	if len(r.Outputs.List("vpcSecurityGroupIds")) == 0 {
		vpc, _ := tx.Get(account.VPCToken, subnet.Outputs.Text("vpcId"))
		r.Outputs["vpcSecurityGroupIds"] = []any{vpc.Outputs["defaultSecurityGroupId"]}
	}
	if r.Outputs.True("associatePublicIpAddress") {
		public := publicIP(tx)
		r.Outputs["publicIp"], r.Outputs["publicDns"] = public, publicDNS(tx, public)
	}
	return nil
}

func updateInstance(tx *account.Tx, _, next *account.Resource) error {
	if err := checkLaunch(tx, next.Outputs.Text("ami"), encodedUserData(next.Outputs)); err != nil {
		return err
	}
	_, err := tx.SameVPC("InvalidParameter", []string{next.Outputs.Text("subnetId")}, next.Outputs.Strings("vpcSecurityGroupIds"))
	return err
}

func deleteInstance(tx *account.Tx, r *account.Resource) error {
	if r.Outputs.True("disableApiTermination") {
		return tx.Refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", r.ID)
	}
	for _, address := range tx.List(account.EIPToken) {
		if address.Outputs.Text("instance") == r.ID {
			tx.Patch(account.EIPToken, address.ID, account.Values{"associationId": "", "networkInterface": "", "privateIp": "", "privateDns": ""})
		}
	}
	return nil
}

// encodedUserData is the user data as AWS receives it; the provider encodes userData itself.
func encodedUserData(outputs account.Values) string {
	if text := outputs.Text("userDataBase64"); text != "" {
		return text
	}
	return base64.StdEncoding.EncodeToString([]byte(outputs.Text("userData")))
}

// checkLaunch refuses an image id or user data that no instance can start with.
func checkLaunch(tx *account.Tx, image, userData string) error {
	if image != "" && !ImageID.MatchString(image) {
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

// volumeTypes are the kinds of EBS volumes.
var volumeTypes = strings.Fields("gp2 gp3 io1 io2 sc1 st1 standard")

// launchTemplateOf returns the launch template a fleet starts its instances from, and the version that it asks for.
func launchTemplateOf(tx *account.Tx, fleet account.Values) (account.Resource, string) {
	id, name, version := fleet.Text("launchTemplate.id"), fleet.Text("launchTemplate.name"), fleet.Text("launchTemplate.version")
	if fleet.Has("mixedInstancesPolicy") {
		place := "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification."
		id, name, version = fleet.Text(place+"launchTemplateId"), fleet.Text(place+"launchTemplateName"), fleet.Text(place+"version")
	}
	if id != "" {
		template, _ := tx.Get(account.LaunchTemplateToken, id)
		return template, version
	}
	template, _ := tx.Find(account.LaunchTemplateToken, "name", name)
	return template, version
}

// templateGroups are the security groups of the instances of a launch template.
func templateGroups(template account.Values) []string {
	return append(template.Strings("vpcSecurityGroupIds"), template.Strings("networkInterfaces[*].securityGroups")...)
}

// places names the elements of a list: overrides[0], overrides[1].
func places(path string, list []any) []string {
	var names []string
	for i := range list {
		names = append(names, fmt.Sprintf("%s[%d]", path, i))
	}
	return names
}
