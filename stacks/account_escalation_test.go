package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// step is one request of an attack: an action on a resource, and condition keys as KEY=VALUE.
type step struct {
	action, resource string
	context          []string
}

func try(action, resource string, context ...string) step { return step{action, resource, context} }

func (s step) request() infratest.Request {
	r := infratest.Request{Action: s.action, Resource: s.resource, Context: map[string]infratest.Texts{}}
	if s.resource != "*" {
		r.Resource = "arn:aws:" + s.resource
	}
	for _, entry := range s.context {
		key, value, _ := strings.Cut(entry, "=")
		r.Context[key] = append(r.Context[key], value)
	}
	return r
}

const (
	iamHere   = "iam::123456789012:"
	admin     = iamHere + "role/Admin"
	mine      = iamHere + "role/laravel-prod-x" // a role that the pipeline may name
	own       = iamHere + "role/laravel-account-deploy-prod-role-0123456"
	boundary  = iamHere + "policy/laravel-account-boundary-prod"
	policyKey = "iam:PolicyARN=arn:aws:iam::aws:policy/AdministratorAccess"
)

// escalations are known ways from a role that may deploy to an administrator. The beginning of a name is its source, read on 2026-11-26:
//   - V and a number: BishopFox/iam-vulnerable, README.md, profile privescN, which numbers the methods of Rhino Security Labs
//     (https://github.com/BishopFox/iam-vulnerable; Rhino's own list in RhinoSecurityLabs/pacu, pacu/modules/iam__privesc_scan/main.py);
//   - W: prowler-cloud/prowler, prowler/providers/aws/services/iam/lib/privilege_escalation.py, which follows DataDog's pathfinding.cloud;
//   - B: AWS on permissions boundaries (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html): what policies
//     can grant at most, as long as the boundary is there and is the right one;
//   - none: ours.
//
// At least one step of each must be denied.
var escalations = map[string][]step{
	"V1 a new version of a policy":                {try("iam:CreatePolicyVersion", iamHere+"policy/laravel-account-deploy-prod-data-0123456")},
	"V2 an older version of a policy":             {try("iam:SetDefaultPolicyVersion", iamHere+"policy/laravel-account-deploy-prod-data-0123456")},
	"V3 an instance with an existing profile":     {try("iam:PassRole", admin, "iam:PassedToService=ec2.amazonaws.com")},
	"V4 an access key of a user":                  {try("iam:CreateAccessKey", iamHere+"user/admin")},
	"V5 a login profile":                          {try("iam:CreateLoginProfile", iamHere+"user/admin")},
	"V6 another password":                         {try("iam:UpdateLoginProfile", iamHere+"user/admin")},
	"V7 a policy for a user":                      {try("iam:AttachUserPolicy", iamHere+"user/laravel-prod-x", policyKey)},
	"V8 a policy for a group":                     {try("iam:AttachGroupPolicy", iamHere+"group/laravel-prod-x", policyKey)},
	"V9 a policy for a role":                      {try("iam:AttachRolePolicy", mine, append(owned("prod"), policyKey, boundaryOf("prod"))...)},
	"V9 a policy for itself":                      {try("iam:AttachRolePolicy", own, policyKey)},
	"V10 an inline policy of a user":              {try("iam:PutUserPolicy", iamHere+"user/laravel-prod-x")},
	"V11 an inline policy of a group":             {try("iam:PutGroupPolicy", iamHere+"group/laravel-prod-x")},
	"V12 an inline policy of itself":              {try("iam:PutRolePolicy", own)},
	"V12 an inline policy, no boundary":           {try("iam:PutRolePolicy", mine, owned("prod")...)},
	"V13 membership":                              {try("iam:AddUserToGroup", iamHere+"group/admins")},
	"V14 the trust of an administrator":           {try("iam:UpdateAssumeRolePolicy", admin)},
	"V14 the trust of a role without boundary":    {try("iam:UpdateAssumeRolePolicy", mine, owned("prod")...)},
	"V15 a function with a role":                  {try("iam:PassRole", mine, "iam:PassedToService=lambda.amazonaws.com")},
	"V15 a function":                              {try("lambda:CreateFunction", "lambda"+here+"function:laravel-prod-x")},
	"V16 events for a function":                   {try("lambda:CreateEventSourceMapping", "*")},
	"V17 code of a function":                      {try("lambda:UpdateFunctionCode", "lambda"+here+"function:laravel-prod-x")},
	"V18 a development endpoint":                  {try("glue:CreateDevEndpoint", "*")},
	"V19 a key for a development endpoint":        {try("glue:UpdateDevEndpoint", "glue"+here+"devEndpoint/laravel-prod-x")},
	"V20 a stack with a role":                     {try("cloudformation:CreateStack", "cloudformation"+here+"stack/laravel-prod-x/0")},
	"V21 a data pipeline":                         {try("datapipeline:CreatePipeline", "*")},
	"V a notebook":                                {try("sagemaker:CreateNotebookInstance", "sagemaker"+here+"notebook-instance/x")},
	"W a layer of a function":                     {try("lambda:UpdateFunctionConfiguration", "lambda"+here+"function:laravel-prod-x")},
	"V a command on an instance":                  {try("ssm:SendCommand", "ec2"+here+"instance/i-0", owned("prod")...)},
	"V a session on an instance":                  {try("ssm:StartSession", "ec2"+here+"instance/i-0", owned("prod")...)},
	"V a key for an instance":                     {try("ec2-instance-connect:SendSSHPublicKey", "ec2"+here+"instance/i-0", owned("prod")...)},
	"W start-up data of others' instance":         {try("ec2:ModifyInstanceAttribute", "ec2"+here+"instance/i-0")},
	"another profile for an instance":             {try("ec2:ReplaceIamInstanceProfileAssociation", "ec2"+here+"instance/i-0", owned("prod")...)},
	"a profile for an instance":                   {try("ec2:AssociateIamInstanceProfile", "ec2"+here+"instance/i-0", owned("prod")...)},
	"another profile for a role":                  {try("iam:AddRoleToInstanceProfile", iamHere+"instance-profile/admin")},
	"V a build project":                           {try("codebuild:CreateProject", "codebuild"+here+"project/laravel-prod-x")},
	"a state machine":                             {try("states:CreateStateMachine", "states"+here+"stateMachine:laravel-prod-x")},
	"a schedule with an administrator's role":     {try("scheduler:CreateSchedule", "scheduler"+here+"schedule/default/laravel-prod-x"), try("iam:PassRole", admin, "iam:PassedToService=scheduler.amazonaws.com")},
	"a schedule of others":                        {try("scheduler:UpdateSchedule", "scheduler"+here+"schedule/default/laravel-staging-x")},
	"W a shell in others' task":                   {try("ecs:ExecuteCommand", "ecs"+here+"task/laravel-prod-cluster/0")},
	"W a task with an administrator's role":       {try("iam:PassRole", admin, "iam:PassedToService=ecs-tasks.amazonaws.com")},
	"W a task of one's own":                       {try("ecs:RunTask", "ecs"+here+"task-definition/laravel-prod-web:1")},
	"a role of another name":                      {try("iam:CreateRole", iamHere+"role/x", append(making("prod"), boundaryOf("prod"))...)},
	"an identity provider of one's own":           {try("iam:CreateOpenIDConnectProvider", iamHere+"oidc-provider/evil.example")},
	"an audience of the identity provider":        {try("iam:AddClientIDToOpenIDConnectProvider", iamHere+"oidc-provider/gitlab.com")},
	"V another role":                              {try("sts:AssumeRole", admin)},
	"a role of an unexpected service":             {try("iam:CreateServiceLinkedRole", iamHere+"role/aws-service-role/organizations.amazonaws.com/x", "iam:AWSServiceName=organizations.amazonaws.com")},
	"B a role without a boundary":                 {try("iam:CreateRole", mine, making("prod")...)},
	"B a role with a wider boundary":              {try("iam:CreateRole", mine, append(making("prod"), "iam:PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess")...)},
	"B a role with another environment's":         {try("iam:CreateRole", mine, append(making("prod"), boundaryOf("staging"))...)},
	"B a role loses its boundary":                 {try("iam:DeleteRolePermissionsBoundary", mine, append(owned("prod"), boundaryOf("prod"))...)},
	"B a role gets another boundary":              {try("iam:PutRolePermissionsBoundary", mine, append(owned("prod"), "iam:PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess")...)},
	"B the boundary gets wider":                   {try("iam:CreatePolicyVersion", boundary)},
	"B an older version of the boundary":          {try("iam:SetDefaultPolicyVersion", boundary)},
	"B a version of the boundary is deleted":      {try("iam:DeletePolicyVersion", boundary)},
	"B the boundary is deleted":                   {try("iam:DeletePolicy", boundary)},
	"the key of the state":                        {try("kms:PutKeyPolicy", strings.TrimPrefix(keyARN, "arn:aws:"))},
	"a grant on the key of the state":             {try("kms:CreateGrant", strings.TrimPrefix(keyARN, "arn:aws:"))},
	"the bucket of the state":                     {try("s3:PutBucketPolicy", strings.TrimPrefix(stateARN, "arn:aws:"))},
	"the state of the account":                    {try("s3:GetObject", strings.TrimPrefix(stateARN, "arn:aws:")+"/.pulumi/stacks/laravel-ecs/account.json")},
	"a secret of others":                          {try("secretsmanager:GetSecretValue", "secretsmanager"+here+"secret:laravel-staging-secrets-APP_KEY-0")},
	"W a template that others start instances by": {try("ec2:CreateLaunchTemplateVersion", "ec2"+here+"launch-template/lt-0", owned("staging")...)},
}

