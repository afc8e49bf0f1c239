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
	says(t, err, "reading the AWS configuration", "nobody")
	s = opened(t, "config:\n  aws:region: eu-west-3\n  aws:endpoints: nonsense\n")
	_, err = s.AWS(t.Context())
	says(t, err, "Pulumi.prod.yaml: aws:endpoints")
}
