package ec2

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var fleetTypes = []account.Type{
	{
		Token: account.LaunchTemplateToken, Args: ec2.LaunchTemplateArgs{}, State: ec2.LaunchTemplate{},
		Name:       account.Name{Property: "name", Max: 125},
		ForceNew:   []string{"name", "namePrefix"},
		Recomputed: []string{"latestVersion", "defaultVersion"},
		Refs: []account.Ref{
			{Path: "vpcSecurityGroupIds", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound"},
			{Path: "networkInterfaces[*].securityGroups", Type: account.SecurityGroupToken, By: "id", Missing: "InvalidGroup.NotFound"},
			{Path: "networkInterfaces[*].subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
			{Path: "iamInstanceProfile.arn", Type: account.InstanceProfileToken, By: "arn", Missing: "InvalidParameterValue"},
			{Path: "iamInstanceProfile.name", Type: account.InstanceProfileToken, By: "name", Missing: "InvalidParameterValue"},
			{Path: "keyName", Type: account.KeyPairToken, By: "keyName", Missing: "InvalidKeyPair.NotFound"},
		},
		Check: checkLaunchTemplate, Create: createLaunchTemplate, Update: updateLaunchTemplate,
	},
	{
		Token: account.GroupToken, Args: autoscaling.GroupArgs{}, State: autoscaling.Group{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"initialLifecycleHooks", "name", "namePrefix"},
		Defaults: account.Values{
			"capacityRebalance": false, "defaultCooldown": float64(300), "forceDelete": false, "forceDeleteWarmPool": false,
			"healthCheckGracePeriod": float64(300), "healthCheckType": "EC2", "ignoreFailedScalingActivities": false,
			"metricsGranularity": "1Minute", "protectFromScaleIn": false, "waitForCapacityTimeout": "10m",
		},
		Refs: []account.Ref{
			{Path: "vpcZoneIdentifiers", Type: account.SubnetToken, By: "id", Missing: "ValidationError", InUse: "DependencyViolation"},
			{Path: "launchTemplate.id", Type: account.LaunchTemplateToken, By: "id", Missing: "InvalidLaunchTemplateId.NotFound"},
			{Path: "mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId", Type: account.LaunchTemplateToken, By: "id", Missing: "InvalidLaunchTemplateId.NotFound"},
			{Path: "targetGroupArns", Type: "aws:lb/targetGroup:TargetGroup", By: "arn", Missing: "ValidationError"},
		},
		Check: checkGroup, Create: createGroup, Update: updateGroup, Delete: deleteGroup,
	},
}

var templateName = regexp.MustCompile(`^[0-9A-Za-z()./_-]+$`)

func checkLaunchTemplate(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("namePrefix", "name")
	r.Length("name", 3, 125)
	r.Length("namePrefix", 3, 99)
	for _, property := range []string{"name", "namePrefix"} {
		r.Matches(property, templateName, "AWS allows letters, digits and ().-/_")
	}
	r.Length("description", 0, 255)
	r.Conflict("defaultVersion", "updateDefaultVersion")
	r.Conflict("securityGroupNames", "vpcSecurityGroupIds")
	r.Conflict("iamInstanceProfile.arn", "iamInstanceProfile.name")
	r.Conflict("instanceType", "instanceRequirements")
	r.Matches("instanceType", instanceType, instanceTypeSays)
	r.OneOf("blockDeviceMappings[*].ebs.volumeType", volumeTypes...)
	for _, flag := range []string{"blockDeviceMappings[*].ebs.encrypted", "blockDeviceMappings[*].ebs.deleteOnTermination", "ebsOptimized", "networkInterfaces[*].associatePublicIpAddress", "networkInterfaces[*].deleteOnTermination"} {
		r.OneOf(flag, "true", "false")
	}
	r.Between("blockDeviceMappings[*].ebs.volumeSize", 1, 65536)
	r.OneOf("creditSpecification.cpuCredits", "standard", "unlimited")
	r.OneOf("instanceInitiatedShutdownBehavior", "stop", "terminate")
	r.OneOf("tagSpecifications[*].resourceType", "capacity-reservation", "elastic-gpu", "instance", "network-interface", "spot-instances-request", "volume")
	checkMetadata(&r)
	return r.Problems
}

func createLaunchTemplate(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Find(account.LaunchTemplateToken, "name", name); taken {
		return tx.Refuse("InvalidLaunchTemplateName.AlreadyExistsException", "Launch template name already in use: %s", name)
	}
	if err := checkTemplateData(tx, r.Outputs); err != nil {
		return err
	}
	r.ID = tx.HexID("lt")
	r.Outputs["arn"] = tx.ARN("ec2", "launch-template/"+r.ID)
	r.Outputs["latestVersion"], r.Outputs["defaultVersion"] = float64(1), float64(1)
	return nil
}

// updateLaunchTemplate makes a new version when anything but the tags and the choice of the default changed.
func updateLaunchTemplate(tx *account.Tx, old, next *account.Resource) error {
	if err := checkTemplateData(tx, next.Outputs); err != nil {
		return err
	}
	latest, _ := old.Outputs.Int("latestVersion")
	if !reflect.DeepEqual(templateData(old.Inputs), templateData(next.Inputs)) {
		latest++
	}
	next.Outputs["latestVersion"] = float64(latest)
	chosen, _ := old.Outputs.Int("defaultVersion")
	if wanted, ok := next.Inputs.Int("defaultVersion"); ok {
		chosen = wanted
	}
	if next.Inputs.True("updateDefaultVersion") {
		chosen = latest
	}
	if chosen < 1 || chosen > latest {
		return tx.Refuse("InvalidLaunchTemplateId.VersionNotFound", "Could not find launch template version %d of %s; the latest is %d", chosen, next.ID, latest)
	}
	next.Outputs["defaultVersion"] = float64(chosen)
	return nil
}

// templateData is what a version of a launch template holds.
func templateData(inputs account.Values) account.Values {
	data := maps.Clone(inputs)
	for _, property := range []string{"tags", "tagsAll", "defaultVersion", "updateDefaultVersion", "name", "namePrefix"} {
		delete(data, property)
	}
	return data
}

func checkTemplateData(tx *account.Tx, data account.Values) error {
	image := data.Text("imageId")
	if resolveImage.MatchString(image) {
		image = ""
	}
	if err := checkLaunch(tx, image, data.Text("userData")); err != nil {
		return err
	}
	if len(data.List("networkInterfaces")) > 0 && len(data.List("vpcSecurityGroupIds")) > 0 {
		return tx.Refuse("InvalidParameterCombination", "Network interfaces and an instance-level security groups may not be specified on the same request")
	}
	_, err := tx.SameVPC("InvalidParameter", nil, templateGroups(data))
	return err
}

var (
	terminationPolicies = []string{"AllocationStrategy", "ClosestToNextInstanceHour", "Default", "NewestInstance", "OldestInstance", "OldestLaunchConfiguration", "OldestLaunchTemplate"}
	scalingProcesses    = []string{"Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions"}
)

func checkGroup(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("namePrefix", "name")
	r.Length("name", 1, 255)
	r.Length("namePrefix", 1, 229)
	r.ExactlyOne("launchTemplate", "mixedInstancesPolicy", "launchConfiguration")
	r.Conflict("availabilityZones", "vpcZoneIdentifiers")
	if in.Has("launchTemplate") && !in.IsUnknown("launchTemplate") {
		r.ExactlyOne("launchTemplate.id", "launchTemplate.name")
	}
	r.OneOf("healthCheckType", "EC2", "ELB", "EBS", "VPC_LATTICE")
	r.OneOf("suspendedProcesses[*]", scalingProcesses...)
	r.OneOf("instanceRefresh.strategy", "Rolling")
	r.Between("instanceRefresh.preferences.minHealthyPercentage", 0, 100)
	r.Between("instanceRefresh.preferences.maxHealthyPercentage", 100, 200)
	if seconds, ok := in.Int("maxInstanceLifetime"); ok && seconds != 0 {
		r.Between("maxInstanceLifetime", 86400, 31536000)
	}
	mixed := "mixedInstancesPolicy.instancesDistribution."
	r.OneOf(mixed+"onDemandAllocationStrategy", "prioritized", "lowest-price")
	r.OneOf(mixed+"spotAllocationStrategy", "lowest-price", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized")
	r.Between(mixed+"onDemandPercentageAboveBaseCapacity", 0, 100)
	r.Between(mixed+"onDemandBaseCapacity", 0, 1000000)
	r.Matches("mixedInstancesPolicy.launchTemplate.overrides[*].instanceType", instanceType, instanceTypeSays)
	for _, place := range places("tags", in.List("tags")) {
		r.Length(place+".key", 1, 128)
		r.Length(place+".value", 0, 256)
		if strings.HasPrefix(in.Text(place+".key"), "aws:") {
			r.Refuse(place+".key", "the prefix aws: is reserved for AWS")
		}
	}
	return r.Problems
}

func createGroup(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(account.GroupToken, name); taken {
		return tx.Refuse("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.ARN("autoscaling", fmt.Sprintf("autoScalingGroup:%s:autoScalingGroupName/%s", tx.UUID(), name))
	r.Outputs["serviceLinkedRoleArn"] = tx.GlobalARN("iam", "role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
	return updateGroup(tx, nil, r)
}

func updateGroup(tx *account.Tx, _, next *account.Resource) error {
	lowest, _ := next.Outputs.Int("minSize")
	highest, _ := next.Outputs.Int("maxSize")
	desired, ok := next.Outputs.Int("desiredCapacity")
	if !ok {
		desired = lowest
	}
	switch {
	case lowest > highest:
		return tx.Refuse("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", highest, lowest)
	case desired < lowest || desired > highest:
		return tx.Refuse("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, lowest, highest)
	}
	next.Outputs["desiredCapacity"] = float64(desired)

	seen := map[string]bool{}
	for _, tag := range next.Outputs.Blocks("tags") {
		key := tag.Text("key")
		if seen[key] {
			return tx.Refuse("ValidationError", "Duplicate tag keys found: %s", key)
		}
		seen[key] = true
	}
	for _, policy := range next.Outputs.Strings("terminationPolicies") {
		if !slices.Contains(terminationPolicies, policy) && !strings.HasPrefix(policy, "arn:aws:lambda:") {
			return tx.Refuse("ValidationError", "Termination policy %s is not one of %s", policy, strings.Join(terminationPolicies, ", "))
		}
	}
	subnets := next.Outputs.Strings("vpcZoneIdentifiers")
	if len(subnets) == 0 {
		return tx.Refuse("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	template, err := usableTemplate(tx, next.Outputs)
	if err != nil {
		return err
	}
	if _, err := tx.SameVPC("ValidationError", subnets, templateGroups(template.Outputs)); err != nil {
		return err
	}
	zones := map[string]bool{}
	for _, subnet := range subnets {
		zones[tx.ZoneOf(subnet)] = true
	}
	var listed []any
	for _, zone := range account.SortedKeys(zones) {
		listed = append(listed, zone)
	}
	next.Outputs["availabilityZones"] = listed
	if next.Outputs.Has("launchTemplate") {
		next.Outputs["launchTemplate"] = account.WithDefaults(next.Outputs.Map("launchTemplate"), account.Values{
			"id": template.ID, "name": template.Outputs["name"], "version": "$Default",
		})
	}
	completeMixedPolicy(next.Outputs, template)
	account.SetDefaults(next.Outputs, account.Values{"availabilityZoneDistribution": map[string]any{"capacityDistributionStrategy": "balanced-best-effort"}})
	return nil
}

// completeMixedPolicy fills what AWS adds to a mixed instances policy.
func completeMixedPolicy(group account.Values, template account.Resource) {
	policy := group.Map("mixedInstancesPolicy")
	if policy == nil {
		return
	}
	distribution := account.Values{
		"onDemandAllocationStrategy": "prioritized", "onDemandBaseCapacity": float64(0), "onDemandPercentageAboveBaseCapacity": float64(100),
		"spotAllocationStrategy": "lowest-price", "spotInstancePools": float64(0), "spotMaxPrice": "",
	}
	policy["instancesDistribution"] = account.WithDefaults(policy.Map("instancesDistribution"), distribution)
	launch := policy.Map("launchTemplate")
	launch["launchTemplateSpecification"] = account.WithDefaults(launch.Map("launchTemplateSpecification"), account.Values{
		"launchTemplateId": template.ID, "launchTemplateName": template.Outputs["name"], "version": "$Default",
	})
}

// usableTemplate returns the launch template of a group, if instances can start from it.
func usableTemplate(tx *account.Tx, group account.Values) (account.Resource, error) {
	const code, says = "ValidationError", "You must use a valid fully-formed launch template. "
	template, version := launchTemplateOf(tx, group)
	if template.ID == "" {
		return template, tx.Refuse(code, says+"The specified launch template does not exist")
	}
	latest, _ := template.Outputs.Int("latestVersion")
	if number, err := strconv.Atoi(version); version != "" && version != "$Latest" && version != "$Default" && (err != nil || number < 1 || number > latest) {
		return template, tx.Refuse(code, says+"Could not find launch template version %q of %s; the latest is %d", version, template.ID, latest)
	}
	if !template.Outputs.Has("imageId") {
		return template, tx.Refuse(code, says+"The request must contain the parameter ImageId")
	}
	overrides := group.Blocks("mixedInstancesPolicy.launchTemplate.overrides")
	if len(overrides) == 0 && !template.Outputs.Has("instanceType") && !template.Outputs.Has("instanceRequirements") {
		return template, tx.Refuse(code, says+"The request must contain the parameter InstanceType")
	}
	if group.Has("mixedInstancesPolicy") && template.Outputs.Has("instanceMarketOptions") {
		return template, tx.Refuse(code, "Incompatible launch template: A group with a mixed instances policy cannot use a template with instanceMarketOptions")
	}
	return template, nil
}

// deleteGroup refuses while instances are protected: the provider scales the group to zero first and then waits for
// what never comes.
func deleteGroup(tx *account.Tx, r *account.Resource) error {
	capacity, _ := r.Outputs.Int("desiredCapacity")
	if r.Outputs.True("protectFromScaleIn") && capacity > 0 && !r.Outputs.True("forceDelete") {
		return tx.Refuse("ResourceInUse", "waiting for Auto Scaling Group (%s) drain: %d instances are protected from scale-in; set forceDelete or take the protection away first", r.ID, capacity)
	}
	return nil
}
