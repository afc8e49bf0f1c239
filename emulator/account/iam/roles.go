// Package iam holds roles, their policies, instance profiles and identity providers.
package iam

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var (
	iamName   = regexp.MustCompile(`^[\w+=,.@-]+$`)
	policyARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[\w+=,.@/-]+$`)
	ofRole    = []account.Ref{{Path: "role", Type: account.RoleToken, By: "name", Missing: "NoSuchEntity"}}
)

// name are the rules for the name of what IAM holds.
func name(limit int, more ...account.Rule) []account.Rule {
	return append(more, account.Length("name", 1, limit), account.Matches("name", iamName, "AWS allows letters, digits and _+=,.@-"))
}

// Service is IAM, and STS's question who is asking.
var Service = account.Service{
	Types: []account.Type{
		{
			Token: account.RoleToken, Args: iam.RoleArgs{}, State: iam.Role{},
			Required: []string{"assumeRolePolicy"},
			Name:     account.Name{Property: "name", Max: 64},
			ForceNew: []string{"name", "namePrefix", "path"},
			Defaults: account.Values{"forceDetachPolicies": false, "maxSessionDuration": float64(3600), "path": "/"},
			Rules:    name(64, account.Length("description", 0, 1000), account.Between("maxSessionDuration", 3600, 43200), account.JSON("assumeRolePolicy")),
			Identity: account.Identity{
				ID: "{name}", ARN: "iam::role{path}{name}", Taken: "EntityAlreadyExists: Role with name {name} already exists",
				Outputs: account.Values{"uniqueId": "AROA{LETTERS:17}", "createDate": "{now}"},
			},
			Complete: completeRole, Delete: deleteRole,
		},
		{
			Token: account.RolePolicyToken, Args: iam.RolePolicyArgs{}, State: iam.RolePolicy{},
			Required: []string{"policy", "role"},
			Name:     account.Name{Property: "name", Max: 128},
			ForceNew: []string{"name", "namePrefix", "role"},
			Refs:     ofRole,
			Rules:    name(128, account.JSON("policy")),
			Identity: account.Identity{ID: "{role}:{name}"},
			Complete: completeRolePolicy,
		},
		{
			Token: account.AttachmentToken, Args: iam.RolePolicyAttachmentArgs{}, State: iam.RolePolicyAttachment{},
			Required: []string{"role"},
			ForceNew: []string{"policyArn", "role"},
			// aws_iam_role_policy_attachment in pulumi-aws provider/resources.go
			DeleteBeforeReplace: true,
			Refs:                ofRole,
			Rules:               []account.Rule{account.Matches("policyArn", policyARN, "it looks like arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")},
			Identity:            account.Identity{ID: "{role}-{digits:26}"},
			Create:              attach,
		},
		{
			Token: account.InstanceProfileToken, Args: iam.InstanceProfileArgs{}, State: iam.InstanceProfile{},
			Name:     account.Name{Property: "name", Max: 128},
			ForceNew: []string{"name", "namePrefix", "path"},
			Defaults: account.Values{"path": "/"},
			Refs:     ofRole,
			Rules:    name(128),
			Identity: account.Identity{
				ID: "{name}", ARN: "iam::instance-profile{path}{name}", Taken: "EntityAlreadyExists: Instance Profile {name} already exists",
				Outputs: account.Values{"uniqueId": "AIPA{LETTERS:17}", "createDate": "{now}"},
			},
		},
		managedPolicy,
		identityProvider,
	},
	Functions: []account.Function{{
		// The provider knows it from the region: https://github.com/hashicorp/terraform-provider-aws, internal/service/meta/partition_data_source.go.
		Token: "aws:index/getPartition:getPartition", Args: aws.GetPartitionArgs{}, Result: aws.GetPartitionResult{},
		Run: func(*account.Tx, account.Values) (account.Values, error) {
			return account.Values{"partition": "aws", "id": "aws", "dnsSuffix": "amazonaws.com", "reverseDnsPrefix": "com.amazonaws"}, nil
		},
	}, {
		Token: "aws:index/getCallerIdentity:getCallerIdentity", Args: aws.GetCallerIdentityArgs{}, Result: aws.GetCallerIdentityResult{},
		Run: func(tx *account.Tx, _ account.Values) (account.Values, error) {
			return account.Values{
				"accountId": tx.AccountID(), "id": tx.AccountID(), "userId": "AIDAEXAMPLEEXAMPLEEXA", "arn": tx.GlobalARN("iam", "user/developer"),
			}, nil
		},
	}},
}

func completeRole(tx *account.Tx, r *account.Resource) error {
	trust := r.Outputs.Text("assumeRolePolicy")
	if fault := policydoc.Fault(trust, policydoc.Trust); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "assumeRolePolicy of role %s: %s", r.ID, fault)
	}
	if policydoc.Size(trust) > 2048 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	}
	// CreateRole and PutRolePermissionsBoundary: "Scope ARN ... does not exist or is not attachable", with the code of a missing policy
	// (https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePermissionsBoundary.html).
	if boundary := r.Outputs.Text("permissionsBoundary"); boundary != "" {
		return checkManagedPolicy(tx, boundary)
	}
	return nil
}

// deleteRole refuses while the role has policies. Like the provider it takes the role out of instance profiles first.
func deleteRole(tx *account.Tx, r *account.Resource) error {
	if attached, ok := tx.Find(account.AttachmentToken, "role", r.ID); ok {
		return tx.Refuse("DeleteConflict", "Cannot delete entity, must detach all policies first: %s is attached to %s.", attached.Outputs.Text("policyArn"), r.ID)
	}
	if policy, ok := tx.Find(account.RolePolicyToken, "role", r.ID); ok {
		return tx.Refuse("DeleteConflict", "Cannot delete entity, must delete policies first: %s.", policy.ID)
	}
	for _, profile := range tx.List(account.InstanceProfileToken) {
		if profile.Outputs.Text("role") == r.ID {
			tx.Patch(account.InstanceProfileToken, profile.ID, account.Values{"role": ""})
		}
	}
	return nil
}

func completeRolePolicy(tx *account.Tx, r *account.Resource) error {
	role, policy := r.Outputs.Text("role"), r.Outputs.Text("policy")
	if fault := policydoc.Fault(policy, policydoc.Identity); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
	}
	size := policydoc.Size(policy)
	for _, other := range tx.List(account.RolePolicyToken) {
		if other.Outputs.Text("role") == role && other.ID != r.ID {
			size += policydoc.Size(other.Outputs.Text("policy"))
		}
	}
	if size > 10240 {
		return tx.Refuse("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role %s: its inline policies have %d", role, size)
	}
	return nil
}

// attach refuses an eleventh policy of a role, and one that does not exist.
func attach(tx *account.Tx, r *account.Resource) error {
	if err := checkManagedPolicy(tx, r.Outputs.Text("policyArn")); err != nil {
		return err
	}
	attached := 0
	for _, other := range tx.List(account.AttachmentToken) {
		if other.Outputs.Text("role") == r.Outputs.Text("role") {
			attached++
		}
	}
	if attached >= 10 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
	}
	return nil
}
