package account

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"
)

const (
	taskToken        = "aws:ecs/taskDefinition:TaskDefinition"
	retiredTaskToken = "aws:ecs/retiredTaskDefinition:RetiredTaskDefinition" // revisions that no program declares any more
	taskFamilyToken  = "aws:ecs/taskFamily:TaskFamily"                       // how many revisions a family has had
)

var taskTypes = []Type{{
	Token: taskToken, Args: ecs.TaskDefinitionArgs{}, State: ecs.TaskDefinition{},
	ForceNew: []string{
		"containerDefinitions", "cpu", "enableFaultInjection", "ephemeralStorage", "executionRoleArn", "family", "inferenceAccelerators",
		"ipcMode", "memory", "networkMode", "pidMode", "placementConstraints", "proxyConfiguration", "requiresCompatibilities",
		"runtimePlatform", "taskRoleArn", "volumes",
	},
	Defaults: Values{"skipDestroy": false, "trackLatest": false, "enableFaultInjection": false},
	Refs: []Ref{
		{Path: "executionRoleArn", Type: roleToken, By: "arn", Missing: "ClientException"},
		{Path: "taskRoleArn", Type: roleToken, By: "arn", Missing: "ClientException"},
	},
	Check:  checkTaskDefinition,
	Create: createTaskDefinition,
	Delete: retireTaskDefinition,
	Oldest: func(tx *Tx, family string) (Resource, bool) {
		oldest, found := Resource{}, false
		for _, r := range tx.List(taskToken) {
			revision, _ := r.Outputs.Int("revision")
			if first, _ := oldest.Outputs.Int("revision"); r.Outputs.Text("family") == family && (!found || revision < first) {
				oldest, found = r, true
			}
		}
		return oldest, found
	},
}}

var taskSize = regexp.MustCompile(`(?i)^[0-9]*\.?[0-9]+ *(vcpu|gb)?$`)

func checkTaskDefinition(in Values) []Problem {
	r := rules{in: in}
	r.length("family", 1, 255)
	r.matches("family", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.oneOf("networkMode", "bridge", "host", "awsvpc", "none")
	r.oneOf("requiresCompatibilities[*]", "EC2", "FARGATE", "EXTERNAL")
	r.oneOf("pidMode", "host", "task")
	r.oneOf("ipcMode", "host", "none", "task")
	r.oneOf("runtimePlatform.cpuArchitecture", "X86_64", "ARM64")
	r.oneOf("placementConstraints[*].type", "memberOf")
	r.matches("cpu", taskSize, "CPU units such as 512, or vCPUs such as .5 vCPU, are needed")
	r.matches("memory", taskSize, "MiB such as 512, or GB such as 1 GB, are needed")
	r.arn("executionRoleArn")
	r.arn("taskRoleArn")
	for _, target := range in.Strings("requiresCompatibilities") {
		if target != "FARGATE" {
			continue
		}
		if !in.Has("cpu") || !in.Has("memory") {
			r.refuse("cpu", "Fargate requires that 'cpu' and 'memory' be defined at the task level")
		}
		if in.Text("networkMode") != "awsvpc" && !in.IsUnknown("networkMode") {
			r.refuse("networkMode", "Fargate requires network mode awsvpc")
		}
	}
	if !in.IsUnknown("containerDefinitions") {
		r.containers(in)
	}
	return r.problems
}

// units reads CPU units or MiB of a task.
func units(text string) int {
	text = strings.ToLower(strings.TrimSpace(text))
	number, factor := text, 1.0
	for _, unit := range []string{"vcpu", "gb"} {
		if head, ok := strings.CutSuffix(text, unit); ok {
			number, factor = strings.TrimSpace(head), 1024
		}
	}
	value, _ := strconv.ParseFloat(number, 64)
	return int(value * factor)
}

// createTaskDefinition registers the next revision of a family. The provider's id of a task definition is its family, so
// the revision that this one replaces moves aside until it is deregistered.
func createTaskDefinition(tx *Tx, r *Resource) error {
	family := r.Outputs.Text("family")
	counter, _ := tx.Get(taskFamilyToken, family)
	revision, _ := counter.Outputs.Int("revision")
	revision++
	tx.Put("", Resource{Type: taskFamilyToken, ID: family, Inputs: Values{}, Outputs: Values{"revision": float64(revision)}})
	if replaced, ok := tx.Get(taskToken, family); ok {
		tx.remove(replaced)
		replaced.ID = replaced.Outputs.Text("arn")
		tx.Put("", replaced)
	}
	r.ID = family
	r.Outputs["revision"] = float64(revision)
	r.Outputs["arnWithoutRevision"] = tx.ARN("ecs", "task-definition/"+family)
	r.Outputs["arn"] = fmt.Sprintf("%s:%d", r.Outputs.Text("arnWithoutRevision"), revision)
	setDefault(r.Outputs, "networkMode", "bridge")
	return nil
}

// retireTaskDefinition deregisters a revision, or keeps it for rollbacks when it was declared with skipDestroy.
func retireTaskDefinition(tx *Tx, r *Resource) error {
	kept := *r
	kept.Type, kept.ID, kept.Outputs = retiredTaskToken, r.Outputs.Text("arn"), r.Outputs.clone()
	kept.Outputs["status"] = "INACTIVE"
	if r.Outputs.True("skipDestroy") {
		kept.Outputs["status"] = "ACTIVE"
	}
	tx.Put("", kept)
	return nil
}

// taskDefinition finds a revision by its ARN or family:revision, or the newest active one of a family.
func (tx *Tx) taskDefinition(text string) (found Resource, status string, ok bool) {
	name := afterSlash(text)
	family, number, exact := strings.Cut(name, ":")
	newest := 0
	consider := func(r Resource, state string) {
		revision, _ := r.Outputs.Int("revision")
		if r.Outputs.Text("family") != family || exact && strconv.Itoa(revision) != number || !exact && (state != "ACTIVE" || revision < newest) {
			return
		}
		found, status, ok, newest = r, state, true, revision
	}
	for _, r := range tx.List(retiredTaskToken) {
		consider(r, r.Outputs.Text("status"))
	}
	for _, r := range tx.List(taskToken) {
		consider(r, "ACTIVE")
	}
	return found, status, ok
}
