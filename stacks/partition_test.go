package stacks_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/infra/infratest"
	"github.com/laravel-ecs/laravel-ecs/stacks"
)

// TestOtherPartition: in the partition of China no ARN that the program writes is of another one. Services have the names that they have
// everywhere, and the endpoint of S3 that KMS compares is China's.
func TestOtherPartition(t *testing.T) {
	cases := map[string]map[string]string{
		"account": accountConfig(t), "local": stackConfig(t, "local"), "review": stackConfig(t, "review"), "staging": nightly(t),
		"prod": with(with(with(stackConfig(t, "prod"), "environment", "permissionsBoundary", "arn:aws-cn:iam::123456789012:policy/boundary"),
			"access", "taskPolicies", []string{"arn:aws-cn:iam::aws:policy/AmazonSESFullAccess"}), "database", "copies", map[string]any{"region": "eu-central-1"}),
	}
	for stack, config := range cases {
		t.Run(stack, func(t *testing.T) {
			r := &infratest.Recorder{Partition: "aws-cn"}
			if err := r.Run(stacks.Deploy, "laravel-ecs", stack, config); err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, one := range r.All() {
				text := fmt.Sprint(one.Inputs.Mappable())
				all.WriteString(text)
				if strings.Contains(text, "arn:aws:") {
					t.Errorf("%s %s is of the partition aws: %s", one.Type, one.Name, text)
				}
			}
			want := map[string][]string{
				"account": {"arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore", "s3.eu-west-1.amazonaws.com.cn", "arn:aws-cn:ecr:eu-west-1:123456789012:repository/"},
				"staging": {"arn:aws-cn:scheduler:::aws-sdk:rds:stopDBInstance", "arn:aws-cn:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role", `"ec2.amazonaws.com"`},
				"prod":    {"arn:aws-cn:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole", "arn:aws-cn:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"},
			}
			for _, text := range want[stack] {
				if !strings.Contains(all.String(), text) {
					t.Errorf("nothing has %s", text)
				}
			}
		})
	}
}

// examples are the lines of the program that may name the partition aws: what an error says as an example, and values that the owner of a
// stack file writes.
var examples = map[string]*regexp.Regexp{
	"stacks/config/storage.go":           regexp.MustCompile(`, such as arn:aws:iam::aws:policy/AmazonSESFullAccess"`),
	"stacks/config/validate.go":          regexp.MustCompile(`, such as arn:aws:iam::123456789012:policy/NAME"`),
	"stacks/config/validate_database.go": regexp.MustCompile(`, such as arn:aws:(kms|backup):eu-west-1:[0-9]{12}:`),
	"Pulumi.account.yaml":                regexp.MustCompile(`^\s*# taskPolicies: `),
	"Pulumi.review.yaml":                 regexp.MustCompile(`^\s*# permissionsBoundary: `),
}

// TestPartitionIsNotWritten: the partition comes from the provider or from an ARN that is there. Tests and what makes up answers for them
// (infratest, awstest) may write it.
func TestPartitionIsNotWritten(t *testing.T) {
	seen := map[string]bool{}
	check := func(path string) error {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		lines := bufio.NewScanner(file)
		for n := 1; lines.Scan(); n++ {
			if !strings.Contains(lines.Text(), "arn:aws:") {
				continue
			}
			if allowed := examples[path]; allowed != nil && allowed.MatchString(lines.Text()) {
				seen[path] = true
				continue
			}
			t.Errorf("%s:%d writes a partition: take it from infra.Partition, or from an ARN: %s", path, n, lines.Text())
		}
		return lines.Err()
	}
	files, err := filepath.Glob("Pulumi*.yaml")
	if err != nil || len(files) < 5 {
		t.Fatalf("the stack files are %v: %v", files, err)
	}
	for _, folder := range []string{"infra", "stacks", "ops", "cmd/laravel-ecs"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if entry != nil && entry.IsDir() && (entry.Name() == "infratest" || entry.Name() == "awstest" || entry.Name() == "testdata") {
				return fs.SkipDir
			}
			if err == nil && strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
				files = append(files, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range append(files, "main.go") {
		if err := check(path); err != nil {
			t.Error(err)
		}
	}
	for path := range examples {
		if !seen[path] {
			t.Errorf("%s has no such example any more", path)
		}
	}
}
