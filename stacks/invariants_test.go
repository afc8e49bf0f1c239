package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// everywhere runs a check against each stack file as it is shipped.
func everywhere(t *testing.T, check func(t *testing.T, stack string, r *infratest.Recorder)) {
	t.Helper()
	for _, stack := range environments {
		t.Run(stack, func(t *testing.T) { check(t, stack, deploy(t, stack, stackConfig(t, stack))) })
	}
}

func one(t *testing.T, r *infratest.Recorder, token string) infratest.Resource {
	t.Helper()
	found := r.OfType(token)
	if len(found) != 1 {
		t.Fatalf("%d of %s, 1 expected", len(found), token)
	}
	return found[0]
}

func text(r infratest.Resource, path string) string {
	value, ok := at(r, path)
	if !ok || !value.IsString() {
		return ""
	}
	return value.StringValue()
}

func isTrue(r infratest.Resource, path string) bool {
	value, ok := at(r, path)
	return ok && value.IsBool() && value.BoolValue()
}

func at(r infratest.Resource, path string) (resource.PropertyValue, bool) {
	parsed, err := resource.ParsePropertyPath(path)
	if err != nil {
		panic(err)
	}
	return parsed.Get(resource.NewObjectProperty(r.Inputs))
}

func TestEveryResourceBelongsToAComponent(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		components := map[string]bool{}
		for _, one := range r.All() {
			if strings.HasPrefix(one.Type, "laravel:") {
				components[one.Name] = true
			}
		}
		logs := "laravel-" + stack + "-logs-" // log groups stand above the roles that name them
		for _, one := range r.All() {
			if strings.HasPrefix(one.Type, "laravel:") || one.Type == "pulumi:providers:aws" || strings.HasPrefix(one.Name, logs) {
				continue
			}
			if !components[one.Parent] {
				t.Errorf("%s %s has no component as its parent, but %q", one.Type, one.Name, one.Parent)
			} else if !strings.HasPrefix(one.Name, one.Parent) {
				t.Errorf("%s %s does not start with its component's name, %s", one.Type, one.Name, one.Parent)
			}
		}
	})
}

func TestDataIsPrivateAndEncrypted(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		db := one(t, r, "aws:rds/instance:Instance")
		if isTrue(db, "publiclyAccessible") || !isTrue(db, "storageEncrypted") {
			t.Error("the database is public or not encrypted")
		}
		parameters, _ := json.Marshal(one(t, r, "aws:rds/parameterGroup:ParameterGroup").Inputs.Mappable())
		if tls := strings.Contains(string(parameters), "require_secure_transport"); tls != (stack != "local") {
			t.Errorf("require_secure_transport: %v", tls)
		}
		for _, group := range r.OfType("aws:elasticache/replicationGroup:ReplicationGroup") {
			if !isTrue(group, "atRestEncryptionEnabled") || !isTrue(group, "transitEncryptionEnabled") {
				t.Errorf("%s is not encrypted", group.Name)
			}
		}
		for _, subnet := range r.OfType("aws:ec2/subnet:Subnet") {
			if isTrue(subnet, "mapPublicIpOnLaunch") {
				t.Errorf("%s gives out public addresses", subnet.Name)
			}
		}
		for _, route := range r.OfType("aws:ec2/route:Route") {
			if strings.Contains(text(route, "routeTableId"), "-data") {
				t.Errorf("%s leads out of the data subnets", route.Name)
			}
		}
	})
}

// TestTheWorldReachesTheLoadBalancerOnly is the article's firewall: 80 and 443 from everywhere, the dynamic ports from the load
// balancer, no SSH, and the data from whoever carries the app group.
func TestTheWorldReachesTheLoadBalancerOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		prefix := "laravel-" + stack + "-firewall-"
		from := map[string]string{}
		for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
			group := strings.TrimSuffix(text(rule, "securityGroupId"), "-id")
			port, _ := at(rule, "fromPort")
			to, _ := at(rule, "toPort")
			peer := text(rule, "cidrIpv4") + strings.TrimPrefix(strings.TrimSuffix(text(rule, "referencedSecurityGroupId"), "-id"), prefix)
			if text(rule, "description") == "" {
				t.Errorf("%s says not why", rule.Name)
			}
			if group, ours := strings.CutPrefix(group, prefix); ours {
				from[group+" "+port.String()+" "+to.String()] = peer
			}
		}
		data := "{6379} {6379}"
		if stack == "local" {
			data = "{11211} {11211}"
		}
		want := map[string]string{
			"web {80} {80}": "0.0.0.0/0", "ecs-ports {32768} {60999}": "web", "database {3306} {3306}": "app", "cache " + data: "app",
		}
		if stack == "local" || stack == "prod" {
			want["web {443} {443}"] = "0.0.0.0/0"
		}
		for edge, peer := range want {
			if from[edge] != peer {
				t.Errorf("%s is open to %q, %q expected", edge, from[edge], peer)
			}
		}
		if len(from) != len(want) {
			t.Errorf("edges: %v", from)
		}
	})
}

