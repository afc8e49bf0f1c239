package aws

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

// lifecycle is a policy for images with some of its rule changed.
func lifecycle(rules ...string) account.Values {
	return account.Values{"repository": "{repo}", "policy": `{"rules":[` + strings.Join(rules, ",") + `]}`}
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
	w.make(account.RepositoryToken, "repo", account.Values{"name": "shop/app", "imageTagMutability": "IMMUTABLE"})
	w.make(account.BucketToken, "logs", account.Values{"bucket": "shop-logs"})
	w.make(account.BucketToken, "closed", account.Values{"bucket": "shop-closed"})
	w.make(account.PublicAccessToken, "block", account.Values{"bucket": "{closed}", "blockPublicPolicy": true})
	w.make(account.SecretToken, "key", account.Values{"name": "shop/app-key", "recoveryWindowInDays": 7})
	return w
}

func bucketPolicy(bucket, statement string) account.Values {
	return account.Values{"bucket": bucket, "policy": `{"Version":"2012-10-17","Statement":[` + statement + `]}`}
}

const (
	readAll = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::{closed}/*"}`
	onlyTLS = `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::{closed}","arn:aws:s3:::{closed}/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`
)

func TestStorageRefusals(t *testing.T) {
	bucketRule := account.Values{"bucket": "{logs}", "rules": []any{map[string]any{"id": "old", "status": "Enabled", "expiration": map[string]any{"days": 90}}}}
	encryption := func(algorithm, key string) account.Values {
		byDefault := map[string]any{"sseAlgorithm": algorithm}
		if key != "" {
			byDefault["kmsMasterKeyId"] = key
		}
		return account.Values{"bucket": "{logs}", "rules": []any{map[string]any{"applyServerSideEncryptionByDefault": byDefault}}}
	}
	cors := func(origin, method string) account.Values {
		return account.Values{"bucket": "{logs}", "corsRules": []any{map[string]any{"allowedOrigins": []any{origin}, "allowedMethods": []any{method}}}}
	}
	lifecycleToken := "aws:s3/bucketLifecycleConfigurationV2:BucketLifecycleConfigurationV2"
	ownershipToken := "aws:s3/bucketOwnershipControls:BucketOwnershipControls"
	testRefusals(t, warehouse, []refusal{
		{"secret name with a space", account.SecretToken, account.Values{"name": "shop/db"}, account.Values{"name": "shop db"}, "name", ""},
		{"secret name of 513 characters", account.SecretToken, account.Values{"name": strings.Repeat("a", 512)}, account.Values{"name": strings.Repeat("a", 513)}, "name", ""},
		{"recovery window", account.SecretToken, account.Values{"recoveryWindowInDays": 7}, account.Values{"recoveryWindowInDays": 6}, "recoveryWindowInDays", ""},
		{"secret twice", account.SecretToken, account.Values{}, account.Values{"name": "shop/app-key"}, "", "ResourceExistsException"},
		{"version of two kinds", account.SecretVersionToken, account.Values{"secretId": "{key}", "secretString": "x"}, account.Values{"secretBinary": "eA=="}, "secretString", ""},
		{"version of nothing", account.SecretVersionToken, account.Values{"secretId": "{key}", "secretString": "x"}, account.Values{"secretString": nil}, "secretString", ""},
		{"version that is too long", account.SecretVersionToken, account.Values{"secretId": "{key}", "secretString": strings.Repeat("x", 65536)}, account.Values{"secretString": strings.Repeat("x", 65537)}, "secretString", ""},
		{"version of no secret", account.SecretVersionToken, account.Values{"secretId": "{key}", "secretString": "x"}, account.Values{"secretId": "shop/nothing"}, "", "ResourceNotFoundException"},

		{"repository in capitals", account.RepositoryToken, account.Values{"name": "shop/web"}, account.Values{"name": "Shop"}, "name", ""},
		{"repository with two dots", account.RepositoryToken, account.Values{"name": "shop.web"}, account.Values{"name": "shop..web"}, "name", ""},
		{"repository of one letter", account.RepositoryToken, account.Values{"name": "ab"}, account.Values{"name": "a"}, "name", ""},
		{"repository mutability", account.RepositoryToken, account.Values{"imageTagMutability": "MUTABLE"}, account.Values{"imageTagMutability": "immutable"}, "imageTagMutability", ""},
		{"repository encryption", account.RepositoryToken, account.Values{"encryptionConfigurations": []any{map[string]any{"encryptionType": "KMS"}}},
			account.Values{"encryptionConfigurations": []any{map[string]any{"encryptionType": "CMK"}}}, "encryptionConfigurations[0].encryptionType", ""},
		{"repository twice", account.RepositoryToken, account.Values{"name": "shop/web"}, account.Values{"name": "shop/app"}, "", "RepositoryAlreadyExistsException"},
		{"lifecycle of no repository", account.LifecyclePolicyToken, lifecycle(untaggedRule), account.Values{"repository": "shop/nothing"}, "", "RepositoryNotFoundException"},
		{"lifecycle that is no JSON", account.LifecyclePolicyToken, lifecycle(untaggedRule), account.Values{"policy": "expire"}, "policy", ""},
		{"lifecycle of nothing", account.LifecyclePolicyToken, lifecycle(untaggedRule), lifecycle(), "policy", ""},
		{"lifecycle with a priority twice", account.LifecyclePolicyToken, lifecycle(untaggedRule, releaseRule), lifecycle(untaggedRule, untaggedRule), "policy.rules[1]", ""},
		{"lifecycle with any first", account.LifecyclePolicyToken, lifecycle(untaggedRule, releaseRule, anyRule), lifecycle(strings.Replace(anyRule, "3", "1", 1), releaseRule), "policy", ""},
		{"lifecycle with any twice", account.LifecyclePolicyToken, lifecycle(anyRule), lifecycle(anyRule, strings.Replace(anyRule, ":3", ":4", 1)), "policy.rules[1]", ""},
		{"lifecycle of tagged without tags", account.LifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"tagPrefixList":["r-"],`, "", 1)), "policy.rules[0]", ""},
		{"lifecycle of untagged with tags", account.LifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"tagged"`, `"untagged"`, 1)), "policy.rules[0]", ""},
		{"lifecycle without a unit", account.LifecyclePolicyToken, lifecycle(untaggedRule), lifecycle(strings.Replace(untaggedRule, `"countUnit":"days",`, "", 1)), "policy.rules[0]", ""},
		{"lifecycle of zero images", account.LifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, "30", "0", 1)), "policy.rules[0]", ""},
		{"lifecycle that archives", account.LifecyclePolicyToken, lifecycle(releaseRule), lifecycle(strings.Replace(releaseRule, `"expire"`, `"archive"`, 1)), "policy.rules[0]", ""},

		{"bucket in capitals", account.BucketToken, account.Values{"bucket": "shop.data-1"}, account.Values{"bucket": "Shop"}, "bucket", ""},
		{"bucket of two letters", account.BucketToken, account.Values{"bucket": "abc"}, account.Values{"bucket": "ab"}, "bucket", ""},
		{"bucket with an underscore", account.BucketToken, account.Values{"bucket": "shop-data"}, account.Values{"bucket": "shop_data"}, "bucket", ""},
		{"bucket that ends with a hyphen", account.BucketToken, account.Values{"bucket": "shop-data"}, account.Values{"bucket": "shop-"}, "bucket", ""},
		{"bucket that is an address", account.BucketToken, account.Values{"bucket": "10.0.0.0.1"}, account.Values{"bucket": "10.0.0.1"}, "bucket", ""},
		{"bucket with two periods", account.BucketToken, account.Values{"bucket": "shop.data"}, account.Values{"bucket": "shop..data"}, "bucket", ""},
		{"bucket with a prefix of AWS", account.BucketToken, account.Values{"bucket": "shop-data"}, account.Values{"bucket": "xn--shop"}, "bucket", ""},
		{"bucket with an ending of AWS", account.BucketToken, account.Values{"bucket": "shop-data"}, account.Values{"bucket": "shop-s3alias"}, "bucket", ""},
		{"bucket twice", account.BucketToken, account.Values{"bucket": "shop-data"}, account.Values{"bucket": "shop-logs"}, "", "BucketAlreadyOwnedByYou"},
		{"setting of no bucket", account.PublicAccessToken, account.Values{"bucket": "{logs}"}, account.Values{"bucket": "shop-nothing"}, "", "NoSuchBucket"},
		{"encryption", account.BucketEncryptionToken, encryption("aws:kms", "alias/aws/s3"), encryption("AES128", ""), "rules[0].applyServerSideEncryptionByDefault.sseAlgorithm", ""},
		{"encryption with a key it has not", account.BucketEncryptionToken, encryption("AES256", ""), encryption("AES256", "alias/aws/s3"), "rules[0].applyServerSideEncryptionByDefault.kmsMasterKeyId", ""},
		{"ownership", ownershipToken, account.Values{"bucket": "{logs}", "rule": map[string]any{"objectOwnership": "BucketOwnerEnforced"}},
			account.Values{"rule": map[string]any{"objectOwnership": "BucketOwner"}}, "rule.objectOwnership", ""},
		{"bucket rule status", lifecycleToken, bucketRule, account.Values{"rules": []any{map[string]any{"id": "old", "status": "On", "expiration": map[string]any{"days": 90}}}}, "rules[0].status", ""},
		{"bucket rule that does nothing", lifecycleToken, bucketRule, account.Values{"rules": []any{map[string]any{"id": "old", "status": "Enabled"}}}, "rules[0]", ""},
		{"bucket rule of zero days", lifecycleToken, bucketRule, account.Values{"rules": []any{map[string]any{"id": "old", "status": "Enabled", "expiration": map[string]any{"days": 0}}}}, "rules[0].expiration.days", ""},
		{"versioning", "aws:s3/bucketVersioningV2:BucketVersioningV2", account.Values{"bucket": "{logs}", "versioningConfiguration": map[string]any{"status": "Enabled"}},
			account.Values{"versioningConfiguration": map[string]any{"status": "On"}}, "versioningConfiguration.status", ""},

		{"method of other origins", account.BucketCORSToken, cors("https://*.example.com", "PUT"), cors("*", "OPTIONS"), "corsRules[0].allowedMethods[0]", ""},
		{"origin with two wildcards", account.BucketCORSToken, cors("*", "GET"), cors("https://*.*", "GET"), "corsRules[0].allowedOrigins[0]", ""},
		{"policy that is no JSON", account.BucketPolicyToken, bucketPolicy("{closed}", onlyTLS), account.Values{"policy": "deny"}, "policy", ""},
		{"policy about another bucket", account.BucketPolicyToken, bucketPolicy("{closed}", onlyTLS), bucketPolicy("{closed}", strings.ReplaceAll(onlyTLS, "{closed}", "{logs}")), "", "MalformedPolicy"},
		{"policy about nobody", account.BucketPolicyToken, bucketPolicy("{closed}", onlyTLS), bucketPolicy("{closed}", strings.Replace(onlyTLS, `"Principal":"*",`, "", 1)), "", "MalformedPolicy"},
		{"public policy", account.BucketPolicyToken, bucketPolicy("{logs}", strings.ReplaceAll(readAll, "{closed}", "{logs}")), bucketPolicy("{closed}", readAll), "", "AccessDenied"},
	})
}

func TestSecretLifecycle(t *testing.T) {
	ctx := context.Background()
	w := warehouse(t)
	first := w.make(account.SecretVersionToken, "v1", account.Values{"secretId": "{key}", "secretString": "one"})
	second := w.make(account.SecretVersionToken, "v2", account.Values{"secretId": "{key}", "secretString": "two"})
	if form := regexp.MustCompile(`^arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/app-key-[0-9A-Za-z]{6}$`); !form.MatchString(w.ids["key"]) {
		t.Errorf("the secret's id is %q", w.ids["key"])
	}
	if !strings.HasPrefix(first.ID, w.ids["key"]+"|") {
		t.Errorf("the version's id is %q", first.ID)
	}
	for id, stage := range map[string]string{first.ID: "AWSPREVIOUS", second.ID: "AWSCURRENT"} {
		if r, _ := w.Read(account.SecretVersionToken, id); !slices.Equal(r.Outputs.Strings("versionStages"), []string{stage}) {
			t.Errorf("stages of %s are %v, want %s", id, r.Outputs.Strings("versionStages"), stage)
		}
	}
	if err := w.Delete(ctx, account.SecretToken, w.ids["key"]); err != nil {
		t.Fatal(err)
	}
	_, err := w.Create(ctx, account.SecretToken, "again", w.checked(account.SecretToken, "again", account.Values{"name": "shop/app-key"}))
	wantCode(t, err, "InvalidRequestException")

	w.make(account.SecretToken, "gone", account.Values{"name": "shop/gone", "recoveryWindowInDays": 0})
	if err := w.Delete(ctx, account.SecretToken, w.ids["gone"]); err != nil {
		t.Fatal(err)
	}
	w.make(account.SecretToken, "gone", account.Values{"name": "shop/gone"})
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

	w.make(account.RepositoryToken, "moving", account.Values{"name": "shop/moving"})
	for n := 1; n <= 2; n++ {
		if err := put("shop/moving", "latest", digest(n)); err != nil {
			t.Fatal(err)
		}
	}
	ask := func(args account.Values) (account.Values, error) {
		return w.Invoke(ctx, "aws:ecr/getImage:getImage", args)
	}
	for _, want := range []struct {
		args   account.Values
		digest string
	}{
		{account.Values{"repositoryName": "shop/app", "imageTag": "r-1"}, digest(1)},
		{account.Values{"repositoryName": "shop/moving", "imageTag": "latest"}, digest(2)},
	} {
		answer, err := ask(want.args)
		if err != nil || answer.Text("imageDigest") != want.digest {
			t.Errorf("getImage %v answers %q, %v", want.args, answer.Text("imageDigest"), err)
		}
	}
	answer, err := ask(account.Values{"repositoryName": "shop/app", "imageTag": "r-1"})
	if err != nil || answer.Text("imageUri") != "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/app@"+digest(1) {
		t.Errorf("imageUri is %q, %v", answer.Text("imageUri"), err)
	}
	if _, err := ask(account.Values{"repositoryName": "shop/app"}); err == nil {
		t.Error("getImage without tag, digest and mostRecent is accepted")
	}
	for code, args := range map[string]account.Values{
		"ImageNotFoundException":      {"repositoryName": "shop/app", "imageTag": "r-9"},
		"RepositoryNotFoundException": {"repositoryName": "shop/nothing", "imageTag": "r-1"},
	} {
		_, err := ask(args)
		var refused *account.Error
		if !errors.As(err, &refused) || refused.Code != code {
			t.Errorf("getImage %v: %v, want %s", args, err, code)
		}
	}

	wantCode(t, w.Delete(ctx, account.RepositoryToken, "shop/app"), "RepositoryNotEmptyException")
	if _, err := w.Update(ctx, account.RepositoryToken, "shop/app", w.checked(account.RepositoryToken, "repo", account.Values{"name": "shop/app", "forceDelete": true})); err != nil {
		t.Fatal(err)
	}
	if err := w.Delete(ctx, account.RepositoryToken, "shop/app"); err != nil {
		t.Fatal(err)
	}
	w.make(account.RepositoryToken, "repo", account.Values{"name": "shop/app"})
	if _, err := ask(account.Values{"repositoryName": "shop/app", "mostRecent": true}); err == nil {
		t.Error("the images outlived their repository")
	}
}

func TestLifecyclePolicyIsReplacedInPlace(t *testing.T) {
	w := warehouse(t)
	_, replace := w.Diff(account.LifecyclePolicyToken, "", lifecycle(untaggedRule), nil, lifecycle(releaseRule))
	if len(replace) == 0 || !w.typeOf(account.LifecyclePolicyToken).DeleteBeforeReplace {
		t.Error("a new lifecycle policy must replace the old one, which is deleted first: both have the repository as their id")
	}
}
