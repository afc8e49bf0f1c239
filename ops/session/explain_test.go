package session

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/aws/smithy-go"
)

func TestExplain(t *testing.T) {
	for name, test := range map[string]struct {
		cause error
		says  []string
	}{
		"denied": {
			&smithy.GenericAPIError{Code: "AccessDeniedException", Message: "User: arn:aws:iam::1:user/ann is not authorized to perform: ecs:RunTask on resource: x because no identity-based policy allows the ecs:RunTask action"},
			[]string{"running: ECS RunTask: AccessDeniedException: User: arn", "an administrator must allow ecs:RunTask,"},
		},
		"denied without a text": {&smithy.GenericAPIError{Code: "AccessDenied"}, []string{"must allow ecs:RunTask,"}},
		"expired":               {&smithy.GenericAPIError{Code: "ExpiredTokenException", Message: "The security token included in the request is expired"}, []string{"aws sso login"}},
		"wrong keys":            {&smithy.GenericAPIError{Code: "UnrecognizedClientException", Message: "invalid"}, []string{"does not know these credentials"}},
		"throttled":             {&smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}, []string{"Rate exceeded", "wait a minute"}},
		"no cluster":            {&smithy.GenericAPIError{Code: "ClusterNotFoundException", Message: "Cluster not found."}, []string{"Cluster not found.", "another account", "make up"}},
		"no network":            {&net.OpError{Op: "dial", Err: errors.New("connection refused")}, []string{"connection refused", "endpoint does not answer"}},
		"single sign-on":        {errors.New("get identity: get credentials: failed to refresh cached credentials, refresh cached SSO token failed"), []string{"aws sso login"}},
		"no keys":               {errors.New("get identity: get credentials: failed to refresh cached credentials, no EC2 IMDS role found"), []string{"no valid AWS credentials"}},
		"others":                {&smithy.GenericAPIError{Code: "InvalidParameterException", Message: "Tag."}, []string{"running: ECS RunTask: InvalidParameterException: Tag."}},
	} {
		err := Explain(fmt.Errorf("running: %w", &smithy.OperationError{ServiceID: "ECS", OperationName: "RunTask", Err: test.cause}))
		for _, text := range test.says {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %q is not in: %v", name, text, err)
			}
		}
		if !errors.Is(err, test.cause) || !errors.Is(Explain(err), err) {
			t.Errorf("%s: the cause is gone", name)
		}
	}
	if Explain(nil) != nil || !errors.Is(Explain(context.Canceled), context.Canceled) {
		t.Error("other errors stay as they are")
	}
}