func TestInstancesCarrySeveralGroupsAndGuardTheirRole(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, r *infratest.Recorder) {
		template := one(t, r, "aws:ec2/launchTemplate:LaunchTemplate")
		groups, _ := at(template, "vpcSecurityGroupIds")
		if len(groups.ArrayValue()) < 2 {
			t.Errorf("one security group only: %v", groups)
		}
		if text(template, "metadataOptions.httpTokens") != "required" || text(template, "blockDeviceMappings[0].ebs.encrypted") != "true" {
			t.Error("IMDSv2 or disk encryption is missing")
		}
		if !strings.HasPrefix(text(template, "imageId"), "resolve:ssm:") {
			t.Errorf("imageId %q changes with Amazon's releases", text(template, "imageId"))
		}
	})
}

func TestSSHOnlyFromGivenAddresses(t *testing.T) {
	config := with(stackConfig(t, "staging"), "access", "ssh", []string{"203.0.113.0/24"})
	config = with(config, "cluster", "keyPair", "ops")
	r := deploy(t, "staging", config)
	var found bool
	for _, rule := range r.OfType("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
		if port, _ := at(rule, "fromPort"); port.IsNumber() && port.NumberValue() == 22 {
			found = true
			if text(rule, "cidrIpv4") != "203.0.113.0/24" {
				t.Errorf("SSH from %s", text(rule, "cidrIpv4"))
			}
		}
	}
	groups, _ := at(one(t, r, "aws:ec2/launchTemplate:LaunchTemplate"), "vpcSecurityGroupIds")
	if !found || len(groups.ArrayValue()) != 3 {
		t.Errorf("rule there: %v, groups: %v", found, groups)
	}
}

func TestOnlyProductionIsProtected(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		checkProtection(t, r, stack == "prod")
	})
	t.Run("prod in teardown", func(t *testing.T) {
		checkProtection(t, deploy(t, "prod", with(stackConfig(t, "prod"), "environment", "teardown", true)), false)
	})
}

func checkProtection(t *testing.T, r *infratest.Recorder, want bool) {
	t.Helper()
	db := one(t, r, "aws:rds/instance:Instance")
	checks := map[string]bool{
		"database, in Pulumi":     db.Protect,
		"database, in AWS":        isTrue(db, "deletionProtection"),
		"load balancer":           isTrue(one(t, r, "aws:lb/loadBalancer:LoadBalancer"), "enableDeletionProtection"),
		"images":                  !isTrue(one(t, r, "aws:ecr/repository:Repository"), "forceDelete"),
		"instances":               !isTrue(one(t, r, "aws:autoscaling/group:Group"), "forceDelete"),
		"access logs":             !isTrue(one(t, r, "aws:s3/bucketV2:BucketV2"), "forceDestroy"),
		"managed termination":     text(one(t, r, "aws:ecs/capacityProvider:CapacityProvider"), "autoScalingGroupProvider.managedTerminationProtection") == "ENABLED",
		"instances, while in use": isTrue(one(t, r, "aws:autoscaling/group:Group"), "protectFromScaleIn"),
	}
	for what, protected := range checks {
		if protected != want {
			t.Errorf("%s protected: %v", what, protected)
		}
	}
}

