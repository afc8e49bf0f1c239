package stacks_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

func TestEveryResourceBelongsToAComponent(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		components := map[string]bool{}
		for _, one := range r.All() {
			if strings.HasPrefix(one.Type, "laravel:") {
				components[one.Name] = true
			}
		}
		logs := "laravel-" + stack + "-logs-" // log groups have no component: the roles, whose policies name them, come later
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
		if tls := secureTransport(t, r); tls != map[bool]string{true: "1", false: "0"}[stack != "local"] {
			t.Errorf("require_secure_transport: %v", tls)
		}
		if stack != "local" { // which has memcached, without encryption
			if group := one(t, r, "aws:elasticache/replicationGroup:ReplicationGroup"); !isTrue(group, "atRestEncryptionEnabled") || !isTrue(group, "transitEncryptionEnabled") {
				t.Errorf("%s is not encrypted", group.Name)
			} else if text(group, "authToken") == "" || text(group, "authTokenUpdateStrategy") != "ROTATE" {
				t.Errorf("%s has no password that is introduced beside the one before", group.Name)
			} else if want := []string{"laravel-" + stack + "-cache-redis", "laravel-" + stack + "-cache-valkey"}; !slices.Equal(group.Aliases, want) {
				t.Errorf("%s was named %v before, not %v", group.Name, want, group.Aliases)
			}
		}
		for _, subnet := range each(t, r, "aws:ec2/subnet:Subnet") {
			if isTrue(subnet, "mapPublicIpOnLaunch") {
				t.Errorf("%s gives out public addresses", subnet.Name)
			}
		}
		for _, route := range each(t, r, "aws:ec2/route:Route") {
			if strings.Contains(text(route, "routeTableId"), "-data") {
				t.Errorf("%s leads out of the data subnets", route.Name)
			}
		}
	})
}

