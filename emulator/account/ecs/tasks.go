package ecs

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ecs"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
)

var taskDefinition = account.Type{
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
	Rules: name("family",
		account.OneOf("networkMode", "bridge", "awsvpc"),
		account.OneOf("requiresCompatibilities[*]", "EC2", "FARGATE"),
		account.OneOf("runtimePlatform.cpuArchitecture", "X86_64", "ARM64"),
		account.ARN("executionRoleArn"),
		account.ARN("taskRoleArn"),
	),
	Check:    checkContainers,
	Normal:   normal,
	Identity: account.Identity{ID: "{family}", Outputs: account.Values{"networkMode": "bridge"}},
	Create:   registerTask,
	Complete: func(_ *account.Tx, r *account.Resource) error {
		r.Outputs[definitions] = returned(r.Inputs.Text(definitions))
		return nil
	},
	Delete: retireTask,
	Select: oldestRevision,
}

// registerTask registers the next revision of a family. The provider's id of a task definition is its family, so the
// revision that this one replaces is kept under its ARN until it is deregistered.
func registerTask(tx *account.Tx, r *account.Resource) error {
	family := r.ID
	counter, _ := tx.Get(account.TaskFamilyToken, family)
	revision, _ := counter.Outputs.Int("revision")
	revision++
	tx.Put("", account.Resource{Type: account.TaskFamilyToken, ID: family, Inputs: account.Values{}, Outputs: account.Values{"revision": float64(revision)}})
	if replaced, ok := tx.Get(account.TaskToken, family); ok {
		tx.Remove(replaced)
		replaced.ID = replaced.Outputs.Text("arn")
		tx.Put("", replaced)
	}
	r.Outputs["revision"] = float64(revision)
	r.Outputs["arnWithoutRevision"] = tx.ARN("ecs", "task-definition/"+family)
	r.Outputs["arn"] = fmt.Sprintf("%s:%d", r.Outputs.Text("arnWithoutRevision"), revision)
	return nil
}

// oldestRevision selects the revision of a family that a delete is about.
func oldestRevision(tx *account.Tx, family string) (oldest account.Resource, found bool) {
	for _, r := range tx.List(account.TaskToken) {
		revision, _ := r.Outputs.Int("revision")
		if first, _ := oldest.Outputs.Int("revision"); r.Outputs.Text("family") == family && (!found || revision < first) {
			oldest, found = r, true
		}
	}
	return oldest, found
}

// retireTask deregisters a revision, or keeps it for rollbacks when it was declared with skipDestroy.
func retireTask(tx *account.Tx, r *account.Resource) error {
	kept := *r
	kept.Type, kept.ID, kept.Outputs = account.RetiredTaskToken, r.Outputs.Text("arn"), r.Outputs.Clone()
	kept.Outputs["status"] = "INACTIVE"
	if r.Outputs.True("skipDestroy") {
		kept.Outputs["status"] = "ACTIVE"
	}
	tx.Put("", kept)
	return nil
}

// FindTaskDefinition finds a revision by its ARN or family:revision, or the newest active one of a family.
func FindTaskDefinition(tx *account.Tx, text string) (found account.Resource, status string, ok bool) {
	family, number, exact := strings.Cut(account.AfterSlash(text), ":")
	newest := 0
	for _, token := range []string{account.RetiredTaskToken, account.TaskToken} {
		for _, r := range tx.List(token) {
			state := "ACTIVE"
			if token == account.RetiredTaskToken {
				state = r.Outputs.Text("status")
			}
			revision, _ := r.Outputs.Int("revision")
			if r.Outputs.Text("family") != family || exact && strconv.Itoa(revision) != number || !exact && (state != "ACTIVE" || revision < newest) {
				continue
			}
			found, status, ok, newest = r, state, true, revision
		}
	}
	return found, status, ok
}
