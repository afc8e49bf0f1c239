package release

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// deployments are the service's deployments, newest first, and the oldest revision of a task definition among them.
func (h *historian) deployments(ctx context.Context, process, service string) (runs []Run, oldest int32, err error) {
	oldest = math.MaxInt32
	list, err := h.list(ctx, service)
	if err != nil {
		return nil, oldest, err
	}
	definitions, err := h.ofRevisions(ctx, list)
	if err != nil {
		return nil, oldest, err
	}
	for _, d := range list {
		arn, known := definitions[aws.ToString(d.TargetServiceRevisionArn)]
		if !known {
			continue
		}
		ran, err := h.definition(ctx, arn)
		if err != nil {
			return nil, oldest, err
		}
		if _, revision := split(arn); ran.release != "" {
			runs = append(runs, Run{Release: ran.release, Digest: ran.digest, Process: process, At: when(d), Outcome: outcome(d.Status)})
			oldest = min(oldest, revision)
		}
	}
	return runs, oldest, nil
}

// list are the newest deployments of a service, newest first.
func (h *historian) list(ctx context.Context, service string) (list []types.ServiceDeploymentBrief, err error) {
	input := &ecs.ListServiceDeploymentsInput{Cluster: &h.cluster, Service: &service}
	for {
		page, err := h.client.ListServiceDeployments(ctx, input)
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
	return list, nil
}

// when is the time from which a deployment counts: its end, else its beginning.
func when(d types.ServiceDeploymentBrief) time.Time {
	for _, t := range []*time.Time{d.FinishedAt, d.StartedAt, d.CreatedAt} {
		if t != nil {
			return *t
		}
	}
	return time.Time{}
}

func outcome(status types.ServiceDeploymentStatus) Outcome {
	switch status {
	case types.ServiceDeploymentStatusSuccessful:
		return Served
	case types.ServiceDeploymentStatusStopped, types.ServiceDeploymentStatusStopRequested:
		return Stopped
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		return Starting
	}
	return TakenBack
}

// ofRevisions finds the task definitions of the deployments' target revisions. ECS deletes the revisions of a service with it; what it
// no longer has is left out.
func (h *historian) ofRevisions(ctx context.Context, list []types.ServiceDeploymentBrief) (map[string]string, error) {
	var arns []string
	for _, d := range list {
		if arn := aws.ToString(d.TargetServiceRevisionArn); arn != "" && !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	definitions := map[string]string{}
	for some := range slices.Chunk(arns, batch) {
		answer, err := h.client.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: some})
		if err != nil {
			return nil, fmt.Errorf("reading service revisions: %w", err)
		}
		for _, revision := range answer.ServiceRevisions {
			definitions[aws.ToString(revision.ServiceRevisionArn)] = aws.ToString(revision.TaskDefinition)
		}
	}
	return definitions, nil
}
