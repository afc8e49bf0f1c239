package known

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Pulumi lists types of machines too, older ones than ours. What it has of the families here must be here.
func TestListsHaveWhatPulumiHas(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/pulumi/pulumi-aws/sdk/v6").Output()
	if err != nil {
		t.Fatal(err)
	}
	constant := regexp.MustCompile(`InstanceType\("([^"]+)"\)`)
	for service, list := range map[string]Sizes{"ec2": EC2, "rds": RDS} {
		source, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "go", "aws", service, "pulumiEnums.go"))
		if err != nil {
			t.Fatal(err)
		}
		seen := 0
		for _, match := range constant.FindAllStringSubmatch(string(source), -1) {
			family := match[1][:strings.LastIndex(match[1], ".")]
			if list.families[family] == nil || strings.Contains(match[1], ".metal") {
				continue // a family that the program does not use, or that RDS has no more
			}
			seen++
			if err := list.Check(match[1]); err != nil {
				t.Error(err)
			}
		}
		if seen < 30 {
			t.Errorf("%s: only %d types were compared", service, seen)
		}
	}
}

func TestCheck(t *testing.T) {
	for name, list := range map[string]Sizes{"t3.small": EC2, "m7i-flex.large": EC2, "db.t4g.micro": RDS, "cache.r7g.large": Cache} {
		if err := list.Check(name); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"db.m99.large": "the families are db.m5, db.m5d", "db.t4g.nano": "db.t4g comes as micro", "db.t4g.": "db.t4g comes as", "": "the families are", ".": "the families are",
	} {
		if err := RDS.Check(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, list := range []Words{Regions, Endpoints, Reserved, ReservedPostgres} {
		if len(list.words) < 30 {
			t.Errorf("%s has only %d words", list.File, len(list.words))
		}
		if _, err := os.Stat(filepath.Join("..", "..", "..", list.File)); err != nil {
			t.Error(err)
		}
	}
	if !Regions.Has("eu-west-1") || Regions.Has("eu-west-99") || Regions.Has("#") || !Reserved.Has("select") {
		t.Error("a list does not have what it must have")
	}
}

// TestExtension: an extension by the name of PHP, of Composer and of Debian.
func TestExtension(t *testing.T) {
	for name, want := range map[string]string{
		"pdo_mysql": "mysql", "mysql": "mysql", "pdo-pgsql": "pgsql", "zend-opcache": "opcache", "Zend-OPcache": "opcache", "dom": "xml", "igbinary": "igbinary",
		"exif": PHP, "pcntl": PHP, "pdo_mongo": "", "cli": "",
	} {
		if word, ok := Extension(name); word != want || ok != (want != "") {
			t.Errorf("%s is in %q, %v, want %q", name, word, ok, want)
		}
	}
}
