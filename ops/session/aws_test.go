package session

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// cloud answers STS as AWS does, and keeps who signed each request and for which region.
func cloud(t *testing.T, signed *[]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		scope, _, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential="), ",")
		*signed = append(*signed, scope)
		switch {
		case strings.Contains(string(body), "Action=AssumeRole"):
			fmt.Fprint(w, `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASSUMED</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
				`<SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
		case strings.Contains(string(body), "Action=GetCallerIdentity"):
			fmt.Fprint(w, `<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><Arn>arn:aws:iam::123456789012:user/ann</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`)
		default:
			fmt.Fprint(w, `{"serviceArns": []}`)
		}
	}))
	t.Cleanup(server.Close)
	return server
}

func TestAWSFromTheStackFile(t *testing.T) {
	var signed []string
	server := cloud(t, &signed)
	s := opened(t, `config:
  aws:region: eu-west-3
  aws:accessKey: AKIAFILE
  aws:secretKey: {secure: v1:abc}
  aws:assumeRole: {roleArn: "arn:aws:iam::123456789012:role/deploy", duration: 1h}
  aws:allowedAccountIds: ["123456789012"]
  aws:endpoints: [{ecs: "`+server.URL+`", sts: "`+server.URL+`"}]
`)
	loaded, err := s.AWS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ecs.NewFromConfig(loaded).ListServices(t.Context(), &ecs.ListServicesInput{}); err != nil {
		t.Fatal(err)
	}
	if len(signed) != 3 || !strings.HasPrefix(signed[0], "AKIAFILE/") || !strings.HasPrefix(signed[2], "ASSUMED/") || !strings.Contains(signed[2], "/eu-west-3/ecs/") {
		t.Errorf("signed were %v", signed)
	}
	if keys, _ := aws.NewCredentialsCache(loaded.Credentials).Retrieve(t.Context()); keys.AccessKeyID != "ASSUMED" {
		t.Errorf("the keys are %s", keys.AccessKeyID)
	}
}

func TestAnotherEndpointIsAnotherAccount(t *testing.T) {
	var signed []string
	server := cloud(t, &signed)
	s := opened(t, "config:\n  aws:region: eu-west-3\n  aws:profile: deploy\n  aws:allowedAccountIds: [\"1\"]\n  aws:assumeRole: {roleArn: r}\n")
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	loaded, err := s.AWS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sts.NewFromConfig(loaded).GetCallerIdentity(t.Context(), nil); err != nil || !strings.HasPrefix(signed[0], "AKIAENV/") {
		t.Errorf("%v, %v", signed, err)
	}
}

// TestAccountBehindAnotherEndpoint: a VPC endpoint or a proxy leads to AWS too.
func TestAccountBehindAnotherEndpoint(t *testing.T) {
	var signed []string
	server := cloud(t, &signed)
	s := opened(t, "config:\n  aws:region: eu-west-3\n  aws:allowedAccountIds: [\"999999999999\"]\n")
	t.Setenv("AWS_ENDPOINT_URL", "https://vpce.example.com")
	t.Setenv("AWS_ENDPOINT_URL_STS", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENV")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	_, err := s.AWS(t.Context())
	says(t, err, "wrong account: the credentials are of account 123456789012", "Pulumi.prod.yaml allows 999999999999")
	for address, here := range map[string]bool{
		"http://127.0.0.1:4566": true, "http://[::1]:80": true, "http://localhost:80": true,
		"https://vpce.example.com": false, "http://10.0.0.1": false, "http://127.0.0.1.example.com": false,
	} {
		if onThisMachine(address) != here {
			t.Errorf("%s: %v expected", address, here)
		}
	}
}

func TestThrottlingIsTold(t *testing.T) {
	s := opened(t, "config: {}\n")
	var told strings.Builder
	s.Err = &told
	throttling := &smithy.GenericAPIError{Code: "ThrottlingException"}
	for range 2 {
		retryer := s.retryer()
		if n := retryer.MaxAttempts(); n != attempts {
			t.Errorf("%d attempts", n)
		}
		for attempt, err := range []error{throttling, throttling, io.ErrUnexpectedEOF} {
			if _, err := retryer.RetryDelay(attempt+1, err); err != nil {
				t.Error(err)
			}
		}
	}
	if told.Len() > 0 {
		t.Errorf("too early: %s", told.String())
	}
	for attempt := silentAttempts; attempt < attempts; attempt++ {
		if _, err := s.retryer().RetryDelay(attempt, throttling); err != nil {
			t.Error(err)
		}
	}
	if told.String() != "AWS throttles this account's requests: waiting and trying again\n" {
		t.Errorf("told was %q", told.String())
	}
}

func TestWrongAccount(t *testing.T) {
	var signed []string
	server := cloud(t, &signed)
	s := opened(t, "config:\n  aws:region: eu-west-3\n  aws:accessKey: A\n  aws:secretKey: s\n  aws:allowedAccountIds: '[\"999999999999\"]'\n  aws:endpoints: [{sts: \""+server.URL+"\"}]\n")
	_, err := s.AWS(t.Context())
	says(t, err, "wrong account: the credentials are of account 123456789012", "user/ann", "Pulumi.prod.yaml allows 999999999999")
}

func TestAWSRefusals(t *testing.T) {
	s := opened(t, "config: {}\n")
	_, err := s.AWS(t.Context())
	says(t, err, "Pulumi.prod.yaml: aws:region is missing")
	s = opened(t, "config:\n  aws:region: eu-west-3\n  aws:profile: nobody\n")
	_, err = s.AWS(t.Context())
	says(t, err, "the AWS profile nobody is not configured on this machine: aws configure list-profiles", "AWS_PROFILE", "aws:profile in Pulumi.prod.yaml")
	s = opened(t, "config:\n  aws:region: eu-west-3\n  aws:endpoints: nonsense\n")
	_, err = s.AWS(t.Context())
	says(t, err, "Pulumi.prod.yaml: aws:endpoints")
}
