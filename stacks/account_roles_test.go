package stacks_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/infra/pipeline"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestEveryDeclaredTypeMayBeDeployed compares the table of permissions with the goldens, and with variants of the shipped files. The
// account stack is left out: a pipeline must not change who may deploy.
func TestEveryDeclaredTypeMayBeDeployed(t *testing.T) {
	declared := map[string]bool{}
	goldens, err := filepath.Glob("stacks/testdata/*.golden")
	if err != nil || len(goldens) < 4 {
		t.Fatalf("goldens are %v, %v", goldens, err)
	}
	for _, golden := range goldens {
		if filepath.Base(golden) == "account.golden" {
			continue
		}
		raw, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(raw)) {
			declared[strings.Fields(line)[0]] = true
		}
	}
	for _, r := range variants(t) {
		for _, one := range r.All() {
			declared[one.Type] = true
		}
		for _, function := range r.Called() {
			declared[function] = true
		}
	}
	policies, replayed := infratest.ParsePolicies(t, policiesOf(t, deployAccount(t), "deploy-prod")...), lives(t)
	for token := range declared {
		_, name, _ := strings.Cut(token[strings.Index(token, ":")+1:], ":")
		if _, listed := replayed[token]; !listed && pipeline.OnAWS(token) && strings.ToUpper(name[:1]) == name[:1] {
			t.Errorf("%s: stacks/testdata/calls.txt does not say which calls its life makes", token)
		}
		actions, known := pipeline.PermittedActions(token)
		if !known {
			t.Errorf("%s: infra/pipeline/permissions.go does not say what the deploy role needs for it", token)
		}
		for _, action := range actions {
			if !slices.ContainsFunc(policies.Statement, func(s infratest.Statement) bool { return slices.Contains(s.Action, action) }) {
				t.Errorf("%s: the role has no %s", token, action)
			}
		}
	}
	if _, known := pipeline.PermittedActions("aws:sfn/stateMachine:StateMachine"); known {
		t.Error("a type that the program does not declare has an entry")
	}
}

// variants declare resource types that no shipped file declares.
func variants(t testing.TB) []*infratest.Recorder {
	emails := with(stackConfig(t, "prod"), "observability", "emails", []string{"ops@example.com"})
	endpoints := with(stackConfig(t, "staging"), "network", "endpoints", []string{"ecr.api", "logs"})
	colors := with(stackConfig(t, "staging"), "release", "strategy", "blueGreen")
	lookup := with(with(stackConfig(t, "staging"), "release", "name", "r1"), "release", "build", false)
	jobs := with(stackConfig(t, "staging"), "worker", "queue", "sqs")
	closed := &infratest.Recorder{Lookups: map[string]map[string]any{"rtb-private": {"routes": []any{}}}} // which looks up endpoints
	if err := closed.Run(stacks.Deploy, "laravel-ecs", "staging", existingNetwork(stackConfig(t, "staging"))); err != nil {
		t.Fatal(err)
	}
	return []*infratest.Recorder{
		closed,
		deploy(t, "staging", jobs), deploy(t, "prod", emails), deploy(t, "staging", nightly(t)), deploy(t, "staging", endpoints), deploy(t, "staging", colors), deploy(t, "staging", lookup),
		deploy(t, "local", stackConfig(t, "local")), deploy(t, "prod", copying(t)), deploy(t, "staging", importedDatabase(t, "staging")),
		deploy(t, "prod", behindCDN(t, "exclusive")),
	}
}

// pipelineRoles are the roles of the questions. sharing is deploy-review with shares: staging.
var pipelineRoles = append(slices.Clone(accountRoles), "sharing")

func pipelinePolicies(t testing.TB) map[string][]string {
	t.Helper()
	r := deployAccount(t)
	policies := map[string][]string{}
	for _, role := range accountRoles {
		policies[role] = policiesOf(t, r, role)
	}
	policies["sharing"] = policiesOf(t, deploy(t, "account", with(accountConfig(t), "account", "deploy.review.shares", "staging")), "deploy-review")
	return policies
}

