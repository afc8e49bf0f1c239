package session

import (
	"maps"
	"testing"
)

// TestUnfinished: a first deployment that failed has no outputs, and its services are in the state.
func TestUnfinished(t *testing.T) {
	s := opened(t, "config:\n  aws:region: eu-west-1\n")
	t.Setenv("AWS_ACCESS_KEY_ID", "k")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	t.Setenv("EXPORT", `{"version": 3, "deployment": {"resources": [
		{"urn": "urn:pulumi:prod::laravel-ecs::a::laravel-prod-x", "type": "aws:s3/bucketV2:BucketV2", "outputs": {"name": "x", "cluster": "x"}},
		{"urn": "urn:pulumi:prod::laravel-ecs::a$aws:ecs/service:Service::laravel-prod-web-green-service", "type": "aws:ecs/service:Service",
			"outputs": {"name": "laravel-prod-web-green-service-1", "cluster": "arn:aws:ecs:eu-west-1:1:cluster/laravel-prod-cluster"}},
		{"urn": "urn:pulumi:prod::laravel-ecs::a$aws:ecs/service:Service::laravel-prod-worker-service", "type": "aws:ecs/service:Service"}
	]}}`)
	o, err := s.Unfinished(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if o.ClusterName != "laravel-prod-cluster" || !maps.Equal(o.ServiceNames, map[string]string{"web-green": "laravel-prod-web-green-service-1"}) {
		t.Errorf("cluster %q, services %v", o.ClusterName, o.ServiceNames)
	}
	t.Setenv("EXPORT", "nothing")
	_, err = s.Unfinished(t.Context())
	says(t, err, "pulumi stack export: ")
}
