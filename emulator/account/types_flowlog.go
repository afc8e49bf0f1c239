package account

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
)

var flowLogTypes = []Type{{
	Token: flowLogToken, Args: ec2.FlowLogArgs{}, State: ec2.FlowLog{},
	ForceNew: []string{
		"deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "logFormat",
		"logGroupName", "maxAggregationInterval", "subnetId", "trafficType", "transitGatewayAttachmentId", "transitGatewayId", "vpcId",
	},
	Defaults: Values{
		"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": float64(600),
		"logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
	},
	Refs: []Ref{
		inVPC(""),
		{Path: "subnetId", Type: subnetToken, By: "id", Missing: "InvalidSubnetID.NotFound"},
		{Path: "iamRoleArn", Type: roleToken, By: "arn", Missing: "InvalidParameter"},
	},
	Check: checkFlowLog, Create: createFlowLog,
}}

func checkFlowLog(in Values) []Problem {
	r := rules{in: in}
	r.exactlyOne("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId")
	r.conflict("logGroupName", "logDestination")
	r.oneOf("trafficType", "ACCEPT", "REJECT", "ALL")
	r.oneOf("logDestinationType", "cloud-watch-logs", "s3", "kinesis-data-firehose")
	r.matches("logDestination", arnForm, "it is an ARN")
	if n, ok := in.Int("maxAggregationInterval"); ok && n != 60 && n != 600 {
		r.refuse("maxAggregationInterval", "%d is not one of 60, 600", n)
	}
	return r.problems
}

func createFlowLog(tx *Tx, r *Resource) error {
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
