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

func TestFederationRefusals(t *testing.T) {
	statement := func(text string) string { return `{"Version":"2012-10-17","Statement":[` + text + `]}` }
	trust := func(principal, condition string) Values {
		return Values{"assumeRolePolicy": statement(`{"Effect":"Allow","Principal":{"Federated":"` + principal + `"},"Action":"sts:AssumeRoleWithWebIdentity"` + condition + `}`)}
	}
	const gitHub = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	subject := func(operator, value string) string {
		return fmt.Sprintf(`,"Condition":{%q:{"token.actions.githubusercontent.com:sub":%q}}`, operator, value)
	}
	role := trust(gitHub, subject("StringEquals", "repo:acme/shop:environment:prod"))
	provider := Values{"url": "https://gitlab.example.com", "clientIdLists": []any{"https://gitlab.example.com"}}
	policy := Values{"name": "deploy", "policy": allowQueue}
	setup := func(t *testing.T) *world {
		w := furnished(t)
		w.make(openIDProviderToken, "github", Values{"url": "https://token.actions.githubusercontent.com", "clientIdLists": []any{"sts.amazonaws.com"}})
		w.make(managedPolicyToken, "taken", Values{"name": "taken", "policy": allowQueue})
		return w
	}
	many := func(n int, text string) []any {
		list := make([]any, n)
		for i := range list {
			list[i] = text
		}
		return list
	}
	testRefusals(t, setup, []refusal{
		{"provider without https", openIDProviderToken, provider, Values{"url": "http://gitlab.example.com"}, "url", ""},
		{"provider with a query", openIDProviderToken, provider, Values{"url": "https://gitlab.example.com?x=1"}, "url", ""},
		{"provider with a long URL", openIDProviderToken, provider, Values{"url": "https://" + strings.Repeat("a", 248)}, "url", ""},
		{"provider without an audience", openIDProviderToken, provider, Values{"clientIdLists": nil}, "clientIdLists", ""},
		{"provider with an empty audience", openIDProviderToken, provider, Values{"clientIdLists": []any{""}}, "clientIdLists[0]", ""},
		{"provider with 101 audiences", openIDProviderToken, provider, Values{"clientIdLists": many(101, "x")}, "clientIdLists", ""},
		{"thumbprint", openIDProviderToken, provider, Values{"thumbprintLists": []any{"abc"}}, "thumbprintLists[0]", ""},
		{"six thumbprints", openIDProviderToken, provider, Values{"thumbprintLists": many(6, strings.Repeat("a", 40))}, "thumbprintLists", ""},
		{"provider twice", openIDProviderToken, provider, Values{"url": "https://token.actions.githubusercontent.com"}, "", "EntityAlreadyExists"},

		{"trust in a provider that is no ARN", roleToken, role, trust("token.actions.githubusercontent.com", subject("StringEquals", "repo:acme/shop:environment:prod")), "", "MalformedPolicyDocument"},
		{"trust in all of GitHub", roleToken, role, trust(gitHub, ""), "", "MalformedPolicyDocument"},
		{"trust in all of GitHub, by a wildcard", roleToken, role, trust(gitHub, subject("StringLike", "*")), "", "MalformedPolicyDocument"},
		{"trust in all but one of GitHub", roleToken, role, trust(gitHub, subject("StringNotEquals", "repo:acme/shop:environment:prod")), "", "MalformedPolicyDocument"},
		{"trust in all of GitLab", roleToken, role, trust("arn:aws:iam::123456789012:oidc-provider/gitlab.com", `,"Condition":{"StringEquals":{"gitlab.com:aud":"https://gitlab.com"}}`), "", "MalformedPolicyDocument"},

		{"managed policy name", managedPolicyToken, policy, Values{"name": "a/b"}, "name", ""},
		{"managed policy path", managedPolicyToken, policy, Values{"path": "x"}, "path", ""},
		{"managed policy description", managedPolicyToken, policy, Values{"description": strings.Repeat("a", 1001)}, "description", ""},
		{"managed policy that is no JSON", managedPolicyToken, policy, Values{"policy": "{"}, "policy", ""},
		{"managed policy with a principal", managedPolicyToken, policy, Values{"policy": trustEC2}, "", "MalformedPolicyDocument"},
		{"managed policy too long", managedPolicyToken, policy,
			Values{"policy": statement(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}`, strings.Repeat("a", 6144)))}, "", "LimitExceeded"},
		{"managed policy twice", managedPolicyToken, policy, Values{"name": "taken"}, "", "EntityAlreadyExists"},
	})
}

// TestWiderPolicyIsRefusedLater: what is refused at first is refused as a change, too.
func TestWiderPolicyIsRefusedLater(t *testing.T) {
	w := furnished(t)
	policy := w.make(managedPolicyToken, "deploy", Values{"name": "deploy", "policy": allowQueue})
	long := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}]}`, strings.Repeat("a", 6144))
	_, err := w.Update(context.Background(), managedPolicyToken, policy.ID, w.checked(managedPolicyToken, "deploy", Values{"name": "deploy", "policy": long}))
	wantCode(t, err, "LimitExceeded")
}

func TestAttachedPolicyStays(t *testing.T) {
	w := furnished(t)
	policy := w.make(managedPolicyToken, "deploy", Values{"name": "deploy", "policy": allowQueue})
	attachment := w.make(attachmentToken, "attachment", Values{"role": "app", "policyArn": policy.ID})
	wantCode(t, w.Delete(context.Background(), managedPolicyToken, policy.ID), "DeleteConflict")
	for _, r := range []Resource{attachment, policy} {
		if err := w.Delete(context.Background(), r.Type, r.ID); err != nil {
			t.Error(err)
		}
	}
}
