package infra

import (
	"net/netip"
	"strings"
	"testing"
)

func TestSubnetBlock(t *testing.T) {
	tests := []struct {
		vpc        string
		tier, zone int
		want       string
	}{
		{"10.0.0.0/16", 0, 0, "10.0.0.0/20"},
		{"10.0.0.0/16", 1, 2, "10.0.96.0/20"},
		{"10.0.0.0/16", 2, 3, "10.0.176.0/20"},
		{"192.168.10.0/23", 0, 1, "192.168.10.32/27"},
		{"192.168.10.0/23", 2, 2, "192.168.11.64/27"},
	}
	for _, test := range tests {
		if got := SubnetBlock(netip.MustParsePrefix(test.vpc), test.tier, test.zone).String(); got != test.want {
			t.Errorf("%s tier %d zone %d: %s, %s expected", test.vpc, test.tier, test.zone, got, test.want)
		}
	}
}

// FuzzSubnetBlock: blocks stay inside the VPC and never overlap.
func FuzzSubnetBlock(f *testing.F) {
	f.Add(uint32(0x0a000000), 16)
	f.Add(uint32(0xc0a80a00), 23)
	f.Fuzz(func(t *testing.T, base uint32, bits int) {
		if bits < 16 || bits > 23 {
			t.Skip("validation allows /16 to /23")
		}
		addr := netip.AddrFrom4([4]byte{byte(base >> 24), byte(base >> 16), byte(base >> 8), byte(base)})
		vpc := netip.PrefixFrom(addr, bits).Masked()
		var seen []netip.Prefix
		for tier := range 3 {
			for zone := range 4 {
				block := SubnetBlock(vpc, tier, zone)
				if !vpc.Contains(block.Addr()) || block.Masked() != block {
					t.Fatalf("%s is not a block of %s", block, vpc)
				}
				for _, other := range seen {
					if block.Overlaps(other) {
						t.Fatalf("%s overlaps %s", block, other)
					}
				}
				seen = append(seen, block)
			}
		}
	})
}

func TestDigestOf(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	if got, err := digestOf("1.dkr.ecr.eu-west-1.amazonaws.com/app@" + digest); err != nil || got != digest {
		t.Errorf("%q %v", got, err)
	}
	for _, bad := range []string{"<none>@<none>", "app:tag", "app@sha256:abc", ""} {
		if got, err := digestOf(bad); err == nil {
			t.Errorf("%q gives %q", bad, got)
		}
	}
}

// TestContainerDefinitions compares the exact text, because every change of it makes a new revision and restarts all tasks.
func TestContainerDefinitions(t *testing.T) {
	got, err := containerDefinitions(Task{
		Main:   Container{Name: "web", CPU: 256, MemoryMiB: 512, ReservationMiB: 384, Port: 8080, StopSeconds: 60, StartSeconds: 30, Environment: map[string]string{"DRAIN_SECONDS": "5"}},
		Before: []Container{{Name: "migrate", CPU: 64, MemoryMiB: 512, ReservationMiB: 64, StopSeconds: 60}},
	}, taskSettings{
		Image: "r/app@sha256:0", LogGroup: "logs", Region: "eu-west-1",
		Environment: map[string]string{"B": "2", "A": "1"}, Secrets: map[string]string{"APP_KEY": "arn:k:::v"},
	})
	const shared = `"user":"33:33","readonlyRootFilesystem":true,"linuxParameters":{"capabilities":{"drop":["ALL"]},"initProcessEnabled":false,` +
		`"tmpfs":[{"containerPath":"/tmp","size":64},{"containerPath":"/run","size":64}]},`
	const logs = `"logConfiguration":{"logDriver":"awslogs","options":{"awslogs-group":"logs","awslogs-region":"eu-west-1","awslogs-stream-prefix":"ecs"}}}`
	const secrets = `"secrets":[{"name":"APP_KEY","valueFrom":"arn:k:::v"}],`
	want := `[{"name":"migrate","image":"r/app@sha256:0","command":["migrate"],"essential":false,"cpu":64,"memory":512,"memoryReservation":64,` + shared +
		`"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}],` + secrets + `"stopTimeout":60,` + logs +
		`,{"name":"web","image":"r/app@sha256:0","command":["web"],"essential":true,"cpu":256,"memory":512,"memoryReservation":384,` + shared +
		`"portMappings":[{"containerPort":8080,"hostPort":0,"protocol":"tcp"}],` +
		`"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"DRAIN_SECONDS","value":"5"}],` + secrets +
		`"dependsOn":[{"containerName":"migrate","condition":"SUCCESS"}],` +
		`"healthCheck":{"command":["CMD","/usr/local/bin/healthcheck","web"],"interval":10,"timeout":5,"retries":3,"startPeriod":30},"stopTimeout":60,` + logs + `]`
	if err != nil || got != want {
		t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
	}
}

// TestLifecycleNeverCountsOverAny: a rule for tag status "any" can delete the image that runs.
func TestLifecycleNeverCountsOverAny(t *testing.T) {
	rules := lifecycleRules(RegistryArgs{UntaggedDays: 7, ReleasesKept: 30, ReviewDays: 14})["rules"].([]any)
	for _, rule := range rules {
		selection := rule.(map[string]any)["selection"].(map[string]any)
		if selection["tagStatus"] == "any" {
			t.Errorf("%v", rule)
		}
	}
	first := rules[0].(map[string]any)["selection"].(map[string]any)
	if first["tagStatus"] != "untagged" || first["countNumber"] != 7 || first["countType"] != "sinceImagePushed" {
		t.Errorf("the article's rule: %v", first)
	}
}
