package session

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/smithy-go"
)

// explained is an AWS error in AWS's words, with what to do about it.
type explained struct {
	cause error
	text  string
}

// Error is the text for people.
func (e *explained) Error() string { return e.text }

// Unwrap is the SDK's error.
func (e *explained) Unwrap() error { return e.cause }

// advice is what to do about an error, by its codes. The codes are those of "Common error types" in each service's API reference and of
// the operations' own pages.
var advice = []struct{ codes, text string }{
	{"ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired", "the credentials have expired: aws sso login (with AWS_PROFILE), or set fresh keys"},
	{"InvalidClientTokenId UnrecognizedClientException InvalidAccessKeyId SignatureDoesNotMatch InvalidSignatureException IncompleteSignature AuthFailure MissingAuthenticationToken",
		"AWS does not know these credentials: check AWS_PROFILE and AWS_ACCESS_KEY_ID, and the region; `aws sts get-caller-identity` shows whose they are"},
	{"Throttling ThrottlingException ThrottledException TooManyRequestsException RequestLimitExceeded RequestThrottled RequestThrottledException LimitExceededException",
		"AWS throttles this account's requests, also after several attempts: wait a minute and run the command again"},
	{"ClusterNotFoundException ServiceNotFoundException ServiceNotActiveException RepositoryNotFoundException ResourceNotFoundException LoadBalancerNotFound LoadBalancerNotFoundException TargetGroupNotFound TargetGroupNotFoundException ListenerNotFound DBInstanceNotFound DBInstanceNotFoundFault",
		"it is not in this account and region: the credentials may be of another account (aws sts get-caller-identity), or the stack is gone (make up deploys it)"},
	{"UnknownOperationException InvalidAction", "the endpoint does not know this operation of AWS's API: check AWS_ENDPOINT_URL and aws:endpoints"},
	{"TargetNotConnected TargetNotConnectedException", "the target's SSM agent is not connected: wait a minute after a start; it needs a way to AWS's endpoints (ssmmessages)"},
}

// denied finds the action in AWS's text: "User: ARN is not authorized to perform: ecs:RunTask on resource: ARN because ...".
var denied = regexp.MustCompile(`not authorized to perform:? \(?([a-zA-Z0-9-]+:[A-Za-z0-9*]+)`)

// Explain turns an error of the AWS SDK into AWS's words plus what to do. Other errors it returns as they are.
func Explain(err error) error { return explain(err, remedy) }

// Words turns an error of the AWS SDK into AWS's words, for callers that know better what to do.
func Words(err error) error {
	return explain(err, func(*smithy.OperationError) string { return "" })
}

func explain(err error, remedy func(*smithy.OperationError) string) error {
	var done *explained
	if err == nil || errors.As(err, &done) {
		return err
	}
	var operation *smithy.OperationError
	if !errors.As(err, &operation) {
		return err
	}
	short := operation.ServiceID + " " + operation.OperationName + ": " + words(operation.Err)
	text := strings.Replace(err.Error(), operation.Error(), short, 1)
	if what := remedy(operation); what != "" {
		text += "\n" + what
	}
	return &explained{err, text}
}

// words are AWS's own: code and message, without the SDK's account of the request.
func words(err error) string {
	var answer smithy.APIError
	if errors.As(err, &answer) {
		return strings.TrimSuffix(answer.ErrorCode()+": "+answer.ErrorMessage(), ": ")
	}
	var network *url.Error
	if errors.As(err, &network) {
		return network.Error()
	}
	return err.Error()
}

func remedy(operation *smithy.OperationError) string {
	var answer smithy.APIError
	if errors.As(operation.Err, &answer) {
		code := answer.ErrorCode()
		if strings.HasPrefix(code, "AccessDenied") || strings.HasPrefix(code, "Unauthorized") || code == "NotAuthorized" {
			return fmt.Sprintf("the credentials may not do this: an administrator must allow %s, or choose another AWS_PROFILE", action(answer, operation))
		}
		for _, each := range advice {
			if slices.Contains(strings.Fields(each.codes), code) {
				return each.text
			}
		}
		return ""
	}
	text := operation.Err.Error()
	var network net.Error
	switch {
	case strings.Contains(text, "SSO") || strings.Contains(text, "sso"):
		return "the session of AWS IAM Identity Center has expired: aws sso login"
	case strings.Contains(text, "failed to refresh cached credentials") || strings.Contains(text, "get identity:"):
		return "there are no valid AWS credentials: aws sso login and AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
	case errors.As(operation.Err, &network):
		return "AWS's endpoint does not answer: check the network, the region, and AWS_ENDPOINT_URL where it is set"
	}
	return ""
}

// action is the IAM action that was refused, as AWS names it, else that of the operation.
func action(answer smithy.APIError, operation *smithy.OperationError) string {
	if found := denied.FindStringSubmatch(answer.ErrorMessage()); found != nil {
		return found[1]
	}
	if prefix := iamPrefixes[operation.ServiceID]; prefix != "" {
		return prefix + ":" + operation.OperationName
	}
	return operation.ServiceID + " " + operation.OperationName
}

// iamPrefixes are the prefixes of IAM actions by the SDK's id of the service (Service Authorization Reference, "Actions, resources, and
// condition keys for AWS services").
var iamPrefixes = map[string]string{
	"ECS": "ecs", "ECR": "ecr", "Elastic Load Balancing v2": "elasticloadbalancing", "CloudWatch Logs": "logs", "SSM": "ssm", "STS": "sts",
	"Resource Groups Tagging API": "tag",
}
