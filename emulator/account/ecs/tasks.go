package ecs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var taskTypes = []account.Type{{
	Token: account.TaskToken, Args: ecs.TaskDefinitionArgs{}, State: ecs.TaskDefinition{},
	ForceNew: []string{
		"containerDefinitions", "cpu", "enableFaultInjection", "ephemeralStorage", "executionRoleArn", "family", "inferenceAccelerators",
		"ipcMode", "memory", "networkMode", "pidMode", "placementConstraints", "proxyConfiguration", "requiresCompatibilities",
		"runtimePlatform", "taskRoleArn", "volumes",
	},
	Defaults: account.Values{"skipDestroy": false, "trackLatest": false, "enableFaultInjection": false},
	Refs: []account.Ref{
		{Path: "executionRoleArn", Type: account.RoleToken, By: "arn", Missing: "ClientException"},
		{Path: "taskRoleArn", Type: account.RoleToken, By: "arn", Missing: "ClientException"},
	},
	Check:  checkTaskDefinition,
	Create: createTaskDefinition,
	Delete: retireTaskDefinition,
	Oldest: func(tx *account.Tx, family string) (account.Resource, bool) {
		oldest, found := account.Resource{}, false
		for _, r := range tx.List(account.TaskToken) {
			revision, _ := r.Outputs.Int("revision")
			if first, _ := oldest.Outputs.Int("revision"); r.Outputs.Text("family") == family && (!found || revision < first) {
				oldest, found = r, true
			}
		}
		return oldest, found
	},
}}

var taskSize = regexp.MustCompile(`(?i)^[0-9]*\.?[0-9]+ *(vcpu|gb)?$`)

func checkTaskDefinition(in account.Values) []account.Problem {
	r := account.Rules{In: in}
	r.Length("family", 1, 255)
	r.Matches("family", ecsName, "only letters, digits, hyphens and underscores are allowed")
	r.OneOf("networkMode", "bridge", "host", "awsvpc", "none")
	r.OneOf("requiresCompatibilities[*]", "EC2", "FARGATE", "EXTERNAL")
	r.OneOf("pidMode", "host", "task")
	r.OneOf("ipcMode", "host", "none", "task")
	r.OneOf("runtimePlatform.cpuArchitecture", "X86_64", "ARM64")
	r.OneOf("placementConstraints[*].type", "memberOf")
	r.Matches("cpu", taskSize, "CPU units such as 512, or vCPUs such as .5 vCPU, are needed")
	r.Matches("memory", taskSize, "MiB such as 512, or GB such as 1 GB, are needed")
	r.ARN("executionRoleArn")
	r.ARN("taskRoleArn")
	for _, target := range in.Strings("requiresCompatibilities") {
		if target != "FARGATE" {
			continue
		}
		if !in.Has("cpu") || !in.Has("memory") {
			r.Refuse("cpu", "Fargate requires that 'cpu' and 'memory' be defined at the task level")
		}
		if in.Text("networkMode") != "awsvpc" && !in.IsUnknown("networkMode") {
			r.Refuse("networkMode", "Fargate requires network mode awsvpc")
		}
	}
	if !in.IsUnknown("containerDefinitions") {
		checkContainers(&r, in)
	}
	return r.Problems
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
func createTaskDefinition(tx *account.Tx, r *account.Resource) error {
	family := r.Outputs.Text("family")
	counter, _ := tx.Get(account.TaskFamilyToken, family)
	revision, _ := counter.Outputs.Int("revision")
	revision++
	tx.Put("", account.Resource{Type: account.TaskFamilyToken, ID: family, Inputs: account.Values{}, Outputs: account.Values{"revision": float64(revision)}})
	if replaced, ok := tx.Get(account.TaskToken, family); ok {
		tx.Remove(replaced)
		replaced.ID = replaced.Outputs.Text("arn")
		tx.Put("", replaced)
	}
	r.ID = family
	r.Outputs["revision"] = float64(revision)
	r.Outputs["arnWithoutRevision"] = tx.ARN("ecs", "task-definition/"+family)
	r.Outputs["arn"] = fmt.Sprintf("%s:%d", r.Outputs.Text("arnWithoutRevision"), revision)
	account.SetDefault(r.Outputs, "networkMode", "bridge")
	return nil
}

// retireTaskDefinition deregisters a revision, or keeps it for rollbacks when it was declared with skipDestroy.
func retireTaskDefinition(tx *account.Tx, r *account.Resource) error {
	kept := *r
	kept.Type, kept.ID, kept.Outputs = account.RetiredTaskToken, r.Outputs.Text("arn"), r.Outputs.Clone()
	kept.Outputs["status"] = "INACTIVE"
	if r.Outputs.True("skipDestroy") {
		kept.Outputs["status"] = "ACTIVE"
	}
	tx.Put("", kept)
	return nil
}

// taskDefinition finds a revision by its ARN or family:revision, or the newest active one of a family.
func FindTaskDefinition(tx *account.Tx, text string) (found account.Resource, status string, ok bool) {
	name := account.AfterSlash(text)
	family, number, exact := strings.Cut(name, ":")
	newest := 0
	consider := func(r account.Resource, state string) {
		revision, _ := r.Outputs.Int("revision")
		if r.Outputs.Text("family") != family || exact && strconv.Itoa(revision) != number || !exact && (state != "ACTIVE" || revision < newest) {
			return
		}
		found, status, ok, newest = r, state, true, revision
	}
	for _, r := range tx.List(account.RetiredTaskToken) {
		consider(r, r.Outputs.Text("status"))
	}
	for _, r := range tx.List(account.TaskToken) {
		consider(r, "ACTIVE")
	}
	return found, status, ok
}
