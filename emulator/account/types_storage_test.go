package account

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// lifecycle is a policy for images with some of its rule changed.
func lifecycle(rules ...string) Values {
	return Values{"repository": "{repo}", "policy": `{"rules":[` + strings.Join(rules, ",") + `]}`}
}

const (
	untaggedRule = `{"rulePriority":1,"selection":{"tagStatus":"untagged","countType":"sinceImagePushed","countUnit":"days","countNumber":7},"action":{"type":"expire"}}`
	releaseRule  = `{"rulePriority":2,"selection":{"tagStatus":"tagged","tagPrefixList":["r-"],"countType":"imageCountMoreThan","countNumber":30},"action":{"type":"expire"}}`
	anyRule      = `{"rulePriority":3,"selection":{"tagStatus":"any","countType":"imageCountMoreThan","countNumber":100},"action":{"type":"expire"}}`
)

// warehouse is the furnished account with a repository, buckets and a secret.
func warehouse(t *testing.T) *world {
	t.Helper()
	w := furnished(t)
	w.make(repositoryToken, "repo", Values{"name": "shop/app", "imageTagMutability": "IMMUTABLE"})
	w.make(bucketToken, "logs", Values{"bucket": "shop-logs"})
	w.make(bucketToken, "closed", Values{"bucket": "shop-closed"})
	w.make(publicAccessToken, "block", Values{"bucket": "{closed}", "blockPublicPolicy": true})
	w.make(secretToken, "key", Values{"name": "shop/app-key", "recoveryWindowInDays": 7})
	return w
}

func bucketPolicy(bucket, statement string) Values {
	return Values{"bucket": bucket, "policy": `{"Version":"2012-10-17","Statement":[` + statement + `]}`}
}

