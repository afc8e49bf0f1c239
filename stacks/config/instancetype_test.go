package config

import (
	"strings"
	"testing"
)

func TestParseInstanceType(t *testing.T) {
	tests := []struct {
		name       string
		vcpus, mib int
		arm        bool
		problem    string
	}{
		{name: "t3.small", vcpus: 2, mib: 2048},
		{name: "t4g.micro", vcpus: 2, mib: 1024, arm: true},
		{name: "m7g.medium", vcpus: 1, mib: 4096, arm: true},
		{name: "c6gn.xlarge", vcpus: 4, mib: 8192, arm: true},
		{name: "r6i.2xlarge", vcpus: 8, mib: 65536},
		{name: "m6i.medium", problem: "size medium is none of"},
		{name: "t2.small", problem: "t3, t3a and t4g"},
		{name: "p4d.24xlarge", problem: "families known here"},
		{name: "small", problem: "is not an EC2 instance type"},
	}
	for _, test := range tests {
		got, err := ParseInstanceType(test.name)
		if test.problem != "" {
			if err == nil || !strings.Contains(err.Error(), test.problem) {
				t.Errorf("%s: %v, %q expected", test.name, err, test.problem)
			}
			continue
		}
		if err != nil || got.VCPUs != test.vcpus || got.MemoryMiB != test.mib || got.ARM64 != test.arm {
			t.Errorf("%s: %+v %v", test.name, got, err)
		}
	}
}
