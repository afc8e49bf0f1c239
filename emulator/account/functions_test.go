package account

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func ask(t *testing.T, w *world, token string, args Values) Values {
	t.Helper()
	result, err := w.Invoke(context.Background(), token, w.fill(args))
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestWhereWeAre(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		token    string
		args     Values
		property string
		want     any
	}{
		{"aws:index/getCallerIdentity:getCallerIdentity", nil, "accountId", "123456789012"},
		{"aws:index/getRegion:getRegion", nil, "name", "eu-central-1"},
		{"aws:index/getRegion:getRegion", nil, "description", "Europe (Frankfurt)"},
		{"aws:index/getRegion:getRegion", Values{"name": "us-east-1"}, "endpoint", "ec2.us-east-1.amazonaws.com"},
		{"aws:index/getPartition:getPartition", nil, "dnsSuffix", "amazonaws.com"},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", Values{"state": "available"}, "names", []any{"eu-central-1a", "eu-central-1b", "eu-central-1c"}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", Values{"excludeNames": []any{"eu-central-1a"}}, "zoneIds", []any{"euc1-az2", "euc1-az3"}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", Values{"state": "impaired"}, "names", []any{}},
		{"aws:index/getAvailabilityZones:getAvailabilityZones", Values{"filters": []any{map[string]any{"name": "zone-name", "values": []any{"eu-central-1c"}}}}, "names", []any{"eu-central-1c"}},
		{"aws:elb/getServiceAccount:getServiceAccount", nil, "arn", "arn:aws:iam::054676820928:root"},
	} {
		if got := ask(t, w, test.token, test.args)[test.property]; !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s %v: %s is %v, want %v", test.token, test.args, test.property, got, test.want)
		}
	}
}

func TestParameters(t *testing.T) {
	w := newWorld(t)
	const parameter = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended"
	id := ask(t, w, "aws:ssm/getParameter:getParameter", Values{"name": parameter + "/image_id"}).Text("value")
	if !imageID.MatchString(id) {
		t.Errorf("image id is %q", id)
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(ask(t, w, "aws:ssm/getParameter:getParameter", Values{"name": parameter}).Text("value")), &document); err != nil {
		t.Fatal(err)
	}
	if document["image_id"] != id {
		t.Errorf("the document says %v, the parameter %s", document["image_id"], id)
	}
	arm := ask(t, w, "aws:ssm/getParameter:getParameter", Values{"name": "/aws/service/ecs/optimized-ami/amazon-linux-2023/arm64/recommended/image_id"})
	if arm["value"] == id {
		t.Error("both architectures have the same image")
	}
}

func TestKeyPair(t *testing.T) {
	w := furnished(t)
	pair := ask(t, w, "aws:ec2/getKeyPair:getKeyPair", Values{"keyName": "deploy"})
	if pair["keyPairId"] != "key-0123456789abcdef0" {
		t.Errorf("key pair is %v", pair)
	}
}

func TestFunctionRefusals(t *testing.T) {
	w := newWorld(t)
	for _, test := range []struct {
		name, token string
		args        Values
		code, says  string
	}{
		{"unknown function", "aws:index/getRegions:getRegions", nil, "", "did you mean aws:index/getRegion:getRegion"},
		{"unknown argument", "aws:ssm/getParameter:getParameter", Values{"name": "/x", "decrypt": true}, "", "decrypt is not an input"},
		{"missing argument", "aws:ssm/getParameter:getParameter", nil, "", "name is required"},
		{"wrong kind", "aws:ssm/getParameter:getParameter", Values{"name": 1}, "", "name must be a string"},
		{"unknown parameter", "aws:ssm/getParameter:getParameter", Values{"name": "/app/key"}, "ParameterNotFound", "/app/key"},
		{"unknown image", "aws:ssm/getParameter:getParameter", Values{"name": "/aws/service/ecs/optimized-ami/amazon-linux-2024/recommended/image_id"}, "ParameterNotFound", "2024"},
		{"unknown key pair", "aws:ec2/getKeyPair:getKeyPair", Values{"keyName": "mine"}, "InvalidKeyPair.NotFound", "mine"},
		{"no key pair", "aws:ec2/getKeyPair:getKeyPair", nil, "", "keyName"},
		{"unknown region", "aws:index/getRegion:getRegion", Values{"name": "eu-central-9"}, "", "eu-central-9"},
		{"unknown filter", "aws:index/getAvailabilityZones:getAvailabilityZones", Values{"filters": []any{map[string]any{"name": "size", "values": []any{"1"}}}}, "InvalidParameterValue", "size"},
		{"region without account", "aws:elb/getServiceAccount:getServiceAccount", Values{"region": "eu-central-2"}, "", "logdelivery"},
		{"statement twice", "aws:iam/getPolicyDocument:getPolicyDocument", Values{"statements": []any{map[string]any{"sid": "A"}, map[string]any{"sid": "A"}}}, "", "duplicate Sid"},
		{"effect", "aws:iam/getPolicyDocument:getPolicyDocument", Values{"statements": []any{map[string]any{"effect": "Permit"}}}, "", "Permit"},
		{"source that is no JSON", "aws:iam/getPolicyDocument:getPolicyDocument", Values{"sourcePolicyDocuments": []any{"{"}}, "", "source document"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := w.Invoke(context.Background(), test.token, w.fill(test.args))
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Fatalf("error is %v, want one that says %q", err, test.says)
			}
			var refused *Error
			if test.code != "" && (!errors.As(err, &refused) || refused.Code != test.code) {
				t.Errorf("error is %v, want the code %s", err, test.code)
			}
		})
	}
}

func TestPolicyDocument(t *testing.T) {
	w := newWorld(t)
	result := ask(t, w, "aws:iam/getPolicyDocument:getPolicyDocument", Values{
		"sourcePolicyDocuments": []any{allowQueue},
		"statements": []any{map[string]any{
			"sid": "Read", "actions": []any{"s3:GetObject", "s3:ListBucket"}, "resources": []any{"arn:aws:s3:::bucket/&{aws:username}"},
			"principals": []any{map[string]any{"type": "Service", "identifiers": []any{"ec2.amazonaws.com"}}},
			"conditions": []any{map[string]any{"test": "StringEquals", "variable": "aws:SourceAccount", "values": []any{"123456789012"}}},
		}},
	})
	const want = `{"Version":"2012-10-17","Statement":[` +
		`{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:jobs"},` +
		`{"Sid":"Read","Effect":"Allow","Action":["s3:ListBucket","s3:GetObject"],"Resource":"arn:aws:s3:::bucket/${aws:username}",` +
		`"Principal":{"Service":"ec2.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"123456789012"}}}]}`
	if got := result.Text("minifiedJson"); got != want {
		t.Errorf("document is\n%s, want\n%s", got, want)
	}
	if !json.Valid([]byte(result.Text("json"))) || !strings.Contains(result.Text("json"), "\n  ") {
		t.Errorf("json is not indented JSON: %s", result.Text("json"))
	}
}
