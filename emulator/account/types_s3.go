package account

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
)

const (
	bucketToken           = "aws:s3/bucketV2:BucketV2"
	bucketPolicyToken     = "aws:s3/bucketPolicy:BucketPolicy"
	bucketEncryptionToken = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	publicAccessToken     = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
)

// ofBucket is the reference of a setting to its bucket; AWS deletes a bucket together with its settings.
var ofBucket = []Ref{{Path: "bucket", Type: bucketToken, By: "id", Missing: "NoSuchBucket"}}

var s3Types = []Type{
	{
		Token: bucketToken, Args: s3.BucketV2Args{}, State: s3.BucketV2{},
		Name:     Name{Property: "bucket", Max: 63, Lower: true},
		ForceNew: []string{"bucket", "bucketPrefix", "objectLockEnabled"},
		Defaults: Values{"forceDestroy": false, "objectLockEnabled": false},
		Check:    checkBucket,
		Create:   createBucket,
	},
	{
		Token: publicAccessToken, Args: s3.BucketPublicAccessBlockArgs{}, State: s3.BucketPublicAccessBlock{},
		ForceNew: []string{"bucket"},
		Defaults: Values{"blockPublicAcls": false, "blockPublicPolicy": false, "ignorePublicAcls": false, "restrictPublicBuckets": false},
		Refs:     ofBucket,
		Create:   settingOfBucket,
	},
	{
		Token: bucketEncryptionToken, Args: s3.BucketServerSideEncryptionConfigurationV2Args{}, State: s3.BucketServerSideEncryptionConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     ofBucket,
		Check: func(in Values) []Problem {
			r := rules{in: in}
			path := "rules[*].applyServerSideEncryptionByDefault"
			r.oneOf(path+".sseAlgorithm", "AES256", "aws:kms", "aws:kms:dsse")
			for _, place := range in.Expand(path + ".kmsMasterKeyId") {
				algorithm := strings.TrimSuffix(place, "kmsMasterKeyId") + "sseAlgorithm"
				if in.Text(algorithm) == "AES256" && in.Text(place) != "" {
					r.refuse(place, "is for aws:kms, not for AES256")
				}
			}
			return r.problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketOwnershipControls:BucketOwnershipControls", Args: s3.BucketOwnershipControlsArgs{}, State: s3.BucketOwnershipControls{},
		ForceNew: []string{"bucket"},
		Refs:     ofBucket,
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.oneOf("rule.objectOwnership", "BucketOwnerPreferred", "ObjectWriter", "BucketOwnerEnforced")
			return r.problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2",
		Args:  s3.BucketLifecycleConfigurationV2Args{}, State: s3.BucketLifecycleConfigurationV2{},
		Required: []string{"rules"},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Defaults: Values{"transitionDefaultMinimumObjectSize": "all_storage_classes_128K"},
		Refs:     ofBucket,
		Check:    checkBucketLifecycle,
		Create:   settingOfBucket,
	},
	{
		Token: "aws:s3/bucketVersioningV2:BucketVersioningV2", Args: s3.BucketVersioningV2Args{}, State: s3.BucketVersioningV2{},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     ofBucket,
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.oneOf("versioningConfiguration.status", "Enabled", "Suspended", "Disabled")
			r.oneOf("versioningConfiguration.mfaDelete", "Enabled", "Disabled")
			return r.problems
		},
		Create: settingOfBucket,
	},
	{
		Token: "aws:s3/bucketLoggingV2:BucketLoggingV2", Args: s3.BucketLoggingV2Args{}, State: s3.BucketLoggingV2{},
		ForceNew: []string{"bucket", "expectedBucketOwner"},
		Refs:     append([]Ref{{Path: "targetBucket", Type: bucketToken, By: "id", Missing: "InvalidTargetBucketForLogging"}}, ofBucket...),
		Create:   settingOfBucket,
	},
	{
		Token: bucketPolicyToken, Args: s3.BucketPolicyArgs{}, State: s3.BucketPolicy{},
		Required: []string{"policy"},
		ForceNew: []string{"bucket"},
		Refs:     ofBucket,
		Check: func(in Values) []Problem {
			r := rules{in: in}
			r.jsonDocument("policy")
			return r.problems
		},
		Create: func(tx *Tx, r *Resource) error {
			r.ID = r.Outputs.Text("bucket")
			return tx.checkBucketPolicy(r)
		},
		Update: func(tx *Tx, _, next *Resource) error { return tx.checkBucketPolicy(next) },
	},
}

var bucketName = regexp.MustCompile(`^[0-9a-z][0-9a-z.-]{1,61}[0-9a-z]$`)

func checkBucket(in Values) []Problem {
	r := rules{in: in}
	r.conflict("bucket", "bucketPrefix")
	r.length("bucket", 3, 63)
	r.matches("bucket", bucketName, "it has only lower case letters, digits, periods and hyphens, and starts and ends with a letter or digit")
	r.length("bucketPrefix", 1, 37)
	r.each("bucket", func(place, text string) {
		_, err := netip.ParseAddr(text)
		switch {
		case err == nil:
			r.refuse(place, "%q must not look like an IP address", text)
		case strings.Contains(text, ".."):
			r.refuse(place, "%q must not have two periods in a row", text)
		case slices.ContainsFunc([]string{"xn--", "sthree-", "amzn-s3-demo-"}, func(p string) bool { return strings.HasPrefix(text, p) }):
			r.refuse(place, "%q has a prefix that AWS reserves", text)
		case slices.ContainsFunc([]string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}, func(s string) bool { return strings.HasSuffix(text, s) }):
			r.refuse(place, "%q has an ending that AWS reserves", text)
		}
	})
	return r.problems
}

