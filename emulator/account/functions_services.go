package account

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/acm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecr"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/secretsmanager"
)

var serviceFunctions = []Function{
	{
		Token: "aws:ecr/getAuthorizationToken:getAuthorizationToken",
		Args:  ecr.GetAuthorizationTokenArgs{}, Result: ecr.GetAuthorizationTokenResult{},
		Run: getAuthorizationToken,
	},
	{
		Token: "aws:ecr/getImage:getImage",
		Args:  ecr.GetImageArgs{}, Result: ecr.GetImageResult{},
		Run: getImage,
	},
	{
		Token: "aws:route53/getZone:getZone",
		Args:  route53.LookupZoneArgs{}, Result: route53.LookupZoneResult{},
		Run: getZone,
	},
	{
		Token: "aws:acm/getCertificate:getCertificate",
		Args:  acm.LookupCertificateArgs{}, Result: acm.LookupCertificateResult{},
		Run: getCertificate,
	},
	{
		Token: "aws:ecs/getService:getService",
		Args:  ecs.LookupServiceArgs{}, Result: ecs.LookupServiceResult{},
		Run: getService,
	},
	{
		Token: "aws:ecs/getTaskDefinition:getTaskDefinition",
		Args:  ecs.LookupTaskDefinitionArgs{}, Result: ecs.LookupTaskDefinitionResult{},
		Run: getTaskDefinition,
	},
	{
		Token: "aws:secretsmanager/getSecretVersion:getSecretVersion",
		Args:  secretsmanager.LookupSecretVersionArgs{}, Result: secretsmanager.LookupSecretVersionResult{},
		Run: getSecretVersion,
	},
}

// getAuthorizationToken gives credentials for the account's registry, new ones every time as AWS does.
func getAuthorizationToken(tx *Tx, args Values) (Values, error) {
	if id := args.Text("registryId"); id != "" && id != tx.AccountID() {
		return nil, tx.Refuse("AccessDeniedException", "this account (%s) has no access to the registry of %s", tx.AccountID(), id)
	}
	password := base64.StdEncoding.EncodeToString([]byte(tx.hex(64)))
	return Values{
		"id": tx.Region(), "registryId": optional(args, "registryId"), "userName": "AWS", "password": password,
		"authorizationToken": base64.StdEncoding.EncodeToString([]byte("AWS:" + password)),
		"expiresAt":          tx.now().Add(12 * time.Hour).Format(time.RFC3339),
		"proxyEndpoint":      "https://" + tx.registryHost(),
	}, nil
}

// getCertificate finds a certificate by its domain; without statuses only issued ones count.
func getCertificate(tx *Tx, args Values) (Values, error) {
	statuses, kinds := args.Strings("statuses"), args.Strings("types")
	if len(statuses) == 0 {
		statuses = []string{"ISSUED"}
	}
	var found []Resource
	for _, certificate := range tx.List(certificateToken) {
		out := certificate.Outputs
		if args.Has("domain") && out.Text("domainName") != args.Text("domain") {
			continue
		}
		if slices.Contains(statuses, out.Text("status")) && (len(kinds) == 0 || slices.Contains(kinds, out.Text("type"))) {
			found = append(found, certificate)
		}
	}
	switch {
	case len(found) == 0:
		return nil, tx.Refuse("ResourceNotFoundException", "no ACM Certificate matches domain %q with status %v in %s", args.Text("domain"), statuses, tx.Region())
	case len(found) > 1 && !args.True("mostRecent"):
		return nil, tx.Refuse("InvalidParameterException", "multiple ACM Certificates match domain %q: set mostRecent, or give more", args.Text("domain"))
	}
	slices.SortStableFunc(found, func(x, y Resource) int { // the one that is valid longest is the newest
		return -slices.Compare([]string{x.Outputs.Text("notBefore")}, []string{y.Outputs.Text("notBefore")})
	})
	out := found[0].Outputs
	return Values{
		"id": out["arn"], "arn": out["arn"], "domain": out.Text("domainName"), "status": out["status"], "tags": out["tagsAll"],
		"certificate": out.Text("certificateBody"), "certificateChain": out.Text("certificateChain"),
		"keyTypes": optional(args, "keyTypes"), "mostRecent": optional(args, "mostRecent"),
		"statuses": optional(args, "statuses"), "types": optional(args, "types"),
	}, nil
}

func getService(tx *Tx, args Values) (Values, error) {
	name := afterSlash(args.Text("serviceName"))
	cluster, ok := tx.cluster(args.Text("clusterArn"))
	if !ok {
		return nil, tx.Refuse("ClusterNotFoundException", "Cluster not found: %s", args.Text("clusterArn"))
	}
	service, ok := tx.Get(serviceToken, tx.ARN("ecs", "service/"+cluster.Outputs.Text("name")+"/"+name))
	if !ok {
		return nil, tx.Refuse("ServiceNotFoundException", "ECS service %s not found in cluster %s", name, cluster.ID)
	}
	out := service.Outputs
	return Values{
		"id": service.ID, "arn": service.ID, "clusterArn": cluster.ID, "serviceName": name, "desiredCount": out["desiredCount"],
		"launchType": out["launchType"], "schedulingStrategy": out["schedulingStrategy"], "taskDefinition": out["taskDefinition"],
		"availabilityZoneRebalancing": out["availabilityZoneRebalancing"], "tags": out["tagsAll"],
	}, nil
}

func getTaskDefinition(tx *Tx, args Values) (Values, error) {
	task, status, ok := tx.taskDefinition(args.Text("taskDefinition"))
	if !ok {
		return nil, tx.Refuse("ClientException", "Unable to describe task definition: %s", args.Text("taskDefinition"))
	}
	result := Values{"id": task.Outputs["arn"], "status": status, "taskDefinition": args["taskDefinition"]}
	for _, name := range []string{
		"arn", "arnWithoutRevision", "containerDefinitions", "cpu", "enableFaultInjection", "executionRoleArn", "family", "ipcMode", "memory",
		"networkMode", "pidMode", "placementConstraints", "requiresCompatibilities", "revision", "taskRoleArn", "volumes",
	} {
		result[name] = task.Outputs[name]
	}
	if platform := task.Outputs.Map("runtimePlatform"); platform != nil {
		result["runtimePlatforms"] = []any{map[string]any(platform)}
	}
	return result, nil
}

func getSecretVersion(tx *Tx, args Values) (Values, error) {
	secret, ok := tx.secret(args.Text("secretId"))
	if !ok {
		return nil, tx.Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret: %s", args.Text("secretId"))
	}
	stage := args.Text("versionStage")
	if stage == "" {
		stage = "AWSCURRENT"
	}
	for _, version := range tx.List(secretVersionToken) {
		out := version.Outputs
		wanted := out.Text("versionId") == args.Text("versionId")
		if args.Text("versionId") == "" {
			wanted = slices.Contains(out.Strings("versionStages"), stage)
		}
		if out.Text("arn") != secret.ID || !wanted {
			continue
		}
		return Values{
			"id": fmt.Sprintf("%s|%s", secret.ID, stage), "arn": secret.ID, "secretId": args["secretId"], "versionId": out["versionId"],
			"versionStages": out["versionStages"], "secretString": out["secretString"], "secretBinary": out["secretBinary"],
			"versionStage": optional(args, "versionStage"), "createdDate": tx.Now(),
		}, nil
	}
	return nil, tx.Refuse("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: %s of %s", stage, secret.ID)
}
