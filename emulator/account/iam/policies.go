package iam

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var managedPolicy = account.Type{
	Token: account.ManagedPolicyToken, Args: iam.PolicyArgs{}, State: iam.Policy{},
	Required: []string{"policy"},
	Name:     account.Name{Property: "name", Max: 128},
	ForceNew: []string{"description", "name", "namePrefix", "path"},
	Defaults: account.Values{"path": "/"},
	Rules:    name(128, account.Length("description", 0, 1000), account.JSON("policy")),
	Identity: account.Identity{
		ID: "{arn}", ARN: "iam::policy{path}{name}", Outputs: account.Values{"policyId": "ANPA{LETTERS:17}"},
		Taken: "EntityAlreadyExists: A policy called {name} already exists. Duplicate names are not allowed",
	},
	Complete: func(tx *account.Tx, r *account.Resource) error {
		policy := r.Outputs.Text("policy")
		if fault := policydoc.Fault(policy, policydoc.Identity); fault != "" {
			return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
		}
		if size := policydoc.Size(policy); size > 6144 {
			return tx.Refuse("LimitExceeded", "Cannot exceed quota for PolicySize: 6144; policy %s has %d", r.ID, size)
		}
		return nil
	},
	// A policy that is a role's permissions boundary counts as attached (https://github.com/gruntwork-io/cloud-nuke/issues/972).
	Delete: func(tx *account.Tx, r *account.Resource) error {
		if role, ok := tx.Find(account.RoleToken, "permissionsBoundary", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete a policy attached to entities: %s is the permissions boundary of %s.", r.ID, role.ID)
		}
		if attached, ok := tx.Find(account.AttachmentToken, "policyArn", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete a policy attached to entities: %s is attached to %s.", r.ID, attached.Outputs.Text("role"))
		}
		return nil
	},
}

// ManagedPolicies are policies of AWS that programs like this one attach. The list is not all of them, but a name that
// is not here is most often a path or a word that is wrong.
var ManagedPolicies = strings.Fields(`
	AdministratorAccess PowerUserAccess ReadOnlyAccess
	AmazonEC2ContainerRegistryPowerUser AmazonEC2ContainerRegistryReadOnly AmazonEC2ContainerRegistryPullOnly AmazonECS_FullAccess
	AmazonRDSFullAccess AmazonS3FullAccess AmazonS3ReadOnlyAccess AmazonSESFullAccess AmazonSQSFullAccess AmazonSSMManagedInstanceCore
	AWSXRayDaemonWriteAccess CloudWatchAgentServerPolicy CloudWatchReadOnlyAccess SecretsManagerReadWrite
	service-role/AWSBackupServiceRolePolicyForBackup service-role/AmazonEC2ContainerServiceforEC2Role service-role/AmazonECSTaskExecutionRolePolicy service-role/AmazonRDSEnhancedMonitoringRole`)

func checkManagedPolicy(tx *account.Tx, arn string) error {
	name, managed := strings.CutPrefix(arn, "arn:aws:iam::aws:policy/")
	if managed && slices.Contains(ManagedPolicies, name) {
		return nil
	}
	if _, known := tx.Get(account.ManagedPolicyToken, arn); known {
		return nil
	}
	hint := ""
	if managed {
		hint = " The emulator knows no policy of AWS with this name; is it " + account.Nearest(name, ManagedPolicies) + "?"
	}
	return tx.Refuse("NoSuchEntity", "Policy %s does not exist or is not attachable.%s", arn, hint)
}

var openIDURL = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$`)

var identityProvider = account.Type{
	Token: account.OpenIDProviderToken, Args: iam.OpenIdConnectProviderArgs{}, State: iam.OpenIdConnectProvider{},
	Required: []string{"clientIdLists"},
	ForceNew: []string{"url"},
	// The provider ignores the scheme (suppressOpenIDURL in internal/service/iam/diff.go).
	Normal: func(v account.Values) {
		if url, known := v.String("url"); known {
			v["url"] = strings.TrimPrefix(url, "https://")
		}
	},
	Rules: []account.Rule{
		account.Length("url", 1, 255),
		account.Matches("url", openIDURL, "it begins with https:// and has no query"),
		account.Length("clientIdLists[*]", 1, 255),
		account.AtMost("clientIdLists", 100),
	},
	Create: func(tx *account.Tx, r *account.Resource) error {
		host := strings.TrimPrefix(r.Outputs.Text("url"), "https://")
		r.ID = tx.GlobalARN("iam", "oidc-provider/"+host)
		if _, taken := tx.Get(account.OpenIDProviderToken, r.ID); taken {
			return tx.Refuse("EntityAlreadyExists", "Provider with url https://%s already exists; an account has one per URL: adopt it by its ARN, %s", host, r.ID)
		}
		r.Outputs["arn"] = r.ID
		r.Outputs["url"] = host // as IAM returns it, and as it is in the keys of conditions
		r.Outputs["thumbprintLists"] = account.Texts(account.StableHex("certificate of "+host, 40))
		return nil
	},
}
