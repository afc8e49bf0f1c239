package account

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestIAMRefusals(t *testing.T) {
	role := Values{"name": "task", "assumeRolePolicy": trustEC2}
	policy := Values{"role": "app", "policy": allowQueue}
	attachment := Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}
	profile := Values{"name": "web", "role": "app"}
	statement := func(text string) Values {
		return Values{"policy": `{"Version":"2012-10-17","Statement":[` + text + `]}`}
	}
	trust := func(text string) Values {
		return Values{"assumeRolePolicy": `{"Version":"2012-10-17","Statement":[` + text + `]}`}
	}
	testRefusals(t, furnished, []refusal{
		{"role name too long", roleToken, role, Values{"name": strings.Repeat("a", 65)}, "name", ""},
		{"role name with a slash", roleToken, role, Values{"name": "task/app"}, "name", ""},
		{"role path", roleToken, role, Values{"path": "app"}, "path", ""},
		{"role description", roleToken, role, Values{"description": strings.Repeat("a", 1001)}, "description", ""},
		{"role session too short", roleToken, role, Values{"maxSessionDuration": 900}, "maxSessionDuration", ""},
		{"role without trust", roleToken, role, Values{"assumeRolePolicy": nil}, "assumeRolePolicy", ""},
		{"trust that is no JSON", roleToken, role, Values{"assumeRolePolicy": "ec2"}, "assumeRolePolicy", ""},
		{"boundary", roleToken, role, Values{"permissionsBoundary": "boundary"}, "permissionsBoundary", ""},
		{"trust without principal", roleToken, role, trust(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust with a resource", roleToken, role, trust(`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"trust in a service that is none", roleToken, role, trust(`{"Effect":"Allow","Principal":{"Service":"ec2.amazon.com"},"Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust in a principal that is none", roleToken, role, trust(`{"Effect":"Allow","Principal":{"AWS":"me"},"Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust too long", roleToken, role, trust(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, strings.Repeat("a", 2048))), "", "LimitExceeded"},
		{"role with a broken inline policy", roleToken, role, Values{"inlinePolicies": []any{map[string]any{"name": "x", "policy": `{}`}}}, "", "MalformedPolicyDocument"},
		{"role with a policy that is not there", roleToken, role, Values{"managedPolicyArns": []any{"arn:aws:iam::aws:policy/Everything"}}, "", "NoSuchEntity"},

		{"policy that is no JSON", rolePolicyToken, policy, Values{"policy": "{"}, "policy", ""},
		{"policy name", rolePolicyToken, policy, Values{"name": "a b"}, "name", ""},
		{"policy of no role", rolePolicyToken, policy, Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"policy version", rolePolicyToken, policy, Values{"policy": strings.Replace(allowQueue, "2012", "2022", 1)}, "", "MalformedPolicyDocument"},
		{"policy without statements", rolePolicyToken, policy, Values{"policy": `{"Version":"2012-10-17"}`}, "", "MalformedPolicyDocument"},
		{"policy with an unknown field", rolePolicyToken, policy, statement(`{"Effect":"Allow","Actions":"s3:GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without effect", rolePolicyToken, policy, statement(`{"Action":"s3:GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without action", rolePolicyToken, policy, statement(`{"Effect":"Allow","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without resource", rolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject"}`), "", "MalformedPolicyDocument"},
		{"policy with a principal", rolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with an action of no service", rolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with a resource that is no ARN", rolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket/*"}`), "", "MalformedPolicyDocument"},
		{"policy with a statement id twice", rolePolicyToken, policy, statement(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with a bad statement id", rolePolicyToken, policy, statement(`{"Sid":"a-b","Effect":"Allow","Action":"*","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy too long", rolePolicyToken, policy, statement(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}`, strings.Repeat("a", 10240))), "", "LimitExceeded"},

		{"attachment of no policy", attachmentToken, attachment, Values{"policyArn": "AmazonECSTaskExecutionRolePolicy"}, "policyArn", ""},
		{"attachment of a policy that is not there", attachmentToken, attachment, Values{"policyArn": "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy"}, "", "NoSuchEntity"},
		{"attachment to no role", attachmentToken, attachment, Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"profile of no role", instanceProfileToken, profile, Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"profile name", instanceProfileToken, profile, Values{"name": "a/b"}, "name", ""},
	})
}

func TestInlinePoliciesOfARoleAddUp(t *testing.T) {
	w := furnished(t)
	half := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}]}`, strings.Repeat("a", 6000))
	w.make(rolePolicyToken, "first", Values{"role": "app", "policy": half})
	_, err := w.Create(context.Background(), rolePolicyToken, "second", w.checked(rolePolicyToken, "second", Values{"role": "app", "policy": half}))
	wantCode(t, err, "LimitExceeded")
}

func TestTenPoliciesPerRole(t *testing.T) {
	w := furnished(t)
	attach := func(i int) (Resource, error) {
		in := Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/" + managedPolicies[i]}
		return w.Create(context.Background(), attachmentToken, "policy", w.checked(attachmentToken, "policy", in))
	}
	for i := range 10 {
		if _, err := attach(i); err != nil {
			t.Fatal(err)
		}
	}
	_, err := attach(10)
	wantCode(t, err, "LimitExceeded")
}

func TestDeletedRoleLeavesItsProfile(t *testing.T) {
	w := furnished(t)
	if err := w.Delete(context.Background(), roleToken, "app"); err != nil {
		t.Fatal(err)
	}
	if profile := mustRead(w, instanceProfileToken, "profile"); profile.Outputs["role"] != "" {
		t.Errorf("the profile still has the role %v", profile.Outputs["role"])
	}
}

func TestPolicyAsAMapBecomesJSON(t *testing.T) {
	w := newWorld(t)
	role := w.make(roleToken, "task", Values{"assumeRolePolicy": map[string]any{
		"Version":   "2012-10-17",
		"Statement": []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "ecs-tasks.amazonaws.com"}}},
	}})
	if text := role.Outputs.Text("assumeRolePolicy"); !strings.Contains(text, `"ecs-tasks.amazonaws.com"`) {
		t.Errorf("assumeRolePolicy is %q, want JSON", text)
	}
}
