package stacks

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// bounded gives every role below a component the permissions boundary. It is a transformation and no argument, so that no role of
// any component, present or future, can be without it: the pipeline's role may not create one.
func bounded(arn string) pulumi.ResourceOption {
	return pulumi.Transformations([]pulumi.ResourceTransformation{
		func(args *pulumi.ResourceTransformationArgs) *pulumi.ResourceTransformationResult {
			role, is := args.Props.(*iam.RoleArgs)
			if !is || arn == "" {
				return nil
			}
			role.PermissionsBoundary = pulumi.String(arn)
			return &pulumi.ResourceTransformationResult{Props: role, Opts: args.Opts}
		},
	})
}
