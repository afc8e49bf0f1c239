package s3

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/policydoc"
)

// ofBucket is the reference of a setting to its bucket; AWS deletes a bucket together with its settings.
var ofBucket = []account.Ref{{Path: "bucket", Type: account.BucketToken, By: "id", Missing: "NoSuchBucket"}}

var s3Types = []account.Type{
	{
		Token: account.BucketToken, Args: s3.BucketV2Args{}, State: s3.BucketV2{},
		Name:     account.Name{Property: "bucket", Max: 63, Lower: true},
		ForceNew: []string{"bucket", "bucketPrefix", "objectLockEnabled"},
		Defaults: account.Values{"forceDestroy": false, "objectLockEnabled": false},
		Check:    checkBucket,
		Create:   createBucket,
	},
	{
		Token: account.PublicAccessToken, Args: s3.BucketPublicAccessBlockArgs{}, State: s3.BucketPublicAccessBlock{},
		ForceNew: []string{"bucket"},
		Defaults: account.Values{"blockPublicAcls": false, "blockPublicPolicy": false, "ignorePublicAcls": false, "restrictPublicBuckets": false},
		Refs:     ofBucket,
		Create:   settingOfBucket,
	},
	{
		Token: account.BucketEncryptionToken, Args: s3.BucketServerSideEncryptionConfigurationV2Args{}, State: s3.BucketServerSideEncryptionConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     ofBucket,
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			path := "rules[*].applyServerSideEncryptionByDefault"
			r.OneOf(path+".sseAlgorithm", "AES256", "aws:kms", "aws:kms:dsse")
			for _, place := range in.Expand(path + ".kmsMasterKeyId") {
				algorithm := strings.TrimSuffix(place, "kmsMasterKeyId") + "sseAlgorithm"
				if in.Text(algorithm) == "AES256" && in.Text(place) != "" {
					r.Refuse(place, "is for aws:kms, not for AES256")
				}
			}
			return r.Problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", Args: s3.BucketOwnershipControlsArgs{}, State: s3.BucketOwnershipControls{},
		ForceNew: []string{"bucket"},
		Refs:     ofBucket,
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.OneOf("rule.objectOwnership", "BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
			return r.Problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
		Args:  s3.BucketLifecycleConfigurationV2Args{}, State: s3.BucketLifecycleConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Defaults: account.Values{"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
		Refs:     ofBucket,
		Check:    checkBucketLifecycle,
		Create:   settingOfBucket,
	},
	{
		Token: "aws:s3/bucketVersioningV2:BucketVersioningV2", Args: s3.BucketVersioningV2Args{}, State: s3.BucketVersioningV2{},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     ofBucket,
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.OneOf("versioningConfiguration.status", "Enabled", "Suspended", "Disabled")
			r.OneOf("versioningConfiguration.mfaDelete", "Enabled", "Disabled")
			return r.Problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketLoggingV2:BucketLoggingV2", Args: s3.BucketLoggingV2Args{}, State: s3.BucketLoggingV2{},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     append([]account.Ref{{Path: "targetBucket", Type: account.BucketToken, By: "id", Missing: "InvalidTargetBucketForLogging"}}, ofBucket...),
		Create:   settingOfBucket,
	},
	{
		Token: account.BucketPolicyToken, Args: s3.BucketPolicyArgs{}, State: s3.BucketPolicy{},
		Required: []string{"policy"},
		ForceNew: []string{"bucket"},
		Refs:     ofBucket,
		Check: func(in account.Values) []account.Problem {
			r := account.Rules{In: in}
			r.JSONDocument("policy")
			return r.Problems
		},
		Create: func(tx *account.Tx, r *account.Resource) error {
			r.ID = r.Outputs.Text("bucket")
			return checkBucketPolicy(tx, r)
		},
		Update: func(tx *account.Tx, _, next *account.Resource) error { return checkBucketPolicy(tx, next) },
	},
}

var bucketName = regexp.MustCompile(`^[0-9a-z][0-9a-z.-]{1,61}[0-9a-z]$`)

func checkBucket(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Conflict("bucket", "bucketPrefix")
	r.Length("bucket", 3, 63)
	r.Matches("bucket", bucketName, "it has only lower case letters, digits, periods and hyphens, and starts and ends with a letter or digit")
	r.Length("bucketPrefix", 1, 37)
	r.Each("bucket", func(place, text string) {
		_, err := netip.ParseAddr(text)
		switch {
		case err == nil:
			r.Refuse(place, "%q must not look like an IP address", text)
		case strings.Contains(text, ".."):
			r.Refuse(place, "%q must not have two periods in a row", text)
		case slices.ContainsFunc([]string{"xn--", "sthree-", "amzn-s3-demo-"}, func(p string) bool { return strings.HasPrefix(text, p) }):
			r.Refuse(place, "%q has a prefix that AWS reserves", text)
		case slices.ContainsFunc([]string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}, func(s string) bool { return strings.HasSuffix(text, s) }):
			r.Refuse(place, "%q has an ending that AWS reserves", text)
		}
	})
	return r.Problems
}

func createBucket(tx *account.Tx, r *account.Resource) error {
	name := r.Outputs.Text("bucket")
	if _, taken := tx.Get(account.BucketToken, name); taken {
		return tx.Refuse("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket %s succeeded and you already own it; choose another name", name)
	}
	r.ID = name
	out := r.Outputs
	out["arn"] = "arn:aws:s3:::" + name
	out["bucketDomainName"] = name + ".s3.amazonaws.com"
	out["bucketRegionalDomainName"] = fmt.Sprintf("%s.s3.%s.amazonaws.com", name, tx.Region())
	out["hostedZoneId"] = "Z" + strings.ToUpper(account.StableLetters("s3 zone "+tx.Region(), 13))
	out["region"] = tx.Region()
	account.SetDefault(out, "requestPayer", "BucketOwner")
	if len(out.List("versionings")) == 0 {
		out["versionings"] = []any{map[string]any{"enabled": false, "mfaDelete": false}}
	}
	if len(out.List("serverSideEncryptionConfigurations")) == 0 {
		out["serverSideEncryptionConfigurations"] = []any{map[string]any{"rules": []any{map[string]any{
			"applyServerSideEncryptionByDefaults": []any{map[string]any{"sseAlgorithm": "AES256", "kmsMasterKeyId": ""}},
			"bucketKeyEnabled":                    false,
		}}}}
	}
	return nil
}

// settingOfBucket gives a setting the id of its bucket, with the owner when that is named.
func settingOfBucket(_ *account.Tx, r *account.Resource) error {
	r.ID = r.Outputs.Text("bucket")
	if owner := r.Outputs.Text("expectedBucketOwner"); owner != "" {
		r.ID += "," + owner
	}
	return nil
}

func checkBucketLifecycle(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("rules[*].id", 1, 255)
	r.OneOf("rules[*].status", "Enabled", "Disabled")
	seen := map[string]bool{}
	r.Each("rules[*].id", func(place, id string) {
		if seen[id] {
			r.Refuse(place, "%q is there twice; rule ids must be unique", id)
		}
		seen[id] = true
	})
	for i, rule := range in.Blocks("rules[*]") {
		acts := slices.ContainsFunc([]string{"abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions", "transitions"}, rule.Has)
		if !acts {
			r.Refuse(fmt.Sprintf("rules[%d]", i), "at least one action needs to be specified in a rule, such as expiration")
		}
		if rule.Has("prefix") && rule.Has("filter") {
			r.Refuse(fmt.Sprintf("rules[%d].prefix", i), "cannot be set together with filter")
		}
	}
	const anyNumber = 1 << 31
	for _, path := range []string{"expiration.days", "abortIncompleteMultipartUpload.daysAfterInitiation", "noncurrentVersionExpiration.noncurrentDays"} {
		r.Between("rules[*]."+path, 1, anyNumber)
	}
	r.OneOf("rules[*].transitions[*].storageClass", "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")
	return r.Problems
}

// checkBucketPolicy refuses policies about other buckets, and public ones where those are blocked.
func checkBucketPolicy(tx *account.Tx, r *account.Resource) error {
	policy := r.Outputs.Text("policy")
	if fault := policydoc.Fault(policy, policydoc.ResourcePolicy); fault != "" {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %s", r.ID, fault)
	}
	statements, err := policydoc.Statements(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %v", r.ID, err)
	}
	block, blocked := tx.Get(account.PublicAccessToken, r.ID)
	blocked = blocked && block.Outputs.True("blockPublicPolicy")
	arn := "arn:aws:s3:::" + r.ID
	for i, s := range statements {
		for _, resource := range s.Resource {
			if resource != arn && !strings.HasPrefix(resource, arn+"/") {
				return tx.Refuse("MalformedPolicy", "Policy has invalid resource %s in statement %d: it must be %s or start with %s/", resource, i, arn, arn)
			}
		}
		if blocked && s.Public() {
			return tx.Refuse("AccessDenied", "The policy of bucket %s is public and public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access", r.ID)
		}
	}
	return nil
}

// acceptsLogs tells whether a load balancer may write its logs into a bucket, and if not, why.
func AcceptsLogs(tx *account.Tx, bucket, prefix string) (why string, ok bool) {
	if _, exists := tx.Get(account.BucketToken, bucket); !exists {
		return "there is no such bucket in this account and region", false
	}
	if encryption, set := tx.Get(account.BucketEncryptionToken, bucket); set &&
		slices.ContainsFunc(encryption.Outputs.Strings("rules[*].applyServerSideEncryptionByDefault.sseAlgorithm"), func(a string) bool { return a != "AES256" }) {
		return "load balancers write only to buckets encrypted with AES256 (SSE-S3)", false
	}
	policy, set := tx.Get(account.BucketPolicyToken, bucket)
	if !set {
		return "it has no bucket policy", false
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	object := fmt.Sprintf("arn:aws:s3:::%s/%sAWSLogs/%s/ELBAccessLogTestFile", bucket, prefix, tx.AccountID())
	writers := policydoc.Principal{"Service": {"logdelivery.elasticloadbalancing.amazonaws.com"}}
	if writer := tx.LogWriter(); writer != "" {
		writers["AWS"] = policydoc.OneOrMany{writer, "arn:aws:iam::" + writer + ":root"}
	}
	statements, err := policydoc.Statements(policy.Outputs.Text("policy"))
	if err == nil && slices.ContainsFunc(statements, func(s policydoc.Statement) bool { return s.Allows("s3:PutObject", object, writers) }) {
		return "", true
	}
	return "its policy does not let logdelivery.elasticloadbalancing.amazonaws.com do s3:PutObject on " + object, false
}