// TestWhatTheRolesMayDo evaluates the policies for each question.
func TestWhatTheRolesMayDo(t *testing.T) {
	policies := pipelinePolicies(t)
	all := questions()
	if len(all) < 100 {
		t.Fatalf("only %d questions", len(all))
	}
	for _, role := range pipelineRoles {
		for i, may := range (infratest.Grants{Policies: policies[role]}).Allow(t, requestsOf(all)...) {
			if q := all[i]; may != q.may(role) {
				t.Errorf("%s: %s on %s with %v is %v", role, q.request.Action, q.request.Resource, q.request.Context, may)
			}
		}
	}
}

// TestEveryStatementIsAsked changes one statement of a role at a time, to a narrower and to wider ones. At least one question must be
// answered differently then: otherwise no test would notice the change.
func TestEveryStatementIsAsked(t *testing.T) {
	all := questions()
	for role, documents := range pipelinePolicies(t) {
		for d, document := range documents {
			policy := infratest.ParsePolicies(t, document)
			for i, statement := range policy.Statement {
				asked := slices.DeleteFunc(slices.Clone(all), func(q question) bool { return !slices.Contains(statement.Action, q.request.Action) })
				for how, changed := range mutants(statement) {
					mutant := infratest.Policy{Statement: slices.Concat(policy.Statement[:i], changed, policy.Statement[i+1:])}
					grants := infratest.Grants{Policies: slices.Delete(slices.Clone(documents), d, d+1)}
					if len(mutant.Statement) > 0 {
						grants.Policies = append(grants.Policies, mutant.String())
					}
					if !slices.ContainsFunc(asked, func(q question) bool { return grants.Allow(t, q.request)[0] != q.may(role) }) {
						t.Errorf("%s: no question notices %s: %v on %v when %v", role, how, statement.Action, statement.Resource, statement.Condition)
					}
				}
			}
		}
	}
}

func requestsOf(questions []question) []infratest.Request {
	requests := make([]infratest.Request, len(questions))
	for i, q := range questions {
		requests[i] = q.request
	}
	return requests
}

// TestProductionIsPreviewedOnlyIfAskedFor: preview: true lets merge requests read production's state, and false keeps staging's from them.
func TestProductionIsPreviewedOnlyIfAskedFor(t *testing.T) {
	for environment, shipped := range map[string]bool{"prod": false, "staging": true, "review-login": true} {
		state := try("s3:GetObject", strings.TrimPrefix(stateARN, "arn:aws:")+"/.pulumi/stacks/laravel-ecs/"+environment+".json").request()
		key := try("kms:Decrypt", strings.TrimPrefix(keyARN, "arn:aws:"), "kms:EncryptionContext:stack="+environment).request()
		name, _, _ := strings.Cut(environment, "-")
		for want, config := range map[bool]map[string]string{
			true: with(accountConfig(t), "account", "deploy."+name+".preview", true), false: with(accountConfig(t), "account", "deploy."+name+".preview", false),
		} {
			grants := infratest.Grants{Policies: policiesOf(t, deploy(t, "account", config), "preview")}
			if got := grants.Allow(t, state, key); got[0] != want || got[1] != want {
				t.Errorf("%s, preview %v: state and key are %v", environment, want, got)
			}
		}
		grants := infratest.Grants{Policies: policiesOf(t, deployAccount(t), "preview")}
		if got := grants.Allow(t, state, key); got[0] != shipped || got[1] != shipped {
			t.Errorf("%s: state and key are %v", environment, got)
		}
	}
}

// mutants are wrong versions of a statement.
func mutants(s infratest.Statement) map[string][]infratest.Statement {
	all := map[string][]infratest.Statement{"that it is gone": nil}
	if !slices.ContainsFunc(s.Resource, func(arn string) bool { return arn == "*" || strings.HasPrefix(arn, "arn:aws:route53:::") }) { // these are all that the actions have
		everything := s
		everything.Resource = infratest.Texts{"*"}
		all["that it is for everything"] = []infratest.Statement{everything}
	}
	for operator, entries := range s.Condition {
		for key := range entries {
			less := s
			less.Condition = maps.Clone(s.Condition)
			less.Condition[operator] = maps.Clone(entries)
			if delete(less.Condition[operator], key); len(less.Condition[operator]) == 0 {
				delete(less.Condition, operator)
			}
			all["the missing condition "+key] = []infratest.Statement{less}
		}
	}
	return all
}

