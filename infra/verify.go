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
func runningRevision(ctx *pulumi.Context, cluster *Cluster, service *ecs.Service, definition *ecs.TaskDefinition, parent pulumi.Resource) pulumi.StringOutput {
	found := ecs.LookupServiceOutput(ctx, ecs.LookupServiceOutputArgs{
		ClusterArn:  cluster.ARN,
		ServiceName: service.Name, // known once the service is steady
	}, pulumi.Parent(parent))
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply3Err(service.Name, found.TaskDefinition(), definition.Arn, sameRevision))
}

func sameRevision(service, running, registered string) (string, error) {
	if running == registered {
		return running, nil
	}
	return "", fmt.Errorf("service %[1]s runs %[2]s and not %[3]s, which this release registered: ECS rolled the release back, and %[2]s keeps serving. "+
		"Why: aws ecs describe-services --services %[1]s (events), and the logs of the stopped tasks. Then release a version that works, or repeat this one with pulumi up --refresh",
		service, revision(running), revision(registered))
}

// revision shortens an ARN to FAMILY:REVISION.
func revision(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }
