package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// TestNetworkOutlivesTasks: instances and services come after their way to ECS, so a destroy takes it away after them. What takes longest
// to make, the database and the cache, waits for none of it.
func TestNetworkOutlivesTasks(t *testing.T) {
	everywhere(t, func(t *testing.T, stack string, r *infratest.Recorder) {
		way := map[string]string{}
		for _, token := range []string{
			"aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/eip:Eip", "aws:ec2/vpcEndpoint:VpcEndpoint",
			"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
		} {
			for _, one := range each(t, r, token) {
				way[one.Name] = token
			}
		}
		for token, after := range map[string]bool{
			"aws:autoscaling/group:Group": true, "aws:ecs/service:Service": true,
			"aws:rds/instance:Instance": false, "aws:elasticache/replicationGroup:ReplicationGroup": false,
		} {
			for _, one := range r.OfType(token) {
				earlier := before(r, one)
				for name, kind := range way {
					if slices.Contains(earlier, name) != after {
						t.Errorf("%s comes after %s %s: %v", one.Name, kind, name, !after)
					}
				}
			}
		}
		each(t, r, "aws:autoscaling/group:Group")
		each(t, r, "aws:rds/instance:Instance")
	})
}

// TestNATInstance: it needs nothing from the internet to start, translates before it forwards, and people reach it by Session Manager.
func TestNATInstance(t *testing.T) {
	r := deploy(t, "staging", stackConfig(t, "staging"))
	nat := one(t, r, "aws:ec2/instance:Instance")
	script := text(nat, "userData")
	for _, word := range []string{"dnf", "yum", "apt", "curl", "wget", "http"} {
		if strings.Contains(script, word) {
			t.Errorf("the NAT instance needs the internet to start: %s", word)
		}
	}
	if translates, forwards := strings.Index(script, "MASQUERADE"), strings.Index(script, "ip_forward=1"); translates < 0 || forwards < translates {
		t.Errorf("it forwards before it translates:\n%s", script)
	}
	if check, _ := at(nat, "sourceDestCheck"); !check.IsBool() || check.BoolValue() {
		t.Error("EC2 drops what it forwards")
	}
	profile := text(nat, "iamInstanceProfile")
	var policies []string
	for _, attachment := range each(t, r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment") {
		if strings.HasPrefix(profile, "laravel-staging-network-nat") && strings.HasPrefix(attachment.Name, "laravel-staging-network-nat") {
			policies = append(policies, text(attachment, "policyArn"))
		}
	}
	if want := []string{"arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"}; !slices.Equal(policies, want) {
		t.Errorf("with the profile %q it may do %v", profile, policies)
	}
	watched := map[string]string{}
	for _, alarm := range each(t, r, "aws:cloudwatch/metricAlarm:MetricAlarm") {
		watched[alarm.Name] = text(alarm, "metricName") + " " + text(alarm, "treatMissingData")
	}
	for name, want := range map[string]string{"nat-down": "StatusCheckFailed breaching", "nat-forwards": "CPUUtilization breaching"} {
		if got := watched["laravel-staging-watch-"+name]; got != want {
			t.Errorf("alarm %s watches %q", name, got)
		}
	}
}

// before are the names of everything that must exist before a resource.
func before(r *infratest.Recorder, one infratest.Resource) []string {
	all := r.All()
	var names []string
	for rest := slices.Clone(one.DependsOn); len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if slices.Contains(names, name) {
			continue
		}
		names = append(names, name)
		for _, other := range all {
			if other.Name == name {
				rest = append(rest, other.DependsOn...)
			}
		}
	}
	return names
}
