package main_test

import (
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/stackfile"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

// newAccount opens the account stack, with invented names for its placeholders.
func newAccount(t *testing.T) *life {
	t.Helper()
	return newLife(t, "account", nil, func(s *config.File) error {
		_, err := stackfile.InMemory(s)
		return err
	})
}

// addEnvironment adds one of many stacks.
func (l *life) addEnvironment() {
	l.t.Helper()
	l.set(map[string]any{"account.deploy.load": map[string]any{"stack": "load-*", "github": map[string]any{"environment": "load"}}})
}

// TestAccountOutputs: what a person types and what goes into a pipeline's variables is all there.
func TestAccountOutputs(t *testing.T) {
	t.Parallel()
	e := newAccount(t)
	e.addEnvironment()
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	outputs, err := e.Outputs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bucket, _ := outputs["stateBucket"].(string)
	if !strings.HasPrefix(bucket, "laravel-account-state-") {
		t.Errorf("stateBucket is %q", bucket)
	}
	if want := "pulumi login 's3://" + bucket + "?region=eu-west-1'"; outputs["login"] != want {
		t.Errorf("login is %v, want %s", outputs["login"], want)
	}
	if outputs["secretsKeyAlias"] != "alias/laravel-account-state" {
		t.Errorf("secretsKeyAlias is %v", outputs["secretsKeyAlias"])
	}
	lines, _ := outputs["secretsProviders"].(map[string]any)
	for environment, stack := range map[string]string{"account": "account", "staging": "staging", "prod": "prod", "load": "load-NAME"} {
		want := "--secrets-provider 'awskms://alias/laravel-account-state?region=eu-west-1&context_stack=" + stack + "'"
		if lines[environment] != want {
			t.Errorf("secretsProviders.%s is %v, want %s", environment, lines[environment], want)
		}
	}
	roles, _ := outputs["deployRoleArns"].(map[string]any)
	if boundaries, _ := outputs["permissionsBoundaries"].(map[string]any); boundaries["load"] != "arn:aws:iam::123456789012:policy/laravel-account-boundary-load" {
		t.Errorf("permissionsBoundaries are %v", outputs["permissionsBoundaries"])
	}
	for environment, arn := range map[string]any{"preview": outputs["previewRoleArn"], "drift": outputs["driftRoleArn"], "deploy-staging": roles["staging"], "deploy-prod": roles["prod"], "deploy-load": roles["load"]} {
		text, _ := arn.(string)
		if !strings.HasPrefix(text, "arn:aws:iam::123456789012:role/laravel-account-"+environment+"-role-") {
			t.Errorf("the role of %s is %v", environment, arn)
		}
	}
}

// TestNewEnvironment adds one: its role comes, and nothing else moves but what the roles that only read may read.
func TestNewEnvironment(t *testing.T) {
	t.Parallel()
	e := newAccount(t)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.addEnvironment()
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range report.Changes {
		made := change.Op == "create" && (strings.HasPrefix(change.Name, "laravel-account-deploy-load") || strings.HasPrefix(change.Name, "laravel-account-boundary-load"))
		if !made && (change.Op != "update" || !strings.HasPrefix(change.Name, "laravel-account-preview-") && !strings.HasPrefix(change.Name, "laravel-account-drift-")) {
			t.Errorf("unexpected: %v", change)
		}
	}
	if len(report.Changes) == 0 {
		t.Error("nothing changed")
	}
}

// TestBoundaryIsAdded: an environment that exists gets the boundary of the account stack on its roles, in place.
func TestBoundaryIsAdded(t *testing.T) {
	t.Parallel()
	e := newLife(t, "staging", nil, nil)
	if _, err := e.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::123456789012:policy/laravel-account-boundary-staging"
	if err := e.Rewrite(func(s *config.File) (err error) {
		if err = s.Set("environment.permissionsBoundary", arn); err == nil {
			_, err = stackfile.Seed(e.Account(), s)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range report.Changes {
		if change.Op != "update" || change.Type != "aws:iam/role:Role" {
			t.Errorf("unexpected: %v", change)
		}
	}
	if len(report.Changes) < 3 {
		t.Errorf("only %v", report.Changes)
	}
}

// TestAdoptedProviderIsAssumed: what a stack file adopts is in the account already.
func TestAdoptedProviderIsAssumed(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	e := newAccount(t)
	var assumed []string
	if err := e.Rewrite(func(s *config.File) (err error) {
		if err = s.Set("account.github.providerArn", arn); err == nil {
			assumed, err = stackfile.Seed(e.Account(), s)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(assumed) != 1 || assumed[0] != "OpenID Connect provider "+arn {
		t.Errorf("assumed are %q", assumed)
	}
	report, err := e.Up(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range report.Changes {
		if change.Name == "laravel-account-github-provider" {
			t.Errorf("a second provider was made: %v", change)
		}
	}
}

// TestPlaceholdersAreNotDeployed: the stack file as it ships trusts nobody.
func TestPlaceholdersAreNotDeployed(t *testing.T) {
	t.Parallel()
	_, err := newLife(t, "account", nil, nil).Up(t.Context())
	for _, want := range []string{"account.github.repository: YOUR-ORG/YOUR-REPO is a placeholder", "account.gitlab.project: YOUR-GROUP/YOUR-PROJECT is a placeholder"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
