package stacks_test

import (
	"slices"
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
