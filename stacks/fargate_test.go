package stacks_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// onFargate is a stack without its instances.
func onFargate(t testing.TB, name, capacity string) map[string]string {
	t.Helper()
	config := stackConfig(t, name)
	config["laravel-ecs:cluster"] = fmt.Sprintf(`{"capacity": %q}`, capacity)
	return config
}

// TestFargate: the same services have tasks with an address and a size of their own, and nothing of the instances is left.
func TestFargate(t *testing.T) {
	r := deploy(t, "staging", onFargate(t, "staging", "fargate"))
	checkInventory(t, "staging-fargate", r)
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if got := text(service, "capacityProviderStrategies[0].capacityProvider"); got != "FARGATE" {
			t.Errorf("%s runs on %q", service.Name, got)
		}
		if _, placed := at(service, "orderedPlacementStrategies"); placed {
			t.Errorf("%s has placement strategies", service.Name)
		}
		for _, key := range []string{"subnets[1]", "securityGroups[1]"} {
			if text(service, "networkConfiguration."+key) == "" {
				t.Errorf("%s: no networkConfiguration.%s", service.Name, key)
			}
		}
		if isTrue(service, "networkConfiguration.assignPublicIp") {
			t.Errorf("%s has public addresses", service.Name)
		}
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		if text(definition, "networkMode") != "awsvpc" || text(definition, "requiresCompatibilities[0]") != "FARGATE" || text(definition, "cpu") != "256" || text(definition, "memory") != "512" {
			t.Errorf("%s is for %s, in mode %s, with %s units and %s MiB", definition.Name, text(definition, "requiresCompatibilities[0]"), text(definition, "networkMode"), text(definition, "cpu"), text(definition, "memory"))
		}
		checkVolumes(t, definition)
	}
	for _, group := range each(t, r, "aws:lb/targetGroup:TargetGroup") {
		if text(group, "targetType") != "ip" {
			t.Errorf("%s has targets of type %s", group.Name, text(group, "targetType"))
		}
	}
	if !slices.ContainsFunc(r.All(), func(one infratest.Resource) bool {
		return one.Name == "laravel-staging-firewall-in-web-ecs-ports-8080"
	}) {
		t.Error("no rule opens the port of the tasks to the load balancer")
	}
	for _, one := range r.All() {
		if strings.Contains(one.Name, "32768") || strings.Contains(one.Name, "watch-disk") {
			t.Errorf("%s %s is registered", one.Type, one.Name)
		}
	}
}

// checkVolumes: each container writes to /run and /tmp of its own, because others have other secrets there.
func checkVolumes(t *testing.T, definition infratest.Resource) {
	t.Helper()
	var containers []struct {
		Name                   string
		CPU                    int
		DockerSecurityOptions  []string
		LinuxParameters        struct{ Tmpfs []any }
		Links                  []string
		PortMappings           []struct{ ContainerPort, HostPort int }
		MountPoints            []struct{ SourceVolume, ContainerPath string }
		ReadonlyRootFilesystem bool
	}
	if err := json.Unmarshal([]byte(text(definition, "containerDefinitions")), &containers); err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	units := 0
	for _, c := range containers {
		units += c.CPU
		var paths []string
		for _, mount := range c.MountPoints {
			if used[mount.SourceVolume] {
				t.Errorf("%s: %s is shared", definition.Name, mount.SourceVolume)
			}
			used[mount.SourceVolume] = true
			paths = append(paths, mount.ContainerPath)
		}
		if !slices.Equal(paths, []string{"/run", "/tmp"}) || len(c.DockerSecurityOptions)+len(c.LinuxParameters.Tmpfs)+len(c.Links) > 0 {
			t.Errorf("%s: %s has %+v", definition.Name, c.Name, c)
		}
		for _, port := range c.PortMappings {
			if port.HostPort != port.ContainerPort {
				t.Errorf("%s: port %d is %d outside", definition.Name, port.ContainerPort, port.HostPort)
			}
		}
	}
	for i := range len(used) {
		if name := text(definition, fmt.Sprintf("volumes[%d].name", i)); !used[name] {
			t.Errorf("%s: the volume %q is not used", definition.Name, name)
		}
	}
	if got := text(definition, "cpu"); fmt.Sprint(units) != got {
		t.Errorf("%s: the containers have %d units, and the task %s", definition.Name, units, got)
	}
}

