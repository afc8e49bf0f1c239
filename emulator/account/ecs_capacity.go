package account

import (
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
)

var (
	ecsName          = regexp.MustCompile(`^[0-9A-Za-z_-]+$`)
	reservedProvider = regexp.MustCompile(`(?i)^(aws|ecs|fargate)`)
)

func hasUnknown(list []any) bool { return slices.ContainsFunc(list, isUnknown) }

// cluster finds a cluster by its name or ARN; services that name none are in the cluster called default.
func (tx *Tx) cluster(text string) (Resource, bool) {
	if text == "" {
		text = "default"
	}
	return tx.Find(clusterToken, "name", afterSlash(text))
}

func deleteCluster(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	for _, service := range tx.List(serviceToken) {
		if afterSlash(service.Outputs.Text("cluster")) == name {
			return tx.Refuse("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active: %s", service.Outputs.Text("name"))
		}
	}
	if group, found := tx.fleetOf(name); found {
		return tx.Refuse("ClusterContainsContainerInstancesException",
			"The Cluster cannot be deleted while Container Instances are active or draining: the instances of Auto Scaling group %s are registered; delete the group first", group)
	}
	return nil
}

// fleetOf finds an Auto Scaling group whose instances join the cluster: their user data names it.
func (tx *Tx) fleetOf(cluster string) (group string, found bool) {
	joins := regexp.MustCompile(`ECS_CLUSTER=["']?` + regexp.QuoteMeta(cluster) + `(["'\s]|$)`)
	for _, group := range tx.List(groupToken) {
		if size, known := group.Outputs.Int("desiredCapacity"); known && size == 0 {
			continue
		}
		ids := append(group.Outputs.Strings("launchTemplate.id"),
			group.Outputs.Strings("mixedInstancesPolicy.launchTemplate.launchTemplateSpecification.launchTemplateId")...)
		for _, id := range ids {
			template, _ := tx.Get(launchTemplateToken, id)
			text, err := base64.StdEncoding.DecodeString(template.Outputs.Text("userData"))
			if err == nil && joins.Match(text) {
				return group.ID, true
			}
		}
	}
	return "", false
}

func checkCapacityProvider(in Values) []Problem {
	r := rules{in: in}
	r.length("name", 1, 255)
	r.matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.each("name", func(place, text string) {
		if reservedProvider.MatchString(text) {
			r.refuse(place, "%q must not begin with aws, ecs or fargate", text)
		}
	})
	const provider = "autoScalingGroupProvider."
	r.arn(provider + "autoScalingGroupArn")
	r.oneOf(provider+"managedDraining", "ENABLED", "DISABLED")
	r.oneOf(provider+"managedTerminationProtection", "ENABLED", "DISABLED")
	r.oneOf(provider+"managedScaling.status", "ENABLED", "DISABLED")
	r.between(provider+"managedScaling.targetCapacity", 1, 100)
	r.between(provider+"managedScaling.minimumScalingStepSize", 1, 10000)
	r.between(provider+"managedScaling.maximumScalingStepSize", 1, 10000)
	r.between(provider+"managedScaling.instanceWarmupPeriod", 0, 10000)
	least, _ := in.Int(provider + "managedScaling.minimumScalingStepSize")
	if most, ok := in.Int(provider + "managedScaling.maximumScalingStepSize"); ok && least > most {
		r.refuse(provider+"managedScaling.minimumScalingStepSize", "%d is above maximumScalingStepSize %d", least, most)
	}
	status, known := in.String(provider + "managedScaling.status")
	if in.Text(provider+"managedTerminationProtection") == "ENABLED" && (!in.Has(provider+"managedScaling") || known && status == "DISABLED") {
		r.refuse(provider+"managedTerminationProtection", "managed scaling must be enabled too: set managedScaling.status ENABLED")
	}
	return r.problems
}

func createCapacityProvider(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	r.ID = tx.ARN("ecs", "capacity-provider/"+name)
	if _, taken := tx.Get(capacityProviderToken, r.ID); taken {
		return tx.Refuse("ClientException", "The specified capacity provider already exists: %s; choose another name", name)
	}
	r.Outputs["arn"] = r.ID
	return tx.completeCapacityProvider(r)
}

