package release

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/laravel-ecs/laravel-ecs/ops/cluster"
)

// Sources of a history, as the list of releases names them.
const (
	fromDeployments = "ECS service deployments, which ECS keeps for 90 days"
	fromDefinitions = "task definition revisions, which do not tell whether a release got through"
)

const (
	// definitionsRead is how many task definitions are read beside those of the deployments.
	definitionsRead = 20
	// definitionPages is how many pages of their list are read for that: 100 each at most, and fewer or none where AWS filters
	// (ListTaskDefinitions, Amazon ECS API Reference).
	definitionPages = 10
)

// history is what ran in a service, newest first, and where that is known from.
func (st *state) history(ctx context.Context, service cluster.Service) (runs []run, source string, err error) {
	name := st.Outputs.ServiceNames[service.Process]
	runs, oldest, err := st.deployments(ctx, service.Process, name)
	switch {
	case unknownOperation(err):
		source = fromDefinitions + " (this endpoint does not answer ListServiceDeployments)"
	case err != nil:
		return nil, "", err
	case len(runs) == 0:
		source = fromDefinitions + " (ECS has no deployment of " + name + " on record)"
	default:
		source = fromDeployments
	}
	older, err := st.revisions(ctx, service.Process, oldest)
	return append(runs, older...), source, err
}

// unknownOperation tells whether the endpoint does not have an operation, as a server other than AWS may answer.
func unknownOperation(err error) bool {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		code := answer.ErrorCode()
		if strings.Contains(code, "UnknownOperation") || strings.Contains(code, "NotImplemented") || code == "InvalidAction" {
			return true
		}
	}
	var response *awshttp.ResponseError
	return errors.As(err, &response) && response.HTTPStatusCode() == http.StatusNotImplemented
}

// deployments are the newest deployments of a service, newest first, and the oldest revision of a task definition among them. ECS
// deletes the revisions of a service with it; what it no longer has is left out.
func (st *state) deployments(ctx context.Context, process, service string) (runs []run, oldest int32, err error) {
	oldest = math.MaxInt32
	list, err := st.Deployments(ctx, service)
	if err != nil {
		return nil, oldest, err
	}
	for _, d := range list {
		ran, err := st.ofDefinition(ctx, d.Definition)
		if err != nil {
			return nil, oldest, err
		}
		if _, revision := split(d.Definition); ran.release != "" {
			// A deployment counts from its end, else from its beginning.
			ran.process, ran.at, ran.outcome = process, aws.ToTime(cmp.Or(d.FinishedAt, d.StartedAt, d.CreatedAt)), outcomeOf(d.Status)
			ran.began, ran.reason = aws.ToTime(d.CreatedAt), strings.TrimSuffix(aws.ToString(d.StatusReason), ".")
			runs, oldest = append(runs, ran), min(oldest, revision)
		}
	}
	return runs, oldest, nil
}

func outcomeOf(status types.ServiceDeploymentStatus) outcome {
	switch status {
	case types.ServiceDeploymentStatusSuccessful:
		return served
	case types.ServiceDeploymentStatusStopped, types.ServiceDeploymentStatusStopRequested:
		return stopped
	case types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress:
		return starting
	}
	return takenBack
}

// revisions are the task definitions of a process below a revision, newest first.
func (st *state) revisions(ctx context.Context, process string, below int32) (runs []run, err error) {
	family, _ := split(st.Outputs.TaskDefinitionARNs[process])
	pages := ecs.NewListTaskDefinitionsPaginator(st.API, &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family, Sort: types.SortOrderDesc})
	for read := 0; pages.HasMorePages() && read < definitionPages; read++ {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the task definitions of %s: %w", family, err)
		}
		for _, arn := range page.TaskDefinitionArns {
			if len(runs) == definitionsRead {
				return runs, nil
			}
			if name, number := split(arn); name != family || number >= below {
				continue
			}
			found, err := st.ofDefinition(ctx, arn)
			if err != nil {
				return nil, err
			}
			if found.release != "" {
				found.process = process
				runs = append(runs, found)
			}
		}
	}
	return runs, nil
}

// ofDefinition is what a task definition says of a release. One that has been deleted since, or that there is none of, is empty.
func (st *state) ofDefinition(ctx context.Context, arn string) (run, error) {
	if arn == "" {
		return run{}, nil
	}
	definition, main, err := st.Main(ctx, arn)
	var deleted *types.ClientException // also for what does not exist (DescribeTaskDefinition, Amazon ECS API Reference)
	if errors.As(err, &deleted) {
		return run{}, nil
	}
	if err != nil {
		return run{}, err
	}
	_, digest, _ := strings.Cut(aws.ToString(main.Image), "@")
	return run{release: cluster.Release(definition), digest: digest, at: aws.ToTime(definition.RegisteredAt), outcome: registered}, nil
}

// split takes the ARN of a task definition apart: ...:task-definition/FAMILY:REVISION.
func split(arn string) (family string, revision int32) {
	family, number, _ := strings.Cut(cluster.ID(&arn), ":")
	parsed, _ := strconv.ParseInt(number, 10, 32) // 0 where there is none
	return family, int32(parsed)
}
