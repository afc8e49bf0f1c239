package ecs

import (
	"regexp"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var reservedProvider = regexp.MustCompile(`(?i)^(aws|ecs|fargate)`)

// onFargate are the capacity providers that every account has and nobody makes or deletes
// (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-capacity-providers.html).
var onFargate = []string{"FARGATE", "FARGATE_SPOT"}

const inUse = "The specified capacity provider is in use and cannot be removed: "

var capacityProvider = account.Type{
	Token: account.CapacityProviderToken, Args: ecs.CapacityProviderArgs{}, State: ecs.CapacityProvider{},
	Name:     account.Name{Property: "name", Max: 255},
	ForceNew: []string{"name", "autoScalingGroupProvider.autoScalingGroupArn"},
	Refs:     []account.Ref{{Path: "autoScalingGroupProvider.autoScalingGroupArn", Type: account.GroupToken, By: "arn", Missing: "ClientException"}},
	Rules: name("name",
		account.Text("name", func(text string) string {
			if reservedProvider.MatchString(text) {
				return "must not begin with aws, ecs or fargate"
			}
			return ""
		}),
		account.ARN("autoScalingGroupProvider.autoScalingGroupArn"),
		account.OneOf("autoScalingGroupProvider.managedDraining", "ENABLED", "DISABLED"),
		account.OneOf("autoScalingGroupProvider.managedTerminationProtection", "ENABLED", "DISABLED"),
		account.OneOf("autoScalingGroupProvider.managedScaling.status", "ENABLED", "DISABLED"),
		account.Between("autoScalingGroupProvider.managedScaling.targetCapacity", 1, 100),
	),
	Check: func(r *account.Rules) {
		const protection, scaling = "autoScalingGroupProvider.managedTerminationProtection", "autoScalingGroupProvider.managedScaling"
		if r.In.Text(protection) == "ENABLED" && (!r.In.Has(scaling) || r.In.Text(scaling+".status") == "DISABLED") {
			r.Refuse(protection, "managed scaling must be enabled too: set managedScaling.status ENABLED")
		}
	},
	Identity: account.Identity{
		ID: "{arn}", ARN: "ecs:capacity-provider/{name}", Taken: "ClientException: The specified capacity provider already exists: {name}",
	},
	Complete: completeProvider,
	Delete: func(tx *account.Tx, r *account.Resource) error {
		for _, cluster := range tx.List(account.ClusterProvidersToken) {
			if slices.Contains(providers(cluster.Outputs, "capacityProviders"), r.Outputs.Text("name")) {
				return tx.Refuse("ResourceInUseException", inUse+"cluster %s still has it; take it out there first", cluster.ID)
			}
		}
		return nil
	},
}

func completeProvider(tx *account.Tx, r *account.Resource) error {
	provider := r.Outputs.Map("autoScalingGroupProvider")
	arn := provider.Text("autoScalingGroupArn")
	for _, other := range tx.List(account.CapacityProviderToken) {
		if other.ID != r.ID && other.Outputs.Text("autoScalingGroupProvider.autoScalingGroupArn") == arn {
			return tx.Refuse("ClientException",
				"The specified Auto Scaling group ARN is already being used by another capacity provider (%s). Specify a unique Auto Scaling group ARN and try again.", other.ID)
		}
	}
	group, _ := tx.Find(account.GroupToken, "arn", arn)
	account.SetDefaults(provider, account.Values{"managedDraining": "ENABLED", "managedTerminationProtection": "DISABLED"})
	scaling := provider.Map("managedScaling")
	if scaling == nil {
		scaling = account.Values{"status": "DISABLED"}
	}
	provider["managedScaling"] = account.WithDefaults(scaling, account.Values{
		"status": "ENABLED", "targetCapacity": 100.0, "minimumScalingStepSize": 1.0, "maximumScalingStepSize": 10000.0, "instanceWarmupPeriod": 300.0,
	})
	if provider.Text("managedTerminationProtection") == "ENABLED" && !group.Outputs.True("protectFromScaleIn") {
		return tx.Refuse("ClientException",
			"The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled: set protectFromScaleIn on %s",
			group.ID)
	}
	if provider.Text("managedScaling.status") == "ENABLED" {
		tagGroup(tx, group)
	}
	return nil
}

// tagGroup puts the tag on a group that ECS puts there when a capacity provider scales it. A program that does not
// declare the tag sees it as drift, and removes it with the next update.
func tagGroup(tx *account.Tx, group account.Resource) {
	if slices.Contains(group.Outputs.Strings("tags[*].key"), "AmazonECSManaged") {
		return
	}
	tag := map[string]any{"key": "AmazonECSManaged", "value": "", "propagateAtLaunch": true}
	group.Inputs["tags"] = append(group.Inputs.List("tags"), tag)
	group.Outputs["tags"] = append(group.Outputs.List("tags"), tag)
	tx.Save(group)
}

var clusterProviders = account.Type{
	Token: account.ClusterProvidersToken, Args: ecs.ClusterCapacityProvidersArgs{}, State: ecs.ClusterCapacityProviders{},
	ForceNew: []string{"clusterName"},
	Refs:     []account.Ref{{Path: "clusterName", Type: account.ClusterToken, By: "name", Missing: "ClusterNotFoundException"}},
	Rules:    strategyRules("defaultCapacityProviderStrategies"),
	Check: func(r *account.Rules) {
		for i, name := range r.In.Strings("defaultCapacityProviderStrategies[*].capacityProvider") {
			listed := r.In.List("capacityProviders")
			if !r.In.IsUnknown("capacityProviders") && !account.HasUnknown(listed) && !slices.Contains(r.In.Strings("capacityProviders"), name) {
				r.Refuse("defaultCapacityProviderStrategies", "the default strategy names %q (entry %d), which is not in capacityProviders", name, i)
			}
		}
		checkStrategy(r, "defaultCapacityProviderStrategies")
	},
	Identity: account.Identity{ID: "{clusterName}"},
	Update: func(tx *account.Tx, old, next *account.Resource) error {
		return detach(tx, old, next.Outputs.Strings("capacityProviders"))
	},
	Complete: func(tx *account.Tx, r *account.Resource) error {
		for _, name := range r.Outputs.Strings("capacityProviders") {
			if slices.Contains(onFargate, name) {
				continue
			}
			if _, ok := tx.Find(account.CapacityProviderToken, "name", account.AfterSlash(name)); !ok {
				return tx.Refuse("InvalidParameterException", "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", name)
			}
		}
		completeStrategy(r.Outputs, "defaultCapacityProviderStrategies")
		return nil
	},
	Delete: func(tx *account.Tx, r *account.Resource) error { return detach(tx, r, nil) },
}

// detach refuses to take capacity providers from a cluster on which services run.
func detach(tx *account.Tx, r *account.Resource, kept []string) error {
	for _, name := range r.Outputs.Strings("capacityProviders") {
		if service, used := serviceOn(tx, r.ID, name); used && !slices.Contains(kept, name) {
			return tx.Refuse("ResourceInUseException", inUse+"service %s runs on %s; delete it first", service, name)
		}
	}
	return nil
}

// completeStrategy fills in what ECS adds to a capacity provider strategy.
func completeStrategy(out account.Values, path string) {
	for _, strategy := range out.Blocks(path + "[*]") {
		account.SetDefaults(strategy, account.Values{"base": 0.0, "weight": 0.0})
	}
}

// strategyRules are the rules about the parts of a capacity provider strategy.
func strategyRules(path string, more ...account.Rule) []account.Rule {
	return append(more, account.Between(path+"[*].weight", 0, 1000), account.AtMost(path, 20))
}

func checkStrategy(r *account.Rules, path string) {
	blocks := r.In.Blocks(path + "[*]")
	weighted := slices.ContainsFunc(blocks, func(block account.Values) bool {
		weight, _ := block.Int("weight")
		return weight > 0 || block.IsUnknown("weight")
	})
	if len(blocks) > 0 && len(blocks) == len(r.In.List(path)) && !weighted {
		r.Refuse(path, "at least one capacity provider must have a weight above 0")
	}
	// "can only contain" providers of one of the two kinds (the page above).
	names := r.In.Strings(path + "[*].capacityProvider")
	if slices.ContainsFunc(names, isFargate) && slices.ContainsFunc(names, func(name string) bool { return !isFargate(name) }) {
		r.Refuse(path, "a capacity provider strategy can contain capacity providers of Auto Scaling groups or of Fargate, but not both")
	}
}

func isFargate(name string) bool { return slices.Contains(onFargate, name) }

// runsOnFargate tells whether the tasks of a service do: by its strategy, its cluster's default, or its launch type.
func runsOnFargate(tx *account.Tx, service account.Values) bool {
	if service.Text("launchType") == "FARGATE" {
		return true
	}
	names := providers(service, "capacityProviderStrategies[*].capacityProvider")
	if association, _ := tx.Get(account.ClusterProvidersToken, account.AfterSlash(service.Text("cluster"))); len(names) == 0 {
		names = providers(association.Outputs, "defaultCapacityProviderStrategies[*].capacityProvider")
	}
	return slices.ContainsFunc(names, isFargate)
}