func (tx *Tx) completeCapacityProvider(r *Resource) error {
	provider := r.Outputs.Map("autoScalingGroupProvider")
	arn := provider.Text("autoScalingGroupArn")
	for _, other := range tx.List(capacityProviderToken) {
		if other.ID != r.ID && other.Outputs.Text("autoScalingGroupProvider.autoScalingGroupArn") == arn {
			return tx.Refuse("ClientException",
				"The specified Auto Scaling group ARN is already being used by another capacity provider (%s). Specify a unique Auto Scaling group ARN and try again.", other.ID)
		}
	}
	group, _ := tx.Find(groupToken, "arn", arn)
	setDefault(provider, "managedDraining", "ENABLED")
	setDefault(provider, "managedTerminationProtection", "DISABLED")
	scaling := provider.Map("managedScaling")
	if scaling == nil {
		scaling = Values{"status": "DISABLED"}
		provider["managedScaling"] = map[string]any(scaling)
	}
	setDefault(scaling, "status", "ENABLED")
	setDefault(scaling, "targetCapacity", 100.0)
	setDefault(scaling, "minimumScalingStepSize", 1.0)
	setDefault(scaling, "maximumScalingStepSize", 10000.0)
	setDefault(scaling, "instanceWarmupPeriod", 300.0)
	if provider.Text("managedTerminationProtection") == "ENABLED" && !group.Outputs.True("protectFromScaleIn") {
		return tx.Refuse("ClientException",
			"The managed termination protection setting for the capacity provider is invalid. To enable managed termination protection for a capacity provider, the Auto Scaling group must have instance protection from scale in enabled: set protectFromScaleIn on %s",
			group.ID)
	}
	if scaling.Text("status") == "ENABLED" {
		tx.manageGroup(group)
	}
	return nil
}

// providerUser finds a cluster or service that has a capacity provider.
func (tx *Tx) providerUser(name, arn string) (user string, found bool) {
	for _, r := range tx.List(clusterProvidersToken) {
		if providers := r.Outputs.Strings("capacityProviders"); slices.Contains(providers, name) || slices.Contains(providers, arn) {
			return "cluster " + r.ID, true
		}
	}
	return "", false
}

// serviceWith finds a service of a cluster that runs on a capacity provider.
func (tx *Tx) serviceWith(cluster, provider string) (service string, found bool) {
	for _, service := range tx.List(serviceToken) {
		if afterSlash(service.Outputs.Text("cluster")) == cluster && slices.Contains(tx.serviceProviders(service), afterSlash(provider)) {
			return service.Outputs.Text("name"), true
		}
	}
	return "", false
}

// serviceProviders are the names of the capacity providers that a service runs on: its own, or the cluster's default.
func (tx *Tx) serviceProviders(service Resource) []string {
	names := service.Outputs.Strings("capacityProviderStrategies[*].capacityProvider")
	if len(names) == 0 && service.Inputs.Text("launchType") == "" {
		association, _ := tx.Get(clusterProvidersToken, afterSlash(service.Outputs.Text("cluster")))
		names = association.Outputs.Strings("defaultCapacityProviderStrategies[*].capacityProvider")
	}
	for i := range names {
		names[i] = afterSlash(names[i])
	}
	return names
}

func (tx *Tx) completeClusterProviders(r *Resource) error {
	for _, name := range r.Outputs.Strings("capacityProviders") {
		if name == "FARGATE" || name == "FARGATE_SPOT" {
			continue
		}
		if _, ok := tx.Find(capacityProviderToken, "name", afterSlash(name)); !ok {
			return tx.Refuse("InvalidParameterException", "The specified capacity provider '%s' was not found. Specify a valid name or ARN and try again.", name)
		}
	}
	for _, strategy := range r.Outputs.Blocks("defaultCapacityProviderStrategies[*]") {
		completeStrategy(strategy)
	}
	return nil
}

func completeStrategy(strategy Values) {
	for _, name := range []string{"base", "weight"} {
		if !strategy.Has(name) {
			strategy[name] = 0.0
		}
	}
}

// strategy applies the rules of capacity provider strategies.
func (r *rules) strategy(path string) {
	blocks := r.in.Blocks(path + "[*]")
	r.between(path+"[*].weight", 0, 1000)
	r.between(path+"[*].base", 0, 100000)
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
	if len(r.in.List(path)) > 20 {
		r.refuse(path, "has %d providers; a strategy can have 20", len(r.in.List(path)))
	}
	if bases > 1 {
		r.refuse(path, "only one capacity provider of a strategy can have a base")
	}
	if len(blocks) > 0 && len(blocks) == len(r.in.List(path)) && weights == 0 {
		r.refuse(path, "at least one capacity provider must have a weight above 0")
	}
	if fargate && fleet {
		r.refuse(path, "cannot contain both Fargate and Auto Scaling group capacity providers: %s", strings.Join(r.in.Strings(path+"[*].capacityProvider"), ", "))
	}
}