// TestTheWorldReachesTheLoadBalancerOnly is the article's firewall: 80 and 443 from everywhere, the dynamic ports from the load
// balancer, no SSH, and the database and the cache from the app group.
func TestTheWorldReachesTheLoadBalancerOnly(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		prefix := "laravel-" + stack + "-firewall-"
		from := map[string]string{}
		for _, rule := range each(t, r, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
			group := strings.TrimSuffix(text(rule, "securityGroupId"), "-id")
			port, _ := at(rule, "fromPort")
			to, _ := at(rule, "toPort")
			peer := text(rule, "cidrIpv4") + strings.TrimPrefix(strings.TrimSuffix(text(rule, "referencedSecurityGroupId"), "-id"), prefix)
			if text(rule, "description") == "" {
				t.Errorf("%s has no description", rule.Name)
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
	for _, rule := range each(t, r, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
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
		"database, in Pulumi": db.Protect,
		"database, in AWS":    isTrue(db, "deletionProtection"),
		"load balancer":       isTrue(one(t, r, "aws:lb/loadBalancer:LoadBalancer"), "enableDeletionProtection"),
		"images":              !isTrue(one(t, r, "aws:ecr/repository:Repository"), "forceDelete"),
		"instances":           !isTrue(one(t, r, "aws:autoscaling/group:Group"), "forceDelete"),
		"access logs":         !isTrue(bucketOf(t, r, "-lb-logs"), "forceDestroy"),
		"files, in Pulumi":    bucketOf(t, r, "-files-bucket").Protect,
	}
	for what, protected := range checks {
		if protected != want {
			t.Errorf("%s protected: %v", what, protected)
		}
	}
}

// TestInstancesAreReplaced: after cluster.maxInstanceDays, unless it is 0. Only then are the instances protected from scale-in: a protected
// one would never be replaced.
func TestInstancesAreReplaced(t *testing.T) {
	for days, lifetime := range map[int]float64{0: 0, 21: 1814400, 30: 2592000} {
		c := with(with(stackConfig(t, "prod"), "cluster", "maxInstanceDays", days), "environment", "class", "staging")
		r := deploy(t, "prod", c)
		group, provider := one(t, r, "aws:autoscaling/group:Group"), one(t, r, "aws:ecs/capacityProvider:CapacityProvider")
		seconds := 0.0
		if value, ok := at(group, "maxInstanceLifetime"); ok {
			seconds = value.NumberValue()
		}
		protected := isTrue(group, "protectFromScaleIn")
		managed := text(provider, "autoScalingGroupProvider.managedTerminationProtection") == "ENABLED"
		if seconds != lifetime || protected != (days == 0) || managed != (days == 0) {
			t.Errorf("%d days: %v seconds, protected %v by the group and %v by ECS", days, seconds, protected, managed)
		}
		if draining := text(provider, "autoScalingGroupProvider.managedDraining"); draining != "ENABLED" {
			t.Errorf("%d days: managed draining is %s", days, draining)
		}
	}
}

func TestProductionSurvivesTheLossOfAZone(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	cache := one(t, r, "aws:elasticache/replicationGroup:ReplicationGroup")
	if !isTrue(one(t, r, "aws:rds/instance:Instance"), "multiAz") || !isTrue(cache, "multiAzEnabled") || !isTrue(cache, "automaticFailoverEnabled") {
		t.Error("the database or the cache is in one zone only")
	}
}

func TestRolesNameTheirResources(t *testing.T) {
	everywhere(t, func(t *testing.T, _ string, r *infratest.Recorder) {
		for _, policy := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
			var document struct {
				Statement []struct{ Action, Resource []string }
			}
			if err := json.Unmarshal([]byte(text(policy, "policy")), &document); err != nil {
				t.Fatalf("%s: %v", policy.Name, err)
			}
			if len(document.Statement) == 0 {
				t.Errorf("%s has no statements", policy.Name)
			}
			for _, s := range document.Statement {
				// AWS defines these actions without resources; all others need resources.
				free := slices.Equal(s.Action, []string{"ecr:GetAuthorizationToken"}) || slices.Equal(s.Action, []string{"logs:DescribeLogGroups"}) || strings.HasPrefix(s.Action[0], "ssmmessages:")
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

// TestPublicThingsWaitForTheInternetGateway: before the route exists, AWS refuses them with Gateway.NotAttached or InvalidSubnet.
func TestPublicThingsWaitForTheInternetGateway(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		tokens := []string{"aws:ec2/eip:Eip", "aws:lb/loadBalancer:LoadBalancer"}
		if stack == "prod" { // the others have a NAT instance
			tokens = append(tokens, "aws:ec2/natGateway:NatGateway")
		}
		for _, token := range tokens {
			for _, public := range each(t, r, token) {
				if !strings.Contains(strings.Join(public.DependsOn, " "), "-public-internet") {
					t.Errorf("%s waits for %v", public.Name, public.DependsOn)
				}
			}
		}
	})
}

// TestSessionsAreLogged: where ECS Exec is on, in production too, its sessions are in a log group that the tasks may write to.
func TestSessionsAreLogged(t *testing.T) {
	for _, stack := range []string{"staging", "prod"} {
		r := deploy(t, stack, with(stackConfig(t, stack), "access", "exec", true))
		cluster := one(t, r, "aws:ecs/cluster:Cluster")
		const path = "configuration.executeCommandConfiguration."
		if text(cluster, path+"logging") != "OVERRIDE" || text(cluster, path+"logConfiguration.cloudWatchLogGroupName") != "laravel-"+stack+"-logs-exec-name" {
			t.Errorf("%s: %v", stack, cluster.Inputs)
		}
		var policy string
		for _, p := range each(t, r, "aws:iam/rolePolicy:RolePolicy") {
			if p.Name == "laravel-"+stack+"-access-task" {
				policy = text(p, "policy")
			}
		}
		for _, want := range []string{`"logs:DescribeLogGroups"`, `"logs:CreateLogStream","logs:DescribeLogStreams","logs:PutLogEvents"`, "laravel-" + stack + "-logs-exec:*"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: %s is not in the policy of the tasks: %s", stack, want, policy)
			}
		}
	}
}

// TestServicesActForThisAccount: a service that says for whom it acts may assume a role for this account only.
func TestServicesActForThisAccount(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		guarded := map[string]bool{}
		for _, role := range each(t, r, "aws:iam/role:Role") {
			guarded[strings.TrimPrefix(role.Name, "laravel-"+stack+"-")] = strings.Contains(text(role, "assumeRolePolicy"), `"StringEquals":{"aws:SourceAccount":"123456789012"}`)
		}
		for name, want := range map[string]bool{"access-task": true, "network-flow": true, "access-execution": false, "cluster": false, "db-monitoring": stack == "prod"} {
			if guarded[name] != want {
				t.Errorf("%s: it is %v that the trust names the account; roles are %v", name, guarded[name], guarded)
			}
		}
	})
}
