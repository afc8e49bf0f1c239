// Package fargate knows the sizes that tasks on AWS Fargate may have.
package fargate

import (
	"fmt"
	"slices"
	"strings"
)

// The limits of a task on Fargate.
const (
	// SmallestCPU and SmallestMiB are the smallest size.
	SmallestCPU = 256
	SmallestMiB = 512
	// MaxStopSeconds: "the max stop timeout value is 120 seconds"
	// (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, stopTimeout).
	MaxStopSeconds = 120
)

// step are the values of memory from the least to the most of a CPU value, in MiB.
type step struct{ cpu, least, most, each int }

// steps are the table of https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html, which RegisterTaskDefinition's
// reference has as well (cpu). 256 units have 512, 1024 and 2048 MiB.
var steps = []step{
	{256, 512, 2048, 0},
	{512, 1024, 4096, 1024},
	{1024, 2048, 8192, 1024},
	{2048, 4096, 16384, 1024},
	{4096, 8192, 30720, 1024},
	{8192, 16384, 61440, 4096},
	{16384, 32768, 122880, 8192},
}

func (s step) memory() (values []int) {
	for mib := s.least; mib <= s.most; mib += s.each {
		values = append(values, mib)
		if s.each == 0 {
			return []int{512, 1024, 2048}
		}
	}
	return values
}

// Has tells whether there is a task of so many CPU units and so much memory.
func Has(cpu, mib int) bool {
	return slices.ContainsFunc(steps, func(s step) bool { return s.cpu == cpu && slices.Contains(s.memory(), mib) })
}

// Next is the smallest size that has at least so much of both; false where there is none.
func Next(cpu, mib int) (nextCPU, nextMiB int, found bool) {
	for _, s := range steps {
		if s.cpu < cpu {
			continue
		}
		for _, value := range s.memory() {
			if value >= mib {
				return s.cpu, value, true
			}
		}
	}
	return 0, 0, false
}

// Around describes the sizes near one that does not exist, for an error.
func Around(cpu, mib int) string {
	nextCPU, nextMiB, found := Next(cpu, mib)
	if !found {
		last := steps[len(steps)-1]
		return fmt.Sprintf("the largest has %d and %d", last.cpu, last.most)
	}
	text := fmt.Sprintf("the next has %d and %d", nextCPU, nextMiB)
	for _, s := range steps {
		if s.cpu == cpu {
			return fmt.Sprintf("%s; with cpu %d, memory is one of %s", text, cpu, strings.Join(s.words(), ", "))
		}
	}
	return text
}

// words are the values of memory as a text; a long row has its ends only.
func (s step) words() (words []string) {
	values := s.memory()
	if len(values) > 5 {
		return []string{fmt.Sprintf("%d to %d in steps of %d", s.least, s.most, s.each)}
	}
	for _, mib := range values {
		words = append(words, fmt.Sprint(mib))
	}
	return words
}
