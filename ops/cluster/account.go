package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/laravel-ecs/laravel-ecs/ops/session"
)

// explain is session.Explain, and for a cluster that is not there it says whether the credentials are of another account than the stack.
func (c *Cluster) explain(ctx context.Context, err error) error {
	var none *types.ClusterNotFoundException
	if !errors.As(err, &none) {
		return session.Explain(err)
	}
	if other := c.otherAccount(ctx); other != "" {
		return fmt.Errorf("%w\n%s", session.Words(err), other)
	}
	return session.Explain(err)
}

// otherAccount is a text where the credentials are of another account than the one that the stack's outputs name; else "".
func (c *Cluster) otherAccount(ctx context.Context) string {
	account := ""
	for _, arn := range c.Outputs.TaskDefinitionARNs {
		if parts := strings.Split(arn, ":"); len(parts) > 4 {
			account = parts[4]
		}
	}
	identity, err := sts.NewFromConfig(c.Config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || account == "" || aws.ToString(identity.Account) == account {
		return ""
	}
	return fmt.Sprintf("wrong account: the credentials are of account %s (%s), and the stack is in account %s: choose another AWS_PROFILE",
		aws.ToString(identity.Account), aws.ToString(identity.Arn), account)
}