// TestFargateSpot: and Graviton.
func TestFargateSpot(t *testing.T) {
	r := deploy(t, "staging", with(onFargate(t, "staging", "fargateSpot"), "cluster", "arm64", true))
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if got := text(service, "capacityProviderStrategies[0].capacityProvider"); got != "FARGATE_SPOT" {
			t.Errorf("%s runs on %q", service.Name, got)
		}
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		if got := text(definition, "runtimePlatform.cpuArchitecture"); got != "ARM64" {
			t.Errorf("%s is for %s", definition.Name, got)
		}
	}
	if image := one(t, r, "docker:index/image:Image"); text(image, "build.platform") != "linux/arm64" {
		t.Errorf("the image is for %s", text(image, "build.platform"))
	}
}

// TestFurtherProcessesOnFargate: ssr is a container of the task of web, which reaches it on the address of the task, and counts for its size.
func TestFurtherProcessesOnFargate(t *testing.T) {
	config := manyProcesses(t)
	config["laravel-ecs:cluster"] = `{"capacity": "fargate"}`
	wrongKeys(t, config, []wrongKey{{"worker", "jobSeconds", 60, "processes.horizon.stopSeconds: 615 is more than the 120 s that Fargate gives a task to stop: lower processes.horizon.jobSeconds to 105, or set cluster.capacity ec2"}})
	config["laravel-ecs:processes"] = strings.NewReplacer("300", "90", "600", "90").Replace(config["laravel-ecs:processes"])
	r := deploy(t, "staging", config)
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		size := "256 512"
		if strings.HasSuffix(definition.Name, "-web-task") {
			size = "512 1024"
		}
		if got := text(definition, "cpu") + " " + text(definition, "memory"); got != size {
			t.Errorf("%s has %s, not %s", definition.Name, got, size)
		}
		checkVolumes(t, definition)
	}
	for _, c := range containersOf(t, r, "web") {
		if want := "http://127.0.0.1:13714"; c.Name == "web" && c.variable("INERTIA_SSR_URL") != want {
			t.Errorf("INERTIA_SSR_URL is %q", c.variable("INERTIA_SSR_URL"))
		}
	}
	for _, port := range []string{"8080", "9000"} {
		name := "laravel-staging-firewall-in-web-ecs-ports-" + port
		if !slices.ContainsFunc(r.All(), func(one infratest.Resource) bool { return one.Name == name }) {
			t.Errorf("there is no %s", name)
		}
	}
}

