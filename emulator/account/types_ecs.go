package account

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
)

const (
	clusterToken          = "aws:ecs/cluster:Cluster"
	capacityProviderToken = "aws:ecs/capacityProvider:CapacityProvider"
	clusterProvidersToken = "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders"
)

var clusterTypes = []Type{
	{
		Token: clusterToken, Args: ecs.ClusterArgs{}, State: ecs.Cluster{},
		Name:     Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.length("name", 1, 255)
			r.matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
			r.oneOf("settings[*].name", "containerInsights")
			r.oneOf("settings[*].value", "enabled", "disabled", "enhanced")
			r.oneOf("configuration.executeCommandConfiguration.logging", "NONE", "DEFAULT", "OVERRIDE")
			if in.Text("configuration.executeCommandConfiguration.logging") == "OVERRIDE" && !in.Has("configuration.executeCommandConfiguration.logConfiguration") {
				r.refuse("configuration.executeCommandConfiguration.logConfiguration", "is required with logging OVERRIDE")
			}
			return r.problems
		},
		Create: func(tx *Tx, r *Resource) error {
			name := r.Outputs.Text("name")
			r.ID = tx.ARN("ecs", "cluster/"+name)
			if _, taken := tx.Get(clusterToken, r.ID); taken {
				return tx.Refuse("ClientException", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s): cluster %s already exists; choose another name", name)
			}
			r.Outputs["arn"] = r.ID
			if len(r.Outputs.List("settings")) == 0 {
				r.Outputs["settings"] = []any{map[string]any{"name": "containerInsights", "value": "disabled"}}
			}
			return nil
		},
		Delete: deleteCluster,
	},
	{
		Token: capacityProviderToken, Args: ecs.CapacityProviderArgs{}, State: ecs.CapacityProvider{},
		Name:     Name{Property: "name", Max: 255},
		ForceNew: []string{"name", "autoScalingGroupProvider.autoScalingGroupArn"},
		Refs:     []Ref{{Path: "autoScalingGroupProvider.autoScalingGroupArn", Type: groupToken, By: "arn", Missing: "ClientException"}},
		Check:    checkCapacityProvider,
		Create:   createCapacityProvider,
		Update:   func(tx *Tx, _, next *Resource) error { return tx.completeCapacityProvider(next) },
		Delete: func(tx *Tx, r *Resource) error {
			if user, found := tx.providerUser(r.Outputs.Text("name"), r.ID); found {
				return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: %s still has it; take it out there first", user)
			}
			return nil
		},
	},
	{
		Token: clusterProvidersToken, Args: ecs.ClusterCapacityProvidersArgs{}, State: ecs.ClusterCapacityProviders{},
		ForceNew: []string{"clusterName"},
		Refs:     []Ref{{Path: "clusterName", Type: clusterToken, By: "name", Missing: "ClusterNotFoundException"}},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.strategy("defaultCapacityProviderStrategies")
			for i, name := range in.Strings("defaultCapacityProviderStrategies[*].capacityProvider") {
				if !in.IsUnknown("capacityProviders") && !hasUnknown(in.List("capacityProviders")) && !slices.Contains(in.Strings("capacityProviders"), name) {
					r.refuse("defaultCapacityProviderStrategies", "the default strategy names %q (entry %d), which is not in capacityProviders", name, i)
				}
			}
			return r.problems
		},
		Create: func(tx *Tx, r *Resource) error {
			r.ID = r.Outputs.Text("clusterName")
			return tx.completeClusterProviders(r)
		},
		Update: func(tx *Tx, old, next *Resource) error {
			for _, name := range old.Outputs.Strings("capacityProviders") {
				if service, used := tx.serviceWith(next.ID, name); used && !slices.Contains(next.Outputs.Strings("capacityProviders"), name) {
					return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: service %s runs on %s", service, name)
				}
			}
			return tx.completeClusterProviders(next)
		},
		Delete: func(tx *Tx, r *Resource) error {
			for _, name := range r.Outputs.Strings("capacityProviders") {
				if service, used := tx.serviceWith(r.ID, name); used {
					return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: service %s runs on %s; delete it first", service, name)
				}
			}
			return nil
		},
	},
}
