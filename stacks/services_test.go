package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		for _, service := range each(t, r, "aws:ecs/service:Service") {
			if text(service, "launchType") != "" || text(service, "capacityProviderStrategies[0].capacityProvider") == "" {
				t.Errorf("%s: a launch type, or no capacity provider", service.Name)
			}
			if !isTrue(service, "waitForSteadyState") || !isTrue(service, "deploymentCircuitBreaker.rollback") {
				t.Errorf("%s: does not wait, or does not roll back", service.Name)
			}
			waits := strings.Join(service.DependsOn, " ")
			if !strings.Contains(waits, "-cluster-providers") || !strings.Contains(waits, "-access-execution") {
				t.Errorf("%s waits for %s", service.Name, waits)
			}
			if strings.HasSuffix(service.Name, "-web-service") && !strings.Contains(waits, "-lb-http") {
				t.Errorf("%s does not wait for the listener, but for %s", service.Name, waits)
			}
			if strings.HasSuffix(service.Name, "-scheduler-service") {
				high, _ := at(service, "deploymentMaximumPercent")
				if high.NumberValue() != 100 {
					t.Errorf("two schedulers may run at once: %v", high)
				}
			}
		}
		if name := text(one(t, r, "aws:lb/targetGroup:TargetGroup"), "name"); name != "" {
			t.Errorf("the target group's name is fixed, %q: it cannot be replaced", name)
		}
	})
}

// TestAutoscalingOwnsTheCount: a release does not reset the number that autoscaling has set, and sets a fixed one.
func TestAutoscalingOwnsTheCount(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		for _, service := range each(t, r, "aws:ecs/service:Service") {
			scaled := strings.HasSuffix(service.Name, "-web-service") && (stack == "staging" || stack == "prod")
			if slices.Contains(service.IgnoreChanges, "desiredCount") != scaled {
				t.Errorf("%s ignores %v", service.Name, service.IgnoreChanges)
			}
		}
	})
}

func TestTasksAreHardenedAndHoldNoSecret(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		exec := stack != "prod" // the agent of ECS Exec writes to the root file system
		for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
			raw := text(definition, "containerDefinitions")
			var containers []struct {
				Name, Image, User      string
				ReadonlyRootFilesystem bool
				DockerSecurityOptions  []string
				Memory                 int
				MemoryReservation      int
				Environment            []struct{ Name, Value string }
				Secrets                []struct{ Name, ValueFrom string }
				PortMappings           []struct{ HostPort, ContainerPort int }
			}
			if err := json.Unmarshal([]byte(raw), &containers); err != nil {
				t.Fatalf("%s: %v in %s", definition.Name, err, raw)
			}
			if len(containers) == 0 {
				t.Errorf("%s has no containers", definition.Name)
			}
			for _, c := range containers {
				if !strings.Contains(c.Image, "@sha256:") || c.User != "33:33" || c.ReadonlyRootFilesystem == exec || c.MemoryReservation >= c.Memory ||
					!slices.Equal(c.DockerSecurityOptions, []string{"no-new-privileges"}) {
					t.Errorf("%s %s: %+v", definition.Name, c.Name, c)
				}
				var names []string
				for _, v := range c.Environment {
					names = append(names, v.Name)
				}
				if !slices.IsSorted(names) || slices.Contains(names, "DB_PASSWORD") || slices.Contains(names, "APP_KEY") || slices.Contains(names, "REDIS_PASSWORD") {
					t.Errorf("%s: environment %v", c.Name, names)
				}
				for _, s := range c.Secrets {
					if !strings.HasPrefix(s.ValueFrom, "arn:") || !strings.Contains(s.ValueFrom, ":::") {
						t.Errorf("%s: %s comes from %q, not from a version of a secret", c.Name, s.Name, s.ValueFrom)
					}
				}
				for _, p := range c.PortMappings {
					if port := map[bool]int{true: 8443, false: 8080}[stack == "prod"]; p.HostPort != 0 || p.ContainerPort != port { // production has TLS to the tasks
						t.Errorf("%s: ports %+v", c.Name, p)
					}
				}
			}
			if strings.Contains(raw, "-base64") || strings.Contains(raw, "-result") {
				t.Errorf("%s holds a generated secret", definition.Name)
			}
			if !isTrue(definition, "skipDestroy") {
				t.Errorf("%s: old revisions are deregistered, so there is no rollback", definition.Name)
			}
		}
	})
}

func TestRollbackUsesTheRegistry(t *testing.T) {
	config := with(stackConfig(t, "staging"), "release", "name", "abc123")
	r := deploy(t, "staging", with(config, "release", "build", false))
	if built := r.OfType("docker:index/image:Image"); len(built) != 0 {
		t.Errorf("%d images are built", len(built))
	}
	for _, definition := range each(t, r, "aws:ecs/taskDefinition:TaskDefinition") {
		if !strings.Contains(text(definition, "containerDefinitions"), "@sha256:1111") {
			t.Errorf("%s does not use the digest of the registry", definition.Name)
		}
	}
}

// TestARollbackIsNoSuccess: after a rollback by ECS the service is steady, and the update must fail.
func TestARollbackIsNoSuccess(t *testing.T) {
	recorder := &infratest.Recorder{RolledBack: true}
	err := recorder.Run(stacks.Deploy, "laravel-ecs", "staging", stackConfig(t, "staging"))
	if err == nil || !strings.Contains(err.Error(), "runs before:1, and this release registered ") || !strings.Contains(err.Error(), "ECS rolled the release back") {
		t.Errorf("got %v", err)
	}
}

// TestImageTrustsTheLoadBalancersSubnets: they are the ones that the load balancer is in, whatever the range of the VPC; env goes before.
func TestImageTrustsTheLoadBalancersSubnets(t *testing.T) {
	trusted := func(stackFile map[string]string) string {
		t.Helper()
		r := deploy(t, "staging", stackFile)
		var found []string
		for _, definition := range r.OfType("aws:ecs/taskDefinition:TaskDefinition") {
			if _, after, ok := strings.Cut(text(definition, "containerDefinitions"), `"name":"TRUSTED_PROXIES","value":"`); ok {
				value, _, _ := strings.Cut(after, `"`)
				found = append(found, value)
			}
		}
		if len(found) == 0 {
			t.Fatal("no task definition has TRUSTED_PROXIES")
		}
		return found[0]
	}
	r := deploy(t, "staging", stackConfig(t, "staging"))
	var public []string
	for _, subnet := range r.OfType("aws:ec2/subnet:Subnet") {
		if strings.Contains(subnet.Name, "-public-") {
			public = append(public, text(subnet, "cidrBlock"))
		}
	}
	if got := trusted(stackConfig(t, "staging")); len(public) != 2 || got != strings.Join(public, ",") {
		t.Errorf("the image trusts %s; the public subnets are %v", got, public)
	}
	if got := trusted(with(stackConfig(t, "staging"), "env", "TRUSTED_PROXIES", "198.51.100.7")); got != "198.51.100.7" {
		t.Errorf("with env it trusts %s", got)
	}
}
