package api

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	tagging "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestIdentity(t *testing.T) {
	w := newWorld(t)
	out := must(sts.NewFromConfig(w.config).GetCallerIdentity(context.Background(), &sts.GetCallerIdentityInput{}))(t)
	if *out.Account != "123456789012" || *out.Arn != "arn:aws:iam::123456789012:user/emulator" {
		t.Errorf("identity: %s %s", *out.Account, *out.Arn)
	}
}

func TestCredentials(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	for name, test := range map[string]struct {
		provider   aws.CredentialsProvider
		query, rpc string
	}{
		"another key": {credentials.NewStaticCredentialsProvider("AKIASOMEBODYELSE0000", "x", ""), "InvalidClientTokenId", "UnrecognizedClientException"},
		"expired":     {credentials.NewStaticCredentialsProvider(AccessKey, "x", ExpiredToken), "ExpiredToken", "ExpiredTokenException"},
		"none":        {aws.AnonymousCredentials{}, "MissingAuthenticationToken", "MissingAuthenticationTokenException"},
	} {
		config := w.config
		config.Credentials = test.provider
		if _, err := sts.NewFromConfig(config).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); code(err) != test.query {
			t.Errorf("%s: Query gives %v, want %s", name, err, test.query)
		}
		if _, err := ecs.NewFromConfig(config).ListClusters(ctx, &ecs.ListClustersInput{}); code(err) != test.rpc {
			t.Errorf("%s: JSON gives %v, want %s", name, err, test.rpc)
		}
	}
}

func TestUnknownOperation(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	if _, err := ecs.NewFromConfig(w.config).ListClusters(ctx, &ecs.ListClustersInput{}); code(err) != "UnknownOperationException" {
		t.Errorf("JSON: %v", err)
	}
	if _, err := sts.NewFromConfig(w.config).GetSessionToken(ctx, &sts.GetSessionTokenInput{}); code(err) != "InvalidAction" {
		t.Errorf("Query: %v", err)
	}
	if _, err := tagging.NewFromConfig(w.config).GetTagKeys(ctx, &tagging.GetTagKeysInput{}); code(err) != "UnknownOperationException" {
		t.Errorf("CBOR: %v", err)
	}
}

func TestFaults(t *testing.T) {
	w, ctx := newWorld(t), context.Background()
	w.config.Retryer = func() aws.Retryer { return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = 1 }) }
	client := ecs.NewFromConfig(w.config)
	w.Fail(Fault{Operation: "ecs:ListServices", Code: "ThrottlingException", Times: 2})
	if _, err := client.ListServices(ctx, &ecs.ListServicesInput{Cluster: aws.String("shop")}); err != nil {
		t.Errorf("throttled twice, which is retried: %v", err)
	}
	body := strings.NewReader(`{"operation": "ecs:ListServices", "code": "AccessDeniedException"}`)
	answer, err := http.Post(*w.config.BaseEndpoint+"/test/fault", "application/json", body) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	_, err = client.ListServices(ctx, &ecs.ListServicesInput{Cluster: aws.String("shop")})
	if code(err) != "AccessDeniedException" || !strings.Contains(err.Error(), "is not authorized to perform: ecs:ListServices on resource") {
		t.Errorf("denied: %v", err)
	}
}

func TestMemberThatIsNotThere(t *testing.T) {
	w := newWorld(t)
	request, _ := http.NewRequest(http.MethodPost, *w.config.BaseEndpoint, strings.NewReader(`{"cluster": "shop", "sevices": []}`)) //nolint:noctx // a test
	request.Header.Set("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.DescribeServices")
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+AccessKey+"/20261126/eu-central-1/ecs/aws4_request")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusBadRequest {
		t.Errorf("status %d", answer.StatusCode)
	}
}
