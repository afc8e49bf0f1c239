package s3

import (
	"fmt"
	"slices"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

// checkPolicy refuses policies about other buckets, and public ones where those are blocked.
func checkPolicy(tx *account.Tx, r *account.Resource) error {
	policy := r.Outputs.Text("policy")
	if fault := policydoc.Fault(policy, policydoc.Resource); fault != "" {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %s", r.ID, fault)
	}
	document, err := policydoc.Parse(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %v", r.ID, err)
	}
	block, _ := tx.Get(account.PublicAccessToken, r.ID)
	arn := "arn:aws:s3:::" + r.ID
	for i, s := range document.Statement {
		for _, resource := range s.Resource {
			if resource != arn && !strings.HasPrefix(resource, arn+"/") {
				return tx.Refuse("MalformedPolicy", "Policy has invalid resource %s in statement %d: it must be %s or start with %s/", resource, i, arn, arn)
			}
		}
		if block.Outputs.True("blockPublicPolicy") && s.Public() {
			return tx.Refuse("AccessDenied", "The policy of bucket %s is public and public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access", r.ID)
		}
	}
	return nil
}

// RefusesLogs says why a load balancer may not write its logs into a bucket; empty when it may.
func RefusesLogs(tx *account.Tx, bucket string) string {
	if _, exists := tx.Get(account.BucketToken, bucket); !exists {
		return "there is no such bucket in this account and region"
	}
	encryption, _ := tx.Get(account.BucketEncryptionToken, bucket)
	if slices.ContainsFunc(encryption.Outputs.Strings(algorithm), func(a string) bool { return a != "AES256" }) {
		return "load balancers write only to buckets encrypted with AES256 (SSE-S3)"
	}
	policy, set := tx.Get(account.BucketPolicyToken, bucket)
	if !set {
		return "it has no bucket policy"
	}
	object := fmt.Sprintf("arn:aws:s3:::%s/AWSLogs/%s/ELBAccessLogTestFile", bucket, tx.AccountID())
	writers := policydoc.Principal{"Service": {"logdelivery.elasticloadbalancing.amazonaws.com"}}
	if writer := tx.LogWriter(); writer != "" {
		writers["AWS"] = policydoc.OneOrMany{writer, "arn:aws:iam::" + writer + ":root"}
	}
	document, err := policydoc.Parse(policy.Outputs.Text("policy"))
	if err == nil && slices.ContainsFunc(document.Statement, func(s policydoc.Statement) bool { return s.Allows("s3:PutObject", object, writers) }) {
		return ""
	}
	return "its policy does not let logdelivery.elasticloadbalancing.amazonaws.com do s3:PutObject on " + object
}
