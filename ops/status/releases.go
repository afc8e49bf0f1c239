package status

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
)

// readReleases finds the release of each service with tasks, and the services whose release no web service runs. ECS rolls back one service at a
// time (ECS developer guide, "Amazon ECS deployment circuit breaker"), so a worker may stay behind after a deployment that failed. Two
// colours of the web service may run two releases.
func readReleases(ctx context.Context, c *cluster.Cluster, services []service) error {
	var serving []string
	web := slices.ContainsFunc(services, func(s service) bool { return s.serves() })
	for i := range services {
		s := &services[i]
		if s.DesiredCount == 0 {
			continue
		}
		definition, err := c.Definition(ctx, aws.ToString(s.TaskDefinition))
		if err != nil {
			return err
		}
		s.release = cluster.Release(definition)
		if s.serves() || !web && len(serving) == 0 {
			serving = append(serving, s.release)
		}
	}
	for i := range services {
		if s := &services[i]; s.release != "" && !slices.Contains(serving, s.release) {
			s.behind = fmt.Sprintf("it runs release %s, and %s serves: repeat make up, or make rollback", s.release, strings.Join(serving, " and "))
		}
	}
	return nil
}

// serves tells whether a service answers requests.
func (s service) serves() bool { return strings.HasPrefix(s.Process, "web") && s.DesiredCount > 0 }
