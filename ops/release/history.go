package release

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/smithy-go"
)

// Sources of a history, as the list of releases names them.
const (
	// fromDeployments: ECS keeps service deployments for 90 days, those since October 25, 2024 (Amazon ECS developer guide, "View
	// service history using Amazon ECS service deployments").
	fromDeployments = "ECS service deployments, which ECS keeps for 90 days"
	fromDefinitions = "task definition revisions, which do not tell whether a release got through"
)

const (
	// deploymentsRead is how many deployments of a service are read: enough for weeks, and few enough for one answer.
	deploymentsRead = 60
	// definitionsRead is how many task definitions are read beside those of the deployments.
	definitionsRead = 20
	// batch is what DescribeServiceRevisions takes (Amazon ECS API Reference).
	batch = 20
)

// Outcome is what came of an attempt to run a release.
type Outcome string

// Outcomes.
const (
	Served     Outcome = "served"     // its deployment succeeded
	TakenBack  Outcome = "taken back" // the circuit breaker, an alarm or somebody rolled it back
	Stopped    Outcome = "stopped"    // its deployment was stopped
	Starting   Outcome = "starting"   // its deployment goes on
	Registered Outcome = "registered" // there is a task definition, and no deployment on record
)

// Run is one deployment of a release in one service, or what a task definition tells of one.
type Run struct {
	Release, Digest string
	Process         string // the service: web, or web-green for the second colour
	At              time.Time
	Outcome         Outcome
}

// historian reads what ECS knows of releases. Each task definition is read once.
type historian struct {
	client      *ecs.Client
	cluster     string
	definitions map[string]definition // by ARN
}

// history is what ran in a service, newest first, and where that is known from. The ARN is that of a task definition of the service.
func (h *historian) history(ctx context.Context, process, service, definitionARN string) (runs []Run, source string, err error) {
	family, _ := split(definitionARN)
	runs, oldest, err := h.deployments(ctx, process, service)
	switch {
	case unknownOperation(err):
		source = fromDefinitions + " (this endpoint does not answer ListServiceDeployments)"
	case err != nil:
		return nil, "", err
	case len(runs) == 0:
		source = fromDefinitions + " (ECS has no deployment of " + service + " on record)"
	default:
		source = fromDeployments
	}
	older, err := h.revisions(ctx, process, family, oldest)
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
