package ec2

import (
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

const (
	distribution = "mixedInstancesPolicy.instancesDistribution."
	launch       = "mixedInstancesPolicy.launchTemplate."
)

// group starts its instances with a mixed instances policy, as the program declares it.
var group = account.Type{
	Token: account.GroupToken, Args: autoscaling.GroupArgs{}, State: autoscaling.Group{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"initialLifecycleHooks", "name", "namePrefix"},
	Defaults: account.Values{
		"capacityRebalance": false, "defaultCooldown": 300.0, "forceDelete": false, "forceDeleteWarmPool": false,
		"healthCheckGracePeriod": 300.0, "healthCheckType": "EC2", "ignoreFailedScalingActivities": false,
		"metricsGranularity": "1Minute", "protectFromScaleIn": false, "waitForCapacityTimeout": "10m",
	},
	Refs: []account.Ref{
		{Path: "vpcZoneIdentifiers", Type: account.SubnetToken, By: "id", Missing: "ValidationError", InUse: "DependencyViolation"},
		{Path: launch + "launchTemplateSpecification.launchTemplateId", Type: account.LaunchTemplateToken, By: "id", Missing: "InvalidLaunchTemplateId.NotFound"},
	},
	Rules: []account.Rule{
		account.Length("name", 1, 255),
		account.ExactlyOne("launchTemplate", "mixedInstancesPolicy", "launchConfiguration"),
		account.OneOf("healthCheckType", "EC2", "ELB", "EBS", "VPC_LATTICE"),
		account.OneOf(distribution+"onDemandAllocationStrategy", "prioritized", "lowest-price"),
		account.OneOf(distribution+"spotAllocationStrategy", "lowest-price", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized"),
		account.Between(distribution+"onDemandPercentageAboveBaseCapacity", 0, 100),
		account.Between(distribution+"onDemandBaseCapacity", 0, 1000000),
		account.Known(launch+"overrides[*].instanceType", known.EC2.Check),
		account.Between("instanceMaintenancePolicy.minHealthyPercentage", 0, 100),
		account.Between("instanceMaintenancePolicy.maxHealthyPercentage", 100, 200),
		account.Length("tags[*].key", 1, 128),
		account.Length("tags[*].value", 0, 256),
	},
	Check: func(r *account.Rules) {
		// CreateAutoScalingGroup, EC2 Auto Scaling API Reference, and the provider's documentation of max_instance_lifetime.
		if seconds, known := r.In.Int("maxInstanceLifetime"); known && seconds != 0 && (seconds < 86400 || seconds > 31536000) {
			r.Refuse("maxInstanceLifetime", "%d is neither 0 nor between 86400 and 31536000 seconds", seconds)
		}
		lowest, _ := r.In.Int("instanceMaintenancePolicy.minHealthyPercentage")
		if highest, known := r.In.Int("instanceMaintenancePolicy.maxHealthyPercentage"); known && highest-lowest > 100 {
			r.Refuse("instanceMaintenancePolicy", "%d and %d differ by more than 100 percent", lowest, highest)
		}
	},
	Identity: account.Identity{
		ID: "{name}", ARN: "autoscaling:autoScalingGroup:{uuid}:autoScalingGroupName/{name}",
		Taken: "AlreadyExists: AutoScalingGroup by this name already exists - A group with the name {name} already exists",
		Outputs: account.Values{
			"serviceLinkedRoleArn":         "arn:aws:iam::{account}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
			"availabilityZoneDistribution": map[string]any{"capacityDistributionStrategy": "balanced-best-effort"},
		},
	},
	Complete: completeGroup,
	Lingers:  true,
	// The provider scales the group to zero first and then waits for protected instances, which never go.
	Delete: func(tx *account.Tx, r *account.Resource) error {
		capacity, _ := r.Outputs.Int("desiredCapacity")
		if r.Outputs.True("protectFromScaleIn") && capacity > 0 && !r.Outputs.True("forceDelete") {
			return tx.Refuse("ResourceInUse", "waiting for Auto Scaling Group (%s) drain: %d instances are protected from scale-in; set forceDelete or take the protection away first", r.ID, capacity)
		}
		return loseInstances(tx, r)
	},
}

// loseInstances leaves the instances of a group registered with their cluster where no agent can deregister them.
func loseInstances(tx *account.Tx, r *account.Resource) error {
	for _, cluster := range tx.List(account.ClusterToken) {
		name := cluster.Outputs.Text("name")
		if fleet, found := tx.Fleet(name); found && fleet.ID == r.ID && tx.AgentsAway(fleet) != "" {
			tx.Put("", account.Resource{Type: account.LostInstancesToken, ID: r.ID, Inputs: account.Values{}, Outputs: account.Values{"cluster": name}})
		}
	}
	return nil
}

func completeGroup(tx *account.Tx, r *account.Resource) error {
	lowest, _ := r.Outputs.Int("minSize")
	highest, _ := r.Outputs.Int("maxSize")
	desired, ok := r.Outputs.Int("desiredCapacity")
	if !ok {
		desired = lowest
	}
	switch {
	case lowest > highest:
		return tx.Refuse("ValidationError", "Max bound, %d, must be greater than or equal to min bound, %d", highest, lowest)
	case desired < lowest || desired > highest:
		return tx.Refuse("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", desired, lowest, highest)
	}
	r.Outputs["desiredCapacity"] = float64(desired)
	seen := map[string]bool{}
	for _, key := range r.Outputs.Strings("tags[*].key") {
		if seen[key] {
			return tx.Refuse("ValidationError", "Duplicate tag keys found: %s", key)
		}
		seen[key] = true
	}
	subnets := r.Outputs.Strings("vpcZoneIdentifiers")
	if len(subnets) == 0 {
		return tx.Refuse("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	template, err := usableTemplate(tx, r.Outputs)
	if err != nil {
		return err
	}
	if _, err := tx.SameVPC("ValidationError", subnets, template.Outputs.Strings("vpcSecurityGroupIds")); err != nil {
		return err
	}
	zones, _, _ := tx.ZonesOf(subnets)
	r.Outputs["availabilityZones"] = account.Texts(zones...)
	policy := r.Outputs.Map("mixedInstancesPolicy")
	policy["instancesDistribution"] = account.WithDefaults(policy.Map("instancesDistribution"), account.Values{
		"onDemandAllocationStrategy": "prioritized", "onDemandBaseCapacity": 0.0, "onDemandPercentageAboveBaseCapacity": 100.0,
		"spotAllocationStrategy": "lowest-price", "spotInstancePools": 0.0, "spotMaxPrice": "",
	})
	started := policy.Map("launchTemplate")
	started["launchTemplateSpecification"] = account.WithDefaults(started.Map("launchTemplateSpecification"), account.Values{
		"launchTemplateName": template.Outputs["name"], "version": "$Default",
	})
	return nil
}

// usableTemplate returns the launch template of a group, if instances can start from it.
func usableTemplate(tx *account.Tx, group account.Values) (account.Resource, error) {
	const code, says = "ValidationError", "You must use a valid fully-formed launch template. "
	template, version := tx.TemplateOf(group)
	if template.ID == "" || !group.Has("mixedInstancesPolicy") {
		return template, tx.Refuse(code, says+"The specified launch template does not exist; the emulator wants it in a mixedInstancesPolicy")
	}
	latest, _ := template.Outputs.Int("latestVersion")
	if number, err := strconv.Atoi(version); version != "" && version != "$Latest" && version != "$Default" && (err != nil || number < 1 || number > latest) {
		return template, tx.Refuse(code, says+"Could not find launch template version %q of %s; the latest is %d", version, template.ID, latest)
	}
	if !template.Outputs.Has("imageId") {
		return template, tx.Refuse(code, says+"The request must contain the parameter ImageId")
	}
	if len(group.Blocks(launch+"overrides")) == 0 && !template.Outputs.Has("instanceType") {
		return template, tx.Refuse(code, says+"The request must contain the parameter InstanceType")
	}
	return template, nil
}