func TestServicesWaitForWhatTheyNeed(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		for _, service := range r.OfType("aws:ecs/service:Service") {
			if text(service, "launchType") != "" || text(service, "capacityProviderStrategies[0].capacityProvider") == "" {
				t.Errorf("%s: launch type beside, or no capacity provider", service.Name)
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

func TestProductionSurvivesTheLossOfAZone(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	cache := one(t, r, "aws:elasticache/replicationGroup:ReplicationGroup")
	if !isTrue(one(t, r, "aws:rds/instance:Instance"), "multiAz") || !isTrue(cache, "multiAzEnabled") || !isTrue(cache, "automaticFailoverEnabled") {
		t.Error("the database or the cache has no second zone to go on in")
	}
}

// TestUploadsPassTheWebACL: the common rule set refuses bodies above 8 KB; the image allows uploads of 20 MB.
func TestUploadsPassTheWebACL(t *testing.T) {
	acl := one(t, deploy(t, "prod", stackConfig(t, "prod")), "aws:wafv2/webAcl:WebAcl")
	const statement = "rules[1].statement.managedRuleGroupStatement"
	override := statement + ".ruleActionOverrides[0]"
	if _, counts := at(acl, override+".actionToUse.count"); text(acl, statement+".name") != "AWSManagedRulesCommonRuleSet" ||
		text(acl, override+".name") != "SizeRestrictions_BODY" || !counts {
		t.Errorf("the web ACL refuses uploads: %v", acl.Inputs.Mappable())
	}
}

// TestAutoscalingOwnsTheCount shows that a release does not reset what autoscaling decided, and that a fixed count is kept.
func TestAutoscalingOwnsTheCount(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		for _, service := range r.OfType("aws:ecs/service:Service") {
			scaled := strings.HasSuffix(service.Name, "-web-service") && (stack == "staging" || stack == "prod")
			if slices.Contains(service.IgnoreChanges, "desiredCount") != scaled {
				t.Errorf("%s ignores %v", service.Name, service.IgnoreChanges)
			}
		}
	})
}

func TestTasksAreHardenedAndHoldNoSecret(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		exec := stack == "staging" || stack == "review" // whose agent needs to write
		for _, definition := range r.OfType("aws:ecs/taskDefinition:TaskDefinition") {
			raw := text(definition, "containerDefinitions")
			var containers []struct {
				Name, Image, User      string
				ReadonlyRootFilesystem bool
				Memory                 int
				MemoryReservation      int
				Environment            []struct{ Name, Value string }
				Secrets                []struct{ Name, ValueFrom string }
				PortMappings           []struct{ HostPort, ContainerPort int }
			}
			if err := json.Unmarshal([]byte(raw), &containers); err != nil {
				t.Fatalf("%s: %v in %s", definition.Name, err, raw)
			}
			for _, c := range containers {
				if !strings.Contains(c.Image, "@sha256:") || c.User != "33:33" || c.ReadonlyRootFilesystem == exec || c.MemoryReservation >= c.Memory {
					t.Errorf("%s %s: %+v", definition.Name, c.Name, c)
				}
				var names []string
				for _, v := range c.Environment {
					names = append(names, v.Name)
				}
				if !slices.IsSorted(names) || slices.Contains(names, "DB_PASSWORD") || slices.Contains(names, "APP_KEY") {
					t.Errorf("%s: environment %v", c.Name, names)
				}
				for _, s := range c.Secrets {
					if !strings.HasPrefix(s.ValueFrom, "arn:") || !strings.Contains(s.ValueFrom, ":::") {
						t.Errorf("%s: %s comes from %q, not from a version of a secret", c.Name, s.Name, s.ValueFrom)
					}
				}
				for _, p := range c.PortMappings {
					if p.HostPort != 0 || p.ContainerPort != 8080 {
						t.Errorf("%s: ports %+v", c.Name, p)
					}
				}
			}
			if strings.Contains(raw, "-base64") || strings.Contains(raw, "-result") {
				t.Errorf("%s holds a generated secret", definition.Name)
			}
			if !isTrue(definition, "skipDestroy") {
				t.Errorf("%s: old revisions go, and with them the way back", definition.Name)
			}
		}
	})
}

func TestRolesNameTheirResources(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, r *infratest.Recorder) {
		for _, policy := range r.OfType("aws:iam/rolePolicy:RolePolicy") {
			var document struct {
				Statement []struct{ Action, Resource []string }
			}
			if err := json.Unmarshal([]byte(text(policy, "policy")), &document); err != nil {
				t.Fatalf("%s: %v", policy.Name, err)
			}
			for _, s := range document.Statement {
				// AWS defines these without resources; everything else must name some.
				free := slices.Equal(s.Action, []string{"ecr:GetAuthorizationToken"}) || strings.HasPrefix(s.Action[0], "ssmmessages:")
				if slices.Contains(s.Resource, "*") != free || len(s.Resource) == 0 {
					t.Errorf("%s: %v on %v", policy.Name, s.Action, s.Resource)
				}
				for _, action := range s.Action {
					if strings.Contains(action, "*") {
						t.Errorf("%s: action %s", policy.Name, action)
					}
				}
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
	for _, definition := range r.OfType("aws:ecs/taskDefinition:TaskDefinition") {
		if !strings.Contains(text(definition, "containerDefinitions"), "@sha256:1111") {
			t.Errorf("%s does not use the digest of the registry", definition.Name)
		}
	}
}

// TestPublicThingsWaitForTheInternetGateway: AWS answers Gateway.NotAttached and InvalidSubnet to those that come first.
func TestPublicThingsWaitForTheInternetGateway(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, r *infratest.Recorder) {
		for _, token := range []string{"aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip", "aws:lb/loadBalancer:LoadBalancer"} {
			for _, public := range r.OfType(token) {
				if !strings.Contains(strings.Join(public.DependsOn, " "), "-public-internet") {
					t.Errorf("%s waits for %v", public.Name, public.DependsOn)
				}
			}
		}
	})
}

// TestARollbackIsNoSuccess: the service is steady, and the update fails all the same.
func TestARollbackIsNoSuccess(t *testing.T) {
	recorder := &infratest.Recorder{RolledBack: true}
	err := recorder.Run(stacks.Deploy, "laravel-ecs", "staging", stackConfig(t, "staging"))
	if err == nil || !strings.Contains(err.Error(), "runs before:1, and this release registered ") || !strings.Contains(err.Error(), "ECS rolled the release back") {
		t.Errorf("got %v", err)
	}
}
