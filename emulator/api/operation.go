package api

import (
	"context"
	"fmt"
	"reflect"

	scalingschemas "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/schemas"
	cloudwatchschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatch/schemas"
	logsschemas "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/schemas"
	ecrschemas "github.com/aws/aws-sdk-go-v2/service/ecr/schemas"
	ecsschemas "github.com/aws/aws-sdk-go-v2/service/ecs/schemas"
	elbschemas "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/schemas"
	rdsschemas "github.com/aws/aws-sdk-go-v2/service/rds/schemas"
	taggingschemas "github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi/schemas"
	secretschemas "github.com/aws/aws-sdk-go-v2/service/secretsmanager/schemas"
	quotaschemas "github.com/aws/aws-sdk-go-v2/service/servicequotas/schemas"
	ssmschemas "github.com/aws/aws-sdk-go-v2/service/ssm/schemas"
	stsschemas "github.com/aws/aws-sdk-go-v2/service/sts/schemas"
	"github.com/aws/smithy-go"
	"github.com/laravel-ecs/laravel-ecs/emulator/api/wire"
)

// services are the APIs that are answered, under the names that their requests are signed for. A schema holds the name
// that requests carry (X-Amz-Target, or the path of CBOR) and the version (of a Query request).
var services = map[string]*smithy.ServiceSchema{
	"application-autoscaling": scalingschemas.AnyScaleFrontendService,
	"ecs":                     ecsschemas.AmazonEC2ContainerServiceV20141113,
	"ecr":                     ecrschemas.AmazonEC2ContainerRegistry_V20150921,
	"elasticloadbalancing":    elbschemas.ElasticLoadBalancing_v10,
	"logs":                    logsschemas.Logs_20140328,
	"monitoring":              cloudwatchschemas.GraniteServiceVersion20100801,
	"rds":                     rdsschemas.AmazonRDSv19,
	"secretsmanager":          secretschemas.Secretsmanager,
	"servicequotas":           quotaschemas.ServiceQuotasV20190624,
	"ssm":                     ssmschemas.AmazonSSM,
	"sts":                     stsschemas.AWSSecurityTokenServiceV20110615,
	"tagging":                 taggingschemas.ResourceGroupsTaggingAPI_20170126,
}

// operations is every operation that is answered.
var operations = table(
	row("application-autoscaling", "RegisterScalableTarget", (*Server).registerScalableTarget),
	row("ecs", "DescribeClusters", (*Server).describeClusters),
	row("ecs", "DescribeContainerInstances", (*Server).describeContainerInstances),
	row("ecs", "DescribeServiceDeployments", (*Server).describeServiceDeployments),
	row("ecs", "DescribeServiceRevisions", (*Server).describeServiceRevisions),
	row("ecs", "DescribeServices", (*Server).describeServices),
	row("ecs", "DescribeTaskDefinition", (*Server).describeTaskDefinition),
	row("ecs", "DescribeTasks", (*Server).describeTasks),
	row("ecs", "ExecuteCommand", (*Server).executeCommand),
	row("ecs", "ListContainerInstances", (*Server).listContainerInstances),
	row("ecs", "ListServiceDeployments", (*Server).listServiceDeployments),
	row("ecs", "ListServices", (*Server).listServices),
	row("ecs", "ListTaskDefinitions", (*Server).listTaskDefinitions),
	row("ecs", "ListTasks", (*Server).listTasks),
	row("ecs", "RunTask", (*Server).runTask),
	row("ecs", "StopTask", (*Server).stopTask),
	row("ecs", "UpdateService", (*Server).updateService),
	row("ecr", "DescribeImages", (*Server).describeImages),
	row("ecr", "DescribeRepositories", (*Server).describeRepositories),
	row("ecr", "GetAuthorizationToken", (*Server).getAuthorizationToken),
	row("elasticloadbalancing", "AddTags", (*Server).addTags),
	row("elasticloadbalancing", "CreateRule", (*Server).createRule),
	row("elasticloadbalancing", "DeleteRule", (*Server).deleteRule),
	row("elasticloadbalancing", "DescribeListeners", (*Server).describeListeners),
	row("elasticloadbalancing", "DescribeLoadBalancers", (*Server).describeLoadBalancers),
	row("elasticloadbalancing", "DescribeRules", (*Server).describeRules),
	row("elasticloadbalancing", "DescribeTags", (*Server).describeTags),
	row("elasticloadbalancing", "DescribeTargetGroups", (*Server).describeTargetGroups),
	row("elasticloadbalancing", "DescribeTargetHealth", (*Server).describeTargetHealth),
	row("elasticloadbalancing", "ModifyRule", (*Server).modifyRule),
	row("logs", "DescribeLogGroups", (*Server).describeLogGroups),
	row("logs", "FilterLogEvents", (*Server).filterLogEvents),
	row("monitoring", "DescribeAlarms", (*Server).describeAlarms),
	row("monitoring", "GetMetricData", (*Server).getMetricData),
	row("rds", "DescribeDBClusters", (*Server).describeDBClusters),
	row("rds", "DescribeDBInstances", (*Server).describeDBInstances),
	row("rds", "StartDBCluster", (*Server).startDBCluster),
	row("rds", "StartDBInstance", (*Server).startDBInstance),
	row("rds", "StopDBCluster", (*Server).stopDBCluster),
	row("rds", "StopDBInstance", (*Server).stopDBInstance),
	row("secretsmanager", "GetSecretValue", (*Server).getSecretValue),
	row("servicequotas", "GetAWSDefaultServiceQuota", (*Server).getDefaultQuota),
	row("servicequotas", "GetServiceQuota", (*Server).getServiceQuota),
	row("ssm", "StartSession", (*Server).startSession),
	row("ssm", "TerminateSession", (*Server).terminateSession),
	row("sts", "GetCallerIdentity", (*Server).getCallerIdentity),
	row("tagging", "GetResources", (*Server).getResources),
)

type serializable = smithy.Serializable

// operation is one row.
type operation struct {
	service, name string
	do            func(ctx context.Context, s *Server, input any) (serializable, error)
}

// row makes a typed function an operation.
func row[In, Out any, P interface {
	*Out
	serializable
}](service, name string, do func(s *Server, ctx context.Context, in *In) (P, error)) operation {
	return operation{service, name, func(ctx context.Context, s *Server, input any) (serializable, error) {
		in := new(In)
		if err := wire.Fill(reflect.ValueOf(in).Elem(), input); err != nil {
			return nil, refuse("SerializationException", "%v", err)
		}
		out, err := do(s, ctx, in)
		if err != nil {
			return nil, err
		}
		return out, nil
	}}
}

func table(rows ...operation) map[string]operation {
	all := map[string]operation{}
	for _, one := range rows {
		all[one.service+":"+one.name] = one
	}
	return all
}

// iamPrefix is the name of a service in the actions of policies.
func iamPrefix(service string) string {
	switch service {
	case "monitoring":
		return "cloudwatch"
	case "tagging":
		return "tag"
	}
	return service
}

func unknownOperation(q wire.Request) error {
	if q.Protocol == wire.Query {
		return refuse("InvalidAction", "Could not find operation %s for version %s", q.Operation, q.Schema.Version)
	}
	return refuse("UnknownOperationException", "Unknown operation %s", fmt.Sprint(q.Schema.Schema.ID().Name, ".", q.Operation))
}

func refuse(code, format string, args ...any) error { return wire.Refuse(code, format, args...) }
