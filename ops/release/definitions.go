package release

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	// releaseVariable tells a container which release it runs (infra/container.go).
	releaseVariable = "APP_RELEASE"
	// mainContainer is the container of a web task that has it.
	mainContainer = "web"
)

// definition is what a task definition says of a release.
type definition struct {
	release, digest string
	registered      time.Time
}

// definition reads a task definition. One that has been deleted since is empty.
func (h *historian) definition(ctx context.Context, arn string) (definition, error) {
	if known, ok := h.definitions[arn]; ok {
		return known, nil
	}
	answer, err := h.client.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &arn})
	var found definition
	var deleted *types.ClientException // also for what does not exist (DescribeTaskDefinition, Amazon ECS API Reference)
	switch {
	case err == nil:
		found = definitionOf(answer.TaskDefinition)
	case !errors.As(err, &deleted):
		return found, fmt.Errorf("reading the task definition %s: %w", arn, err)
	}
	h.definitions[arn] = found
	return found, nil
}

func definitionOf(d *types.TaskDefinition) definition {
	if d == nil {
		return definition{}
	}
	found := definition{registered: aws.ToTime(d.RegisteredAt)}
	for _, container := range d.ContainerDefinitions {
		for _, variable := range container.Environment {
			if aws.ToString(variable.Name) != releaseVariable || found.release != "" && aws.ToString(container.Name) != mainContainer {
				continue
			}
			found.release = aws.ToString(variable.Value)
			_, found.digest, _ = strings.Cut(aws.ToString(container.Image), "@")
		}
	}
	return found
}

// revisions are the task definitions of a family below a revision, newest first.
func (h *historian) revisions(ctx context.Context, process, family string, below int32) ([]Run, error) {
	list, err := h.client.ListTaskDefinitions(ctx, &ecs.ListTaskDefinitionsInput{FamilyPrefix: &family, Sort: types.SortOrderDesc})
	if err != nil {
		return nil, fmt.Errorf("listing the task definitions of %s: %w", family, err)
	}
	var runs []Run
	for _, arn := range list.TaskDefinitionArns {
		name, number := split(arn)
		if name != family || number >= below || len(runs) == definitionsRead {
			continue
		}
		d, err := h.definition(ctx, arn)
		if err != nil {
			return nil, err
		}
		if d.release != "" {
			runs = append(runs, Run{Release: d.release, Digest: d.digest, Process: process, At: d.registered, Outcome: Registered})
		}
	}
	return runs, nil
}

// split takes the ARN of a task definition apart: ...:task-definition/FAMILY:REVISION.
func split(arn string) (family string, revision int32) {
	name := arn[strings.LastIndex(arn, "/")+1:]
	family, number, _ := strings.Cut(name, ":")
	parsed, err := strconv.ParseInt(number, 10, 32)
	if err != nil {
		return family, 0
	}
	return family, int32(parsed)
}
