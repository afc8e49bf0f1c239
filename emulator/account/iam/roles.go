package iam

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var iamTypes = []account.Type{
	{
		Token: account.RoleToken, Args: iam.RoleArgs{}, State: iam.Role{},
		Required: []string{"assumeRolePolicy"},
		Name:     account.Name{Property: "name", Max: 64},
		ForceNew: []string{"name", "namePrefix", "path"},
		Defaults: account.Values{"forceDetachPolicies": false, "maxSessionDuration": float64(3600), "path": "/"},
		Check:    checkRole, Create: createRole, Update: updateRole, Delete: deleteRole,
	},
	{
		Token: account.RolePolicyToken, Args: iam.RolePolicyArgs{}, State: iam.RolePolicy{},
		Required: []string{"policy", "role"},
		Name:     account.Name{Property: "name", Max: 128},
		ForceNew: []string{"name", "namePrefix", "role"},
		Refs:     []account.Ref{{Path: "role", Type: account.RoleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			checkName(&r, 128)
			r.JSON("policy")
			return r.Problems
		},
		Create: createRolePolicy, Update: func(tx *account.Tx, _, next *account.Resource) error { return checkRolePolicy(tx, next) },
	},
	{
		Token: account.AttachmentToken, Args: iam.RolePolicyAttachmentArgs{}, State: iam.RolePolicyAttachment{},
		Required: []string{"role"},
		ForceNew: []string{"policyArn", "role"},
		Refs:     []account.Ref{{Path: "role", Type: account.RoleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.Matches("policyArn", policyARN, "it looks like arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
			return r.Problems
		},
		Create: createAttachment,
	},
	{
		Token: account.InstanceProfileToken, Args: iam.InstanceProfileArgs{}, State: iam.InstanceProfile{},
		Name:     account.Name{Property: "name", Max: 128},
		ForceNew: []string{"name", "namePrefix", "path"},
		Defaults: account.Values{"path": "/"},
		Refs:     []account.Ref{{Path: "role", Type: account.RoleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			checkName(&r, 128)
			r.Matches("path", iamPath, "it begins and ends with /")
			return r.Problems
		},
		Create: createInstanceProfile,
	},
}

var (
	iamName   = regexp.MustCompile(`^[\w+=,.@-]+$`)
	iamPath   = regexp.MustCompile(`^/([!-~]+/)?$`)
	policyARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::(aws|[0-9]{12}):policy/[\w+=,.@/-]+$`)
)

// iamName checks name, of limit characters at most, and namePrefix, which AWS adds 26 to.
func checkName(r *account.Rules, limit int) {
	r.Conflict("namePrefix", "name")
	r.Length("name", 1, limit)
	r.Length("namePrefix", 1, limit-26)
	r.Matches("name", iamName, "AWS allows letters, digits and _+=,.@-")
	r.Matches("namePrefix", iamName, "AWS allows letters, digits and _+=,.@-")
}

func checkRole(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	checkName(&r, 64)
	r.Matches("path", iamPath, "it begins and ends with /")
	r.Length("description", 0, 1000)
	r.Between("maxSessionDuration", 3600, 43200)
	r.JSON("assumeRolePolicy")
	r.JSON("inlinePolicies[*].policy")
	r.Matches("managedPolicyArns[*]", policyARN, "it looks like arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
	r.Matches("permissionsBoundary", policyARN, "it looks like arn:aws:iam::123456789012:policy/boundary")
	return r.Problems
}

func createRole(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(account.RoleToken, name); taken {
		return tx.Refuse("EntityAlreadyExists", "Role with name %s already exists.", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.GlobalARN("iam", "role"+r.Outputs.Text("path")+name)
	r.Outputs["uniqueId"] = "AROA" + strings.ToUpper(tx.Letters(17))
	r.Outputs["createDate"] = tx.Now()
	return updateRole(tx, nil, r)
}

func updateRole(tx *account.Tx, _, next *account.Resource) error {
	trust := next.Outputs.Text("assumeRolePolicy")
	if fault := policydoc.Fault(trust, policydoc.TrustPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "assumeRolePolicy of role %s: %s", next.ID, fault)
	}
	if policydoc.Size(trust) > 2048 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	}
	for _, arn := range next.Inputs.Strings("managedPolicyArns") {
		if err := checkManagedPolicy(tx, arn); err != nil {
			return err
		}
	}
	for _, inline := range next.Inputs.Blocks("inlinePolicies") {
		if fault := policydoc.Fault(inline.Text("policy"), policydoc.IdentityPolicy); fault != "" && inline.Text("policy") != "" {
			return tx.Refuse("MalformedPolicyDocument", "inline policy %s of role %s: %s", inline.Text("name"), next.ID, fault)
		}
	}
	return checkInlineSize(tx, next.ID, *next)
}

// deleteRole refuses while policies hang on the role. Like the provider it takes the role out of instance profiles first.
func deleteRole(tx *account.Tx, r *account.Resource) error {
	if !r.Outputs.True("forceDetachPolicies") {
		if attached, ok := tx.Find(account.AttachmentToken, "role", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete entity, must detach all policies first: %s is attached to %s.", attached.Outputs.Text("policyArn"), r.ID)
		}
		if policy, ok := tx.Find(account.RolePolicyToken, "role", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete entity, must delete policies first: %s.", policy.ID)
		}
	}
	for _, profile := range tx.List(account.InstanceProfileToken) {
		if profile.Outputs.Text("role") == r.ID {
			tx.Patch(account.InstanceProfileToken, profile.ID, account.Values{"role": ""})
		}
	}
	return nil
}

func createRolePolicy(tx *account.Tx, r *account.Resource) error {
	r.ID = r.Outputs.Text("role") + ":" + r.Outputs.Text("name")
	return checkRolePolicy(tx, r)
}

func checkRolePolicy(tx *account.Tx, r *account.Resource) error {
	if fault := policydoc.Fault(r.Outputs.Text("policy"), policydoc.IdentityPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
	}
	return checkInlineSize(tx, r.Outputs.Text("role"), *r)
}

// checkInlineSize adds up the inline policies of a role, with the changed resource as it will be.
func checkInlineSize(tx *account.Tx, role string, changed account.Resource) error {
	size := 0
	add := func(r account.Resource) {
		size += policydoc.Size(r.Outputs.Text("policy"))
		for _, inline := range r.Inputs.Blocks("inlinePolicies") {
			size += policydoc.Size(inline.Text("policy"))
		}
	}
	add(changed)
	for _, policy := range tx.List(account.RolePolicyToken) {
		if policy.Outputs.Text("role") == role && (policy.Type != changed.Type || policy.ID != changed.ID) {
			add(policy)
		}
	}
	if holder, ok := tx.Get(account.RoleToken, role); ok && changed.Type != account.RoleToken {
		add(holder)
	}
	if size > 10240 {
		return tx.Refuse("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role %s: its inline policies have %d", role, size)
	}
	return nil
}

func createAttachment(tx *account.Tx, r *account.Resource) error {
	role, arn := r.Outputs.Text("role"), r.Outputs.Text("policyArn")
	if err := checkManagedPolicy(tx, arn); err != nil {
		return err
	}
	attached := 0
	for _, other := range tx.List(account.AttachmentToken) {
		if other.Outputs.Text("role") == role {
			attached++
		}
	}
	if attached >= 10 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for PoliciesPerRole: 10")
	}
	r.ID = role + "-" + tx.Digits(26)
	return nil
}

// managedPolicies are policies of AWS that programs like this one attach. The list is not all of them, but a name that
// is not here is most often a path or a word that is wrong.
var ManagedPolicies = strings.Fields(`
	AdministratorAccess PowerUserAccess ReadOnlyAccess SecurityAudit
	AmazonEC2ContainerRegistryFullAccess AmazonEC2ContainerRegistryPowerUser AmazonEC2ContainerRegistryReadOnly
	AmazonEC2ContainerRegistryPullOnly AmazonEC2FullAccess AmazonEC2ReadOnlyAccess AmazonECS_FullAccess
	AmazonElastiCacheFullAccess AmazonRDSFullAccess AmazonS3FullAccess AmazonS3ReadOnlyAccess AmazonSESFullAccess
	AmazonSNSFullAccess AmazonSQSFullAccess AmazonSSMManagedInstanceCore AmazonSSMPatchAssociation AmazonSSMReadOnlyAccess
	AWSXRayDaemonWriteAccess AWSXrayWriteOnlyAccess CloudWatchAgentServerPolicy CloudWatchLogsFullAccess
	CloudWatchReadOnlyAccess SecretsManagerReadWrite
	service-role/AmazonEC2ContainerServiceAutoscaleRole service-role/AmazonEC2ContainerServiceEventsRole
	service-role/AmazonEC2ContainerServiceRole service-role/AmazonEC2ContainerServiceforEC2Role
	service-role/AmazonEC2RoleforSSM service-role/AmazonECSInfrastructureRolePolicyForVolumes
	service-role/AmazonECSTaskExecutionRolePolicy service-role/AmazonRDSEnhancedMonitoringRole
	service-role/AWSLambdaBasicExecutionRole`)

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
		hint = " The embedded cloud knows no policy of AWS with this name; is it " + account.Nearest(name, ManagedPolicies) + "?"
	}
	return tx.Refuse("NoSuchEntity", "Policy %s does not exist or is not attachable.%s", arn, hint)
}

func createInstanceProfile(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(account.InstanceProfileToken, name); taken {
		return tx.Refuse("EntityAlreadyExists", "Instance Profile %s already exists.", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.GlobalARN("iam", "instance-profile"+r.Outputs.Text("path")+name)
	r.Outputs["uniqueId"] = "AIPA" + strings.ToUpper(tx.Letters(17))
	r.Outputs["createDate"] = tx.Now()
	return nil
}
