// Package s3 holds buckets and their settings.
package s3

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

const algorithm = "rules[*].applyServerSideEncryptionByDefault.sseAlgorithm"

// setting completes the row of a setting of a bucket: AWS deletes a bucket together with its settings.
func setting(t account.Type) account.Type {
	t.ForceNew = append(t.ForceNew, "bucket")
	t.Refs = []account.Ref{{Path: "bucket", Type: account.BucketToken, By: "id", Missing: "NoSuchBucket"}}
	t.Identity = account.Identity{ID: "{bucket}"}
	return t
}

// Service is S3.
var Service = account.Service{Types: []account.Type{
	{
		Token: account.BucketToken, Args: s3.BucketV2Args{}, State: s3.BucketV2{},
		Name:     account.Name{Property: "bucket", Max: 63, Lower: true},
		ForceNew: []string{"bucket", "bucketPrefix", "objectLockEnabled", "objectLockConfiguration.objectLockEnabled"},
		Defaults: account.Values{"forceDestroy": false, "objectLockEnabled": false},
		Rules: []account.Rule{
			account.Length("bucket", 3, 63),
			account.Matches("bucket", bucketName, "it has only lower case letters, digits, periods and hyphens, and starts and ends with a letter or digit"),
			account.Text("bucket", reserved),
		},
		Identity: account.Identity{
			ID:    "{bucket}",
			Taken: "BucketAlreadyOwnedByYou: Your previous request to create the named bucket {bucket} succeeded and you already own it",
			Outputs: account.Values{
				"arn": "arn:aws:s3:::{bucket}", "bucketDomainName": "{bucket}.s3.amazonaws.com", "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
				"region": "{region}", "requestPayer": "BucketOwner", "versionings": []any{map[string]any{"enabled": false, "mfaDelete": false}},
				"serverSideEncryptionConfigurations": []any{map[string]any{"rules": []any{map[string]any{
					"applyServerSideEncryptionByDefaults": []any{map[string]any{"sseAlgorithm": "AES256", "kmsMasterKeyId": ""}},
					"bucketKeyEnabled":                    false,
				}}}},
			},
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.Outputs["hostedZoneId"] = "Z" + strings.ToUpper(account.StableLetters("s3 zone "+tx.Region(), 13))
			return nil
		},
	},
	setting(account.Type{
		Token: account.PublicAccessToken, Args: s3.BucketPublicAccessBlockArgs{}, State: s3.BucketPublicAccessBlock{},
		Defaults: account.Values{"blockPublicAcls": false, "blockPublicPolicy": false, "ignorePublicAcls": false, "restrictPublicBuckets": false},
	}),
	setting(account.Type{
		Token: account.BucketEncryptionToken, Args: s3.BucketServerSideEncryptionConfigurationV2Args{}, State: s3.BucketServerSideEncryptionConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"expectedBucketOwner"},
		Rules:    []account.Rule{account.OneOf(algorithm, "AES256", "aws:kms", "aws:kms:dsse")},
		Check: func(r *account.Rules) {
			for _, place := range r.In.Expand("rules[*].applyServerSideEncryptionByDefault.kmsMasterKeyId") {
				if r.In.Text(strings.TrimSuffix(place, "kmsMasterKeyId")+"sseAlgorithm") == "AES256" && r.In.Text(place) != "" {
					r.Refuse(place, "is for aws:kms, not for AES256")
				}
			}
		},
	}),
	setting(account.Type{
		Token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", Args: s3.BucketOwnershipControlsArgs{}, State: s3.BucketOwnershipControls{},
		Rules: []account.Rule{account.OneOf("rule.objectOwnership", "BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")},
	}),
	setting(account.Type{
		Token: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
		Args:  s3.BucketLifecycleConfigurationV2Args{}, State: s3.BucketLifecycleConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"expectedBucketOwner"},
		Defaults: account.Values{"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
		Rules: []account.Rule{
			account.Length("rules[*].id", 1, 255),
			account.OneOf("rules[*].status", "Enabled", "Disabled"),
			account.Between("rules[*].expiration.days", 1, 1<<31-1),
			account.Between("rules[*].abortIncompleteMultipartUpload.daysAfterInitiation", 1, 1<<31-1),
			account.Between("rules[*].noncurrentVersionExpiration.noncurrentDays", 1, 1<<31-1),
		},
		Check: checkLifecycle,
	}),
	setting(account.Type{
		Token: "aws:s3/bucketVersioningV2:BucketVersioningV2", Args: s3.BucketVersioningV2Args{}, State: s3.BucketVersioningV2{},
		ForceNew: []string{"expectedBucketOwner"},
		Rules:    []account.Rule{account.OneOf("versioningConfiguration.status", "Enabled", "Suspended", "Disabled")},
	}),
	// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html, and internal/service/s3/bucket_cors_configuration.go of the provider.
	setting(account.Type{
		Token: account.BucketCORSToken, Args: s3.BucketCorsConfigurationV2Args{}, State: s3.BucketCorsConfigurationV2{},
		Required: []string{"corsRules"},
		ForceNew: []string{"expectedBucketOwner"},
		Rules: []account.Rule{
			account.AtMost("corsRules", 100),
			account.OneOf("corsRules[*].allowedMethods[*]", "GET", "PUT", "HEAD", "POST", "DELETE"),
			account.Matches("corsRules[*].allowedOrigins[*]", origin, "it has one * at most"),
		},
	}),
	setting(account.Type{
		Token: account.BucketPolicyToken, Args: s3.BucketPolicyArgs{}, State: s3.BucketPolicy{},
		Required: []string{"policy"},
		Rules:    []account.Rule{account.JSON("policy")},
		Complete: checkPolicy,
	}),
}}

var (
	bucketName      = regexp.MustCompile(`^[0-9a-z][0-9a-z.-]{1,61}[0-9a-z]$`)
	origin          = regexp.MustCompile(`^[^*]+$|^[^*]*\*[^*]*$`)
	reservedBuckets = regexp.MustCompile(`^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$`)
)

func reserved(name string) string {
	_, err := netip.ParseAddr(name)
	switch {
	case err == nil:
		return "must not look like an IP address"
	case strings.Contains(name, ".."):
		return "must not have two periods in a row"
	case reservedBuckets.MatchString(name):
		return fmt.Sprintf("%q has a beginning or an ending that AWS reserves", name)
	}
	return ""
}

func checkLifecycle(r *account.Rules) {
	seen := map[string]bool{}
	for i, rule := range r.In.Blocks("rules[*]") {
		place := fmt.Sprintf("rules[%d]", i)
		if id := rule.Text("id"); seen[id] {
			r.Refuse(place+".id", "%q is there twice; rule ids must be unique", id)
		} else {
			seen[id] = true
		}
		if !slices.ContainsFunc([]string{"abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration"}, rule.Has) {
			r.Refuse(place, "at least one action needs to be specified in a rule, such as expiration")
		}
	}
}