var administrator = infratest.Grants{Policies: []string{`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`}}

// TestNoDeployRoleBecomesAdministrator tries every known way with the role of production.
func TestNoDeployRoleBecomesAdministrator(t *testing.T) {
	deploys := infratest.Grants{Policies: policiesOf(t, deployAccount(t), "deploy-prod")}
	for name, steps := range escalations {
		var requests []infratest.Request
		for _, s := range steps {
			requests = append(requests, s.request())
		}
		if !slices.Contains(deploys.Allow(t, requests...), false) {
			t.Errorf("%s: the role may do it", name)
		}
		if slices.Contains(administrator.Allow(t, requests...), false) {
			t.Errorf("%s: no administrator may do it either, so the denial says nothing", name)
		}
	}
}

// beyond are what an administrator may do, and no role of an environment, whatever policies it has.
var beyond = []step{
	try("iam:CreateUser", iamHere+"user/x"), try("iam:CreateRole", mine), try("iam:PutRolePolicy", mine), try("iam:PassRole", mine, "iam:PassedToService=ec2.amazonaws.com"),
	try("iam:CreatePolicyVersion", boundary), try("sts:AssumeRole", admin), try("sts:AssumeRole", own),
	try("ec2:RunInstances", "ec2"+here+"instance/i-0"), try("lambda:CreateFunction", "lambda"+here+"function:laravel-prod-x"),
	try("rds:DeleteDBInstance", "rds"+here+"db:laravel-prod-db-0"), try("rds:DeleteDBInstance", "rds"+here+"db:laravel-staging-db-0"),
	try("secretsmanager:GetSecretValue", "secretsmanager"+here+"secret:laravel-staging-secrets-APP_KEY-0"),
	try("secretsmanager:PutSecretValue", "secretsmanager"+here+"secret:laravel-prod-secrets-APP_KEY-0"),
	try("s3:GetObject", strings.TrimPrefix(stateARN, "arn:aws:")+"/.pulumi/stacks/laravel-ecs/prod.json"), try("s3:GetObject", "s3:::other/x"),
	try("kms:Decrypt", strings.TrimPrefix(keyARN, "arn:aws:"), "kms:EncryptionContext:stack=prod"),
	try("ssm:SendCommand", "ec2"+here+"instance/i-0"), try("ssm:GetParameter", "ssm"+here+"parameter/password"),
	try("rds:DeleteDBSnapshot", "rds"+here+"snapshot:awsbackup:job-0", owned("staging")...), try("rds:CopyDBSnapshot", "rds"+here+"snapshot:awsbackup:job-0", owned("staging")...),
	try("rds:ModifyDBSnapshotAttribute", "rds"+here+"snapshot:awsbackup:job-0", owned("staging")...), try("rds:AddTagsToResource", "rds"+here+"snapshot:awsbackup:job-0", owned("staging")...),
	try("rds:DeleteDBSnapshot", "rds"+here+"snapshot:laravel-prod-db-0-final", owned("prod")...), try("backup:DeleteRecoveryPoint", "rds:eu-west-1:*:snapshot:job-0", owned("prod")...),
	try("kms:CreateGrant", "kms"+here+"key/0"),
	try("ecs:RunTask", "ecs"+here+"task-definition/laravel-prod-web:1"), try("organizations:LeaveOrganization", "*"),
}

// TestRolesOfAnEnvironmentStayInIt: the pipeline may give its roles any policy; with the boundary that makes no administrator.
func TestRolesOfAnEnvironmentStayInIt(t *testing.T) {
	granted := infratest.Grants{Policies: administrator.Policies, Boundary: []string{boundaryDocument(t, deployAccount(t), "prod")}}
	for i, allowed := range granted.Allow(t, requests(beyond)...) {
		if allowed {
			t.Errorf("a role with a policy for everything may %s on %s", beyond[i].action, beyond[i].resource)
		}
	}
	if !granted.Allow(t, try("s3:PutObject", "s3:::laravel-prod-uploads/x").request())[0] {
		t.Error("the application may not use a bucket of its own")
	}
}

func requests(steps []step) []infratest.Request {
	var list []infratest.Request
	for _, s := range steps {
		list = append(list, s.request())
	}
	return list
}

func boundaryDocument(t testing.TB, r *infratest.Recorder, environment string) string {
	t.Helper()
	for _, policy := range each(t, r, policyToken) {
		if policy.Parent == "laravel-account-boundary-"+environment {
			return text(policy, "policy")
		}
	}
	t.Fatalf("%s has no boundary", environment)
	return ""
}
