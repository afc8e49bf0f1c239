package api

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// getCallerIdentity answers https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html.
func (s *Server) getCallerIdentity(context.Context, *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	id := s.account.ID()
	return &sts.GetCallerIdentityOutput{Account: ptr(id), Arn: ptr(callerARN(id)), UserId: ptr("AIDAEMULATEDACCOUNT00")}, nil
}
