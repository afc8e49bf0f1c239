// Package sqs holds queues.
package sqs

import (
	"regexp"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sqs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

var queueName = regexp.MustCompile(`^[0-9A-Za-z_-]{1,80}$`)

// Service is SQS, with standard queues. Names, limits and defaults: SQS API reference, CreateQueue, and terraform-provider-aws,
// internal/service/sqs/queue.go.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.QueueToken, Args: sqs.QueueArgs{}, State: sqs.Queue{},
		Name:     account.Name{Property: "name", Max: 80},
		ForceNew: []string{"fifoQueue", "name", "namePrefix"},
		Defaults: account.Values{
			"contentBasedDeduplication": false, "delaySeconds": 0.0, "fifoQueue": false, "kmsDataKeyReusePeriodSeconds": 300.0, "maxMessageSize": 262144.0,
			"messageRetentionSeconds": 345600.0, "receiveWaitTimeSeconds": 0.0, "sqsManagedSseEnabled": true, "visibilityTimeoutSeconds": 30.0,
		},
		Rules: []account.Rule{
			account.Matches("name", queueName, "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"),
			account.Between("messageRetentionSeconds", 60, 1209600),
			account.Between("receiveWaitTimeSeconds", 0, 20),
			account.Between("visibilityTimeoutSeconds", 0, 43200),
			account.JSON("redrivePolicy"),
		},
		Identity: account.Identity{
			ID: "{url}", ARN: "sqs:{name}", Outputs: account.Values{"url": "https://sqs.{region}.amazonaws.com/{account}/{name}"},
			Taken: "QueueAlreadyExists: A queue already exists with the same name and a different value for an attribute: {name}",
		},
		Complete: checkRedrive,
	},
	{
		Token: "aws:sqs/queuePolicy:QueuePolicy", Args: sqs.QueuePolicyArgs{}, State: sqs.QueuePolicy{},
		Required: []string{"policy"},
		ForceNew: []string{"queueUrl"},
		Rules:    []account.Rule{account.JSON("policy")},
		Refs:     []account.Ref{{Path: "queueUrl", Type: account.QueueToken, By: "url", Missing: "AWS.SimpleQueueService.NonExistentQueue"}},
		Identity: account.Identity{ID: "{queueUrl}"},
		Complete: func(tx *account.Tx, r *account.Resource) error {
			// SQS says no more than "Invalid value for the parameter Policy." (https://github.com/hashicorp/terraform-provider-aws/pull/42209).
			if fault := policydoc.Fault(r.Outputs.Text("policy"), policydoc.Resource); fault != "" {
				return tx.Refuse("InvalidAttributeValue", "Invalid value for the parameter Policy: %s", fault)
			}
			return nil
		},
	},
}}

// checkRedrive: SQS API reference, SetQueueAttributes, RedrivePolicy. SQS's words are in crossplane-contrib/provider-aws#443 (attribute),
// localstack, localstack-core/localstack/services/sqs/provider.py (count), and serverless/serverless#5215 (target).
func checkRedrive(tx *account.Tx, r *account.Resource) error {
	text := r.Outputs.Text("redrivePolicy")
	if text == "" {
		return nil
	}
	policy, _ := account.ParseJSON(text)
	for _, name := range []string{"deadLetterTargetArn", "maxReceiveCount"} {
		if !policy.Has(name) {
			return tx.Refuse("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: Redrive policy does not contain mandatory attribute: %s.", text, name)
		}
	}
	if n, ok := policy.Int("maxReceiveCount"); !ok || n < 1 || n > 1000 {
		return tx.Refuse("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: Invalid value for maxReceiveCount: %v, valid values are from 1 to 1000 both inclusive.", text, policy["maxReceiveCount"])
	}
	if target := policy.Text("deadLetterTargetArn"); target != r.Outputs.Text("arn") {
		if _, exists := tx.Find(account.QueueToken, "arn", target); exists {
			return nil
		}
	}
	return tx.Refuse("InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", text)
}
