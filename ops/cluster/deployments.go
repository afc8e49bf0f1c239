package cluster

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// deploymentsRead is how many deployments of a service are read: enough for weeks, and few enough for one answer.
	deploymentsRead = 60
	// revisionsLimit is what DescribeServiceRevisions takes (Amazon ECS API Reference).
	revisionsLimit = 20
)

// Deployment is an attempt to run a task definition in a service.
type Deployment struct {
	types.ServiceDeploymentBrief
	Definition string // ARN; "" where ECS has deleted the revision of the service, which it does with the service
}

// Deployments are the newest deployments of a service, newest first. ECS keeps them for 90 days, those since October 25, 2024 (Amazon ECS
// developer guide, "View service history using Amazon ECS service deployments").
func (c *Cluster) Deployments(ctx context.Context, service string) ([]Deployment, error) {
	var list []types.ServiceDeploymentBrief
	input := &ecs.ListServiceDeploymentsInput{Cluster: &c.Name, Service: &service}
	for {
		page, err := c.API.ListServiceDeployments(ctx, input)
		if err != nil {
			return nil, fmt.Errorf("listing the deployments of %s: %w", service, err)
		}
		list = append(list, page.ServiceDeployments...)
		if input.NextToken = page.NextToken; aws.ToString(page.NextToken) == "" || len(list) >= deploymentsRead {
			break
		}
	}
	slices.SortStableFunc(list, func(a, b types.ServiceDeploymentBrief) int {
		return aws.ToTime(b.CreatedAt).Compare(aws.ToTime(a.CreatedAt))
	})
	var targets []string
	for _, d := range list {
		if arn := aws.ToString(d.TargetServiceRevisionArn); arn != "" && !slices.Contains(targets, arn) {
			targets = append(targets, arn)
		}
	}
	definitions := map[string]string{} // by service revision
	for some := range slices.Chunk(targets, revisionsLimit) {
		answer, err := c.API.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: some})
		if err != nil {
			return nil, fmt.Errorf("reading service revisions: %w", err)
		}
		for _, revision := range answer.ServiceRevisions {
			definitions[aws.ToString(revision.ServiceRevisionArn)] = aws.ToString(revision.TaskDefinition)
		}
	}
	deployments := make([]Deployment, len(list))
	for i, d := range list {
		deployments[i] = Deployment{d, definitions[aws.ToString(d.TargetServiceRevisionArn)]}
	}
	return deployments, nil
}
