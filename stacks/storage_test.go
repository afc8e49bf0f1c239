package stacks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

const (
	bucketToken     = "aws:s3/bucketV2:BucketV2"
	attachmentToken = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	mailPolicy      = "arn:aws:iam::aws:policy/AmazonSESFullAccess"
)

// bucketOf is the bucket whose logical name has this ending.
func bucketOf(t *testing.T, r *infratest.Recorder, ending string) infratest.Resource {
	t.Helper()
	list := each(t, r, bucketToken)
	i := slices.IndexFunc(list, func(b infratest.Resource) bool { return strings.HasSuffix(b.Name, ending) })
	if i < 0 {
		t.Fatalf("no bucket is named *%s", ending)
	}
	return list[i]
}

// storage is what belongs to the bucket for files.
func storage(r *infratest.Recorder) (list []infratest.Resource) {
	for _, one := range r.All() {
		if strings.HasPrefix(one.Type, "aws:s3/") && strings.HasSuffix(one.Name, "-files-bucket") {
			list = append(list, one)
		}
	}
	return list
}

// TestTheBucketIsPrivateAndOutlivesTheEnvironment: a destroy leaves the files and what protects them, or deletes both.
func TestTheBucketIsPrivateAndOutlivesTheEnvironment(t *testing.T) {
	for _, test := range []struct {
		stack, section, key string
		value               any
		protected, force    bool
	}{
		{"prod", "", "", nil, true, false},
		{"prod", "environment", "teardown", true, false, false},
		{"staging", "", "", nil, false, true},
		{"staging", "storage", "keepFiles", true, false, false},
		{"staging", "environment", "protect", true, true, false},
		{"local", "", "", nil, false, true},
	} {
		config := stackConfig(t, test.stack)
		if test.section != "" {
			config = with(config, test.section, test.key, test.value)
		}
		r := deploy(t, test.stack, config)
		what := fmt.Sprintf("%s with %s.%s", test.stack, test.section, test.key)
		bucket := bucketOf(t, r, "-files-bucket")
		if bucket.Protect != test.protected || isTrue(bucket, "forceDestroy") != test.force {
			t.Errorf("%s: protected %v, deleted with its files %v", what, bucket.Protect, isTrue(bucket, "forceDestroy"))
		}
		parts := storage(r)
		if len(parts) < 7 {
			t.Errorf("%s: only %d resources", what, len(parts))
		}
		for _, part := range parts {
			if part.RetainOnDelete == test.force {
				t.Errorf("%s: a destroy leaves %s: %v", what, part.Type, part.RetainOnDelete)
			}
		}
	}
}

// TestLifecycleOfFiles: files last, but for the uploads that Livewire never deletes, what is deleted goes after a time, and parts of an
// upload that was broken off go at once.
func TestLifecycleOfFiles(t *testing.T) {
	for days, want := range map[int]int{0: 1, 7: 7} {
		r := deploy(t, "staging", with(stackConfig(t, "staging"), "storage", "versionDays", days))
		versions := 0
		for _, part := range storage(r) {
			switch {
			case strings.Contains(part.Type, "Versioning"):
				versions++
			case strings.Contains(part.Type, "Lifecycle"):
				if _, expire := at(part, "rules[0].expiration"); expire || !number(part, "rules[0].abortIncompleteMultipartUpload.daysAfterInitiation", 1) ||
					!number(part, "rules[0].noncurrentVersionExpiration.noncurrentDays", want) {
					t.Errorf("versionDays %d: the rule for all files is %v", days, part.Inputs)
				}
				if text(part, "rules[2].filter.prefix") != "livewire-tmp/" || !number(part, "rules[2].expiration.days", 1) {
					t.Errorf("versionDays %d: Livewire's uploads stay: %v", days, part.Inputs)
				}
			}
		}
		if (versions == 1) != (days > 0) {
			t.Errorf("versionDays %d: %d settings of versions", days, versions)
		}
	}
}

func number(r infratest.Resource, path string, want int) bool {
	value, _ := at(r, path)
	return value.IsNumber() && int(value.NumberValue()) == want
}

// TestTheTaskRoleHasItsBucketOnly compares what Laravel's disk s3 does with what the role may do, and asks for other buckets.
func TestTheTaskRoleHasItsBucketOnly(t *testing.T) {
	r := deploy(t, "prod", stackConfig(t, "prod"))
	bucket := "arn:aws:s3:::" + bucketOf(t, r, "-files-bucket").Name
	grants := infratest.Grants{Policies: []string{text(named(t, r, rolePolicyToken, "laravel-prod-access-task"), "policy")}}
	try := func(want bool, action, resource string) {
		t.Helper()
		if got := grants.Allow(t, infratest.Request{Action: action, Resource: resource})[0]; got != want {
			t.Errorf("%s on %s: %v", action, resource, got)
		}
	}
	for _, action := range []string{"s3:GetObject", "s3:PutObject", "s3:PutObjectAcl", "s3:GetObjectAcl", "s3:DeleteObject", "s3:AbortMultipartUpload"} {
		try(true, action, bucket+"/photos/1.jpg")
		try(false, action, bucket+"-other/photos/1.jpg")
	}
	try(true, "s3:ListBucket", bucket)
	for _, action := range []string{"s3:DeleteBucket", "s3:PutBucketPolicy", "s3:PutLifecycleConfiguration", "s3:PutBucketCORS"} {
		try(false, action, bucket)
	}
}

