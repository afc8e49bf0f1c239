package stacks_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
)

// foreign are escalations by actions that no deployment needs, whatever they are done to. Source: W, as above, by its names.
var foreign = map[string]string{
	"CreateAccessKey+DeleteAccessKey":                 "iam:CreateAccessKey iam:DeleteAccessKey",
	"PassRole+EC2SpotInstances":                       "ec2:RequestSpotInstances",
	"PassRole+CreateLambda+AddPermission":             "lambda:CreateFunction lambda:AddPermission",
	"PassRole+CreateLambda+Invoke":                    "lambda:CreateFunction lambda:InvokeFunction",
	"PassRole+CreateLambda+ExistingDynamo":            "lambda:CreateFunction lambda:CreateEventSourceMapping",
	"PassRole+CreateLambda+NewDynamo":                 "dynamodb:CreateTable dynamodb:PutItem",
	"UpdateFunctionCode+InvokeFunction":               "lambda:UpdateFunctionCode lambda:InvokeFunction",
	"UpdateFunctionCode+AddPermission":                "lambda:UpdateFunctionCode lambda:AddPermission",
	"PassRole+GlueCreateJob+StartJobRun":              "glue:CreateJob glue:StartJobRun",
	"PassRole+GlueCreateJob+CreateTrigger":            "glue:CreateJob glue:CreateTrigger",
	"PassRole+GlueUpdateJob+StartJobRun":              "glue:UpdateJob glue:StartJobRun",
	"PassRole+GlueUpdateJob+CreateTrigger":            "glue:UpdateJob glue:CreateTrigger",
	"CloudFormationUpdateStack":                       "cloudformation:UpdateStack",
	"PassRole+CloudFormationCreateStackSet":           "cloudformation:CreateStackSet cloudformation:CreateStackInstances",
	"PassRole+CloudFormationUpdateStackSet":           "cloudformation:UpdateStackSet",
	"CloudFormationChangeSet":                         "cloudformation:CreateChangeSet cloudformation:ExecuteChangeSet",
	"PassRole+DataPipeline":                           "datapipeline:CreatePipeline datapipeline:PutPipelineDefinition datapipeline:ActivatePipeline",
	"PassRole+CodeBuildCreateProject+StartBuild":      "codebuild:CreateProject codebuild:StartBuild",
	"PassRole+CodeBuildCreateProject+StartBuildBatch": "codebuild:CreateProject codebuild:StartBuildBatch",
	"CodeBuildStartBuild":                             "codebuild:StartBuild",
	"CodeBuildStartBuildBatch":                        "codebuild:StartBuildBatch",
	"PassRole+CreateAutoScaling":                      "autoscaling:CreateLaunchConfiguration",
	"PassRole+ECS+RegisterTaskDef+RunTask":            "ecs:RunTask",
	"PassRole+ECS+RegisterTaskDef+StartTask":          "ecs:StartTask",
	"PassRole+ECS+StartTask":                          "ecs:StartTask ecs:RegisterContainerInstance ecs:DeregisterContainerInstance",
	"ECS+ExecuteCommand":                              "ecs:ExecuteCommand",
	"PassRole+SageMakerCreateNotebookInstance":        "sagemaker:CreateNotebookInstance",
	"PassRole+SageMakerCreateTrainingJob":             "sagemaker:CreateTrainingJob",
	"PassRole+SageMakerCreateProcessingJob":           "sagemaker:CreateProcessingJob",
	"SageMakerCreatePresignedNotebookInstanceUrl":     "sagemaker:CreatePresignedNotebookInstanceUrl",
	"SageMakerNotebookLifecycleConfig":                "sagemaker:CreateNotebookInstanceLifecycleConfig sagemaker:UpdateNotebookInstance",
	"SSMStartSession":                                 "ssm:StartSession",
	"SSMSendCommand":                                  "ssm:SendCommand",
	"PassRole+AppRunnerCreateService":                 "apprunner:CreateService",
	"AppRunnerUpdateService":                          "apprunner:UpdateService",
	"PassRole+AgentCoreCreateInterpreter":             "bedrock-agentcore:CreateCodeInterpreter bedrock-agentcore:InvokeCodeInterpreter",
	"AgentCoreSessionInvoke":                          "bedrock-agentcore:StartCodeInterpreterSession bedrock-agentcore:InvokeCodeInterpreter",
}

// TestNoDeployRoleHasForeignActions: each of these actions is denied on its own, also on what has the environment's tags.
func TestNoDeployRoleHasForeignActions(t *testing.T) {
	deploys := infratest.Grants{Policies: policiesOf(t, deployAccount(t), "deploy-prod")}
	for name, actions := range foreign {
		for _, action := range strings.Fields(actions) {
			request := try(action, exampleOrAll(t, action)).request()
			if service, _, _ := strings.Cut(action, ":"); !slices.Contains(withPaths, service) { // the role has others of the service
				request = try(action, exampleOrAll(t, action), append(owned("prod"), making("prod")...)...).request()
				request.Context = sentWith(t, action, request.Context)
			}
			if deploys.Allow(t, request)[0] {
				t.Errorf("%s: the role may %s", name, action)
			}
			if !administrator.Allow(t, request)[0] {
				t.Errorf("%s: no administrator may %s either, so the denial says nothing", name, action)
			}
		}
	}
}

// withPaths are the services through which the paths of pathfinding.cloud lead, apart from those that the program uses
// (https://github.com/DataDog/pathfinding.cloud, folders of data/paths/aws, read on 2026-11-26).
var withPaths = []string{
	"apprunner", "batch", "bedrock", "bedrock-agentcore", "braket", "cloudformation", "codebuild", "codedeploy", "cognito-identity", "datapipeline",
	"elasticmapreduce", "emr-serverless", "gamelift", "glue", "imagebuilder", "kinesisanalytics", "lambda", "omics", "sagemaker", "sts",
}

// TestDeployRolesHaveNoServiceThatLeadsOn: a role is passed to services that the program uses only, and others are not used at all.
func TestDeployRolesHaveNoServiceThatLeadsOn(t *testing.T) {
	r := deployAccount(t)
	for _, role := range []string{"deploy-staging", "deploy-prod", "deploy-review"} {
		services := map[string]bool{}
		for _, s := range infratest.ParsePolicies(t, policiesOf(t, r, role)...).Statement {
			for _, action := range s.Action {
				service, _, _ := strings.Cut(action, ":")
				if services[service] = true; slices.Contains(withPaths, service) {
					t.Errorf("%s may %s", role, action)
				}
			}
		}
		for _, used := range []string{"ecs", "iam", "rds"} {
			if !services[used] {
				t.Errorf("%s has no action of %s", role, used)
			}
		}
		passes := infratest.Grants{Policies: policiesOf(t, r, role)}
		environment := strings.Replace(strings.TrimPrefix(role, "deploy-"), "review", "review-login", 1)
		for _, service := range withPaths {
			if passes.Allow(t, try("iam:PassRole", iamHere+"role/laravel-"+environment+"-x", "iam:PassedToService="+service+".amazonaws.com").request())[0] {
				t.Errorf("%s may pass a role to %s", role, service)
			}
		}
	}
}
