package config

import "strings"

// MaxConnections is how many connections RDS admits to an instance of the class; 0 where the class is not known.
// https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html#RDS_Limits.MaxConnections
func (d Database) MaxConnections() int {
	class, err := ParseInstanceType(strings.TrimPrefix(d.InstanceClass, "db."))
	if err != nil {
		return 0
	}
	perConnection := 12582880
	if d.Engine == "mariadb" {
		perConnection = 25165760
	}
	return class.MemoryMiB << 20 / perConnection
}

// CPUPercent is the utilization of a service whose tasks each use all CPU of the smallest instance. ECS counts in percent of what a task
// reserves, and a task on EC2 may use what is free beyond that.
func (c *Config) CPUPercent(reserved int) int {
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
