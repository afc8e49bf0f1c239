package stacks

import (
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"

	"github.com/laravel-ecs/laravel-ecs/infra"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/envfile"
)

// export makes the outputs that every environment has. People, pipelines and the operator's command read them.
func (s *stack) export(ctx *pulumi.Context, app *application, services map[string]*infra.Service) {
	names, definitions := pulumi.StringMap{}, pulumi.StringMap{}
	for process, service := range services {
		names[process], definitions[process] = service.Name, service.TaskDefinitionARN
	}
	variables := pulumi.StringMap(s.variables(app, s.release)).ToStringMapOutput()
	secrets := pulumi.StringMap{}
	for variable, value := range app.secrets.Values {
		secrets[variable] = value
	}
	image := app.images.byRelease[s.release]
	ctx.Export("url", app.url)
	ctx.Export("class", pulumi.String(s.config.Environment.Class))
	if e := s.config.Environment; e.Class == config.ClassReview { // for make review-reap
		ctx.Export("branch", pulumi.String(e.Branch))
		ctx.Export("expiresAt", pulumi.String(e.ExpiresAt))
	}
	ctx.Export("release", pulumi.String(s.release))
	ctx.Export("loadBalancerArn", app.loadBalancerARN)
	ctx.Export("repositoryUrl", app.images.registry.URL)
	ctx.Export("image", image.Reference)
	ctx.Export("imageDigest", image.Digest)
	ctx.Export("traffic", s.traffic())
	ctx.Export("clusterName", app.cluster.Name)
	ctx.Export("serviceNames", names)
	ctx.Export("taskDefinitionArns", definitions)
	ctx.Export("databaseEndpoint", pulumi.Sprintf("%s:%d", app.database.Host, app.database.Port))
	if app.cache.Engine != infra.NoCache {
		ctx.Export("cacheEndpoint", pulumi.Sprintf("%s:%d", app.cache.Host, app.cache.Port))
	}
	ctx.Export("appConfig", variables)
	ctx.Export("secretArns", references(app.secrets.References))
	ctx.Export("dotenv", pulumi.ToSecret(
		pulumix.Cast[pulumi.StringOutput](pulumix.Apply2(variables, secrets.ToStringMapOutput(), dotenv))))
}

// traffic is the release of each colour that runs tasks, and its percentage of the requests.
func (s *stack) traffic() pulumi.Map {
	shares := pulumi.Map{}
	for _, color := range s.config.Colors() {
		if color.Idle() {
			continue
		}
		release := color.Release
		if color.Live {
			release = s.release
		}
		shares[color.Name] = pulumi.Map{"release": pulumi.String(release), "percent": pulumi.Int(color.Percent)}
	}
	return shares
}

// dotenv renders the .env file of `make dotenv`. It has no secrets of others: the command reads those (ops/app).
func dotenv(environment, secrets map[string]string) string {
	var text strings.Builder
	for _, group := range []map[string]string{environment, secrets} {
		for _, name := range sortedKeys(group) {
			text.WriteString(envfile.Line(name, group[name]))
		}
	}
	return text.String()
}

func references(from map[string]pulumi.StringOutput) pulumi.StringMap {
	to := pulumi.StringMap{}
	for variable, reference := range from {
		to[variable] = reference
	}
	return to
}
