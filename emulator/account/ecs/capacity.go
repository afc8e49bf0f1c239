package ecs

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var (
	ecsName          = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	reservedProvider = regexp.MustCompile(`(?i)^(aws|ecs|fargate)`)
)

// cluster finds a cluster by its name or ARN; services that name none are in the cluster called default.
func findCluster(tx *account.Tx, text string) (account.Resource, bool) {
	if text == "" {
		text = "default"
	}
	return tx.Find(account.ClusterToken, "name", account.AfterSlash(text))
}

func deleteCluster(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	for _, service := range tx.List(account.ServiceToken) {
		if account.AfterSlash(service.Outputs.Text("cluster")) == name {
			return tx.Refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active: %s", service.Outputs.Text("name"))
		}
	}
	if group, found := fleetOf(tx, name); found {
		return tx.Refuse("ClusterContainsContainerInstancesException",
			"The Cluster cannot be deleted while Container Instances are active or draining: the instances of Auto Scaling group %s are registered; delete the group first", group)
	}
	return nil
}

// fleetOf finds an Auto Scaling group whose instances join the cluster: their user data names it.
func fleetOf(tx *account.Tx, cluster string) (group string, found bool) {
	joins := regexp.MustCompile(`ECS_CLUSTER=["']?` + regexp.QuoteMeta(cluster) + `(["'\s]|$)`)
	for _, group := range tx.List(account.GroupToken) {
		if size, known := group.Outputs.Int("desiredCapacity"); known && size == 0 {
			continue
		}
		ids := append(group.Outputs.Strings("launchTemplate.id"),
			group.Outputs.Strings("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId")...)
		for _, id := range ids {
			template, _ := tx.Get(account.LaunchTemplateToken, id)
			text, err := base64.StdEncoding.DecodeString(template.Outputs.Text("userData"))
			if err == nil && joins.Match(text) {
				return group.ID, true
			}
		}
	}
	return "", false
}

func checkCapacityProvider(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("name", 1, 255)
	r.Matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.Each("name", func(place, text string) {
		if reservedProvider.MatchString(text) {
			r.Refuse(place, "%q must not begin with aws, ecs or fargate", text)
		}
	})
	const provider = "autoScalingGroupProvider."
	r.ARN(provider + "autoScalingGroupArn")
	r.OneOf(provider+"managedDraining", "ENABLED", "DISABLED")
	r.OneOf(provider+"managedTerminationProtection", "ENABLED", "DISABLED")
	r.OneOf(provider+"managedScaling.status", "ENABLED", "DISABLED")
	r.Between(provider+"managedScaling.targetCapacity", 1, 100)
	r.Between(provider+"managedScaling.minimumScalingStepSize", 1, 10000)
	r.Between(provider+"managedScaling.maximumScalingStepSize", 1, 10000)
	r.Between(provider+"managedScaling.instanceWarmupPeriod", 0, 10000)
	least, _ := in.Int(provider + "managedScaling.minimumScalingStepSize")
	if most, ok := in.Int(provider + "managedScaling.maximumScalingStepSize"); ok && least > most {
		r.Refuse(provider+"managedScaling.minimumScalingStepSize", "%d is above maximumScalingStepSize %d", least, most)
	}
	status, known := in.String(provider + "managedScaling.status")
	if in.Text(provider+"managedTerminationProtection") == "ENABLED" && (!in.Has(provider+"managedScaling") || known && status == "DISABLED") {
		r.Refuse(provider+"managedTerminationProtection", "managed scaling must be enabled too: set managedScaling.status ENABLED")
	}
	return r.Problems
}

func createCapacityProvider(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	r.ID = tx.ARN("ecs", "capacity-provider/"+name)
	if _, taken := tx.Get(account.CapacityProviderToken, r.ID); taken {
		return tx.Refuse("ClientException", "The specified capacity provider already exists: %s; choose another name", name)
	}
	r.Outputs["arn"] = r.ID
	return completeCapacityProvider(tx, r)
}

func completeCapacityProvider(tx *account.Tx, r *account.Resource) error {
	provider := r.Outputs.Map("autoScalingGroupProvider")
	arn := provider.Text("autoScalingGroupArn")
	for _, other := range tx.List(account.CapacityProviderToken) {
		if other.ID != r.ID && other.Outputs.Text("autoScalingGroupProvider.autoScalingGroupArn") == arn {
			return tx.Refuse("ClientException",
				"The specified Auto Scaling group ARN is already being used by another capacity provider (%s). Specify a unique Auto Scaling group ARN and try again.", other.ID)
		}
	}
	group, _ := tx.Find(account.GroupToken, "arn", arn)
	account.SetDefault(provider, "managedDraining", "ENABLED")
	account.SetDefault(provider, "managedTerminationProtection", "DISABLED")
	scaling := provider.Map("managedScaling")
	if scaling == nil {
		scaling = account.Values{"status": "DISABLED"}
		provider["managedScaling"] = map[string]any(scaling)
	}
	account.SetDefault(scaling, "status", "ENABLED")
	account.SetDefault(scaling, "targetCapacity", 100.0)
	account.SetDefault(scaling, "minimumScalingStepSize", 1.0)
	account.SetDefault(scaling, "maximumScalingStepSize", 10000.0)
	account.SetDefault(scaling, "instanceWarmupPeriod", 300.0)
	if provider.Text("managedTerminationProtection") == "ENABLED" && !group.Outputs.True("protectFromScaleIn") {
		return tx.Refuse("ClientException",
			"The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled: set protectFromScaleIn on %s",
			group.ID)
	}
	if scaling.Text("status") == "ENABLED" {
		manageGroup(tx, group)
	}
	return nil
}