// TestFilesystemOfContainers: Laravel finds the bucket, and no key, so that the SDK takes the role of the task. It is the default disk of an
// application that has a driver for it: a skeleton has none, and would fail at each use.
func TestFilesystemOfContainers(t *testing.T) {
	for _, test := range []struct {
		app  string
		on   bool
		disk string
	}{{"examples/laravel", true, "s3"}, {"examples/laravel", false, ""}, {"docker/testdata/apps/laravel-12", true, ""}} {
		r := deploy(t, "staging", with(with(stackConfig(t, "staging"), "storage", "bucket", test.on), "image", "app", test.app))
		for container, environment := range variablesOf(t, r) {
			if got := environment["AWS_BUCKET"] != "" && environment["AWS_DEFAULT_REGION"] == "eu-west-1"; got != test.on || environment["FILESYSTEM_DISK"] != test.disk {
				t.Errorf("%+v: %s has %v", test, container, environment)
			}
			if _, there := environment["AWS_ACCESS_KEY_ID"]; there {
				t.Errorf("%s has a key", container)
			}
		}
	}
}

// TestAssetsOutliveTheirRelease: the web containers keep them, for as long as the bucket has them.
func TestAssetsOutliveTheirRelease(t *testing.T) {
	for hours, days := range map[int]int{0: 0, 1: 1, 24: 2, 48: 3} {
		r := deploy(t, "staging", with(stackConfig(t, "staging"), "release", "keepAssetsHours", hours))
		for container, environment := range variablesOf(t, r) {
			if got := environment["KEEP_ASSETS"] == "1"; got != (hours > 0 && strings.HasSuffix(container, "-web/web")) {
				t.Errorf("%d hours: %s keeps them: %v", hours, container, got)
			}
		}
		found := 0
		for _, part := range storage(r) {
			for i := range 5 {
				if rule := fmt.Sprintf("rules[%d].", i); text(part, rule+"filter.prefix") == "release-assets/" {
					days, _ := at(part, rule+"expiration.days")
					found = int(days.NumberValue())
				}
			}
		}
		if found != days {
			t.Errorf("%d hours: the bucket deletes them after %d days, want %d", hours, found, days)
		}
	}
}

// TestOriginsOfUploads: pages of the application's own hosts may upload, and no others.
func TestOriginsOfUploads(t *testing.T) {
	config := with(stackConfig(t, "prod"), "domain", "aliases", []string{"*.app.example.com"})
	for _, part := range storage(deploy(t, "prod", config)) {
		if strings.Contains(part.Type, "Cors") {
			if got := text(part, "corsRules[0].allowedOrigins[0]") + " " + text(part, "corsRules[0].allowedOrigins[1]") + text(part, "corsRules[0].allowedOrigins[2]"); got != "https://app.example.com https://*.app.example.com" {
				t.Errorf("origins are %s", got)
			}
			return
		}
	}
	t.Error("there are no rules")
}

// TestTaskPoliciesAreAttached to the task role, and a pipeline may attach those of its environment, and no others.
func TestTaskPoliciesAreAttached(t *testing.T) {
	r := deploy(t, "prod", with(stackConfig(t, "prod"), "access", "taskPolicies", []string{mailPolicy}))
	if got := named(t, r, attachmentToken, "laravel-prod-access-task-AmazonSESFullAccess"); text(got, "policyArn") != mailPolicy {
		t.Errorf("attached is %v", got.Inputs)
	}
	account := deploy(t, "account", with(accountConfig(t), "account", "deploy.prod.taskPolicies", []string{mailPolicy}))
	for environment, want := range map[string]bool{"prod": true, "staging": false} {
		found := false
		for _, policy := range each(t, account, rolePolicyToken) {
			found = found || strings.Contains(policy.Name, "-deploy-"+environment) && strings.Contains(text(policy, "policy"), mailPolicy)
		}
		if found != want {
			t.Errorf("the role of %s may attach it: %v", environment, found)
		}
	}
}

// TestAssetsNeedTheBucket: by default they are kept where there is one.
func TestAssetsNeedTheBucket(t *testing.T) {
	config := with(stackConfig(t, "staging"), "storage", "bucket", false)
	deploy(t, "staging", config)
	_, err := infratest.Run(stacks.Deploy, "laravel-ecs", "staging", with(config, "release", "keepAssetsHours", 24))
	if err == nil || !strings.Contains(err.Error(), "release.keepAssetsHours: 24, but the assets are kept in the bucket for files: set storage.bucket: true, or 0") {
		t.Errorf("without a bucket: %v", err)
	}
}
