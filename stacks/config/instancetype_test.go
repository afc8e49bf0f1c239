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
		{name: "m6i.medium", problem: "m6i comes as large, xlarge"},
		{name: "t2.small", problem: "the families are t3, t3a, t4g"},
		{name: "p4d.24xlarge", problem: "(of the families t, c, m and r)"},
		{name: "small", problem: "is not a type of EC2 instances"},
		{name: "m99.large", problem: "m7g, m7gd, m7i, m7i-flex"},
		{name: "m7i-flex.xlarge", vcpus: 4, mib: 16384},
		{name: "c5.9xlarge", vcpus: 36, mib: 73728},
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
