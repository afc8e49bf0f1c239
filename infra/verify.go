package infra

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// runningRevision returns the ARN of the task definition that the service runs, and fails the update when it is not the one
// that this program registered. The provider waits for a steady service, and a service that the circuit breaker rolled back is
// steady too (terraform-provider-aws#20858, pulumi-awsx#1848). Looking again also notices it in a later, unchanged update.
//
// The name of the service is taken from its ID. Pulumi chooses service.Name itself, so a preview knows it before the service exists,
// and the lookup would fail with ServiceNotFoundException. The ID is unknown until the service is there, and steady.
func runningRevision(ctx *pulumi.Context, cluster pulumi.StringInput, service *ecs.Service, definition *ecs.TaskDefinition, parent pulumi.Resource) pulumi.StringOutput {
	name := pulumix.Apply(pulumix.Cast[pulumix.Output[pulumi.ID]](service.ID()), serviceName)
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{
		ClusterArn:  cluster,
		ServiceName: pulumix.Cast[pulumi.StringOutput](name),
	}, pulumi.Parent(parent))
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply3Err(name, found.TaskDefinition(), definition.Arn, sameRevision))
}

// serviceName returns the last part of a service's ID, which is its ARN: arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME
// (https://www.pulumi.com/registry/packages/aws/api-docs/ecs/service/ and https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html).
func serviceName(id pulumi.ID) string { return lastPart(string(id)) }

func sameRevision(service, running, registered string) (string, error) {
	if running == registered {
		return running, nil
	}
	return "", fmt.Errorf("service %[1]s runs %[2]s, and this release registered %[3]s: ECS rolled the release back, and %[2]s keeps serving. "+
		"Why: aws ecs describe-services --services %[1]s (events), and the logs of the stopped tasks. Then release a version that works, or repeat this one with pulumi up --refresh",
		service, lastPart(running), lastPart(registered))
}

// lastPart shortens the ARN of a task definition to FAMILY:REVISION, and that of a service to its name.
func lastPart(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
