package ecs

import (
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var clusterTypes = []account.Type{
	{
		Token: account.ClusterToken, Args: ecs.ClusterArgs{}, State: ecs.Cluster{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name"},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.Length("name", 1, 255)
			r.Matches("name", ecsName, "only letters, digits, hyphens and underscores are allowed")
			r.OneOf("settings[*].name", "containerInsights")
			r.OneOf("settings[*].value", "enabled", "disabled", "enhanced")
			r.OneOf("configuration.executeCommandConfiguration.logging", "NONE", "DEFAULT", "OVERRIDE")
			if in.Text("configuration.executeCommandConfiguration.logging") == "OVERRIDE" && !in.Has("configuration.executeCommandConfiguration.logConfiguration") {
				r.Refuse("configuration.executeCommandConfiguration.logConfiguration", "is required with logging OVERRIDE")
			}
			return r.Problems
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			name := r.Outputs.Text("name")
			r.ID = tx.ARN("ecs", "cluster/"+name)
			if _, taken := tx.Get(account.ClusterToken, r.ID); taken {
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
		Token: account.CapacityProviderToken, Args: ecs.CapacityProviderArgs{}, State: ecs.CapacityProvider{},
		Name:     account.Name{Property: "name", Max: 255},
		ForceNew: []string{"name", "autoScalingGroupProvider.autoScalingGroupArn"},
		Refs:     []account.Ref{{Path: "autoScalingGroupProvider.autoScalingGroupArn", Type: account.GroupToken, By: "arn", Missing: "ClientException"}},
		Check:    checkCapacityProvider,
		Create:   createCapacityProvider,
		Update:   func(tx *account.Tx, _, next *account.Resource) error { return completeCapacityProvider(tx, next) },
		Delete: func(tx *account.Tx, r *account.Resource) error {
			if user, found := providerUser(tx, r.Outputs.Text("name"), r.ID); found {
				return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: %s still has it; take it out there first", user)
			}
			return nil
		},
	},
	{
		Token: account.ClusterProvidersToken, Args: ecs.ClusterCapacityProvidersArgs{}, State: ecs.ClusterCapacityProviders{},
		ForceNew: []string{"clusterName"},
		Refs:     []account.Ref{{Path: "clusterName", Type: account.ClusterToken, By: "name", Missing: "ClusterNotFoundException"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			checkStrategy(&r, "defaultCapacityProviderStrategies")
			for i, name := range in.Strings("defaultCapacityProviderStrategies[*].capacityProvider") {
				if !in.IsUnknown("capacityProviders") && !account.HasUnknown(in.List("capacityProviders")) && !slices.Contains(in.Strings("capacityProviders"), name) {
					r.Refuse("defaultCapacityProviderStrategies", "the default strategy names %q (entry %d), which is not in capacityProviders", name, i)
				}
			}
			return r.Problems
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("clusterName")
			return completeClusterProviders(tx, r)
		},
		Update: func(tx *account.Tx, old, next *account.Resource) error {
			for _, name := range old.Outputs.Strings("capacityProviders") {
				if service, used := serviceWith(tx, next.ID, name); used && !slices.Contains(next.Outputs.Strings("capacityProviders"), name) {
					return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: service %s runs on %s", service, name)
				}
			}
			return completeClusterProviders(tx, next)
		},
		Delete: func(tx *account.Tx, r *account.Resource) error {
			for _, name := range r.Outputs.Strings("capacityProviders") {
				if service, used := serviceWith(tx, r.ID, name); used {
					return tx.Refuse("ResourceInUseException", "The specified capacity provider is in use and cannot be removed: service %s runs on %s; delete it first", service, name)
				}
			}
			return nil
		},
	},
}
