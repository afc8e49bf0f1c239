package config

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/laravel-ecs/laravel-ecs/stacks/config/aurora"
)

// MigrateReservationMiB and MigrateCPU are what is reserved for the migration in each new task.
const (
	MigrateReservationMiB = 64
	MigrateCPU            = 64
)

// validateCapacity checks that there is room for both versions during a release. Without room ECS waits, and reports no error.
func (c *Config) validateCapacity(p *problems) {
	k := c.Cluster
	p.oneOf("cluster.capacity", k.Capacity, CapacityEC2, CapacityFargate, CapacityFargateSpot)
	if k.Fargate() {
		c.validateFargate(p)
		return
	}
	if k.ARM64 {
		p.add("cluster.arm64", "only with cluster.capacity fargate or fargateSpot: here the instances decide, and t4g.small is ARM64, for example")
	}
	p.between("cluster.max", k.Max, 1, 100)
	if k.Min < 0 || k.Min > k.Max {
		p.add("cluster.min", "%d is outside 0-%d (cluster.max)", k.Min, k.Max)
	}
	if k.OnDemandBase < 0 || k.OnDemandBase > k.Max {
		p.add("cluster.onDemandBase", "%d is outside 0-%d (cluster.max)", k.OnDemandBase, k.Max)
	}
	p.between("cluster.onDemandPercent", k.OnDemandPercent, 0, 100)
	p.between("cluster.targetCapacity", k.TargetCapacity, 1, 100)
	p.between("cluster.diskGb", k.DiskGB, 30, 16384) // Amazon's ECS image is a 30 GB snapshot
	if k.MaxInstanceDays != 0 && (k.MaxInstanceDays < 14 || k.MaxInstanceDays > 30) {
		p.add("cluster.maxInstanceDays", "%d is outside 14-30, and not 0, which lets instances live for ever", k.MaxInstanceDays)
	}
	p.distinct("cluster.instanceTypes", k.InstanceTypes)
	if len(k.InstanceTypes) > 40 { // of a mixed instances policy (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html)
		p.add("cluster.instanceTypes", "%d are too many: an Auto Scaling group has 40", len(k.InstanceTypes))
	}
	if k.KeyPair != "" {
		p.matches("cluster.keyPair", k.KeyPair, regexp.MustCompile(`^[ -~]{1,255}$`), "the name of a key pair: up to 255 ASCII characters")
	}
	if k.AMI != "" {
		p.matches("cluster.ami", k.AMI, regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`), "an image id such as ami-0123456789abcdef0")
	}
	types := c.instanceTypes(p)
	if len(types) == 0 {
		return
	}
	smallest := slices.MinFunc(types, func(a, b InstanceType) int { return cmp.Compare(a.MemoryMiB, b.MemoryMiB) })
	if memory := c.Web.MemoryMiB + c.besideWeb().MemoryMiB; 2*memory > smallest.UsableMiB() {
		p.add("web.memoryMib", "%d does not fit a %s twice (%d MiB for tasks): a rolling deploy runs both versions", memory, smallest.Name, smallest.UsableMiB())
	}
	most := max(c.Web.Count, c.Web.Scaling.Max, c.Worker.Count, c.Worker.Scaling.Max, c.Scheduler.Count)
	for _, f := range c.Processes {
		most = max(most, f.Count, f.Scaling.Max)
	}
	if most > maxTasks || c.Web.MaxPercent > 200 {
		return // which validateProcesses reports
	}
	// Any type of the list may be the only one that EC2 has. One that is too small is reported, not every one.
	for _, t := range types {
		if !c.fits(p, t) {
			return
		}
	}
}

// besideWeb is what runs in each task of web besides it: ssr, or nothing.
func (c *Config) besideWeb() Process {
	if ssr := c.SSR(); ssr != nil {
		return ssr.Process
	}
	return Process{}
}

// tasks are the tasks of one service at its largest, and what ECS reserves for each of them.
type tasks struct {
	process  string
	count    int
	cpu, mib int
}

// largest lists the tasks that run at the same time while a release replaces them, when autoscaling has started as many as it may.
func (c *Config) largest() []tasks {
	web := max(c.Web.Count, c.Web.Scaling.Max)
	surge := web * c.Web.MaxPercent / 100
	if c.Release.Strategy == BlueGreen { // one colour serves while the other one starts
		surge = max(surge, 2*web)
	}
	if c.Web.Count == 0 {
		surge = 0
	}
	beside := c.besideWeb()
	all := []tasks{
		{"web", surge, c.Web.CPU + beside.CPU, c.Web.ReservationMiB + beside.ReservationMiB},
		{"worker", 2 * c.Worker.most(), c.Worker.CPU, c.Worker.ReservationMiB}, // the old and the new one
		{"scheduler", c.Scheduler.Count, c.Scheduler.CPU, c.Scheduler.ReservationMiB},
	}
	for _, f := range c.Further() {
		all = append(all, tasks{"processes." + f.Name, 2 * f.worker().most(), f.CPU, f.ReservationMiB})
	}
	var list []tasks
	for _, t := range all {
		if t.count <= 0 {
			continue
		}
		if len(list) == 0 { // the first process prepares the database
			t.cpu += MigrateCPU
			t.mib += MigrateReservationMiB
		}
		list = append(list, t)
	}
	return list
}

// fits places the tasks on instances of one type, the large ones first, as ECS does: by reserved memory and by CPU units. It tells
// whether cluster.max instances are enough.
func (c *Config) fits(p *problems, t InstanceType) bool {
	type room struct{ cpu, mib int }
	whole := room{t.VCPUs * 1024, t.UsableMiB()}
	list := c.largest()
	var described []string
	for _, one := range list {
		if one.cpu > whole.cpu || one.mib > whole.mib {
			p.add(one.process+".cpu", "a task of %d CPU units and %d MiB (reservationMib), with the migration's, does not fit a %s, which has %d and %d MiB for tasks",
				one.cpu, one.mib, t.Name, whole.cpu, whole.mib)
			return false
		}
		described = append(described, fmt.Sprintf("%d %s x (%d, %d MiB)", one.count, strings.TrimPrefix(one.process, "processes."), one.cpu, one.mib))
	}
	share := func(one tasks) float64 {
		return max(float64(one.cpu)/float64(whole.cpu), float64(one.mib)/float64(whole.mib))
	}
	slices.SortStableFunc(list, func(a, b tasks) int { return cmp.Compare(share(b), share(a)) })
	var instances []room
	for _, one := range list {
		for range one.count {
			i := slices.IndexFunc(instances, func(r room) bool { return r.cpu >= one.cpu && r.mib >= one.mib })
			if i < 0 {
				instances = append(instances, whole)
				i = len(instances) - 1
			}
			instances[i].cpu -= one.cpu
			instances[i].mib -= one.mib
		}
	}
	if len(instances) <= c.Cluster.Max {
		return true
	}
	p.add("cluster.max", "%d %s (%d CPU units and %d MiB for tasks each) do not hold a release at its largest, %s; %d do: "+
		"raise cluster.max, or lower web.scaling.max, web.maxPercent, or the count, cpu or reservationMib of these processes",
		c.Cluster.Max, t.Name, whole.cpu, whole.mib, strings.Join(described, ", "), len(instances))
	return false
}

// MaxConnections is how many connections RDS admits to an instance of the class; 0 where the class is not known.
func (d Database) MaxConnections() int {
	class, err := ParseInstanceType(strings.TrimPrefix(d.InstanceClass, "db."))
	if err != nil {
		return 0
	}
	return d.engine().Connections(class.MemoryMiB)
}

// CPUPercent is the utilization of a service whose tasks each use all CPU of the smallest instance. ECS counts in percent of what a task
// reserves, and a task on EC2 may use what is free beyond that. A task on Fargate has nothing beyond its size.
func (c *Config) CPUPercent(reserved int) int {
	if c.Cluster.Fargate() {
		return 100
	}
	smallest := 0
	for _, t := range c.InstanceTypes() {
		if smallest == 0 || t.VCPUs < smallest {
			smallest = t.VCPUs
		}
	}
	if reserved == 0 {
		return 100
	}
	return max(100, smallest*1024*100/reserved)
}

// apacheMiB is what the image takes for Apache and the code that all PHP processes share (docker/lib/web.sh).
const apacheMiB = 128

// Variables are the limits that are not the defaults, as environment variables of the image (docker/lib/limits.sh). Defaults are the image's own, so
// that a stack file without limits has the task definitions that it had.
func (l Limits) Variables() map[string]string {
	usual := limits(l.UploadMiB)
	variables := map[string]string{}
	if l.UploadMiB != 0 && l.UploadMiB != defaults().Web.Limits.UploadMiB {
		variables["PHP_UPLOAD_MAX_FILE_SIZE"] = fmt.Sprintf("%dM", l.UploadMiB)
	}
	if l.BodyMiB != 0 {
		variables["PHP_POST_MAX_SIZE"] = fmt.Sprintf("%dM", l.BodyMiB)
	}
	if l.PHPMemoryMiB != usual.PHPMemoryMiB {
		variables["PHP_MEMORY_LIMIT"] = fmt.Sprintf("%dM", l.PHPMemoryMiB)
	}
	if l.TempMiB != usual.TempMiB {
		variables["TEMP_MIB"] = fmt.Sprint(l.TempMiB)
	}
	return variables
}

// validateLimits checks the limits against each other and against the memory of the container, which files in /tmp are a part of.
func (s Process) validateLimits(p *problems, process string) {
	l, key, base := s.Limits, process+".limits", 0
	p.between(key+".tempMib", l.TempMiB, 16, 1<<20)
	p.between(key+".phpMemoryMib", l.PHPMemoryMiB, 32, 1<<20)
	if process == "web" {
		base = apacheMiB
		p.between(key+".uploadMib", l.UploadMiB, 1, 1<<16)
		if l.BodyMiB != 0 && l.BodyMiB <= l.UploadMiB {
			p.add(key+".bodyMib", "%d is not more than uploadMib, %d: a request is a file and the form around it; remove the key", l.BodyMiB, l.UploadMiB)
		}
		if body := max(l.BodyMiB, l.UploadMiB); body >= l.TempMiB {
			p.add(key+".tempMib", "%d is not more than the %d MiB of a request, which PHP writes to /tmp", l.TempMiB, body)
		}
	} else if l.UploadMiB != 0 || l.BodyMiB != 0 {
		p.add(key, "uploadMib and bodyMib are for web, which takes requests")
	}
	if usual := limits(0); l.TempMiB <= usual.TempMiB && l.PHPMemoryMiB <= usual.PHPMemoryMiB {
		return
	}
	if needed := base + 2*l.TempMiB + l.PHPMemoryMiB; needed > s.MemoryMiB {
		p.add(process+".memoryMib", "%d is less than %d: /tmp and /run of %s.tempMib (%d) each, one PHP process of phpMemoryMib (%d), and %d for the server",
			s.MemoryMiB, needed, key, l.TempMiB, l.PHPMemoryMiB, base)
	}
}

// notOfAurora are the keys of database that Aurora has no use for, or that the program does not support with it, and why.
var notOfAurora = map[string]string{
	"instanceClass": "its instances have the capacity of database.serverless",
	"storageGb":     "its storage grows and shrinks by itself", "maxStorageGb": "its storage grows and shrinks by itself",
	"multiAz":           "its storage is in three zones; for an instance in another zone that takes over, set database.readers to 1",
	"monitoringSeconds": "the program makes no enhanced monitoring of it", "upgradeFrom": "there is one line of versions, 8.0", "blueGreenUpdate": "there is one line of versions, 8.0",
	"import": "it is for instances of RDS", "restore": "the program cannot restore it yet: docs/restore.md, \"Aurora\", has the steps by hand", "copies": "the program cannot copy it yet (docs/choices.md)",
}

// validateAurora checks a cluster of Aurora, and that nothing is set that it does not have.
func (d Database) validateAurora(p *problems) {
	for _, found := range aurora.Validate(d.Version, d.Serverless, d.Readers) {
		p.add("database."+found.Key, "%s", found.Text)
	}
	if end := aurora.Supported[aurora.Line(d.Version)]; end != "" && time.Now().Format(time.DateOnly) > end && !d.ExtendedSupport {
		p.add("database.version", "%q is past the end of its standard support, %s: its Extended Support costs extra for each capacity unit and hour; set database.extendedSupport to stay", d.Version, end)
	}
	p.between("database.backupDays", d.BackupDays, 1, 35) // CreateDBCluster, BackupRetentionPeriod
	given, byDefault := fields(d), fields(defaults().Database)
	for _, key := range slices.Sorted(maps.Keys(notOfAurora)) {
		if !reflect.DeepEqual(given[key], byDefault[key]) {
			p.add("database."+key, "not with %s, because %s: remove the key", d.Engine, notOfAurora[key])
		}
	}
}

// validateInstance refuses what only Aurora has.
func (d Database) validateInstance(p *problems) {
	if d.Serverless != aurora.Default {
		p.add("database.serverless", "only Aurora has a capacity, and the engine is %s: remove the key, or set database.engine to %s", d.Engine, aurora.MySQL)
	}
	if d.Readers != 0 {
		p.add("database.readers", "only Aurora has readers, and the engine is %s: remove the key, or set database.engine to %s", d.Engine, aurora.MySQL)
	}
}
