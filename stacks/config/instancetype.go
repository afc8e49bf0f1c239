package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// InstanceType is the size and architecture of an EC2 instance type.
type InstanceType struct {
	Name      string
	VCPUs     int
	MemoryMiB int
	ARM64     bool // Graviton
}

// memoryPerVCPU is the families' defining ratio, in GiB (EC2 user guide, "Instance types").
var memoryPerVCPU = map[string]int{"c": 2, "m": 4, "r": 8}

// burstable are the sizes of the t family, which have no common ratio.
var burstable = map[string]struct{ vcpus, mib int }{
	"nano": {2, 512}, "micro": {2, 1024}, "small": {2, 2048}, "medium": {2, 4096},
	"large": {2, 8192}, "xlarge": {4, 16384}, "2xlarge": {8, 32768},
}

var (
	typeName = regexp.MustCompile(`^([a-z]+)([0-9]+)([a-z]*)\.([a-z0-9]+)$`)
	sized    = []string{"large", "xlarge", "2xlarge", "4xlarge", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge", "48xlarge"}
	vcpus    = []int{2, 4, 8, 16, 32, 48, 64, 96, 128, 192}
)

// ParseInstanceType derives the size of a t, c, m or r instance type from its name. Other families have GPUs or disks, which a Laravel
// application does not need.
func ParseInstanceType(name string) (InstanceType, error) {
	match := typeName.FindStringSubmatch(name)
	if match == nil {
		return InstanceType{}, fmt.Errorf("%q is not an EC2 instance type such as t3.small or m7g.large", name)
	}
	family, generation, attributes, size := match[1], match[2], match[3], match[4]
	// A g right after the generation is Graviton: t4g, m7gd, c6gn.
	t := InstanceType{Name: name, ARM64: strings.HasPrefix(attributes, "g")}
	if family == "t" {
		b, ok := burstable[size]
		if !ok || generation < "3" {
			return InstanceType{}, fmt.Errorf("%q: t3, t3a and t4g come as nano to 2xlarge", name)
		}
		t.VCPUs, t.MemoryMiB = b.vcpus, b.mib
		return t, nil
	}
	ratio, ok := memoryPerVCPU[family]
	if !ok {
		return InstanceType{}, fmt.Errorf("%q: the families known here are t, c, m and r", name)
	}
	if size == "medium" && t.ARM64 {
		t.VCPUs = 1
	} else if i := slices.Index(sized, size); i >= 0 {
		t.VCPUs = vcpus[i]
	} else {
		return InstanceType{}, fmt.Errorf("%q: size %s is none of %s", name, size, strings.Join(sized, ", "))
	}
	t.MemoryMiB = t.VCPUs * ratio * 1024
	return t, nil
}

// UsableMiB is what ECS registers for tasks: the kernel, the agent and the reserve below take the rest. A t3.small shows
// 1906 of 2048 MiB (ECS developer guide, "Reserving container instance memory").
func (t InstanceType) UsableMiB() int { return t.MemoryMiB*93/100 - ReservedMiB }

// ReservedMiB is memory that tasks do not get (ECS_RESERVED_MEMORY), for the ECS agent.
const ReservedMiB = 64

// Platform is the Docker platform of images that run on this type.
func (t InstanceType) Platform() string {
	if t.ARM64 {
		return "linux/arm64"
	}
	return "linux/amd64"
}

// CPUArchitecture is the architecture in task definitions: X86_64 or ARM64.
func (t InstanceType) CPUArchitecture() string {
	if t.ARM64 {
		return "ARM64"
	}
	return "X86_64"
}