// TestNothingIsGrantedAtLarge: in every policy of the account stack, actions have no wildcards, and actions that change something have
// resources.
func TestNothingIsGrantedAtLarge(t *testing.T) {
	r := deployAccount(t)
	granted := infratest.ParsePolicies(t, documents(t, r)...)
	var actions []string
	for _, s := range granted.Statement {
		actions = append(actions, s.Action...)
	}
	reference := infratest.Describe(t, actions)
	// What an agent does to itself; SSM has no way to say whose data it is.
	ofItself := []string{"cloudwatch:PutMetricData", "ssm:PutComplianceItems", "ssm:UpdateAssociationStatus", "ssm:UpdateInstanceAssociationStatus", "ssm:UpdateInstanceInformation"}
	// Copies of snapshots: AWS names no account in a recovery point, the vault of another account has any name and a policy of its own, and
	// a grant is for services of AWS only (kms:GrantIsForAWSResource).
	ofCopies := []string{"backup:CopyFromBackupVault", "backup:CopyIntoBackupVault", "kms:CreateGrant"}
	for _, policy := range policiesIn(t, r) {
		for _, s := range infratest.ParsePolicies(t, text(policy, "policy")).Statement {
			if s.Effect != "Allow" || len(s.Resource) == 0 {
				t.Errorf("%s: %+v", policy.Name, s)
			}
			for _, action := range s.Action {
				service, verb, _ := strings.Cut(action, ":")
				if strings.Contains(action, "*") {
					t.Errorf("%s: %s is not one action", policy.Name, action)
				}
				if slices.Contains(s.Resource, "*") && len(reference[action].Types) > 0 && !reads(verb) && !slices.Contains(slices.Concat(ofItself, ofCopies), action) {
					t.Errorf("%s: %s on everything", policy.Name, action)
				}
				if slices.Contains([]string{"laravel-account-preview", "laravel-account-drift"}, policy.Parent) && service != "kms" && !reads(verb) {
					t.Errorf("%s: a preview may %s", policy.Name, action)
				}
			}
			for _, arn := range s.Resource {
				if parts := strings.SplitN(arn, ":", 6); arn != "*" && (len(parts) < 6 || strings.Contains(parts[2]+parts[3]+parts[4], "*")) {
					t.Errorf("%s: %s is every service, region or account", policy.Name, arn)
				}
			}
		}
	}
}

func reads(verb string) bool {
	return slices.ContainsFunc([]string{"Describe", "Get", "List"}, func(word string) bool { return strings.HasPrefix(verb, word) })
}

// documents are all policies that the account stack makes.
func documents(t testing.TB, r *infratest.Recorder) []string {
	var list []string
	for _, policy := range policiesIn(t, r) {
		list = append(list, text(policy, "policy"))
	}
	return list
}

// TestConditionsAreOnesThatAWSKnows: where AWS does not send a condition key with an action, the condition is never true, and the
// statement allows nothing.
func TestConditionsAreOnesThatAWSKnows(t *testing.T) {
	for _, s := range infratest.ParsePolicies(t, documents(t, deployAccount(t))...).Statement {
		for name, action := range infratest.Describe(t, s.Action) {
			keys := append(slices.Clone(action.Keys), "aws:RequestedRegion") // which every request has (reference_policies_condition-keys.html)
			for _, kind := range action.Types {
				keys = append(keys, kind.Keys...)
			}
			for _, entries := range s.Condition {
				for key := range entries {
					if !slices.ContainsFunc(keys, func(form string) bool { return sameKey(form, key) }) {
						t.Errorf("%s has no condition key %s", name, key)
					}
				}
			}
		}
	}
}

// sameKey tells whether a key has a form such as aws:ResourceTag/${TagKey}.
func sameKey(form, key string) bool {
	prefix, _, variable := strings.Cut(form, "${")
	return form == key || variable && strings.HasPrefix(key, prefix)
}
