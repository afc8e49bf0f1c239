package config

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/fargate"
	"github.com/laravel-ecs/laravel-ecs/stacks/config/known"
)

// What tasks run on (cluster.capacity).
const (
	CapacityEC2         = "ec2"         // instances of the environment
	CapacityFargate     = "fargate"     // each task on a machine of AWS's
	CapacityFargateSpot = "fargateSpot" // the same, ended with two minutes' notice
)

// Fargate tells whether tasks run on AWS Fargate, and there are no instances.
func (c Cluster) Fargate() bool {
	return c.Capacity == CapacityFargate || c.Capacity == CapacityFargateSpot
}

// Machine is what the image is built for. Without instances it has no name and no size.
func (c *Config) Machine() InstanceType {
	if types := c.InstanceTypes(); !c.Cluster.Fargate() && len(types) > 0 {
		return types[0]
	}
	return InstanceType{ARM64: c.Cluster.ARM64}
}

const noInstances = "cluster.capacity fargate has no instances: remove the key, or set cluster.capacity ec2"

// resize makes the defaults of all processes sizes that Fargate has, before the stack file's values are read over them.
func (c *Config) resize(source Source) {
	k := c.Cluster
	if source.Encrypted("cluster") || section(source, "cluster", &k) != nil || !k.Fargate() {
		return // what is wrong with the section is reported when it is read
	}
	for _, process := range []*Process{&c.Web.Process, &c.Worker.Process, &c.Scheduler.Process} {
		*process = process.onFargate()
	}
}

func (s Process) onFargate() Process {
	s.CPU, s.MemoryMiB = max(s.CPU, fargate.SmallestCPU), max(s.MemoryMiB, fargate.SmallestMiB)
	return s
}

// validateFargate checks that each task has one of the sizes of Fargate, and time enough to stop.
func (c *Config) validateFargate(p *problems) {
	k, own := c.Cluster, defaults().Cluster
	for key, given := range map[string]bool{
		"instanceTypes": !slices.Equal(k.InstanceTypes, own.InstanceTypes), "min": k.Min != own.Min, "max": k.Max != own.Max, "onDemandBase": k.OnDemandBase != own.OnDemandBase,
		"onDemandPercent": k.OnDemandPercent != own.OnDemandPercent, "keyPair": k.KeyPair != "", "ami": k.AMI != "", "diskGb": k.DiskGB != own.DiskGB,
		"targetCapacity": k.TargetCapacity != own.TargetCapacity, "maxInstanceDays": k.MaxInstanceDays != own.MaxInstanceDays,
	} {
		if given {
			p.add("cluster."+key, noInstances)
		}
	}
	beside, prepares := c.besideWeb(), MigrateReservationMiB // the first process prepares the database
	check := func(key string, s, beside Process, times string, margin int) {
		if s.Count == 0 {
			return
		}
		cpu, mib, with := s.CPU+beside.CPU, s.MemoryMiB+beside.MemoryMiB, ""
		if beside.Count > 0 {
			with = ", with those of processes.ssr,"
		}
		if !fargate.Has(cpu, mib) {
			p.add(key+".cpu", "%d and memoryMib %d%s are no size of a task on Fargate: %s", cpu, mib, with, fargate.Around(cpu, mib))
		}
		// "The total amount of memory reserved for all containers within a task must be lower than the task memory value" (API reference,
		// ContainerDefinition, memory)
		if reserved := s.ReservationMiB + beside.ReservationMiB + prepares; reserved > mib {
			p.add(key+".reservationMib", "%d are reserved in a task of %d MiB, %d of them for the migration: lower it to %d", reserved, mib, prepares, s.ReservationMiB-reserved+mib)
		}
		prepares = 0
		if s.StopSeconds > fargate.MaxStopSeconds {
			advice := "lower it"
			if times != "" {
				advice = fmt.Sprintf("lower %s.%s to %d", key, times, fargate.MaxStopSeconds-margin)
			}
			p.add(key+".stopSeconds", "%d is more than the %d s that Fargate gives a task to stop: %s, or set cluster.capacity ec2", s.StopSeconds, fargate.MaxStopSeconds, advice)
		}
	}
	check(RoleWeb, c.Web.Process, beside, "requestSeconds", c.webStop()-c.Web.RequestSeconds)
	check(RoleWorker, c.Worker.Process, Process{}, "jobSeconds", workerMargin)
	check(RoleScheduler, c.Scheduler.Process, Process{}, "", 0)
	for _, f := range c.Further() {
		times := ""
		if f.JobSeconds > 0 {
			times = "jobSeconds"
		}
		check("processes."+f.Name, f.Process, Process{}, times, f.stopMargin())
	}
	if beside.StopSeconds > fargate.MaxStopSeconds {
		p.add("processes.ssr.stopSeconds", "%d is more than the %d s that Fargate gives a task to stop: lower it", beside.StopSeconds, fargate.MaxStopSeconds)
	}
}

// Addresses is how many addresses of the private subnets instances or tasks have at most, and whose they are. A task on Fargate has one of its
// own (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html).
func (c *Config) Addresses() (most int, whose string) {
	if !c.Cluster.Fargate() {
		return c.Cluster.Max, "instances (cluster.max)"
	}
	for _, one := range c.largest() {
		most += one.count
	}
	return most, "tasks, which a release at its largest has"
}

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
