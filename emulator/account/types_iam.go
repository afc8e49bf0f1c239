package account

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
)

var iamTypes = []Type{
	{
		Token: roleToken, Args: iam.RoleArgs{}, State: iam.Role{},
		Required: []string{"assumeRolePolicy"},
		Name:     Name{Property: "name", Max: 64},
		ForceNew: []string{"name", "namePrefix", "path"},
		Defaults: Values{"forceDetachPolicies": false, "maxSessionDuration": float64(3600), "path": "/"},
		Check:    checkRole, Create: createRole, Update: updateRole, Delete: deleteRole,
	},
	{
		Token: rolePolicyToken, Args: iam.RolePolicyArgs{}, State: iam.RolePolicy{},
		Required: []string{"policy", "role"},
		Name:     Name{Property: "name", Max: 128},
		ForceNew: []string{"name", "namePrefix", "role"},
		Refs:     []Ref{{Path: "role", Type: roleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.iamName(128)
			r.json("policy")
			return r.problems
		},
		Create: createRolePolicy, Update: func(tx *Tx, _, next *Resource) error { return tx.checkRolePolicy(next) },
	},
	{
		Token: attachmentToken, Args: iam.RolePolicyAttachmentArgs{}, State: iam.RolePolicyAttachment{},
		Required: []string{"role"},
		ForceNew: []string{"policyArn", "role"},
		Refs:     []Ref{{Path: "role", Type: roleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.matches("policyArn", policyARN, "it looks like arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
			return r.problems
		},
		Create: createAttachment,
	},
	{
		Token: instanceProfileToken, Args: iam.InstanceProfileArgs{}, State: iam.InstanceProfile{},
		Name:     Name{Property: "name", Max: 128},
		ForceNew: []string{"name", "namePrefix", "path"},
		Defaults: Values{"path": "/"},
		Refs:     []Ref{{Path: "role", Type: roleToken, By: "name", Missing: "NoSuchEntity"}},
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.iamName(128)
			r.matches("path", iamPath, "it begins and ends with /")
			return r.problems
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
func (r *rules) iamName(limit int) {
	r.conflict("namePrefix", "name")
	r.length("name", 1, limit)
	r.length("namePrefix", 1, limit-26)
	r.matches("name", iamName, "AWS allows letters, digits and _+=,.@-")
	r.matches("namePrefix", iamName, "AWS allows letters, digits and _+=,.@-")
}

func checkRole(in Values) []Problem {
	r := rules{in: in}
	r.iamName(64)
	r.matches("path", iamPath, "it begins and ends with /")
	r.length("description", 0, 1000)
	r.between("maxSessionDuration", 3600, 43200)
	r.json("assumeRolePolicy")
	r.json("inlinePolicies[*].policy")
	r.matches("managedPolicyArns[*]", policyARN, "it looks like arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
	r.matches("permissionsBoundary", policyARN, "it looks like arn:aws:iam::123456789012:policy/boundary")
	return r.problems
}

func createRole(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(roleToken, name); taken {
		return tx.Refuse("EntityAlreadyExists", "Role with name %s already exists.", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.GlobalARN("iam", "role"+r.Outputs.Text("path")+name)
	r.Outputs["uniqueId"] = "AROA" + strings.ToUpper(tx.Letters(17))
	r.Outputs["createDate"] = tx.Now()
	return updateRole(tx, nil, r)
}

func updateRole(tx *Tx, _, next *Resource) error {
	trust := next.Outputs.Text("assumeRolePolicy")
	if fault := policyFault(trust, trustPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "assumeRolePolicy of role %s: %s", next.ID, fault)
	}
	if policySize(trust) > 2048 {
		return tx.Refuse("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048")
	}
	for _, arn := range next.Inputs.Strings("managedPolicyArns") {
		if err := tx.checkManagedPolicy(arn); err != nil {
			return err
		}
	}
	for _, inline := range next.Inputs.Blocks("inlinePolicies") {
		if fault := policyFault(inline.Text("policy"), identityPolicy); fault != "" && inline.Text("policy") != "" {
			return tx.Refuse("MalformedPolicyDocument", "inline policy %s of role %s: %s", inline.Text("name"), next.ID, fault)
		}
	}
	return tx.checkInlineSize(next.ID, *next)
}

// deleteRole refuses while policies hang on the role. Like the provider it takes the role out of instance profiles first.
func deleteRole(tx *Tx, r *Resource) error {
	if !r.Outputs.True("forceDetachPolicies") {
		if attached, ok := tx.Find(attachmentToken, "role", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete entity, must detach all policies first: %s is attached to %s.", attached.Outputs.Text("policyArn"), r.ID)
		}
		if policy, ok := tx.Find(rolePolicyToken, "role", r.ID); ok {
			return tx.Refuse("DeleteConflict", "Cannot delete entity, must delete policies first: %s.", policy.ID)
		}
	}
	for _, profile := range tx.List(instanceProfileToken) {
		if profile.Outputs.Text("role") == r.ID {
			tx.Patch(instanceProfileToken, profile.ID, Values{"role": ""})
		}
	}
	return nil
}

func createRolePolicy(tx *Tx, r *Resource) error {
	r.ID = r.Outputs.Text("role") + ":" + r.Outputs.Text("name")
	return tx.checkRolePolicy(r)
}

func (tx *Tx) checkRolePolicy(r *Resource) error {
	if fault := policyFault(r.Outputs.Text("policy"), identityPolicy); fault != "" {
		return tx.Refuse("MalformedPolicyDocument", "policy %s: %s", r.ID, fault)
	}
	return tx.checkInlineSize(r.Outputs.Text("role"), *r)
}

// checkInlineSize adds up the inline policies of a role, with the changed resource as it will be.
func (tx *Tx) checkInlineSize(role string, changed Resource) error {
	size := 0
	add := func(r Resource) {
		size += policySize(r.Outputs.Text("policy"))
		for _, inline := range r.Inputs.Blocks("inlinePolicies") {
			size += policySize(inline.Text("policy"))
		}
	}
	add(changed)
	for _, policy := range tx.List(rolePolicyToken) {
		if policy.Outputs.Text("role") == role && (policy.Type != changed.Type || policy.ID != changed.ID) {
			add(policy)
		}
	}
	if holder, ok := tx.Get(roleToken, role); ok && changed.Type != roleToken {
		add(holder)
	}
	if size > 10240 {
		return tx.Refuse("LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role %s: its inline policies have %d", role, size)
	}
	return nil
}

func createAttachment(tx *Tx, r *Resource) error {
	role, arn := r.Outputs.Text("role"), r.Outputs.Text("policyArn")
	if err := tx.checkManagedPolicy(arn); err != nil {
		return err
	}
	attached := 0
	for _, other := range tx.List(attachmentToken) {
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
var managedPolicies = strings.Fields(`
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

func (tx *Tx) checkManagedPolicy(arn string) error {
	name, managed := strings.CutPrefix(arn, "arn:aws:iam::aws:policy/")
	if managed && slices.Contains(managedPolicies, name) {
		return nil
	}
	if _, known := tx.Get(managedPolicyToken, arn); known {
		return nil
	}
	hint := ""
	if managed {
		hint = " The embedded cloud knows no policy of AWS with this name; is it " + nearest(name, managedPolicies) + "?"
	}
	return tx.Refuse("NoSuchEntity", "Policy %s does not exist or is not attachable.%s", arn, hint)
}

func createInstanceProfile(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("name")
	if _, taken := tx.Get(instanceProfileToken, name); taken {
		return tx.Refuse("EntityAlreadyExists", "Instance Profile %s already exists.", name)
	}
	r.ID = name
	r.Outputs["arn"] = tx.GlobalARN("iam", "instance-profile"+r.Outputs.Text("path")+name)
	r.Outputs["uniqueId"] = "AIPA" + strings.ToUpper(tx.Letters(17))
	r.Outputs["createDate"] = tx.Now()
	return nil
}