// providerUser finds a cluster or service that has a capacity provider.
func providerUser(tx *account.Tx, name, arn string) (user string, found bool) {
	for _, r := range tx.List(account.ClusterProvidersToken) {
		if providers := r.Outputs.Strings("capacityProviders"); slices.Contains(providers, name) || slices.Contains(providers, arn) {
			return "cluster " + r.ID, true
		}
	}
	return "", false
}

// serviceWith finds a service of a cluster that runs on a capacity provider.
func serviceWith(tx *account.Tx, cluster, provider string) (service string, found bool) {
	for _, service := range tx.List(account.ServiceToken) {
		if account.AfterSlash(service.Outputs.Text("cluster")) == cluster && slices.Contains(serviceProviders(tx, service), account.AfterSlash(provider)) {
			return service.Outputs.Text("name"), true
		}
	}
	return "", false
}

// serviceProviders are the names of the capacity providers that a service runs on: its own, or the cluster's default.
func serviceProviders(tx *account.Tx, service account.Resource) []string {
	names := service.Outputs.Strings("capacityProviderStrategies[*].capacityProvider")
	if len(names) == 0 && service.Inputs.Text("launchType") == "" {
		association, _ := tx.Get(account.ClusterProvidersToken, account.AfterSlash(service.Outputs.Text("cluster")))
		names = association.Outputs.Strings("defaultCapacityProviderStrategies[*].capacityProvider")
	}
	for i := range names {
		names[i] = account.AfterSlash(names[i])
	}
	return names
}

func completeClusterProviders(tx *account.Tx, r *account.Resource) error {
	for _, name := range r.Outputs.Strings("capacityProviders") {
		if name == "FARGATE" || name == "FARGATE_SPOT" {
			continue
		}
		if _, ok := tx.Find(account.CapacityProviderToken, "name", account.AfterSlash(name)); !ok {
			return tx.Refuse("InvalidParameterException", "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", name)
		}
	}
	for _, strategy := range r.Outputs.Blocks("defaultCapacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return nil
}

func completeStrategy(strategy account.Values) {
	for _, name := range []string{"base", "weight"} {
		if !strategy.Has(name) {
			strategy[name] = 0.0
		}
	}
}

// strategy applies the rules of capacity provider strategies.
func checkStrategy(r *account.Rules, path string) {
	blocks := r.In.Blocks(path + "[*]")
	r.Between(path+"[*].weight", 0, 1000)
	r.Between(path+"[*].base", 0, 100000)
	bases, weights := 0, 0
	fargate, fleet := false, false
	for _, block := range blocks {
		if base, _ := block.Int("base"); base > 0 {
			bases++
		}
		if weight, _ := block.Int("weight"); weight > 0 || block.IsUnknown("weight") {
			weights++
		}
		switch name := block.Text("capacityProvider"); {
		case name == "FARGATE" || name == "FARGATE_SPOT":
			fargate = true
		case name != "":
			fleet = true
		}
	}
	if len(r.In.List(path)) > 20 {
		r.Refuse(path, "has %d providers; a strategy can have 20", len(r.In.List(path)))
	}
	if bases > 1 {
		r.Refuse(path, "only one capacity provider of a strategy can have a base")
	}
	if len(blocks) > 0 && len(blocks) == len(r.In.List(path)) && weights == 0 {
		r.Refuse(path, "at least one capacity provider must have a weight above 0")
	}
	if fargate && fleet {
		r.Refuse(path, "cannot contain both Fargate and Auto Scaling group capacity providers: %s", strings.Join(r.In.Strings(path+"[*].capacityProvider"), ", "))
	}
}

// manageGroup puts the tag on a group that ECS puts there when a capacity provider scales it. A program that does not
// declare the tag sees it as drift, and takes it away again with the next update.
func manageGroup(tx *account.Tx, group account.Resource) {
	for _, tag := range group.Outputs.Blocks("tags") {
		if tag.Text("key") == "AmazonECSManaged" {
			return
		}
	}
	tag := map[string]any{"key": "AmazonECSManaged", "value": "", "propagateAtLaunch": true}
	group.Inputs["tags"] = append(group.Inputs.List("tags"), tag)
	group.Outputs["tags"] = append(group.Outputs.List("tags"), tag)
	tx.Save(group)
}
