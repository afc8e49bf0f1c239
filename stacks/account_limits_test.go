package stacks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestLimitsOfIAM deploys with the longest names that are accepted. IAM's limits: 6,144 characters per managed policy, 10 of them
// per role, 10,240 characters in all policies that are in a role, 2,048 characters of trust policy.
func TestLimitsOfIAM(t *testing.T) {
	config := accountConfig(t)
	hosts := make([]string, 10)
	for i := range hosts {
		hosts[i] = fmt.Sprintf("shop-%d.%s.example.com", i, strings.Repeat("a", 40))
	}
	config = with(config, "account", "github.repository", strings.Repeat("o", 39)+"/"+strings.Repeat("r", 100))
	config = with(config, "account", "gitlab.project", strings.Repeat("group/", 10)+strings.Repeat("p", 100))
	config = with(config, "account", "deploy", map[string]any{
		"staging": map[string]any{"gitlab": map[string]any{"branch": "main"}},
		"x":       map[string]any{"stack": "abcdefgh-*", "shares": "staging", "hosts": hosts, "github": map[string]any{"environment": strings.Repeat("e", 100)}, "gitlab": map[string]any{"branch": "*", "tag": "v*"}},
	})
	for name, config := range map[string]map[string]string{"shipped": accountConfig(t), "long": config} {
		r := deploy(t, "account", config)
		perRole, inline := map[string]int{}, map[string]int{}
		for _, policy := range each(t, r, policyToken) {
			perRole[policy.Parent]++
			if size := len(text(policy, "policy")); size > 6144 {
				t.Errorf("%s: %s has %d characters", name, policy.Name, size)
			} else {
				t.Logf("%s: %s has %d characters", name, policy.Name, size)
			}
		}
		for _, policy := range each(t, r, rolePolicyToken) {
			inline[policy.Parent] += len(text(policy, "policy"))
		}
		for role, n := range perRole {
			if n > 10 {
				t.Errorf("%s: %s has %d policies", name, role, n)
			}
			if inline[role] > 10240 {
				t.Errorf("%s: the policies in %s have %d characters", name, role, inline[role])
			} else {
				t.Logf("%s: the policies in %s have %d characters", name, role, inline[role])
			}
		}
		for _, role := range each(t, r, "aws:iam/role:Role") {
			if size := len(text(role, "assumeRolePolicy")); size > 2048 {
				t.Errorf("%s: the trust of %s has %d characters", name, role.Name, size)
			}
		}
	}
}

// attachedBefore are the policies that the roles of earlier versions have attached: those of every kind of role, and of some kinds.
// A group that leaves the program is added here and stays.
var attachedBefore = []string{"compute", "data", "network", "operations", "reading", "state", "traffic"}

const (
	attachedToPromoting = "promotion" // from: is set
	attachedToSharing   = "sharing"   // shares: is set
)

// TestRolesOfEarlierVersionsCanBeUpdated: Pulumi deletes what is no longer declared after it made what is new
// (pulumi/pulumi, pkg/resource/deploy/deployment_executor.go, performDeletes), so for a moment a role has the policies of both versions, and IAM refuses
// the eleventh.
func TestRolesOfEarlierVersionsCanBeUpdated(t *testing.T) {
	config := with(accountConfig(t), "account", "deploy.review.shares", "staging")
	r := deploy(t, "account", config)
	attached := map[string]map[string]bool{}
	for _, attachment := range each(t, r, "aws:iam/rolePolicyAttachment:RolePolicyAttachment") {
		role := strings.TrimPrefix(attachment.Parent, "laravel-account-")
		if attached[role] == nil {
			attached[role] = map[string]bool{}
			for _, group := range attachedBefore {
				attached[role][group] = true
			}
		}
		attached[role][strings.TrimPrefix(attachment.Name, attachment.Parent+"-")] = true
	}
	for role, group := range map[string]string{"deploy-prod": attachedToPromoting, "deploy-review": attachedToSharing} {
		if attached[role] == nil {
			t.Fatalf("%s has no policies", role)
		}
		attached[role][group] = true
	}
	for _, role := range accountRoles {
		groups := slices.Sorted(maps.Keys(attached[role]))
		if len(groups) < len(attachedBefore) || len(groups) > 10 {
			t.Errorf("an update of %s attaches %d policies, at most 10 are allowed: %s", role, len(groups), strings.Join(groups, " "))
		}
	}
}
