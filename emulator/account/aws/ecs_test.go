package aws

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/laravel-ecs/laravel-ecs/emulator/account"
	"github.com/laravel-ecs/laravel-ecs/emulator/account/ecs"
)

const trustTasks = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}`

// shopContainers are the containers of a web task: a migration that must succeed, then the web server.
func shopContainers() []map[string]any {
	logs := map[string]any{"logDriver": "awslogs", "options": map[string]any{
		"awslogs-group": "/shop/web", "awslogs-region": "eu-central-1", "awslogs-stream-prefix": "web", "mode": "non-blocking", "max-buffer-size": "4m"}}
	common := func(name string, essential bool) map[string]any {
		return map[string]any{
			"name": name, "image": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop@sha256:" + strings.Repeat("a", 64), "essential": essential,
			"memory": 512, "memoryReservation": 256, "command": []any{name}, "user": "33:33", "readonlyRootFilesystem": true, "stopTimeout": 30,
			"environment": []any{map[string]any{"name": "APP_ENV", "value": "production"}},
			"secrets":     []any{map[string]any{"name": "APP_KEY", "valueFrom": "{key}"}, map[string]any{"name": "DB_PASSWORD", "valueFrom": "{key}:password::"}},
			"linuxParameters": map[string]any{"initProcessEnabled": false, "capabilities": map[string]any{"drop": []any{"ALL"}},
				"tmpfs": []any{map[string]any{"containerPath": "/tmp", "size": 64}}},
			"logConfiguration": logs,
		}
	}
	migrate, web := common("migrate", false), common("web", true)
	web["portMappings"] = []any{map[string]any{"containerPort": 8080, "hostPort": 0, "protocol": "tcp"}}
	web["dependsOn"] = []any{map[string]any{"containerName": "migrate", "condition": "SUCCESS"}}
	web["healthCheck"] = map[string]any{"command": []any{"CMD", "/usr/local/bin/healthcheck", "web"}, "interval": 10, "timeout": 5, "retries": 3, "startPeriod": 30}
	return []map[string]any{migrate, web}
}

// containersWith are the shop's containers with one key of one of them changed; nil takes it away.
func containersWith(name, key string, value any) account.Values {
	containers := shopContainers()
	for _, c := range containers {
		if c["name"] != name {
			continue
		}
		if value == nil {
			delete(c, key)
		} else {
			c[key] = value
		}
	}
	return containerText(containers)
}

func containerText(containers []map[string]any) account.Values {
	text, err := json.Marshal(containers)
	if err != nil {
		panic(err)
	}
	return account.Values{"containerDefinitions": string(text)}
}

var (
	goodTask = with(account.Values{"family": "shop-web", "networkMode": "bridge", "requiresCompatibilities": []any{"EC2"},
		"executionRoleArn": "{exec}", "taskRoleArn": "{exec}", "skipDestroy": true}, containerText(shopContainers()))
	goodService = account.Values{
		"name": "web", "cluster": "{cluster}", "taskDefinition": "{task}", "desiredCount": 2, "waitForSteadyState": true,
		"capacityProviderStrategies": []any{map[string]any{"capacityProvider": "{provider}", "weight": 1}},
		"deploymentCircuitBreaker":   map[string]any{"enable": true, "rollback": true}, "healthCheckGracePeriodSeconds": 60,
		"loadBalancers":              []any{map[string]any{"targetGroupArn": "{tg}", "containerName": "web", "containerPort": 8080}},
		"orderedPlacementStrategies": []any{map[string]any{"type": "spread", "field": "attribute:ecs.availability-zone"}, map[string]any{"type": "binpack", "field": "memory"}},
	}
	goodProvider = account.Values{"name": "fleet", "autoScalingGroupProvider": map[string]any{
		"autoScalingGroupArn": "{asgarn}", "managedDraining": "ENABLED", "managedTerminationProtection": "ENABLED",
		"managedScaling": map[string]any{"status": "ENABLED", "targetCapacity": 100, "minimumScalingStepSize": 1, "maximumScalingStepSize": 2},
	}}
)

// joining is user data of an instance that joins the cluster.
func joining(cluster string) string {
	return base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\necho ECS_CLUSTER=" + cluster + " >> /etc/ecs/ecs.config\n"))
}

// fleeted is the fronted account with everything a service needs before itself.
func fleeted(t *testing.T) *world {
	t.Helper()
	w := fronted(t)
	w.connect()
	w.make(account.RoleToken, "execrole", account.Values{"name": "exec", "assumeRolePolicy": trustTasks})
	w.ids["exec"] = "arn:aws:iam::123456789012:role/exec"
	w.make(account.SecretToken, "key", account.Values{"name": "key", "recoveryWindowInDays": 0})
	w.make(account.SecretVersionToken, "keyvalue", account.Values{"secretId": "{key}", "secretString": `{"password":"x"}`})
	w.make(account.LogGroupToken, "log", account.Values{"name": "/shop/web", "retentionInDays": 30})
	w.make(account.RepositoryToken, "images", account.Values{"name": "shop"})
	w.make(account.ClusterToken, "cluster", account.Values{"name": "shop"})
	w.make(account.LaunchTemplateToken, "ecs", with(goodTemplate, account.Values{"userData": joining("shop")}))
	fleet := w.make(account.GroupToken, "asg", with(goodGroup, account.Values{"protectFromScaleIn": true, "forceDelete": true, "mixedInstancesPolicy": startsFrom("{ecs}")}))
	w.ids["asgarn"] = fleet.Outputs.Text("arn")
	w.make(account.CapacityProviderToken, "capacity", goodProvider)
	w.ids["provider"] = "fleet"
	w.make(account.ClusterProvidersToken, "association", account.Values{"clusterName": "shop", "capacityProviders": []any{"{provider}"}})
	task := w.make(account.TaskToken, "taskdef", goodTask)
	w.ids["task"] = task.Outputs.Text("arn")
	return w
}

func TestTaskDefinitionRefusals(t *testing.T) {
	const definitions = "containerDefinitions"
	type m = map[string]any
	one := shopContainers()[1]
	delete(one, "dependsOn")
	eleven := make([]map[string]any, 11)
	for i := range eleven {
		eleven[i] = m{"name": "c" + string(rune('a'+i)), "image": "busybox", "memory": 64}
	}
	ports := func(host int) account.Values {
		return containersWith("web", "portMappings", []any{m{"containerPort": 8080, "hostPort": host}})
	}
	health := func(key string, value any) account.Values {
		check := m{"command": []any{"CMD", "true"}}
		check[key] = value
		return containersWith("web", "healthCheck", check)
	}
	logs := func(options m) account.Values {
		return containersWith("web", "logConfiguration", m{"logDriver": "awslogs", "options": options})
	}
	depends := func(name, condition string) account.Values {
		return containersWith("web", "dependsOn", []any{m{"containerName": name, "condition": condition}})
	}
	testRefusals(t, fleeted, []refusal{
		{"family with a space", account.TaskToken, goodTask, account.Values{"family": "shop web"}, "family", ""},
		{"network mode", account.TaskToken, goodTask, account.Values{"networkMode": "nat"}, "networkMode", ""},
		{"compatibility", account.TaskToken, goodTask, account.Values{"requiresCompatibilities": []any{"ec2"}}, "requiresCompatibilities[0]", ""},
		{"architecture", account.TaskToken, with(goodTask, account.Values{"runtimePlatform": m{"cpuArchitecture": "ARM64"}}), account.Values{"runtimePlatform": m{"cpuArchitecture": "arm64"}}, "runtimePlatform.cpuArchitecture", ""},
		{"no JSON", account.TaskToken, goodTask, account.Values{"containerDefinitions": "[{"}, definitions, ""},
		{"not a list", account.TaskToken, goodTask, account.Values{"containerDefinitions": "{}"}, definitions, ""},
		{"no containers", account.TaskToken, goodTask, account.Values{"containerDefinitions": "[]"}, definitions, ""},
		{"eleven containers", account.TaskToken, with(goodTask, containerText(eleven[:10])), containerText(eleven), definitions, ""},
		{"unknown key", account.TaskToken, goodTask, containersWith("web", "logLonfiguration", m{}), definitions, ""},
		{"unknown key inside", account.TaskToken, goodTask, health("timeouts", 5), definitions, ""},
		{"wrong kind", account.TaskToken, goodTask, containersWith("web", "memory", "512"), definitions, ""},
		{"name", account.TaskToken, goodTask, containerText([]map[string]any{{"name": "my web", "image": "busybox", "memory": 64}}), definitions, ""},
		{"name twice", account.TaskToken, goodTask, containerText([]map[string]any{one, one}), definitions, ""},
		{"no image", account.TaskToken, goodTask, containersWith("web", "image", nil), definitions, ""},
		{"nothing essential", account.TaskToken, goodTask, containersWith("web", "essential", false), definitions, ""},
		{"no memory", account.TaskToken, goodTask, containerText([]map[string]any{{"name": "web", "image": "busybox"}}), definitions, ""},
		{"five MiB", account.TaskToken, goodTask, containerText([]map[string]any{{"name": "web", "image": "busybox", "memory": 5}}), definitions, ""},
		{"soft limit at the hard one", account.TaskToken, goodTask, containersWith("web", "memoryReservation", 512), definitions, ""},
		{"dependency on nobody", account.TaskToken, goodTask, depends("setup", "SUCCESS"), definitions, ""},
		{"dependency on oneself", account.TaskToken, goodTask, depends("web", "START"), definitions, ""},
		{"restart period", account.TaskToken, goodTask, containersWith("web", "restartPolicy", map[string]any{"enabled": true, "restartAttemptPeriod": 10}), definitions, ""},
		{"link to nobody", account.TaskToken, goodTask, containersWith("web", "links", []any{"ssr"}), definitions, ""},
		{"link to oneself", account.TaskToken, goodTask, containersWith("web", "links", []any{"web"}), definitions, ""},
		{"condition", account.TaskToken, goodTask, depends("migrate", "DONE"), definitions, ""},
		{"success of an essential container", account.TaskToken, goodTask, containersWith("migrate", "essential", true), definitions, ""},
		{"health of a container without a check", account.TaskToken, goodTask, depends("migrate", "HEALTHY"), definitions, ""},
		{"circle", account.TaskToken, goodTask, containersWith("migrate", "dependsOn", []any{m{"containerName": "web", "condition": "START"}}), definitions, ""},
		{"health command", account.TaskToken, goodTask, health("command", []any{"/usr/local/bin/healthcheck"}), definitions, ""},
		{"short health interval", account.TaskToken, with(goodTask, health("interval", 5)), health("interval", 4), definitions, ""},
		{"short health timeout", account.TaskToken, with(goodTask, health("timeout", 2)), health("timeout", 1), definitions, ""},
		{"eleven retries", account.TaskToken, with(goodTask, health("retries", 10)), health("retries", 11), definitions, ""},
		{"long start", account.TaskToken, with(goodTask, health("startPeriod", 300)), health("startPeriod", 301), definitions, ""},
		{"reserved port", account.TaskToken, with(goodTask, ports(8080)), ports(51678), definitions, ""},
		{"container port", account.TaskToken, goodTask, containersWith("web", "portMappings", []any{m{"containerPort": 70000}}), definitions, ""},
		{"secret that is a variable", account.TaskToken, goodTask, containersWith("web", "environment", []any{m{"name": "APP_KEY", "value": "x"}}), definitions, ""},
		{"secret of another service", account.TaskToken, goodTask, containersWith("web", "secrets", []any{m{"name": "APP_KEY", "valueFrom": "arn:aws:s3:::shop/key"}}), definitions, ""},
		{"secrets without a role", account.TaskToken, goodTask, account.Values{"executionRoleArn": nil}, "executionRoleArn", ""},
		{"log driver", account.TaskToken, goodTask, containersWith("web", "logConfiguration", m{"logDriver": "cloudwatch"}), definitions, ""},
		{"logs without a group", account.TaskToken, goodTask, logs(m{"awslogs-region": "eu-central-1"}), definitions, ""},
		{"logs with an unknown option", account.TaskToken, goodTask, logs(m{"awslogs-region": "eu-central-1", "awslogs-group": "/shop/web", "awslogs-prefix": "web"}), definitions, ""},
		{"capability", account.TaskToken, goodTask, containersWith("web", "linuxParameters", m{"capabilities": m{"drop": []any{"CAP_ALL"}}}), definitions, ""},
		{"security option of SELinux", account.TaskToken, goodTask, containersWith("web", "dockerSecurityOptions", []any{"no-new-privileges", "label:type:super_t"}), definitions, ""},
		{"tmpfs without a size", account.TaskToken, goodTask, containersWith("web", "linuxParameters", m{"tmpfs": []any{m{"containerPath": "/tmp"}}}), definitions, ""},
		{"no such role", account.TaskToken, goodTask, account.Values{"taskRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "", "ClientException"},
		{"role that is no ARN", account.TaskToken, goodTask, account.Values{"executionRoleArn": "exec"}, "executionRoleArn", ""},
	})
}

func TestTaskDefinitionRevisions(t *testing.T) {
	ctx := context.Background()
	w := fleeted(t)
	describe := func(text string) string {
		state := "none"
		err := w.Change(ctx, func(tx *account.Tx) error {
			if revision, status, ok := ecs.FindTaskDefinition(tx, text); ok {
				state = account.AfterSlash(revision.Outputs.Text("arn")) + " " + status
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	expect := func(want map[string]string) {
		t.Helper()
		for text, state := range want {
			if got := describe(text); got != state {
				t.Errorf("%s is %q, want %q", text, got, state)
			}
		}
	}
	expect(map[string]string{"shop-web": "shop-web:1 ACTIVE"})

	// Pulumi creates the replacement first, and both have the family as their id.
	second := w.make(account.TaskToken, "taskdef", with(goodTask, account.Values{"skipDestroy": false}))
	if second.ID != "shop-web" || second.Outputs.Text("arn") != "arn:aws:ecs:eu-central-1:123456789012:task-definition/shop-web:2" {
		t.Errorf("the second revision is %q with the id %q", second.Outputs.Text("arn"), second.ID)
	}
	if err := w.Delete(ctx, account.TaskToken, "shop-web"); err != nil {
		t.Fatal(err)
	}
	if now, ok := w.Read(account.TaskToken, "shop-web"); !ok || now.Outputs.Text("arn") != second.Outputs.Text("arn") {
		t.Error("the delete of the replaced revision took the new one")
	}
	expect(map[string]string{"shop-web:1": "shop-web:1 ACTIVE", "shop-web": "shop-web:2 ACTIVE"}) // skipDestroy keeps it

	third := w.make(account.TaskToken, "taskdef", goodTask)
	if err := w.Delete(ctx, account.TaskToken, "shop-web"); err != nil {
		t.Fatal(err)
	}
	expect(map[string]string{"shop-web:2": "shop-web:2 INACTIVE", "shop-web": "shop-web:3 ACTIVE"})
	if err := w.Delete(ctx, account.TaskToken, "shop-web"); err != nil {
		t.Fatal(err)
	}
	fourth := w.make(account.TaskToken, "taskdef", goodTask)
	if revision, _ := fourth.Outputs.Int("revision"); revision != 4 || third.Outputs.Text("arnWithoutRevision")+":4" != fourth.Outputs.Text("arn") {
		t.Errorf("after a destroy the next revision is %s", fourth.Outputs.Text("arn"))
	}
	w.ids["task"] = strings.Replace(fourth.Outputs.Text("arn"), ":4", ":2", 1)
	_, err := w.Create(ctx, account.ServiceToken, "web", w.checked(account.ServiceToken, "web", goodService))
	wantCode(t, err, "ClientException")
}

// What ECS returns is in another order and has empty lists and defaults. The provider takes that for the same, but not empty lists inside
// of linuxParameters.
func TestContainersAsECSReturnsThem(t *testing.T) {
	w := fleeted(t)
	const written = `[{"name":"web","image":"r/app","memory":512,"environment":[{"name":"A","value":"1"},{"name":"B","value":"2"}],` +
		`"portMappings":[{"containerPort":8080}],"linuxParameters":LINUX}]`
	for linux, same := range map[string]bool{
		`{"initProcessEnabled":true}`: true, `{"capabilities":{"add":[],"drop":["ALL"]},"tmpfs":[{"containerPath":"/tmp","size":64,"mountOptions":[]}]}`: true,
		`{"capabilities":{"drop":["ALL"]}}`: false, `{"tmpfs":[{"containerPath":"/tmp","size":64}]}`: false,
	} {
		in := with(goodTask, account.Values{"containerDefinitions": strings.Replace(written, "LINUX", linux, 1)})
		made := w.make(account.TaskToken, "web", in)
		if got := made.Outputs.Text("containerDefinitions"); !strings.Contains(got, `"mountPoints":[]`) || strings.Index(got, `"B"`) > strings.Index(got, `"A"`) {
			t.Errorf("ECS returns %s", got)
		}
		changed, replace := w.Diff(account.TaskToken, made.ID, made.Inputs, made.Outputs, made.Inputs)
		if (len(changed) == 0) != same || len(replace) != len(changed) {
			t.Errorf("%s: changed %v, replaces %v", linux, changed, replace)
		}
		next := with(made.Inputs, account.Values{"containerDefinitions": strings.Replace(made.Inputs.Text("containerDefinitions"), `"value":"2"`, `"value":"3"`, 1)})
		if changed, _ := w.Diff(account.TaskToken, made.ID, made.Inputs, made.Outputs, next); len(changed) != 1 {
			t.Errorf("another value: changed %v", changed)
		}
	}
}