func createBucket(tx *Tx, r *Resource) error {
	name := r.Outputs.Text("bucket")
	if _, taken := tx.Get(bucketToken, name); taken {
		return tx.Refuse("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket %s succeeded and you already own it; choose another name", name)
	}
	r.ID = name
	out := r.Outputs
	out["arn"] = "arn:aws:s3:::" + name
	out["bucketDomainName"] = name + ".s3.amazonaws.com"
	out["bucketRegionalDomainName"] = fmt.Sprintf("%s.s3.%s.amazonaws.com", name, tx.Region())
	out["hostedZoneId"] = "Z" + strings.ToUpper(stableLetters("s3 zone "+tx.Region(), 13))
	out["region"] = tx.Region()
	setDefault(out, "requestPayer", "BucketOwner")
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
func settingOfBucket(_ *Tx, r *Resource) error {
	r.ID = r.Outputs.Text("bucket")
	if owner := r.Outputs.Text("expectedBucketOwner"); owner != "" {
		r.ID += "," + owner
	}
	return nil
}

func checkBucketLifecycle(in Values) []Problem {
	r := rules{in: in}
	r.length("rules[*].id", 1, 255)
	r.oneOf("rules[*].status", "Enabled", "Disabled")
	seen := map[string]bool{}
	r.each("rules[*].id", func(place, id string) {
		if seen[id] {
			r.refuse(place, "%q is there twice; rule ids must be unique", id)
		}
		seen[id] = true
	})
	for i, rule := range in.Blocks("rules[*]") {
		acts := slices.ContainsFunc([]string{"abortIncompleteMultipartUpload", "expiration", "noncurrentVersionExpiration", "noncurrentVersionTransitions", "transitions"}, rule.Has)
		if !acts {
			r.refuse(fmt.Sprintf("rules[%d]", i), "at least one action needs to be specified in a rule, such as expiration")
		}
		if rule.Has("prefix") && rule.Has("filter") {
			r.refuse(fmt.Sprintf("rules[%d].prefix", i), "cannot be set together with filter")
		}
	}
	const anyNumber = 1 << 31
	for _, path := range []string{"expiration.days", "abortIncompleteMultipartUpload.daysAfterInitiation", "noncurrentVersionExpiration.noncurrentDays"} {
		r.between("rules[*]."+path, 1, anyNumber)
	}
	r.oneOf("rules[*].transitions[*].storageClass", "GLACIER", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "DEEP_ARCHIVE", "GLACIER_IR")
	return r.problems
}

// checkBucketPolicy refuses policies about other buckets, and public ones where those are blocked.
func (tx *Tx) checkBucketPolicy(r *Resource) error {
	policy := r.Outputs.Text("policy")
	if fault := policyFault(policy, resourcePolicy); fault != "" {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %s", r.ID, fault)
	}
	statements, err := bucketStatements(policy)
	if err != nil {
		return tx.Refuse("MalformedPolicy", "The policy of bucket %s: %v", r.ID, err)
	}
	block, blocked := tx.Get(publicAccessToken, r.ID)
	blocked = blocked && block.Outputs.True("blockPublicPolicy")
	arn := "arn:aws:s3:::" + r.ID
	for i, s := range statements {
		for _, resource := range s.Resource {
			if resource != arn && !strings.HasPrefix(resource, arn+"/") {
				return tx.Refuse("MalformedPolicy", "Policy has invalid resource %s in statement %d: it must be %s or start with %s/", resource, i, arn, arn)
			}
		}
		if blocked && s.public() {
			return tx.Refuse("AccessDenied", "The policy of bucket %s is public and public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access", r.ID)
		}
	}
	return nil
}

// acceptsLogs tells whether a load balancer may write its logs into a bucket, and if not, why.
func (tx *Tx) acceptsLogs(bucket, prefix string) (why string, ok bool) {
	if _, exists := tx.Get(bucketToken, bucket); !exists {
		return "there is no such bucket in this account and region", false
	}
	if encryption, set := tx.Get(bucketEncryptionToken, bucket); set &&
		slices.ContainsFunc(encryption.Outputs.Strings("rules[*].applyServerSideEncryptionByDefault.sseAlgorithm"), func(a string) bool { return a != "AES256" }) {
		return "load balancers write only to buckets encrypted with AES256 (SSE-S3)", false
	}
	policy, set := tx.Get(bucketPolicyToken, bucket)
	if !set {
		return "it has no bucket policy", false
	}
	if prefix = strings.Trim(prefix, "/"); prefix != "" {
		prefix += "/"
	}
	object := fmt.Sprintf("arn:aws:s3:::%s/%sAWSLogs/%s/ELBAccessLogTestFile", bucket, prefix, tx.AccountID())
	writers := principal{"Service": {"logdelivery.elasticloadbalancing.amazonaws.com"}}
	if writer := regions[tx.Region()].loadBalancer; writer != "" {
		writers["AWS"] = oneOrMany{writer, "arn:aws:iam::" + writer + ":root"}
	}
	statements, err := bucketStatements(policy.Outputs.Text("policy"))
	if err == nil && slices.ContainsFunc(statements, func(s bucketStatement) bool { return s.allows("s3:PutObject", object, writers) }) {
		return "", true
	}
	return "its policy does not let logdelivery.elasticloadbalancing.amazonaws.com do s3:PutObject on " + object, false
}