// TestFargateProblems: the errors name the key and the fix.
func TestFargateProblems(t *testing.T) {
	fargate := onFargate(t, "staging", "fargate")
	none := "cluster.capacity fargate has no instances: remove the key, or set cluster.capacity ec2"
	wrongKeys(t, fargate, []wrongKey{
		{"cluster", "capacity", "lambda", `cluster.capacity: "lambda" is none of ec2, fargate, fargateSpot`},
		{"cluster", "instanceTypes", []string{"m6i.large"}, "cluster.instanceTypes: " + none},
		{"cluster", "min", 2, "cluster.min: " + none},
		{"cluster", "max", 9, "cluster.max: " + none},
		{"cluster", "onDemandBase", 1, "cluster.onDemandBase: " + none},
		{"cluster", "onDemandPercent", 0, "cluster.onDemandPercent: " + none},
		{"cluster", "keyPair", "k", "cluster.keyPair: " + none},
		{"cluster", "ami", "ami-0123456789abcdef0", "cluster.ami: " + none},
		{"cluster", "diskGb", 50, "cluster.diskGb: " + none},
		{"cluster", "targetCapacity", 80, "cluster.targetCapacity: " + none},
		{"cluster", "maxInstanceDays", 14, "cluster.maxInstanceDays: " + none},
		{"access", "ssh", []string{"203.0.113.0/24"}, "access.ssh: " + none},
		{"web", "cpu", 300, "web.cpu: 300 and memoryMib 512 are no size of a task on Fargate: the next has 512 and 1024"},
		{"web", "memoryMib", 768, "web.cpu: 256 and memoryMib 768 are no size of a task on Fargate: the next has 256 and 1024; with cpu 256, memory is one of 512, 1024, 2048"},
		{"worker", "cpu", 128, "worker.cpu: 128 and memoryMib 512 are no size"},
		{"processes", "ssr", map[string]any{"cpu": 128, "memoryMib": 256}, "web.cpu: 384 and memoryMib 768, with those of processes.ssr, are no size of a task on Fargate: the next has 512 and 1024"},
		{"processes", "ssr", map[string]any{"stopSeconds": 300}, "processes.ssr.stopSeconds: 300 is more than the 120 s"},
		{"web", "reservationMib", 500, "web.reservationMib: 564 are reserved in a task of 512 MiB, 64 of them for the migration: lower it to 448"},
		{"worker", "jobSeconds", 300, "worker.stopSeconds: 310 is more than the 120 s that Fargate gives a task to stop: lower worker.jobSeconds to 110, or set cluster.capacity ec2"},
		{"scheduler", "stopSeconds", 121, "scheduler.stopSeconds: 121 is more than the 120 s that Fargate gives a task to stop: lower it, or set cluster.capacity ec2"},
	})
	wrongKeys(t, with(with(fargate, "loadBalancer", "deregistrationSeconds", 300), "loadBalancer", "idleSeconds", 300), []wrongKey{
		{"web", "requestSeconds", 120, "web.stopSeconds: 130 is more than the 120 s that Fargate gives a task to stop: lower web.requestSeconds to 110, or set cluster.capacity ec2"},
	})
	wrongKeys(t, stackConfig(t, "staging"), []wrongKey{{"cluster", "arm64", true, "cluster.arm64: only with cluster.capacity fargate or fargateSpot"}})
	if _, err := infratest.Run(stacks.Deploy, "laravel-ecs", "prod", onFargate(t, "prod", "fargateSpot")); err == nil || !strings.Contains(err.Error(), "cluster.capacity: environment.class production requires fargate or ec2") ||
		!strings.Contains(err.Error(), "has 1 problem(s)") {
		t.Errorf("production on Spot: %v", err)
	}
	deploy(t, "prod", onFargate(t, "prod", "fargate"))
}

// TestReviewsOnFargate: reviews that share the environment have their tasks in its cluster, and its capacity in their own file.
func TestReviewsOnFargate(t *testing.T) {
	outputs := make(chan map[string]any, 1)
	if _, err := infratest.Run(func(ctx *pulumi.Context) error {
		err := stacks.Deploy(ctx)
		pulumi.ToOutput(ctx.GetCurrentExportMap()["sharedWithReviews"]).ApplyT(func(values any) string { outputs <- values.(map[string]any); return "" })
		return err
	}, "laravel-ecs", "staging", onFargate(t, "staging", "fargate")); err != nil {
		t.Fatal(err)
	}
	cluster, _ := (<-outputs)["cluster"].(map[string]any)
	shared := stagingShares()
	shared["cluster"] = cluster
	if _, err := share(shared, sharing(t)); err == nil || !strings.Contains(err.Error(), `cluster.capacity: "ec2", and environment.shares has tasks on the cluster of staging: write the capacity and arm64 of Pulumi.staging.yaml`) {
		t.Errorf("a review on instances: %v", err)
	}
	review := sharing(t)
	review["laravel-ecs:cluster"] = `{"capacity": "fargate"}`
	review = with(review, "web", "memoryMib", 512)
	if _, err := share(stagingShares(), review); err == nil || !strings.Contains(err.Error(), `cluster.capacity: "fargate", and environment.shares has tasks`) {
		t.Errorf("a review on Fargate, and staging on instances: %v", err)
	}
	r, err := share(shared, review)
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range each(t, r, "aws:ecs/service:Service") {
		if text(service, "capacityProviderStrategies[0].capacityProvider") != "FARGATE" || !strings.Contains(fmt.Sprint(cluster["subnetIds"]), text(service, "networkConfiguration.subnets[1]")) || text(service, "networkConfiguration.subnets[1]") == "" {
			t.Errorf("%s is not where the tasks of staging are", service.Name)
		}
	}
	if group := one(t, r, "aws:lb/targetGroup:TargetGroup"); text(group, "targetType") != "ip" {
		t.Errorf("targets of type %s", text(group, "targetType"))
	}
}
