package ec2

import (
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// flowLog writes to a log group, the one destination that the program uses.
var flowLog = account.Type{
	Token: account.FlowLogToken, Args: ec2.FlowLogArgs{}, State: ec2.FlowLog{},
	ForceNew: []string{
		"deliverCrossAccountRole", "destinationOptions", "eniId", "iamRoleArn", "logDestination", "logDestinationType", "logFormat",
		"logGroupName", "maxAggregationInterval", "subnetId", "trafficType", "transitGatewayAttachmentId", "transitGatewayId", "vpcId",
	},
	Defaults: account.Values{
		"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": float64(600),
		"logFormat": "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}",
	},
	Refs: []account.Ref{inVPC(""), {Path: "iamRoleArn", Type: account.RoleToken, By: "arn", Missing: "InvalidParameter"}},
	Rules: []account.Rule{
		account.ExactlyOne("vpcId", "subnetId", "eniId", "transitGatewayId", "transitGatewayAttachmentId"),
		account.OneOf("trafficType", "ACCEPT", "REJECT", "ALL"),
		account.ARN("logDestination"),
	},
	Identity: identity("fl", "vpc-flow-log", nil),
	Create: func(tx *account.Tx, r *account.Resource) error {
		destination := r.Outputs.Text("logDestination")
		_, group, ok := strings.Cut(destination, ":log-group:")
		switch {
		case r.Outputs.Text("trafficType") == "":
			return tx.Refuse("InvalidParameter", "TrafficType must be specified: ACCEPT, REJECT or ALL")
		case destination == "":
			return tx.Refuse("InvalidParameter", "LogDestination or LogGroupName must be specified")
		case !r.Outputs.Has("iamRoleArn"):
			return tx.Refuse("InvalidParameter", "DeliverLogsPermissionArn must be specified: set iamRoleArn")
		case !ok:
			return tx.Refuse("InvalidParameter", "LogDestination %s is not the ARN of a log group", destination)
		}
		r.Outputs["logGroupName"] = strings.TrimSuffix(group, ":*")
		return nil
	},
}
