package stackfile

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/aws"
	"github.com/laravel-ecs/laravel-ecs/stacks/config"
)

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestForMachine(t *testing.T) {
	for name, test := range map[string]struct {
		config  string
		port    int
		url     string
		refused string
	}{
		"the usual port":   {"  laravel-ecs:app: { url: 'http://localhost:8080' }\n", 8080, "http://localhost:8080", ""},
		"another port":     {"  laravel-ecs:app: { url: 'http://localhost:8080' }\n", 9090, "http://localhost:9090", ""},
		"an own URL":       {"  laravel-ecs:app: { url: 'https://laravel.test' }\n", 9090, "https://laravel.test", ""},
		"encrypted values": {"  laravel-ecs:secrets: { A: { secure: v1:x } }\n", 8080, "", "laravel-ecs:secrets.A"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\n")
			writeFile(t, filepath.Join(root, "Pulumi.local.yaml"), "config:\n"+test.config)
			s, err := config.ReadFile(root, "local")
			if err != nil {
				t.Fatal(err)
			}
			err = ForMachine(s, "local", test.port)
			if (err == nil) != (test.refused == "") || err != nil && !strings.Contains(err.Error(), test.refused) {
				t.Errorf("the error is %v", err)
			}
			if err == nil && s.Text("app.url") != test.url {
				t.Errorf("app.url is %q", s.Text("app.url"))
			}
		})
	}
}

func TestInMemoryAndSeed(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	writeFile(t, filepath.Join(root, "Pulumi.prod.yaml"), `encryptionsalt: v1:abc
config:
  aws:region: eu-west-1
  aws:allowedAccountIds: ["999999999999"]
  laravel-ecs:release: { strategy: blueGreen, name: one, candidate: two, build: false }
  laravel-ecs:domain: { name: app.example.com, zone: example.com, certificateArn: "arn:aws:acm:eu-west-1:123456789012:certificate/x" }
  laravel-ecs:cluster: { keyPair: deploy }
  laravel-ecs:database: { restore: { pointInTime: latest, generation: 2, keepOldUntil: 2026-12-10 } }
  laravel-ecs:secrets: { STRIPE_KEY: { secure: v1:abc } }
`)
	s, err := config.ReadFile(root, "prod")
	if err != nil {
		t.Fatal(err)
	}
	notes, err := InMemory(s)
	if err != nil {
		t.Fatal(err)
	}
	if len(notes) != 3 || !strings.Contains(notes[0], "laravel-ecs:secrets.STRIPE_KEY, encryptionsalt") {
		t.Errorf("notes are %q", notes)
	}
	a, err := aws.Open("", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"hosted zone example.com", "certificate arn:aws:acm:eu-west-1:123456789012:certificate/x", "key pair deploy"}
	for range 2 { // seeding again changes nothing
		assumed, err := Seed(a, s)
		if err != nil || !slices.Equal(assumed, want) {
			t.Errorf("assumed are %q, %v", assumed, err)
		}
	}
	images, err := SeedImages(a, s)
	if err != nil || !slices.Equal(images, []string{"image release-one in the registry", "image release-two in the registry"}) {
		t.Errorf("assumed images are %q, %v", images, err)
	}
	snapshots, err := SeedSnapshot(a, s)
	if err != nil || !slices.Equal(snapshots, []string{"snapshot point-in-time, of the same engine and version"}) || s.Text("database.restore.pointInTime") != "" {
		t.Errorf("assumed snapshots are %q, %v", snapshots, err)
	}
	if taken, ok := a.Read(account.DatabaseSnapshotToken, "point-in-time"); !ok || taken.Outputs.Text("engine") != "mysql" {
		t.Errorf("the snapshot is %v", taken)
	}
	zone, err := a.Invoke(t.Context(), "aws:route53/getZone:getZone", account.Values{"name": "example.com"})
	if err != nil || zone.Text("name") != "example.com" {
		t.Errorf("the zone is %v, %v", zone, err)
	}
}

// TestSeedInstance: the instance of database.import is in its network, with what the stack file says of it.
func TestSeedInstance(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "Pulumi.yaml"), "name: laravel-ecs\nruntime: go\n")
	writeFile(t, filepath.Join(root, "Pulumi.staging.yaml"), `config:
  laravel-ecs:network: { vpcId: vpc-0123456789abcdef0, publicSubnets: [subnet-11111111111111111, subnet-22222222222222222], privateSubnets: [subnet-33333333333333333, subnet-44444444444444444], dataSubnets: [subnet-55555555555555555, subnet-66666666666666666] }
  laravel-ecs:database: { import: shop-db, securityGroupId: sg-0123456789abcdef0, username: admin, storageGb: 50, port: 3307 }
`)
	s, err := config.ReadFile(root, "staging")
	if err != nil {
		t.Fatal(err)
	}
	a, err := aws.Open("", "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if assumed, err := Seed(a, s); err != nil || !slices.Contains(assumed, "RDS instance shop-db, as the stack file describes it") {
			t.Fatalf("assumed are %q, %v", assumed, err)
		}
	}
	there, err := a.Invoke(t.Context(), "aws:rds/getInstance:getInstance", account.Values{"dbInstanceIdentifier": "shop-db"})
	if err != nil || there.Text("masterUsername") != "admin" || there["port"] != 3307.0 || there["allocatedStorage"] != 50.0 || there.Text("vpcSecurityGroups[0]") != "sg-0123456789abcdef0" {
		t.Errorf("the instance is %v, %v", there, err)
	}
	if group, err := a.Invoke(t.Context(), "aws:rds/getSubnetGroup:getSubnetGroup", account.Values{"name": there.Text("dbSubnetGroup")}); err != nil || group.Text("vpcId") != "vpc-0123456789abcdef0" {
		t.Errorf("its subnet group is %v, %v", group, err)
	}
}
