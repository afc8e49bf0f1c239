package ec2

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var flowLogTypes = []account.Type{{
	Token: account.FlowLogToken, Args: ec2.FlowLogArgs{}, State: ec2.FlowLog{},
	ForceNew: []string{
		"deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "logFormat",
		"logGroupName", "maxAggregationInterval", "subnetId", "trafficType", "transitGatewayAttachmentId", "transitGatewayId", "vpcId",
	},
	Defaults: account.Values{
		"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": float64(600),
		"logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
	},
	Refs: []account.Ref{
		inVPC(""),
		{Path: "subnetId", Type: account.SubnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
		{Path: "iamRoleArn", Type: account.RoleToken, By: "arn", Missing: "InvalidParameter"},
	},
	Check: checkFlowLog, Create: createFlowLog,
}}

func checkFlowLog(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.ExactlyOne("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId")
	r.Conflict("logGroupName", "logDestination")
	r.OneOf("trafficType", "ACCEPT", "REJECT", "ALL")
	r.OneOf("logDestinationType", "cloud-watch-logs", "s3", "kinesis-data-firehose")
	r.Matches("logDestination", account.ArnForm, "it is an ARN")
	if n, ok := in.Int("maxAggregationInterval"); ok && n != 60 && n != 600 {
		r.Refuse("maxAggregationInterval", "%d is not one of 60, 600", n)
	}
	return r.Problems
}

func createFlowLog(tx *account.Tx, r *account.Resource) error {
	destination, name := r.Outputs.Text("logDestination"), r.Outputs.Text("logGroupName")
	switch {
	case r.Outputs.Text("trafficType") == "" && (r.Outputs.Has("vpcId") || r.Outputs.Has("subnetId") || r.Outputs.Has("eniId")):
		return tx.Refuse("InvalidParameter", "TrafficType must be specified: ACCEPT, REJECT or ALL")
	case destination == "" && name == "":
		return tx.Refuse("InvalidParameter", "LogDestination or LogGroupName must be specified")
	case r.Outputs.Text("logDestinationType") == "cloud-watch-logs" && !r.Outputs.Has("iamRoleArn"):
		return tx.Refuse("InvalidParameter", "DeliverLogsPermissionArn must be specified: set iamRoleArn")
	case r.Outputs.Text("logDestinationType") == "s3":
		bucket, _, _ := strings.Cut(strings.TrimPrefix(destination, "arn:aws:s3:::"), "/")
		if _, known := tx.Find("aws:s3/bucketV2:BucketV2", "bucket", bucket); !known {
			return tx.Refuse("UnknownErrorException", "Access Denied for LogDestination: %s. Please check LogDestination permission: there is no such bucket", destination)
		}
	case destination != "" && !strings.HasPrefix(destination, "arn:aws:logs:"):
		return tx.Refuse("InvalidParameter", "LogDestination %s is not the ARN of a log group", destination)
	}
	if _, group, ok := strings.Cut(destination, ":log-group:"); ok {
		r.Outputs["logGroupName"] = strings.TrimSuffix(group, ":*")
	} else if name != "" {
		r.Outputs["logDestination"] = tx.ARN("logs", "log-group:"+name)
	}
	r.ID = tx.HexID("fl")
	r.Outputs["arn"] = tx.ARN("ec2", "vpc-flow-log/"+r.ID)
	return nil
}
