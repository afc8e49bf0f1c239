package cost

import (
	"fmt"
	"strconv"
	"strings"
)

// fargateSpotFloor is the most that AWS says Fargate Spot saves: 70 % (https://aws.amazon.com/fargate/pricing/).
const fargateSpotFloor = 0.3

// service is a service whose tasks run on Fargate, with its smallest number of them. On instances, these are what is paid.
func (e *estimator) service(r Resource) {
	provider := providerOf(r)
	if !strings.HasPrefix(provider, "FARGATE") {
		return
	}
	process := strings.TrimSuffix(r.Name, "service")
	definition := e.find("aws:ecs/taskDefinition:TaskDefinition", process+"task")
	cpu, memory, price := e.prices.Fargate.CPU, e.prices.Fargate.GB, 0.0
	if platform := get[map[string]any](definition.Properties, "runtimePlatform"); get[string](platform, "cpuArchitecture") == "ARM64" {
		cpu, memory = e.prices.Fargate.ARMCPU, e.prices.Fargate.ARMGB
	}
	units, mib := size(definition, "cpu"), size(definition, "memory")
	what := fmt.Sprintf("Fargate task of %g vCPU and %g GB", units/1024, mib/1024)
	count := number(r, "desiredCount")
	if cpu != 0 && memory != 0 {
		price = (units/1024*cpu + mib/1024*memory) * hoursPerMonth
	}
	if provider == "FARGATE_SPOT" && price != 0 {
		e.nightly(what+", Spot", count, Range{price * fargateSpotFloor * count, price * count}, r)
	} else {
		e.nightlyAt(what, count, price, r)
	}
	if most := number(e.find("aws:appautoscaling/target:Target", process+"scaling"), "maxCapacity"); most > count && price != 0 {
		e.Growth = append(e.Growth, fmt.Sprintf("autoscaling may add tasks of %s: %.0f more cost %.2f", strings.TrimSuffix(process, "-"), most-count, (most-count)*price))
	}
}

// providerOf is the capacity provider of a service, which has one.
func providerOf(service Resource) string {
	for _, one := range list(service, "capacityProviderStrategies") {
		strategy, _ := one.(map[string]any)
		return get[string](strategy, "capacityProvider")
	}
	return ""
}

// TaskVCPUs is how many vCPUs a service has on a capacity provider of Fargate, at its largest, during a release.
func TaskVCPUs(resources []Resource, service Resource, provider string) float64 {
	if providerOf(service) != provider {
		return 0
	}
	e := estimator{resources: resources}
	process := strings.TrimSuffix(service.Name, "service")
	count := max(number(service, "desiredCount"), number(e.find("aws:appautoscaling/target:Target", process+"scaling"), "maxCapacity"))
	units := size(e.find("aws:ecs/taskDefinition:TaskDefinition", process+"task"), "cpu")
	return count * max(100, number(service, "deploymentMaximumPercent")) / 100 * units / 1024
}

// size is the CPU units or the MiB of a task definition, which are texts.
func size(definition Resource, key string) float64 {
	n, _ := strconv.ParseFloat(text(definition, key), 64)
	return n
}
