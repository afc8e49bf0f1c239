package aws

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/iam"
)

func TestIAMRefusals(t *testing.T) {
	role := account.Values{"name": "task", "assumeRolePolicy": trustEC2}
	policy := account.Values{"role": "app", "policy": allowQueue}
	attachment := account.Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"}
	profile := account.Values{"name": "web", "role": "app"}
	statement := func(text string) account.Values {
		return account.Values{"policy": `{"Version":"2012-10-17","Statement":[` + text + `]}`}
	}
	trust := func(text string) account.Values {
		return account.Values{"assumeRolePolicy": `{"Version":"2012-10-17","Statement":[` + text + `]}`}
	}
	testRefusals(t, furnished, []refusal{
		{"role name too long", account.RoleToken, role, account.Values{"name": strings.Repeat("a", 65)}, "name", ""},
		{"role name with a slash", account.RoleToken, role, account.Values{"name": "task/app"}, "name", ""},
		{"role description", account.RoleToken, role, account.Values{"description": strings.Repeat("a", 1001)}, "description", ""},
		{"role session too short", account.RoleToken, role, account.Values{"maxSessionDuration": 900}, "maxSessionDuration", ""},
		{"role without trust", account.RoleToken, role, account.Values{"assumeRolePolicy": nil}, "assumeRolePolicy", ""},
		{"trust that is no JSON", account.RoleToken, role, account.Values{"assumeRolePolicy": "ec2"}, "assumeRolePolicy", ""},
		{"trust without principal", account.RoleToken, role, trust(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust with a resource", account.RoleToken, role, trust(`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"trust in a service that is none", account.RoleToken, role, trust(`{"Effect":"Allow","Principal":{"Service":"ec2.amazon.com"},"Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust in a principal that is none", account.RoleToken, role, trust(`{"Effect":"Allow","Principal":{"AWS":"me"},"Action":"sts:AssumeRole"}`), "", "MalformedPolicyDocument"},
		{"trust too long", account.RoleToken, role, trust(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`, strings.Repeat("a", 2048))), "", "LimitExceeded"},

		{"policy that is no JSON", account.RolePolicyToken, policy, account.Values{"policy": "{"}, "policy", ""},
		{"policy name", account.RolePolicyToken, policy, account.Values{"name": "a b"}, "name", ""},
		{"policy of no role", account.RolePolicyToken, policy, account.Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"policy version", account.RolePolicyToken, policy, account.Values{"policy": strings.Replace(allowQueue, "2012", "2022", 1)}, "", "MalformedPolicyDocument"},
		{"policy without statements", account.RolePolicyToken, policy, account.Values{"policy": `{"Version":"2012-10-17"}`}, "", "MalformedPolicyDocument"},
		{"policy with an unknown field", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Actions":"s3:GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without effect", account.RolePolicyToken, policy, statement(`{"Action":"s3:GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without action", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy without resource", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject"}`), "", "MalformedPolicyDocument"},
		{"policy with a principal", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Principal":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with an action of no service", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with a resource that is no ARN", account.RolePolicyToken, policy, statement(`{"Effect":"Allow","Action":"s3:GetObject","Resource":"bucket/*"}`), "", "MalformedPolicyDocument"},
		{"policy with a statement id twice", account.RolePolicyToken, policy, statement(`{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"*","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy with a bad statement id", account.RolePolicyToken, policy, statement(`{"Sid":"a-b","Effect":"Allow","Action":"*","Resource":"*"}`), "", "MalformedPolicyDocument"},
		{"policy too long", account.RolePolicyToken, policy, statement(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}`, strings.Repeat("a", 10240))), "", "LimitExceeded"},

		{"attachment of no policy", account.AttachmentToken, attachment, account.Values{"policyArn": "AmazonECSTaskExecutionRolePolicy"}, "policyArn", ""},
		{"attachment of a policy that is not there", account.AttachmentToken, attachment, account.Values{"policyArn": "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy"}, "", "NoSuchEntity"},
		{"attachment to no role", account.AttachmentToken, attachment, account.Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"profile of no role", account.InstanceProfileToken, profile, account.Values{"role": "nobody"}, "", "NoSuchEntity"},
		{"profile name", account.InstanceProfileToken, profile, account.Values{"name": "a/b"}, "name", ""},
	})
}

func TestInlinePoliciesOfARoleAddUp(t *testing.T) {
	w := furnished(t)
	half := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}]}`, strings.Repeat("a", 6000))
	w.make(account.RolePolicyToken, "first", account.Values{"role": "app", "policy": half})
	_, err := w.Create(context.Background(), account.RolePolicyToken, "second", w.checked(account.RolePolicyToken, "second", account.Values{"role": "app", "policy": half}))
	wantCode(t, err, "LimitExceeded")
}

func TestTenPoliciesPerRole(t *testing.T) {
	w := furnished(t)
	attach := func(i int) (account.Resource, error) {
		in := account.Values{"role": "app", "policyArn": "arn:aws:iam::aws:policy/" + iam.ManagedPolicies[i]}
		return w.Create(context.Background(), account.AttachmentToken, "policy", w.checked(account.AttachmentToken, "policy", in))
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
	if err := w.Delete(context.Background(), account.RoleToken, "app"); err != nil {
		t.Fatal(err)
	}
	if profile := mustRead(w, account.InstanceProfileToken, "profile"); profile.Outputs["role"] != "" {
		t.Errorf("the profile still has the role %v", profile.Outputs["role"])
	}
}

func TestPolicyAsAMapBecomesJSON(t *testing.T) {
	w := newWorld(t)
	role := w.make(account.RoleToken, "task", account.Values{"assumeRolePolicy": map[string]any{
		"Version":   "2012-10-17",
		"Statement": []any{map[string]any{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "ecs-tasks.amazonaws.com"}}},
	}})
	if text := role.Outputs.Text("assumeRolePolicy"); !strings.Contains(text, `"ecs-tasks.amazonaws.com"`) {
		t.Errorf("assumeRolePolicy is %q, want JSON", text)
	}
}

func TestFederationRefusals(t *testing.T) {
	statement := func(text string) string { return `{"Version":"2012-10-17","Statement":[` + text + `]}` }
	trust := func(principal, condition string) account.Values {
		return account.Values{"assumeRolePolicy": statement(`{"Effect":"Allow","Principal":{"Federated":"` + principal + `"},"Action":"sts:AssumeRoleWithWebIdentity"` + condition + `}`)}
	}
	const gitHub = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	subject := func(operator, value string) string {
		return fmt.Sprintf(`,"Condition":{%q:{"token.actions.githubusercontent.com:sub":%q}}`, operator, value)
	}
	role := trust(gitHub, subject("StringEquals", "repo:acme/shop:environment:prod"))
	provider := account.Values{"url": "https://gitlab.example.com", "clientIdLists": []any{"https://gitlab.example.com"}}
	policy := account.Values{"name": "deploy", "policy": allowQueue}
	setup := func(t *testing.T) *world {
		w := furnished(t)
		w.make(account.OpenIDProviderToken, "github", account.Values{"url": "https://token.actions.githubusercontent.com", "clientIdLists": []any{"sts.amazonaws.com"}})
		w.make(account.ManagedPolicyToken, "taken", account.Values{"name": "taken", "policy": allowQueue})
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
		{"provider without https", account.OpenIDProviderToken, provider, account.Values{"url": "http://gitlab.example.com"}, "url", ""},
		{"provider with a query", account.OpenIDProviderToken, provider, account.Values{"url": "https://gitlab.example.com?x=1"}, "url", ""},
		{"provider with a long URL", account.OpenIDProviderToken, provider, account.Values{"url": "https://" + strings.Repeat("a", 248)}, "url", ""},
		{"provider without an audience", account.OpenIDProviderToken, provider, account.Values{"clientIdLists": nil}, "clientIdLists", ""},
		{"provider with an empty audience", account.OpenIDProviderToken, provider, account.Values{"clientIdLists": []any{""}}, "clientIdLists[0]", ""},
		{"provider with 101 audiences", account.OpenIDProviderToken, provider, account.Values{"clientIdLists": many(101, "x")}, "clientIdLists", ""},
		{"provider twice", account.OpenIDProviderToken, provider, account.Values{"url": "https://token.actions.githubusercontent.com"}, "", "EntityAlreadyExists"},

		{"trust in a provider that is no ARN", account.RoleToken, role, trust("token.actions.githubusercontent.com", subject("StringEquals", "repo:acme/shop:environment:prod")), "", "MalformedPolicyDocument"},
		{"trust in all of GitHub", account.RoleToken, role, trust(gitHub, ""), "", "MalformedPolicyDocument"},
		{"trust in all of GitHub, by a wildcard", account.RoleToken, role, trust(gitHub, subject("StringLike", "*")), "", "MalformedPolicyDocument"},
		{"trust in all but one of GitHub", account.RoleToken, role, trust(gitHub, subject("StringNotEquals", "repo:acme/shop:environment:prod")), "", "MalformedPolicyDocument"},
		{"trust in all of GitLab", account.RoleToken, role, trust("arn:aws:iam::123456789012:oidc-provider/gitlab.com", `,"Condition":{"StringEquals":{"gitlab.com:aud":"https://gitlab.com"}}`), "", "MalformedPolicyDocument"},

		{"managed policy name", account.ManagedPolicyToken, policy, account.Values{"name": "a/b"}, "name", ""},
		{"managed policy description", account.ManagedPolicyToken, policy, account.Values{"description": strings.Repeat("a", 1001)}, "description", ""},
		{"managed policy that is no JSON", account.ManagedPolicyToken, policy, account.Values{"policy": "{"}, "policy", ""},
		{"managed policy with a principal", account.ManagedPolicyToken, policy, account.Values{"policy": trustEC2}, "", "MalformedPolicyDocument"},
		{"managed policy too long", account.ManagedPolicyToken, policy,
			account.Values{"policy": statement(fmt.Sprintf(`{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}`, strings.Repeat("a", 6144)))}, "", "LimitExceeded"},
		{"managed policy twice", account.ManagedPolicyToken, policy, account.Values{"name": "taken"}, "", "EntityAlreadyExists"},
	})
}

// TestWiderPolicyIsRefusedLater: what is refused at first is refused as a change, too.
func TestWiderPolicyIsRefusedLater(t *testing.T) {
	w := furnished(t)
	policy := w.make(account.ManagedPolicyToken, "deploy", account.Values{"name": "deploy", "policy": allowQueue})
	long := fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Sid":%q,"Effect":"Allow","Action":"*","Resource":"*"}]}`, strings.Repeat("a", 6144))
	_, err := w.Update(context.Background(), account.ManagedPolicyToken, policy.ID, w.checked(account.ManagedPolicyToken, "deploy", account.Values{"name": "deploy", "policy": long}))
	wantCode(t, err, "LimitExceeded")
}

// TestBoundaryOfARole: IAM refuses a boundary that does not exist, and the deletion of one that a role has.
func TestBoundaryOfARole(t *testing.T) {
	w := furnished(t)
	inputs := account.Values{"assumeRolePolicy": trustEC2, "permissionsBoundary": "arn:aws:iam::123456789012:policy/nowhere"}
	_, err := w.Create(context.Background(), account.RoleToken, "lost", w.checked(account.RoleToken, "lost", inputs))
	wantCode(t, err, "NoSuchEntity")
	policy := w.make(account.ManagedPolicyToken, "boundary", account.Values{"name": "boundary", "policy": allowQueue})
	inputs["permissionsBoundary"] = policy.ID
	role := w.make(account.RoleToken, "bounded", inputs)
	wantCode(t, w.Delete(context.Background(), account.ManagedPolicyToken, policy.ID), "DeleteConflict")
	for _, r := range []account.Resource{role, policy} {
		if err := w.Delete(context.Background(), r.Type, r.ID); err != nil {
			t.Error(err)
		}
	}
}

func TestAttachedPolicyStays(t *testing.T) {
	w := furnished(t)
	policy := w.make(account.ManagedPolicyToken, "deploy", account.Values{"name": "deploy", "policy": allowQueue})
	attachment := w.make(account.AttachmentToken, "attachment", account.Values{"role": "app", "policyArn": policy.ID})
	wantCode(t, w.Delete(context.Background(), account.ManagedPolicyToken, policy.ID), "DeleteConflict")
	for _, r := range []account.Resource{attachment, policy} {
		if err := w.Delete(context.Background(), r.Type, r.ID); err != nil {
			t.Error(err)
		}
	}
}
