package infra

import (
	"strings"

	"github.com/pulumi/pulumi-random/sdk/v4/go/random"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumix"
)

// Share adds another environment's secret, by its ARN. Containers get the current version.
func (s *Secrets) Share(variable, arn string) {
	s.References[variable] = pulumi.String(arn).ToStringOutput()
	s.ARNs = append(s.ARNs, pulumi.String(arn))
}

// ARN is that of a secret without its version, for another environment; empty where there is none.
func (s *Secrets) ARN(variable string) pulumi.StringInput {
	reference, exists := s.References[variable]
	if !exists {
		return pulumi.String("")
	}
	return pulumix.Cast[pulumi.StringOutput](pulumix.Apply(reference, unversioned))
}

// unversioned takes KEY:STAGE:VERSION from a container's valueFrom.
func unversioned(reference string) string {
	parts := strings.Split(reference, ":")
	return strings.Join(parts[:min(len(parts), 7)], ":")
}

// cachePassword makes the AUTH token of the cache. It is letters and digits, which ElastiCache and a .env file both take as they are.
func (s *Secrets) cachePassword(ctx *pulumi.Context, name string, values map[string]pulumi.StringInput) error {
	password, err := random.NewRandomPassword(ctx, name+"-redis-password", &random.RandomPasswordArgs{
		Length: pulumi.Int(40), Special: pulumi.Bool(false),
	}, pulumi.Parent(s))
	if err == nil {
		values[PasswordVariable] = password.Result
	}
	return err
}
