package stacks

import (
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// export publishes what people and pipelines read with `pulumi stack output`.
func (s *stack) export(ctx *pulumi.Context) {
	services, definitions := pulumi.StringMap{}, pulumi.StringMap{}
	for process, service := range s.services {
		services[process], definitions[process] = service.Name, service.TaskDefinitionARN
	}
	environment := pulumi.StringMap(s.environment(s.release)).ToStringMapOutput()
	secrets := pulumi.StringMap{}
	for variable, value := range s.secrets.Values {
		secrets[variable] = value
	}
	ctx.Export("url", s.url())
	s.exportReview(ctx)
	ctx.Export("release", pulumi.String(s.release))
	if s.lent == nil {
		ctx.Export("loadBalancerDnsName", s.balancer.DNSName)
	}
	ctx.Export("repositoryUrl", s.registry.URL)
	ctx.Export("image", s.images[s.release].Reference)
	ctx.Export("imageDigest", s.images[s.release].Digest)
	ctx.Export("traffic", s.traffic())
	ctx.Export("clusterName", s.cluster.Name)
	ctx.Export("serviceNames", services)
	ctx.Export("taskDefinitionArns", definitions)
	ctx.Export("databaseEndpoint", pulumi.Sprintf("%s:%d", s.database.Host, s.database.Port))
	ctx.Export("cacheEndpoint", pulumi.Sprintf("%s:%d", s.cache.Host, s.cache.Port))
	ctx.Export("appConfig", environment)
	ctx.Export("secretArns", references(s.secrets.References))
	ctx.Export("dotenv", pulumi.ToSecret(
		pulumix.Cast[pulumi.StringOutput](pulumix.Apply2(environment, secrets.ToStringMapOutput(), dotenv))))
}

// traffic tells which colour runs which release and how many percent of the requests it gets.
func (s *stack) traffic() pulumi.Map {
	shares := pulumi.Map{}
	for _, each := range s.config.Colors() {
		if each.Idle() {
			continue
		}
		release := each.Release
		if each.Live {
			release = s.release
		}
		shares[each.Name] = pulumi.Map{"release": pulumi.String(release), "percent": pulumi.Int(each.Percent)}
	}
	return shares
}

func references(from map[string]pulumi.StringOutput) pulumi.StringMap {
	to := pulumi.StringMap{}
	for variable, reference := range from {
		to[variable] = reference
	}
	return to
}

// exportReview publishes what make review-reap decides by. The class is there for every environment.
func (s *stack) exportReview(ctx *pulumi.Context) {
	e := s.config.Environment
	ctx.Export("class", pulumi.String(e.Class))
	if e.Class == config.ClassReview {
		ctx.Export("branch", pulumi.String(e.Branch))
		ctx.Export("expiresAt", pulumi.String(e.ExpiresAt))
	}
	if s.lent != nil {
		ctx.Export("schema", pulumi.String(config.Schema(s.name)))
		ctx.Export("shares", pulumi.String(e.Shares))
	}
	if e.Class == "staging" || e.Class == "local" {
		ctx.Export("lends", s.lends())
	}
}