const (
	readAll = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{closed}/*"}`
	onlyTLS = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::{closed}","arn:aws:s3:::{closed}/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
)

func TestStorageRefusals(t *testing.T) {
	bucketRule := Values{"bucket": "{logs}", "rules": []any{map[string]any{"id": "old", "status": "Enabled", "expiration": map[string]any{"days": 90}}}}
	encryption := func(algorithm, key string) Values {
		byDefault := map[string]any{"sseAlgorithm": algorithm}
		if key != "" {
			byDefault["kmsMasterKeyId"] = key
		}
		return Values{"bucket": "{logs}", "rules": []any{map[string]any{"applyServerSideEncryptionByDefault": byDefault}}}
	}
	lifecycleToken := "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	ownershipToken := "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	testRefusals(t, warehouse, []refusal{
		{"secret name with a space", secretToken, Values{"name": "shop/db"}, Values{"name": "shop db"}, "name", ""},
		{"secret name of 513 characters", secretToken, Values{"name": strings.Repeat("a", 512)}, Values{"name": strings.Repeat("a", 513)}, "name", ""},
		{"recovery window", secretToken, Values{"recoveryWindowInDays": 7}, Values{"recoveryWindowInDays": 6}, "recoveryWindowInDays", ""},
		{"secret twice", secretToken, Values{}, Values{"name": "shop/app-key"}, "", "ResourceExistsException"},
		{"version of two kinds", secretVersionToken, Values{"secretId": "{key}", "secretString": "x"}, Values{"secretBinary": "eA=="}, "secretString", ""},
		{"version of nothing", secretVersionToken, Values{"secretId": "{key}", "secretString": "x"}, Values{"secretString": nil}, "secretString", ""},
		{"version that is too long", secretVersionToken, Values{"secretId": "{key}", "secretString": strings.Repeat("x", 65536)}, Values{"secretString": strings.Repeat("x", 65537)}, "secretString", ""},
		{"version of no secret", secretVersionToken, Values{"secretId": "{key}", "secretString": "x"}, Values{"secretId": "shop/nothing"}, "", "ResourceNotFoundException"},

		{"repository in capitals", repositoryToken, Values{"name": "shop/web"}, Values{"name": "Shop"}, "name", ""},
		{"repository with two dots", repositoryToken, Values{"name": "shop.web"}, Values{"name": "shop..web"}, "name", ""},
		{"repository of one letter", repositoryToken, Values{"name": "ab"}, Values{"name": "a"}, "name", ""},
		{"repository mutability", repositoryToken, Values{"imageTagMutability": "MUTABLE"}, Values{"imageTagMutability": "immutable"}, "imageTagMutability", ""},
		{"repository encryption", repositoryToken, Values{"encryptionConfigurations": []any{map[string]any{"encryptionType": "KMS"}}},
			Values{"encryptionConfigurations": []any{map[string]any{"encryptionType": "CMK"}}}, "encryptionConfigurations[0].encryptionType", ""},
		{"repository twice", repositoryToken, Values{"name": "shop/web"}, Values{"name": "shop/app"}, "", "RepositoryAlreadyExistsException"},
		{"lifecycle of no repository", lifecyclePolicyToken, lifecycle(untaggedRule), Values{"repository": "shop/nothing"}, "", "RepositoryNotFoundException"},
		{"lifecycle that is no JSON", lifecyclePolicyToken, lifecycle(untaggedRule), Values{"policy": "expire"}, "policy", ""},
		{"lifecycle of nothing", lifecyclePolicyToken, lifecycle(untaggedRule), lifecycle(), "policy", ""},
		{"lifecycle with a priority twice", lifecyclePolicyToken, lifecycle(untaggedRule, releaseRule), lifecycle(untaggedRule, untaggedRule), "policy.rules[1]", ""},
		{"lifecycle with any first", lifecyclePolicyToken, lifecycle(untaggedRule, releaseRule, anyRule), lifecycle(strings.Replace(anyRule, "3", "1", 1), releaseRule), "policy", ""},
		{"lifecycle with any twice", lifecyclePolicyToken, lifecycle(anyRule), lifecycle(anyRule, strings.Replace(anyRule, ":3", ":4", 1)), "policy.rules[1]", ""},
		{"lifecycle of tagged without tags", lifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"tagPrefixList":["r-"],`, "", 1)), "policy.rules[0]", ""},
		{"lifecycle of untagged with tags", lifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"tagged"`, `"untagged"`, 1)), "policy.rules[0]", ""},
		{"lifecycle without a unit", lifecyclePolicyToken, lifecycle(untaggedRule), lifecycle(strings.Replace(untaggedRule, `"countUnit":"days",`, "", 1)), "policy.rules[0]", ""},
		{"lifecycle of zero images", lifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, "30", "0", 1)), "policy.rules[0]", ""},
		{"lifecycle that archives", lifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"expire"`, `"archive"`, 1)), "policy.rules[0]", ""},

		{"bucket in capitals", bucketToken, Values{"bucket": "shop.data-1"}, Values{"bucket": "Shop"}, "bucket", ""},
		{"bucket of two letters", bucketToken, Values{"bucket": "abc"}, Values{"bucket": "ab"}, "bucket", ""},
		{"bucket with an underscore", bucketToken, Values{"bucket": "shop-data"}, Values{"bucket": "shop_data"}, "bucket", ""},
		{"bucket that ends with a hyphen", bucketToken, Values{"bucket": "shop-data"}, Values{"bucket": "shop-"}, "bucket", ""},
		{"bucket that is an address", bucketToken, Values{"bucket": "10.0.0.0.1"}, Values{"bucket": "10.0.0.1"}, "bucket", ""},
		{"bucket with two periods", bucketToken, Values{"bucket": "shop.data"}, Values{"bucket": "shop..data"}, "bucket", ""},
		{"bucket with a prefix of AWS", bucketToken, Values{"bucket": "shop-data"}, Values{"bucket": "xn--shop"}, "bucket", ""},
		{"bucket with an ending of AWS", bucketToken, Values{"bucket": "shop-data"}, Values{"bucket": "shop-s3alias"}, "bucket", ""},
		{"bucket twice", bucketToken, Values{"bucket": "shop-data"}, Values{"bucket": "shop-logs"}, "", "BucketAlreadyOwnedByYou"},
		{"setting of no bucket", publicAccessToken, Values{"bucket": "{logs}"}, Values{"bucket": "shop-nothing"}, "", "NoSuchBucket"},
		{"encryption", bucketEncryptionToken, encryption("aws:kms", "alias/aws/s3"), encryption("AES128", ""), "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", ""},
		{"encryption with a key it has not", bucketEncryptionToken, encryption("AES256", ""), encryption("AES256", "alias/aws/s3"), "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId", ""},
		{"ownership", ownershipToken, Values{"bucket": "{logs}", "rule": map[string]any{"objectOwnership": "BucketOwnerEnforced"}},
			Values{"rule": map[string]any{"objectOwnership": "BucketOwner"}}, "rule.objectOwnership", ""},
		{"bucket rule status", lifecycleToken, bucketRule, Values{"rules": []any{map[string]any{"id": "old", "status": "On", "expiration": map[string]any{"days": 90}}}}, "rules[0].status", ""},
		{"bucket rule that does nothing", lifecycleToken, bucketRule, Values{"rules": []any{map[string]any{"id": "old", "status": "Enabled"}}}, "rules[0]", ""},
		{"bucket rule of zero days", lifecycleToken, bucketRule, Values{"rules": []any{map[string]any{"id": "old", "status": "Enabled", "expiration": map[string]any{"days": 0}}}}, "rules[0].expiration.days", ""},
		{"versioning", "aws:s3/bucketVersioningV2:BucketVersioningV2", Values{"bucket": "{logs}", "versioningConfiguration": map[string]any{"status": "Enabled"}},
			Values{"versioningConfiguration": map[string]any{"status": "On"}}, "versioningConfiguration.status", ""},

		{"policy that is no JSON", bucketPolicyToken, bucketPolicy("{closed}", onlyTLS), Values{"policy": "deny"}, "policy", ""},
		{"policy about another bucket", bucketPolicyToken, bucketPolicy("{closed}", onlyTLS), bucketPolicy("{closed}", strings.ReplaceAll(onlyTLS, "{closed}", "{logs}")), "", "MalformedPolicy"},
		{"policy about nobody", bucketPolicyToken, bucketPolicy("{closed}", onlyTLS), bucketPolicy("{closed}", strings.Replace(onlyTLS, `"Principal":"*",`, "", 1)), "", "MalformedPolicy"},
		{"public policy", bucketPolicyToken, bucketPolicy("{logs}", strings.ReplaceAll(readAll, "{closed}", "{logs}")), bucketPolicy("{closed}", readAll), "", "AccessDenied"},
	})
}

func TestSecretLifecycle(t *testing.T) {
	ctx := context.Background()
	w := warehouse(t)
	first := w.make(secretVersionToken, "v1", Values{"secretId": "{key}", "secretString": "one"})
	second := w.make(secretVersionToken, "v2", Values{"secretId": "{key}", "secretString": "two"})
	if form := regexp.MustCompile(`^arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/app-key-[0-9A-Za-z]{6}$`); !form.MatchString(w.ids["key"]) {
		t.Errorf("the secret's id is %q", w.ids["key"])
	}
	if !strings.HasPrefix(first.ID, w.ids["key"]+"|") {
		t.Errorf("the version's id is %q", first.ID)
	}
	for id, stage := range map[string]string{first.ID: "AWSPREVIOUS", second.ID: "AWSCURRENT"} {
		if r, _ := w.Read(secretVersionToken, id); !slices.Equal(r.Outputs.Strings("versionStages"), []string{stage}) {
			t.Errorf("stages of %s are %v, want %s", id, r.Outputs.Strings("versionStages"), stage)
		}
	}
	answer, err := w.Invoke(ctx, "aws:secretsmanager/getSecretVersion:getSecretVersion", Values{"secretId": "shop/app-key"})
	if err != nil || answer.Text("secretString") != "two" {
		t.Errorf("the current value is %q, %v", answer.Text("secretString"), err)
	}
	if err := w.Delete(ctx, secretToken, w.ids["key"]); err != nil {
		t.Fatal(err)
	}
	_, err = w.Create(ctx, secretToken, "again", w.checked(secretToken, "again", Values{"name": "shop/app-key"}))
	wantCode(t, err, "InvalidRequestException")

	w.make(secretToken, "gone", Values{"name": "shop/gone", "recoveryWindowInDays": 0})
	if err := w.Delete(ctx, secretToken, w.ids["gone"]); err != nil {
		t.Fatal(err)
	}
	w.make(secretToken, "gone", Values{"name": "shop/gone"})
}

func TestImages(t *testing.T) {
	ctx := context.Background()
	w := warehouse(t)
	digest := func(n int) string { return "sha256:" + strings.Repeat(fmt.Sprint(n), 64) }
	at := time.Unix(1700000000, 0)
	put := func(repository, tag, digest string) error { return w.PutImage(repository, tag, digest, 1234, at) }
	for tag, n := range map[string]int{"r-1": 1, "r-2": 2} {
		if err := put("shop/app", tag, digest(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := put("shop/app", "r-1", digest(1)); err != nil {
		t.Errorf("pushing the same image again: %v", err)
	}
	wantCode(t, put("shop/app", "r-1", digest(2)), "ImageTagAlreadyExistsException")
	wantCode(t, put("shop/nothing", "r-1", digest(1)), "RepositoryNotFoundException")
	wantCode(t, put("shop/app", "r 1", digest(1)), "InvalidParameterException")
	wantCode(t, put("shop/app", "r-3", "sha256:1"), "InvalidParameterException")

	w.make(repositoryToken, "moving", Values{"name": "shop/moving"})
	for n := 1; n <= 2; n++ {
		if err := put("shop/moving", "latest", digest(n)); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(args Values) (Values, error) {
		return w.Invoke(ctx, "aws:ecr/getImage:getImage", args)
	}
	for _, want := range []struct {
		args   Values
		digest string
	}{
		{Values{"repositoryName": "shop/app", "imageTag": "r-1"}, digest(1)},
		{Values{"repositoryName": "shop/app", "imageDigest": digest(2)}, digest(2)},
		{Values{"repositoryName": "shop/moving", "imageTag": "latest"}, digest(2)},
	} {
		answer, err := ask(want.args)
		if err != nil || answer.Text("imageDigest") != want.digest {
			t.Errorf("getImage %v answers %q, %v", want.args, answer.Text("imageDigest"), err)
		}
	}
	answer, err := ask(Values{"repositoryName": "shop/app", "imageTag": "r-1"})
	if err != nil || answer.Text("imageUri") != "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/app@"+digest(1) {
		t.Errorf("imageUri is %q, %v", answer.Text("imageUri"), err)
	}
	if _, err := ask(Values{"repositoryName": "shop/app"}); err == nil {
		t.Error("getImage without tag, digest and mostRecent is accepted")
	}
	for code, args := range map[string]Values{
		"ImageNotFoundException":      {"repositoryName": "shop/app", "imageTag": "r-9"},
		"RepositoryNotFoundException": {"repositoryName": "shop/nothing", "imageTag": "r-1"},
	} {
		_, err := ask(args)
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("getImage %v: %v, want %s", args, err, code)
		}
	}

	wantCode(t, w.Delete(ctx, repositoryToken, "shop/app"), "RepositoryNotEmptyException")
	if _, err := w.Update(ctx, repositoryToken, "shop/app", w.checked(repositoryToken, "repo", Values{"name": "shop/app", "forceDelete": true})); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx, repositoryToken, "shop/app"); err != nil {
		t.Fatal(err)
	}
	w.make(repositoryToken, "repo", Values{"name": "shop/app"})
	if _, err := ask(Values{"repositoryName": "shop/app", "mostRecent": true}); err == nil {
		t.Error("the images outlived their repository")
	}
}

func TestLifecyclePolicyIsReplacedInPlace(t *testing.T) {
	w := warehouse(t)
	_, replace := w.Diff(lifecyclePolicyToken, "", lifecycle(untaggedRule), nil, lifecycle(releaseRule))
	if len(replace) == 0 || !types[lifecyclePolicyToken].DeleteBeforeReplace {
		t.Error("a new lifecycle policy must replace the old one, which is deleted first: both have the repository as their id")
	}
}
