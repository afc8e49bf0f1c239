package config

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
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
	typeName = regexp.MustCompile(`^([a-z]+)([0-9]+)([a-z-]*)\.([0-9]*)([a-z]+)$`)
	vcpus    = map[string]int{"medium": 1, "large": 2, "xlarge": 4} // and 4 times N of Nxlarge
)

// ParseInstanceType derives the size of a t, c, m or r instance type from its name. Other families have GPUs or disks, which a Laravel
// application does not need.
func ParseInstanceType(name string) (InstanceType, error) {
	if err := known.EC2.Check(name); err != nil {
		return InstanceType{}, err
	}
	match := typeName.FindStringSubmatch(name)
	if match == nil || memoryPerVCPU[match[1]] == 0 && match[1] != "t" {
		return InstanceType{}, fmt.Errorf("%q: the families known here are t, c, m and r", name)
	}
	family, attributes, times, size := match[1], match[3], match[4], match[5]
	// A g right after the generation is Graviton: t4g, m7gd, c6gn.
	t := InstanceType{Name: name, ARM64: strings.HasPrefix(attributes, "g")}
	if family == "t" {
		b := burstable[times+size]
		t.VCPUs, t.MemoryMiB = b.vcpus, b.mib
		return t, nil
	}
	t.VCPUs = vcpus[size]
	if n, err := strconv.Atoi(times); err == nil {
		t.VCPUs *= n
	}
	t.MemoryMiB = t.VCPUs * memoryPerVCPU[family] * 1024
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
